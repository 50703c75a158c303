package collect

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	bundle "azlb/bundle-schema"
)

// kubeRight is the form of Evidence.Right of kubectl commands.
var kubeRight = regexp.MustCompile(`^(get|list) (\S+)(?: named (\S+))?`)

// Permissions prints the least that the Kubernetes user and the Azure login need,
// made from the catalogue; of one program alone where the options say so.
func Permissions(w io.Writer, o Options) error {
	var parts []string
	if o.declined(bundle.Kubectl) == "" {
		parts = append(parts, "# Kubernetes: kubectl apply -f role.yaml, then bind it to the user who collects\n"+clusterRole())
	}
	if o.declined(bundle.Az) == "" {
		role, err := azureRole(o.Subscription)
		if err != nil {
			return err
		}
		parts = append(parts, azureSays+role+deepSays+deepActions()+"\n")
	}
	_, err := io.WriteString(w, strings.Join(parts, "\n"))
	return err
}

const azureSays = `# Azure: az role definition create --role-definition @role.json, then assign it on
# the resource groups of the nodes, the virtual network, the public addresses and, on
# AKS, the AKS resource itself and the Log Analytics workspace that has its log. Roles,
# limits, the states of virtual machines and the subscription's own locks can only be
# read with an assignment on the subscription; without it the bundle lacks these.
# The built-in role Reader contains all of it.
`

const deepSays = `

# Only for --deep, with which Azure is asked by POST, which changes nothing; Reader does
# not contain these. Add them to Actions, or leave --deep out.
`

// deepActions are the actions that --deep needs in addition.
func deepActions() string {
	var lines []string
	for _, e := range bundle.Catalogue {
		if e.Deep {
			lines = append(lines, "#   "+strings.ReplaceAll(e.Right, " and ", "\n#   "))
		}
	}
	return strings.Join(lines, "\n")
}

// clusterRole is the ClusterRole that covers every kubectl command of the catalogue.
func clusterRole() string {
	type rule struct{ group, resource, names, verb string }
	var rules []rule
	var paths []string
	add := func(r rule) {
		if !slices.Contains(rules, r) {
			rules = append(rules, r)
		}
	}
	for _, e := range bundle.Catalogue {
		m := kubeRight.FindStringSubmatch(e.Right)
		switch {
		case e.Program != bundle.Kubectl || m == nil:
		case strings.HasPrefix(m[2], "/"):
			paths = append(paths, m[2])
		default:
			resource, group, _ := strings.Cut(m[2], ".")
			add(rule{group, resource, m[3], m[1]})
			if name, sub, ok := strings.Cut(resource, "/"); ok && sub == "log" {
				add(rule{group, name, "", "get"}) // kubectl logs reads the pod first
			}
		}
	}
	slices.SortFunc(rules, func(a, b rule) int {
		return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.resource, b.resource), cmp.Compare(a.names, b.names), cmp.Compare(a.verb, b.verb))
	})
	var b strings.Builder
	b.WriteString("apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: azlb-collect\nrules:\n")
	for i := 0; i < len(rules); {
		r, verbs := rules[i], []string{}
		for ; i < len(rules) && rules[i].group == r.group && rules[i].resource == r.resource && rules[i].names == r.names; i++ {
			verbs = append(verbs, fmt.Sprintf("%q", rules[i].verb))
		}
		fmt.Fprintf(&b, "- apiGroups: [%q]\n  resources: [%q]\n  verbs: [%s]\n", r.group, r.resource, strings.Join(verbs, ", "))
		if r.names != "" {
			fmt.Fprintf(&b, "  resourceNames: [\"%s\"]\n", strings.ReplaceAll(r.names, ",", `", "`))
		}
	}
	for _, p := range paths {
		fmt.Fprintf(&b, "- nonResourceURLs: [%q]\n  verbs: [\"get\"]\n", p)
	}
	return b.String()
}

// azureRole is the custom role that covers every az command of the catalogue.
func azureRole(subscription string) (string, error) {
	var actions []string
	for _, e := range bundle.Catalogue {
		if e.Program != bundle.Az || e.Deep || !strings.HasPrefix(e.Right, "Microsoft.") {
			continue
		}
		for _, action := range strings.Split(e.Right, " and ") {
			if !slices.Contains(actions, action) {
				actions = append(actions, action)
			}
		}
	}
	// Instance views of scale-set instances are a type of their own.
	actions = append(actions, bundle.ScaleSetInstances.Right[:strings.LastIndex(bundle.ScaleSetInstances.Right, "/")]+"/instanceView/read")
	slices.Sort(actions)
	raw, err := json.MarshalIndent(struct {
		Name             string
		IsCustom         bool
		Description      string
		Actions          []string
		AssignableScopes []string
	}{"azlb-collect", true, "Reads what azlb-collect archives", actions, []string{"/subscriptions/" + cmp.Or(subscription, "SUBSCRIPTION")}}, "", "  ")
	if err != nil {
		return "", fmt.Errorf("encoding the role: %w", err)
	}
	return string(raw), nil
}
