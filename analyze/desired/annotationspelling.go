package desired

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// otherPrefixes are what stands before the provider's names by mistake. Keys of any
// other domain are somebody else's.
var otherPrefixes = regexp.MustCompile(`^(?:(?:service|services)\.(?:beta|alpha|v1)?\.?kubernetes\.io/|(?:beta\.)?kubernetes\.io/|service\.beta\.k8s\.io/|service\.beta\.kubernetes\.azure\.com/|service\.beta\.azure\.com/)?$`)

// spelling tells keys that were probably meant for the provider and that it does not
// read, and its keys among the labels.
func (i *inspection) spelling() {
	for _, key := range slices.Sorted(maps.Keys(i.s.Annotations)) {
		prefix, name := "", key
		if at := strings.LastIndex(key, "/"); at >= 0 {
			prefix, name = key[:at+1], key[at+1:]
		}
		low := strings.ToLower(name)
		azures := strings.HasPrefix(low, "azure-") || portKey.MatchString(low)
		k, port := keyOf(name)
		switch {
		case prefix == annotationPrefix && k != nil:
		case prefix == annotationPrefix:
			meant, weighs := nearest(low)
			switch {
			case meant != "" && ours(low):
				i.misspelt(key, meant, weighs)
			case strings.HasPrefix(low, "azure-") || port != "":
				p := i.about(AboutSpelling, UnknownKey, name)
				i.always(p, Ignored, "No release of the provider that this program knows reads this key; it is left out without a word.")
			}
		case azures && otherPrefixes.MatchString(strings.ToLower(prefix)):
			if meant, weighs := nearest(low); meant != "" {
				i.misspelt(key, meant, weighs)
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(i.s.Labels)) {
		name, under := strings.CutPrefix(key, annotationPrefix)
		if k, _ := keyOf(name); under && k != nil {
			i.wish(Problem{Subject: AboutSpelling, Kind: Misplaced, Key: key, Value: i.s.Labels[key], Pointer: pointer("/metadata/labels/", key), Meant: key}, k.weighs,
				"It is a label, and the provider reads only annotations.")
		}
	}
}

// ours reports whether a name begins like one of the provider's: other clouds have
// keys under the same prefix that end alike (aws-load-balancer-internal).
func ours(name string) bool {
	first, _, _ := strings.Cut(name, "-")
	return Distance(first, "azure") <= 2 || strings.HasPrefix(name, portPrefix) || strings.HasPrefix(name, "load-balancer-")
}

// misspelt tells a key that is nearly one of the provider's.
func (i *inspection) misspelt(key, meant string, weighs bool) {
	meant = annotationPrefix + meant
	i.wish(Problem{Subject: AboutSpelling, Kind: UnknownKey, Key: key, Value: i.s.Annotations[key], Pointer: pointer("/metadata/annotations/", key), Meant: meant}, weighs,
		"The provider does not read this key; "+meant+" is probably meant.")
}

// wish weighs something that was meant for another key: it is harmless where that
// key is set as well, or where it asks for what there is without it.
func (i *inspection) wish(p Problem, weighs bool, say string) {
	_, set := i.s.Annotations[p.Meant]
	name := strings.TrimPrefix(p.Meant, annotationPrefix)
	k, _ := keyOf(name)
	isInternal := name == internal
	effect := Ignored
	switch {
	case set:
		say += " That one is set as well, and counts."
	case k != nil && (k.toggle != 0 || isInternal) && isOff(p.Value):
	case isInternal:
		effect, say = PublicInstead, say+" The Service gets a public address, which it was probably not to have."
	case weighs:
		effect, say = Dropped, say+" What it asks for is left out without a word."
	default:
		say += " What it asks for is left out without a word."
	}
	i.always(p, effect, "%s", say)
}

// nearest is the known name that is the fewest typing errors away, three at most and
// a quarter of its length, without the prefix; empty where none is near.
func nearest(name string) (near string, weighs bool) {
	port := ""
	if m := portKey.FindStringSubmatch(name); m != nil {
		port, name = m[1], m[2]
	}
	best := 4
	for n := range annotationKeys {
		k := &annotationKeys[n]
		if k.ofPort != (port != "") {
			continue
		}
		if d := Distance(name, k.name); d < best && d <= len(k.name)/4 {
			best, near, weighs = d, k.name, k.weighs
		}
	}
	if near != "" && port != "" {
		near = portPrefix + port + near
	}
	return near, weighs
}

// Distance counts the letters to add, leave out, change, or swap with their
// neighbour to make one name of the other.
func Distance(a, b string) int {
	before, row := []int(nil), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for x := 1; x <= len(a); x++ {
		next := make([]int, len(b)+1)
		next[0] = x
		for y := 1; y <= len(b); y++ {
			change := 1
			if a[x-1] == b[y-1] {
				change = 0
			}
			next[y] = min(row[y]+1, next[y-1]+1, row[y-1]+change)
			if x > 1 && y > 1 && a[x-1] == b[y-2] && a[x-2] == b[y-1] {
				next[y] = min(next[y], before[y-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
