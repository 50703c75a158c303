package rule

import "strings"

// Bunch is what has one name: the errors about one resource, the differences of one
// object.
type Bunch[T any] struct {
	Name string // as the first of them spells it
	All  []T
}

// Bunches puts what has the same name together, whatever its case, in the order of
// the first of each; what is not picked is left out.
func Bunches[T any](list []T, name func(T) (name string, picked bool)) []Bunch[T] {
	index := map[string]int{}
	var out []Bunch[T]
	for _, x := range list {
		n, picked := name(x)
		if !picked {
			continue
		}
		i, ok := index[strings.ToLower(n)]
		if !ok {
			i = len(out)
			index[strings.ToLower(n)], out = i, append(out, Bunch[T]{Name: n})
		}
		out[i].All = append(out[i].All, x)
	}
	return out
}
