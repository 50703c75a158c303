package analyze

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/rule"
	"azlb/analyze/topology"
	"azlb/analyze/walk"
	"azlb/report"
)

// services answers for every Service, the worst first.
func services(w *rule.World, findings []report.Finding) []report.Service {
	var out []report.Service
	for _, svc := range w.Graph.Services {
		out = append(out, service(w, svc, findings))
	}
	for _, l := range w.Graph.Leftovers {
		ns, name, ok := strings.Cut(l.Service, "/")
		if !ok || w.Graph.Service(l.Service) != nil || slices.ContainsFunc(out, func(s report.Service) bool { return s.Key() == l.Service }) {
			continue
		}
		s := report.Service{Namespace: ns, Name: name, Status: report.Deleting, RootCause: rootCause(l.Service, findings)}
		if l.PublicIP != nil && l.PublicIP.IPAddress != "" {
			s.Addresses = []string{l.PublicIP.IPAddress}
		}
		s.Summary = "the Service no longer exists, but something of it is left in Azure"
		out = append(out, s)
	}
	order := []report.ServiceStatus{report.Broken, report.Pending, report.Degraded, report.Deleting, report.Idle, report.Unknown, report.Serving, report.Foreign}
	slices.SortStableFunc(out, func(a, b report.Service) int {
		if c := slices.Index(order, a.Status) - slices.Index(order, b.Status); c != 0 {
			return c
		}
		return strings.Compare(a.Key(), b.Key())
	})
	return out
}

func service(w *rule.World, svc *topology.Service, findings []report.Finding) report.Service {
	s := report.Service{Namespace: svc.Namespace, Name: svc.Name, Addresses: svc.Addresses(), RootCause: rootCause(svc.Key(), findings)}
	if want := w.Wants.Of(svc.Key()); want != nil {
		s.Internal = want.Internal.V
	}
	walks := w.Walks.Of(svc.Key())
	for _, x := range walks {
		s.Paths = append(s.Paths, x.Report())
	}
	s.Status, s.Summary = status(svc, walks, s.RootCause, findings)
	if s.RootCause != "" || s.Status == report.Serving || s.Status == report.Broken && !onlyPodsLack(walks) {
		return s // a note explains no hop of Azure that blocks
	}
	if f := designed(svc.Key(), findings); f != nil {
		s.RootCause, s.Summary = f.Rule, join(f.Title, s.Summary)
		if s.Status == report.Broken {
			s.Status = report.Idle
		}
	}
	return s
}

// onlyPodsLack reports whether every path that is blocked is so at its very end.
func onlyPodsLack(walks []*walk.Walk) bool {
	return !slices.ContainsFunc(walks, func(x *walk.Walk) bool {
		b := x.Blocked()
		return b != nil && b.Kind != walk.Endpoint
	})
}

// designed is the note that explains a Service which does not serve and has no
// fault: for example one that was scaled to nothing on purpose.
func designed(key string, findings []report.Finding) *report.Finding {
	for i := range findings {
		if f := &findings[i]; f.Severity == report.Info && f.Confidence != report.Possible && slices.Contains(f.Services, key) {
			return f
		}
	}
	return nil
}

// status is the Service's state as a whole, with one line that says why.
func status(svc *topology.Service, walks []*walk.Walk, cause string, findings []report.Finding) (report.ServiceStatus, string) {
	if svc.Foreign() {
		return report.Foreign, fmt.Sprintf("loadBalancerClass %s: another controller than the Azure cloud provider serves it", *svc.Spec.LoadBalancerClass)
	}
	because := title(cause, findings)
	if svc.Deleting() {
		return report.Deleting, join("deletion began, the finalizer still waits", because)
	}
	if len(svc.Addresses()) == 0 {
		return report.Pending, join("no external address yet", because)
	}
	blocked, unknown, ports, first := 0, 0, 0, ""
	var open []string // kinds of hops that could not be decided
	unasked := false  // what the pods say to an HTTP probe
	for _, x := range walks {
		if x.Want.NoRule {
			continue
		}
		ports++
		switch b := x.Blocked(); {
		case b != nil:
			blocked++
			if first == "" {
				first = fmt.Sprintf("port %d stops at the %s: %s", x.Path.Port.Port, hopName(b.Kind), strings.TrimPrefix(b.Say, "NSG "))
			}
		case x.Path.Frontend.To == nil || x.Path.Rule.To == nil:
			unknown++
		default:
			for _, h := range x.Hops {
				if h.Kind == walk.Probe && x.OnlyPodsKnow() {
					unasked = true
					continue
				}
				if h.Verdict == report.VerdictUnknown && !slices.Contains(open, hopName(h.Kind)) {
					open = append(open, hopName(h.Kind))
				}
			}
		}
	}
	switch {
	case blocked > 0 && blocked == ports:
		return report.Broken, join(because, first)
	case blocked > 0:
		return report.Degraded, join(because, first)
	case harmed(svc.Key(), findings):
		return report.Degraded, because
	case unknown > 0 || ports == 0:
		return report.Unknown, join("its load balancer is not completely in the bundle", because)
	case len(open) > 0:
		return report.Unknown, join("no hop is known to block, but not every one could be decided: "+strings.Join(open, ", "), because)
	}
	passes := "every hop that could be checked lets the packet pass"
	if unasked {
		passes += ", but whether the pods say 200 to the health probe is not in the bundle"
	}
	return report.Serving, join(passes, because)
}

// hopName is what the report calls a kind of hop.
func hopName(kind string) string {
	if kind == walk.NSG {
		return "NSG"
	}
	return strings.ReplaceAll(strings.ReplaceAll(kind, "-", " "), "public ip", "public IP")
}

// rootCause is the rule of the first finding, error or warning, that harms the Service;
// where none names it, of the first with a consequence that does.
func rootCause(key string, findings []report.Finding) string {
	for _, f := range findings {
		if f.Severity != report.Info && slices.Contains(f.Services, key) {
			return f.Rule
		}
	}
	for _, f := range findings {
		if causeOf(key, f.Consequences) != nil {
			return f.Rule
		}
	}
	return ""
}

func causeOf(key string, findings []report.Finding) *report.Finding {
	for i := range findings {
		if f := &findings[i]; f.Severity != report.Info && slices.Contains(f.Services, key) {
			return f
		}
	}
	for i := range findings {
		if f := causeOf(key, findings[i].Consequences); f != nil {
			return f
		}
	}
	return nil
}

// harmed reports whether an error names the Service.
func harmed(key string, findings []report.Finding) bool {
	f := causeOf(key, findings)
	return f != nil && f.Severity == report.Error
}

// title of the rule that is the cause, empty where there is none.
func title(id string, findings []report.Finding) string {
	if id == "" {
		return ""
	}
	for _, f := range findings {
		if f.Rule == id {
			return f.Title
		}
		if t := title(id, f.Consequences); t != "" {
			return t
		}
	}
	return ""
}

func join(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	return a + "; " + b
}
