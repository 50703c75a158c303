package collect

import (
	"slices"

	bundle "azlb/bundle-schema"
)

// neverAsked records why evidence was not asked for that only other answers lead to. What
// is Empty is known not to be there.
func (s *session) neverAsked() {
	s.planner.plan.Missing = nil
	for _, e := range bundle.Catalogue {
		if e.Program != bundle.Az || slices.ContainsFunc(s.entries, func(x bundle.Entry) bool { return x.Evidence == e.ID }) {
			continue
		}
		status, reason := s.whyNot(e)
		if reason != "" {
			s.planner.miss(e, nil, status, reason)
		}
	}
	s.entries = append(s.entries, s.planner.plan.Missing...)
	s.elsewhere()
}

// elsewhere says of the log that kubectl cannot read on AKS where it is. That AKS manages
// the cluster may have become known only from Azure's answers.
func (s *session) elsewhere() {
	brought := slices.ContainsFunc(s.entries, func(e bundle.Entry) bool {
		return (e.Evidence == bundle.AKSLog.ID || e.Evidence == bundle.AKSLogShared.ID) && e.Path != ""
	})
	for i := range s.entries {
		e := &s.entries[i]
		switch {
		case !s.found.Managed || len(e.Argv) > 0 || e.Reason != onAKS && e.Reason != noPod:
		case brought:
			e.Reason = "AKS runs the controller-manager where kubectl cannot read it; what Log Analytics has of its log is in the bundle"
		default:
			e.Reason = onAKS
		}
	}
}

// whyNot says why a piece of evidence was not asked for; empty: it says so elsewhere.
func (s *session) whyNot(e *bundle.Evidence) (bundle.Status, string) {
	logged := func(x bundle.Entry) bool {
		return x.Evidence == bundle.AKSLog.ID || x.Evidence == bundle.AKSLogShared.ID
	}
	switch {
	case e.Deep && !s.o.Deep:
		return bundle.StatusSkipped, withoutDeep(e)
	case e == &bundle.PolicyStates, e == &bundle.ResourceHealth:
		return bundle.StatusSkipped, "no resource group of the nodes could be read"
	case e == &bundle.RuleHealth && s.known(&bundle.LoadBalancers):
		return bundle.StatusEmpty, "no load balancer of the nodes' groups has the SKU Standard and a rule"
	case e == &bundle.RuleHealth:
		return bundle.StatusSkipped, "the load balancers could not be read, so their rules are not known"
	case e.Kind != "" && s.whole(&bundle.Resources):
		return bundle.StatusEmpty, "the inventory of no resource group shows one"
	case e.Kind != "":
		return bundle.StatusSkipped, "the inventory of a resource group could not be read, so it is not known whether there is one"
	case e == &bundle.Subnets:
		return bundle.StatusEmpty, "no subnet in use is in a virtual network that may not be read"
	case e == &bundle.ServiceTags && !s.whole(&bundle.NSGs):
		return bundle.StatusSkipped, "network security groups could not be read, so it is not known which service tags their rules name"
	case e == &bundle.ServiceTags && len(s.found.Locations) == 0:
		return bundle.StatusSkipped, "neither a resource group nor a node tells the location"
	case e == &bundle.ServiceTags:
		return bundle.StatusEmpty, "no security rule names a service tag that has a list of addresses"
	case logged(bundle.Entry{Evidence: e.ID}) && (s.known(&bundle.AKSLog) || s.known(&bundle.AKSLogShared)):
		return bundle.StatusEmpty, "no diagnostic setting sends the log to this table"
	case logged(bundle.Entry{Evidence: e.ID}) && slices.ContainsFunc(s.entries, logged):
		return bundle.StatusSkipped, "no diagnostic setting sends the log to this table"
	case e == &bundle.Workspace:
		return bundle.StatusEmpty, "no diagnostic setting that was read names one"
	case e == &bundle.AKSLogShared:
		status, _ := s.noLog()
		return status, "what is said of the table AKSControlPlane holds for this one too"
	case e == &bundle.AKSLog, e == &bundle.DiagnosticSettings:
		return s.noLog()
	}
	return "", ""
}

// whole reports whether every answer of the evidence is whole, and there is one. Of two
// attempts at the same thing the better one counts.
func (s *session) whole(e *bundle.Evidence) bool {
	for _, x := range s.entries {
		if x.Evidence == e.ID && !x.Status.Complete() && !slices.ContainsFunc(s.entries, func(y bundle.Entry) bool {
			return y.Evidence == e.ID && y.Status.Complete() && sameScope(x.Scope, y.Scope)
		}) {
			return false
		}
	}
	return s.known(e)
}
