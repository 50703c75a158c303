package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// clusterRole is the one that `azlb-collect permissions` prints.
type clusterRole struct {
	object object
	rules  []object
}

// grant applies the printed ClusterRole as it stands and binds it to a user.
func grant(t *testing.T, c *cluster, who customer, user string) *clusterRole {
	t.Helper()
	printed, stderr, exit := who.run(t, "azlb-collect", "permissions")
	if exit != 0 {
		t.Fatalf("azlb-collect permissions: exit %d: %s", exit, stderr)
	}
	// It is followed by the Azure role, behind a comment of its own.
	printed, _, ok := strings.Cut(printed, "\n# Azure:")
	if !ok {
		t.Fatalf("no Azure role in:\n%s", printed)
	}
	r := &clusterRole{}
	must(t, yaml.Unmarshal([]byte(printed), &r.object))
	r.rules = list(r.object["rules"])
	for i, rule := range r.rules {
		for _, verb := range rule["verbs"].([]any) {
			if verb != "get" && verb != "list" {
				t.Errorf("the role allows to %s %s", verb, r.name(i))
			}
		}
	}
	c.admin.ask(t, "POST", "/apis/rbac.authorization.k8s.io/v1/clusterroles", r.object)
	bind(t, c, text(r.object, "metadata", "name"), user)
	return r
}

// grantWithout gives a user all rules but one.
func (r *clusterRole) grantWithout(t *testing.T, c *cluster, user string, i int) {
	t.Helper()
	role := without(r.object)
	role["metadata"] = object{"name": user}
	role["rules"] = slices.Delete(slices.Clone(r.rules), i, i+1)
	c.admin.ask(t, "POST", "/apis/rbac.authorization.k8s.io/v1/clusterroles", role)
	bind(t, c, user, user)
}

func bind(t *testing.T, c *cluster, role, user string) {
	t.Helper()
	c.admin.ask(t, "POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", object{"metadata": object{"name": user},
		"roleRef":  object{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
		"subjects": []object{{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}}})
}

// name is what a rule allows.
func (r *clusterRole) name(i int) string {
	rule := r.rules[i]
	if paths, ok := rule["nonResourceURLs"]; ok {
		return fmt.Sprint(paths)
	}
	return fmt.Sprint(rule["resources"], rule["verbs"])
}

// granted reports a rule that every user has anyway, or that is only used where an older
// cluster lacks something.
func (r *clusterRole) granted(i int) bool {
	name := r.name(i)
	return strings.Contains(name, "/version") || strings.HasPrefix(name, "[endpoints]")
}
