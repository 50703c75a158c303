//go:build race

package collect

// raced says that the race detector runs. The law over all samples is of one goroutine
// and takes minutes with it: make test runs it once more without.
const raced = true
