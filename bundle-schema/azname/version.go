package azname

import (
	"fmt"
	"strconv"
	"strings"
)

// Version is a release of the provider: of cloud-provider-azure (0.7.x, 1.0.x,
// 1.1.x, then the minor of Kubernetes from 1.23), or of Kubernetes itself where
// the provider is in-tree.
type Version struct {
	Major, Minor, Patch int
	InTree              bool
}

// ParseVersion reads an image tag or git version: "v1.29.3", "1.31.0-rc.1",
// "v1.27.9-hotfix.1", "1.29". What follows the numbers is ignored, so a
// pre-release counts as the release.
func ParseVersion(text string, inTree bool) (Version, error) {
	numbers := strings.TrimPrefix(text, "v")
	if end := strings.IndexAny(numbers, "-+"); end >= 0 {
		numbers = numbers[:end]
	}
	parts := strings.Split(numbers, ".")
	var n [3]int
	if len(parts) < 2 || len(parts) > len(n) {
		return Version{}, fmt.Errorf("reading provider version %q: want major.minor.patch", text)
	}
	for i, part := range parts {
		v, err := strconv.ParseUint(part, 10, 31)
		if err != nil {
			return Version{}, fmt.Errorf("reading provider version %q: want major.minor.patch", text)
		}
		n[i] = int(v)
	}
	return Version{n[0], n[1], n[2], inTree}, nil
}

// String is the version as release notes write it: "1.29.3", "in-tree 1.12.10".
func (v Version) String() string {
	text := fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch)
	if v.InTree {
		return "in-tree " + text
	}
	return text
}

// Release is the release of cloud-provider-azure for a minor of Kubernetes: before
// 1.23 its own numbers were others, 1.1.x for 1.22, 1.0.x for 1.21 and 0.7.x for 1.20.
func Release(minor, patch int) Version {
	switch {
	case minor >= 23:
		return Version{Major: 1, Minor: minor, Patch: patch}
	case minor >= 21:
		return Version{Major: 1, Minor: minor - 21, Patch: patch}
	}
	return Version{Major: 0, Minor: 7, Patch: patch}
}

// Releases is when something came: the first release of each branch that has it,
// apart for the two kinds of provider. The zero value is never.
type Releases struct{ ccm, inTree []Version }

// Since reads a list of first releases of cloud-provider-azure as release notes
// give them, oldest branch first: "1.25.24/1.26.19/1.27.13/1.28.5/1.29". "all" is
// every release. The in-tree provider is not meant; InTree adds it. The list is a
// literal of the program: Since panics on one that cannot be read.
func Since(list string) Releases { return Releases{ccm: branches(list, false)} }

// InTree adds the first releases of the in-tree provider, in the same notation.
func (r Releases) InTree(list string) Releases {
	r.inTree = branches(list, true)
	return r
}

func branches(list string, inTree bool) []Version {
	if list == "all" {
		return []Version{{InTree: inTree}}
	}
	var out []Version
	for item := range strings.SplitSeq(list, "/") {
		v, err := ParseVersion(item, inTree)
		if err != nil {
			panic(err)
		}
		if len(out) > 0 && !laterBranch(v, out[len(out)-1]) {
			panic(fmt.Sprintf("releases %q: oldest branch first, each once", list))
		}
		out = append(out, v)
	}
	return out
}

// laterBranch says that v is of a later branch than before.
func laterBranch(v, before Version) bool {
	return v.Major > before.Major || v.Major == before.Major && v.Minor > before.Minor
}

// AtLeast says whether the release has what came with r: on a branch of the list
// from the named patch on, on every branch after the last, and on no other.
func (v Version) AtLeast(r Releases) bool {
	list := r.ccm
	if v.InTree {
		list = r.inTree
	}
	for _, first := range list {
		if first.Major == v.Major && first.Minor == v.Minor {
			return v.Patch >= first.Patch
		}
	}
	return len(list) > 0 && laterBranch(v, list[len(list)-1])
}
