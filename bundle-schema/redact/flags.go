package redact

import (
	"regexp"
	"slices"
	"strings"
)

// Flags are the flags of controllers, kube-proxy and CNI that stay in a bundle,
// because rules read them. One that ends in "*" stands for all that begin so.
var Flags = []string{
	"--cloud-provider", "--cloud-config", "--cluster-name", "--allocate-node-cidrs", "--configure-cloud-routes",
	"--route-reconciliation-period", "--concurrent-service-syncs", "--node-status-update-frequency", "--controllers",
	"--feature-gates", "--leader-elect*", "--v", "--proxy-mode", "--cluster-cidr",
}

// switches are those of Flags that take a value only behind "=": the next word is
// none of theirs.
var switches = []string{"--allocate-node-cidrs", "--configure-cloud-routes", "--leader-elect"}

// systemNamespaces are where controllers, kube-proxy and CNI run. Elsewhere no
// argument stays: a customer's own --v may be anything.
var systemNamespaces = []string{"kube-system", "calico-system", "tigera-operator", "kube-flannel", "cilium"}

// plainValue is what the value of a kept flag is made of; it is also plain YAML.
var plainValue = regexp.MustCompile(`^[A-Za-z0-9*/][A-Za-z0-9_.,:/=*+-]*$`)

// number is what --v takes: a customer's own program may mean something else by it.
var number = regexp.MustCompile(`^[0-9]{1,2}$`)

// keptArguments replaces by the mark what is no published flag. An argument may be
// a whole command line ("sh -c ..."): it is looked at word by word.
func keptArguments(args []string, flags bool) []string {
	kept := make([]string, len(args))
	expects := false // the word before was a flag whose value is a word of its own
	for i, arg := range args {
		var words []string
		for _, word := range strings.Fields(arg) {
			keep := false
			if word != arg {
				word = strings.Trim(word, `"'`) // of a shell
			}
			if flag, value, has := strings.Cut(word, "="); flags && published(flag) {
				keep = !has || flag == "--v" && number.MatchString(value) || flag != "--v" && plainValue.MatchString(value) && !strings.HasSuffix(value, ":")
				expects = !has && !slices.Contains(switches, flag)
			} else {
				keep = expects && plainValue.MatchString(word) && !strings.HasSuffix(word, ":")
				expects = false
			}
			switch {
			case keep:
				words = append(words, word)
			case len(words) == 0 || words[len(words)-1] != Mark:
				words = append(words, Mark)
			}
		}
		kept[i] = strings.Join(words, " ")
		if len(words) == 0 {
			kept[i] = Mark
		}
		if kept[i] == strings.TrimSpace(arg) {
			kept[i] = arg
		}
	}
	return kept
}

func published(flag string) bool {
	return slices.ContainsFunc(Flags, func(f string) bool {
		if prefix, open := strings.CutSuffix(f, "*"); open {
			return strings.HasPrefix(flag, prefix)
		}
		return flag == f
	})
}
