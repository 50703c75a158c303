package e2e

import (
	"slices"
	"strings"
	"testing"
)

// TestHealthy collects with exactly the rights that `azlb-collect permissions` prints:
// everything is answered, nothing is found, and nothing has changed.
func TestHealthy(t *testing.T) {
	c := startCluster(t)
	w := load(t, c, "healthy")
	s := startStub(t, w.arm(t))
	who := customer{kubectl: true, az: true, config: seed(t, s.URL), trust: s.ca.file, shim: shimFolder(t)}
	role := grant(t, c, who, "collector")
	who.kubeconfig = c.kubeconfig(t, "collector", c.address, c.as(t, "collector").user, "")
	before := c.admin.everything(t)
	s.inject()
	o := who.collect(t)
	for _, e := range o.entries {
		if !e.complete() && len(e.Argv) > 0 && e.Evidence != "controller-log-previous" && !o.answeredLater(e) {
			t.Errorf("not answered: %v", e)
		}
	}
	o.expect(t, "controller-log", "cloud-controller-manager", "ok", "")
	o.expect(t, "controller-log-previous", "cloud-controller-manager", "notfound", "has not restarted")
	if errors := o.errors(); len(errors) > 0 || o.exit != 0 {
		t.Errorf("exit %d, errors found: %v", o.exit, o.findings())
	}
	for _, name := range []string{"shop/orders", "shop/storefront"} {
		if cause := o.rootCause(name); cause != "" {
			t.Errorf("root cause of %s: %s, want none", name, cause)
		}
	}

	t.Run("nothing was written", func(t *testing.T) {
		if after := c.admin.everything(t); !slices.Equal(before, after) {
			t.Errorf("the cluster has changed:\n%s", strings.Join(difference(before, after), "\n"))
		}
		requests := c.requests(t, "collector")
		if len(requests) < 10 {
			t.Errorf("the audit log has %d requests of the collector, want the whole collection", len(requests))
		}
		for _, r := range requests {
			if r.Verb != "get" && r.Verb != "list" {
				t.Errorf("the API server was asked to %s %s", r.Verb, r.RequestURI)
			}
			if strings.Contains(r.RequestURI, "/secrets") || strings.Contains(r.RequestURI, "/configmaps") {
				t.Errorf("the API server was asked for %s", r.RequestURI)
			}
		}
		if wrote := s.wrote(); len(wrote) > 0 {
			t.Errorf("Azure was asked for more than reads: %q", wrote)
		}
		if s.count("GET /subscriptions/") < 20 {
			t.Errorf("Azure was asked %d times, want the whole collection", s.count("GET /subscriptions/"))
		}
	})

	for i := range role.rules {
		t.Run("without "+role.name(i), func(t *testing.T) {
			user := "without-" + strings.ToLower(strings.Map(letters, role.name(i)))
			role.grantWithout(t, c, user, i)
			who := who
			who.az = false
			who.kubeconfig = c.kubeconfig(t, user, c.address, c.as(t, user).user, "")
			o := who.collect(t)
			denied := 0
			for _, e := range o.entries {
				if e.Status == "denied" {
					denied++
					if !strings.Contains(e.Reason, "the Kubernetes user may not read it: it needs the right") || !strings.Contains(e.Stderr, "(Forbidden)") {
						t.Errorf("the sentence of a refusal: %v", e)
					}
				}
			}
			if denied == 0 && !role.granted(i) {
				t.Errorf("no command was denied: the rule is not needed")
			}
		})
	}
}

// answeredLater reports whether another command brought what e did not.
func (o *outcome) answeredLater(e entry) bool {
	return slices.ContainsFunc(o.entries, func(other entry) bool {
		return other.Evidence == e.Evidence && other.Scope["group"] == e.Scope["group"] && other.complete()
	})
}

func letters(r rune) rune {
	if r >= 'a' && r <= 'z' {
		return r
	}
	return '-'
}

// difference are the lines that only one has.
func difference(before, after []string) []string {
	var lines []string
	for _, l := range before {
		if !slices.Contains(after, l) {
			lines = append(lines, "- "+l)
		}
	}
	for _, l := range after {
		if !slices.Contains(before, l) {
			lines = append(lines, "+ "+l)
		}
	}
	return lines
}
