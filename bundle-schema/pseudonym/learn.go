package pseudonym

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"

	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/azname"
)

// Learn finds the names in an answer; nil stands for evidence that is not known. All
// answers are learned before the first is rewritten.
func (n *Names) Learn(e *bundle.Evidence, b []byte) {
	n.settled = false
	n.texts(b)
	switch {
	case e == nil || e == &bundle.ServiceTags || e == &bundle.AKSLog || e == &bundle.AKSLogShared:
		// Their names are those of Azure's tags and of columns; the rest is text.
	case e == &bundle.KubeContext:
		n.words(Context, string(b))
	case e.Format == bundle.YAML:
		n.objects(b)
	case e.Format == bundle.JSON:
		n.resources(b)
	}
}

// LearnManifest finds the names in what was asked for.
func (n *Names) LearnManifest(m *bundle.Manifest) {
	n.settled = false
	n.words(Context, m.Cluster.Context)
	n.stay(m.Cluster.Region)
	for _, g := range m.Cluster.ResourceGroups {
		n.learn(Group, g)
	}
	kinds := map[string]Kind{"group": Group, "namespace": Namespace, "scaleset": ScaleSet, "vm": Node, "loadbalancer": LoadBalancer, "cluster": Cluster, "pod": Pod, "context": Context,
		"vnet": Network, "subnet": Subnet, "workspace": Other, "rule": SecurityRule}
	for _, e := range m.Entries {
		for _, blank := range slices.Sorted(maps.Keys(e.Scope)) {
			switch value := e.Scope[blank]; {
			case blank == "location":
				n.stay(value)
			case blank == "namespace":
				n.space(value)
			case kinds[blank] != "":
				n.learn(kinds[blank], value)
			}
		}
		for i, word := range e.Argv {
			if i > 0 && e.Argv[i-1] == "--context" {
				n.words(Context, word)
			}
		}
		n.texts([]byte(e.Stderr))
		n.texts([]byte(e.Reason))
	}
}

// learn remembers a name of a kind. What is of the field stays; a name in points is
// learned part by part, so that a machine is the same by its short and its whole name.
func (n *Names) learn(k Kind, name string) {
	name = strings.Trim(name, " -_.")
	lower := strings.ToLower(name)
	for _, suffix := range []string{"-ipv6", "-internal"} {
		if base, ok := strings.CutSuffix(lower, suffix); ok && base != "" {
			n.learn(k, name[:len(base)]) // and the whole is derived
		}
	}
	if lower == "" || n.word(lower) || isGUID(lower) || ofProvider(lower) || strings.Trim(lower, "*x#") == "" {
		return
	}
	if strings.Contains(lower, ".") {
		if _, err := netip.ParseAddr(lower); err == nil {
			return
		}
		for part := range strings.SplitSeq(name, ".") {
			if !opaque(strings.ToLower(part)) {
				n.learn(k, part)
			}
		}
		return
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r < 0x80 && !wordByte(byte(r)) }) {
		n.words(k, name)
		return
	}
	if k == Group && strings.HasPrefix(lower, "mc_") {
		n.managedGroup(name)
		return
	}
	if old, ok := n.learned[lower]; !ok || rank[k] < rank[old] {
		n.learned[lower] = k
	}
	if k == ScaleSet {
		n.hosts[lower] = true
	}
}

// ofProvider reports a name that the cloud provider derives from a uid, or from the
// content of a security rule: it is made again, and not learned.
func ofProvider(lower string) bool {
	_, ok := azname.ParsePrefix(lower)
	return ok || azname.IsManagedSecurityRule(lower)
}

// managedGroup learns the group that AKS makes, MC_<group>_<cluster>_<region>: what
// stands between its ends, unless the whole is made of names anyway.
func (n *Names) managedGroup(name string) {
	rest := name[len("MC_"):]
	i := strings.LastIndexByte(rest, '_')
	if i < 0 {
		n.learned[strings.ToLower(name)] = Group
		return
	}
	n.stay(rest[i+1:])
	n.learn(Group, rest[:i])
}

// words learns each word of a text that somebody wrote: a description, a tag's value.
func (n *Names) words(k Kind, text string) {
	words([]byte(text), func(from, to int, what piece) {
		if word := text[from:to]; what == wordPiece && strings.IndexByte(word, '.') < 0 || what == wordPiece && !number(word) {
			n.learn(k, word)
		}
	})
}

// stay remembers what is no customer's word.
func (n *Names) stay(word string) {
	if word != "" {
		n.stays[strings.ToLower(word)] = true
	}
}

// space remembers a namespace.
func (n *Names) space(name string) {
	n.spaces[name] = true
	n.learn(Namespace, name)
}

// service learns "namespace/name", or a list of them.
func (n *Names) service(list string) {
	for s := range strings.SplitSeq(list, ",") {
		if space, name, ok := strings.Cut(strings.TrimSpace(s), "/"); ok && !strings.Contains(name, "/") {
			n.space(space)
			n.learn(Service, name)
		}
	}
}

// Settle gives every learned name its pseudonym, in an order that does not depend on
// where they were found. Rewrite does it by itself.
func (n *Names) Settle() {
	if n.settled {
		return
	}
	n.settled = true
	clear(n.kept)
	n.routes, n.back = nil, nil
	for _, pair := range slices.Sorted(maps.Keys(n.pairs)) {
		if space, name, _ := strings.Cut(pair, "/"); n.spaces[space] {
			n.learn(Service, name)
		}
	}
	n.networks.settle()
	n.hashes()
	for name := range n.learned {
		if n.stays[name] {
			delete(n.learned, name)
		}
	}
	for _, name := range slices.SortedFunc(maps.Keys(n.learned), func(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) }) {
		n.token(name)
	}
}

func sorted(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
