package desired

import (
	"strings"
	"testing"

	"azlb/analyze/snapshot"
	"azlb/bundle-schema/azname"
)

// TestProblems looks at whole Services, by release.
func TestProblems(t *testing.T) {
	annotate := func(pairs ...string) func(*snapshot.Service) {
		return func(s *snapshot.Service) {
			for n := 0; n < len(pairs); n += 2 {
				s.Annotations[annotationPrefix+pairs[n]] = pairs[n+1]
			}
		}
	}
	local := func(more func(*snapshot.Service)) func(*snapshot.Service) {
		return func(s *snapshot.Service) {
			s.Spec.ExternalTrafficPolicy, s.Spec.HealthCheckNodePort = "Local", 32001
			more(s)
		}
	}
	ranges := func(list ...string) func(*snapshot.Service) {
		return func(s *snapshot.Service) { s.Spec.LoadBalancerSourceRanges = list }
	}
	for _, c := range []struct {
		name, release string
		service       func(*snapshot.Service)
		want          string // subject, kind and effect of each, by their numbers and words
		says          string
	}{
		{"nothing asked for", "1.31", nil, "", ""},
		{"one Local probe overrides nothing", "1.31", local(annotate("azure-load-balancer-health-probe-protocol", "tcp")), "effect/no effect/1", "kube-proxy's health check"},
		{"a port of its own makes it count", "1.31", local(annotate("azure-load-balancer-health-probe-protocol", "tcp", "port_80_health-probe_port", "9000")), "", ""},
		{"timing by the health check's port", "1.31", local(annotate("port_32001_health-probe_interval", "10")), "", ""},
		{"host bits before access control", "1.28.4", ranges("203.0.113.7/24"), "", ""},
		{"host bits in between", "1.28.5", ranges("203.0.113.7/24"), "ranges/invalid value/1", "hands it on to Azure"},
		{"host bits since", "1.28.8", ranges("203.0.113.7/24"), "ranges/invalid value/6", "denies everybody:"},
		{"with a good range", "1.28.8", ranges("203.0.113.7/24", "198.51.100.0/24"), "ranges/invalid value/4", "denies everybody else"},
		{"no range before", "1.28.4", annotate("load-balancer-source-ranges", "anybody"), "ranges/invalid value/7", ""},
		{"two lists", "1.31", func(s *snapshot.Service) {
			ranges("203.0.113.0/24")(s)
			annotate("azure-allowed-ip-ranges", "198.51.100.0/24")(s)
		}, "range conflict/conflict/7", "only one of them"},
		{"a bad item beside them is no second list", "1.31", func(s *snapshot.Service) {
			ranges("203.0.113.0/24")(s)
			annotate("azure-allowed-ip-ranges", "x")(s)
		}, "ranges/invalid value/4", ""},
		{"deny all without ranges", "1.31", annotate("azure-deny-all-except-load-balancer-source-ranges", "true"), "effect/no effect/2", ""},
		{"shared security rules are no more", "1.29", annotate("azure-shared-securityrule", "true"), "effect/older than the provider/1", ""},
		{"and were", "1.28.9", annotate("azure-shared-securityrule", "true"), "", ""},
		{"switched off is not asked for", "1.23", annotate("azure-disable-load-balancer-nsg-rule", "false"), "", ""},
		{"a subset of the visible is approved", "1.31", annotate("azure-load-balancer-internal", "true", "azure-pls-create", "true", "azure-pls-visibility", "a b", "azure-pls-auto-approval", "a"), "", ""},
		{"another is approved", "1.31", annotate("azure-load-balancer-internal", "true", "azure-pls-create", "true", "azure-pls-visibility", "a b", "azure-pls-auto-approval", "c"), "value/conflict/2", ""},
		{"more addresses than counted", "1.31", annotate("azure-load-balancer-internal", "true", "azure-pls-create", "true", "azure-pls-ip-configuration-ip-address", "10.0.0.4 10.0.0.5"), "link/conflict/7", "allows 1"},
		{"one rule for all ports looks at no port's", "1.31", annotate("azure-load-balancer-internal", "true", "azure-load-balancer-enable-high-availability-ports", "true", "port_80_no_lb_rule", "true"), "effect/no effect/1", "one rule for all ports"},
		{"configurations without several load balancers", "1.31", annotate("azure-load-balancer-configurations", "lb-a"), "effect/no effect/1", ""},
		{"mode with Standard", "1.31", annotate("azure-load-balancer-mode", "__auto__"), "mode/no effect/1", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := looking(t, c.release, false, c.service)
			var got, say []string
			for _, p := range Problems(i.g, i.s, i.p) {
				got = append(got, subjectNames[p.Subject]+"/"+string(p.Kind)+"/"+string(rune('0'+p.Effect)))
				say = append(say, p.Say)
			}
			if strings.Join(got, " ") != c.want || !strings.Contains(strings.Join(say, " "), c.says) {
				t.Errorf("got %q, want %q: %q", got, c.want, say)
			}
		})
	}
}

var subjectNames = map[Subject]string{AboutValue: "value", AboutEmptiness: "emptiness", AboutMode: "mode", AboutEffect: "effect", AboutRanges: "ranges", AboutRangeConflict: "range conflict", AboutAllPorts: "all ports", AboutLink: "link"}

// TestProblemsDepend is a provider whose release is not known: the effect is the
// mildest, and the text says what differs.
func TestProblemsDepend(t *testing.T) {
	i := looking(t, "1.31", false, func(s *snapshot.Service) {
		s.Annotations[annotationPrefix+"azure-load-balancer-tcp-idle-timeout"] = "45"
	})
	i.p = &Provider{Candidates: []azname.Version{{Major: 1, Minor: 28}, {Major: 1, Minor: 27}}}
	list := Problems(i.g, i.s, i.p)
	if len(list) != 1 || !list[0].Depends || list[0].Effect != Harmless || !strings.Contains(list[0].Say, "In 1.27.0: The idle timeout must be") {
		t.Errorf("%+v", list)
	}
	i.p.Candidates = i.p.Candidates[1:]
	if list = Problems(i.g, i.s, i.p); len(list) != 1 || list[0].Depends || list[0].Effect != SyncFails {
		t.Errorf("%+v", list)
	}
}
