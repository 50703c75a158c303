package collect

import (
	"slices"
	"strings"
	"testing"

	bundle "azlb/bundle-schema"
)

// writing are the words of kubectl and az that change something, run something or let
// somebody in.
var writing = strings.Fields(`
	annotate apply attach autoscale certificate cordon cp create debug delete drain edit exec expose label patch port-forward
	proxy replace rollout run scale set taint uncordon use-context set-context set-credentials
	add assign begin-create clear command deallocate disable enable failover generate-key get-access-token get-credentials
	import install invoke invoke-action login logout move post put purge reapply redeploy regenerate reimage remove renew
	reset restart restore revoke rotate run-command simulate start stop swap test update upgrade upload upsert wait`)

// reading are the words that a command of az may end with.
var reading = []string{"list", "show", "version", "query"}

// TestNothingWrites: no template of the catalogue holds a word that changes something, and
// each ends with one that reads.
func TestNothingWrites(t *testing.T) {
	seen := 0
	for _, e := range bundle.Catalogue {
		if e.Program == bundle.Local {
			continue
		}
		seen++
		if e.RestOnly() || e == &bundle.RuleHealth {
			continue // a GET by its form; an action that reads: bundle-schema looks at its whole template
		}
		verb := e.Args[0]
		for _, word := range e.Args {
			if slices.Contains(writing, strings.ToLower(word)) {
				t.Errorf("%s: %q changes something", e.ID, word)
			}
		}
		if e.Program == bundle.Kubectl {
			if !slices.Contains([]string{"get", "logs", "version"}, verb) && !slices.Equal(e.Args, bundle.KubeContext.Args) {
				t.Errorf("%s: kubectl %s is no reading", e.ID, verb)
			}
			continue
		}
		for _, word := range e.Args {
			if strings.HasPrefix(word, "-") {
				break
			}
			verb = word
		}
		if !slices.Contains(reading, verb) && !strings.HasPrefix(verb, "list-") && !strings.HasPrefix(verb, "get-") && !strings.HasPrefix(verb, "show-") && e.Args[0] != "rest" {
			t.Errorf("%s: az … %s is no reading", e.ID, verb)
		}
		if e.Args[0] == "rest" && !slices.Equal(e.Args[:3], []string{"rest", "--method", "get"}) {
			t.Errorf("%s: %v is no reading", e.ID, e.Args)
		}
	}
	if seen < 30 {
		t.Errorf("only %d templates", seen)
	}
}

// TestWritingIsRefused: what is no reading does not get past the allow-list, in whatever
// place a writing word stands in for a reading one.
func TestWritingIsRefused(t *testing.T) {
	values := Values{"subscription": testSub, "group": "rg", "scaleset": "ss", "vm": "vm0", "loadbalancer": "kubernetes", "cluster": "prod", "location": "westeurope", "namespace": "shop", "pod": "p-0", "container": "c"}
	for _, e := range bundle.Catalogue {
		c, err := (builder{}).command(e, values)
		if e.Program == bundle.Local || err != nil {
			continue
		}
		for i, word := range e.Args {
			if strings.HasPrefix(word, "{") || i > 0 && e.Args[i-1] == "--namespace" {
				continue // a name that somebody chose
			}
			for _, w := range writing {
				changed := c
				changed.Args = slices.Clone(c.Args)
				changed.Args[i] = w
				if Allowed(changed, false) == nil {
					t.Errorf("%v may run", changed.Argv())
				}
			}
		}
	}
}
