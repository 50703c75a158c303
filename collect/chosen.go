package collect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	bundle "azlb/bundle-schema"
)

// unknown reports a Service of the command line that the cluster does not have. Where the
// Services could not be read, nobody knows.
func (s *session) unknown() error {
	if !s.read[&bundle.Services] {
		return nil
	}
	for _, name := range s.o.Services {
		if slices.Contains(s.found.Services, name) {
			continue
		}
		if len(s.found.Balanced) == 0 {
			return fmt.Errorf("--service %s: there is no such Service, and none of type LoadBalancer", name)
		}
		return fmt.Errorf("--service %s: there is no such Service; of type LoadBalancer there are: %s", name, few(near(name, s.found.Balanced), 5))
	}
	return nil
}

// near sorts names, those first that are most like one.
func near(name string, names []string) []string {
	namespace, short, _ := strings.Cut(name, "/")
	far := func(other string) int {
		ns, s, _ := strings.Cut(other, "/")
		switch {
		case s == short:
			return 0
		case strings.Contains(s, short) || strings.Contains(short, s) || sameLetters(s, short):
			return 1
		case ns == namespace:
			return 2
		}
		return 3
	}
	sorted := slices.Clone(names)
	slices.SortFunc(sorted, func(a, b string) int { return cmp.Or(cmp.Compare(far(a), far(b)), strings.Compare(a, b)) })
	return sorted
}

// sameLetters reports whether two words differ in one letter at most, or in the order of
// their letters.
func sameLetters(a, b string) bool {
	left, right := []byte(a), []byte(b)
	slices.Sort(left)
	slices.Sort(right)
	missed := 0
	for len(left) > 0 && len(right) > 0 {
		switch cmp.Compare(left[0], right[0]) {
		case 0:
			left, right = left[1:], right[1:]
		case -1:
			left, missed = left[1:], missed+1
		default:
			right, missed = right[1:], missed+1
		}
	}
	return missed+len(left)+len(right) <= 2
}
