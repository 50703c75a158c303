//go:build race

package desired_test

// raced says that the race detector runs. The laws over all samples and recordings are of
// one goroutine each and take minutes with it: make test runs them once more without.
const raced = true
