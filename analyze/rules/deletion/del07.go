package deletion

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// DEL07 is a Service that waits for the clean-up of an earlier one of its name.
var DEL07 = &rule.Rule{
	ID:       "AZLB-DEL07",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "an earlier Service of the same name, whose clean-up fails, keeps the new one waiting",
		Symptom: "A Service was deleted and made anew under the same name, without the setting that was wrong. It stays pending, and the events speak of a deletion (DeletingLoadBalancerFailed), although nobody deletes it. Under another name the same Service works.",
		Cause: "The controller remembers Services by namespace and name. Before it makes something for the new one it cleans up after the old one, with the old one's settings; while that fails it does not come to the new one. " +
			"Since 1.16 a Service has a finalizer, so that its name is free only when all is cleaned up. Before, and where somebody took the finalizer off, the old one lives on in the controller's memory.",
		Fix: []report.Step{
			{Say: "Repair what the clean-up fails with, where it can be repaired (a lock, a missing role).", Run: "kubectl describe service -n NAMESPACE SERVICE"},
			{Say: "Else restart the controller: it then forgets the old Service.", Run: "kubectl -n kube-system delete pod -l component=kube-controller-manager", Changes: true},
			{Say: "Where the controller is out of reach, as on AKS, give the Service another name."},
			{Say: "Afterwards look for what the old one left in Azure.", Run: "az network public-ip list -g GROUP --query \"[?ipConfiguration==null].{name:name, service:tags.service}\" -o table"},
		},
		References: []string{"kubernetes/kubernetes#75356", "kubernetes/kubernetes#75198", "Azure/AKS#621", "Azure/AKS#360"},
		Affects:    "before 1.16; later only where a finalizer was taken off by hand",
		Healthy:    "An old failure of a deletion after which the controller went on with the new Service. A Service that is being deleted itself, and waits for its own clean-up.",
	},
	Needs: rule.Needs{All: []*bundle.Evidence{&bundle.Services}, Any: text},
	// Whatever makes the clean-up of the old one fail.
	FollowsFrom: append([]string{"AZLB-DEL01", "AZLB-DEL02", "AZLB-DEL04", "AZLB-DEL05", "AZLB-PLS05", "AZLB-NSG12"}, failedSync...),
	Check:       checkDEL07,
}

func checkDEL07(p *rule.Pass) {
	for _, s := range p.Graph.Services {
		if s.Deleting() || s.Foreign() || len(s.Status.LoadBalancer.Ingress) > 0 {
			continue
		}
		key := s.Key()
		errs := p.Current(func(e *errtext.Error) bool { return e.Service == key && !e.Advisory && ofDeletion(p, e) })
		if len(errs) == 0 {
			continue
		}
		if last := errs[len(errs)-1]; !begunSince(p, s, last) && (last.Last.IsZero() || last.Last.After(s.CreationTimestamp.Time)) {
			p.Find(remembered(p, s, errs))
		}
	}
}

// begunSince reports whether the controller came to the Service itself after an error:
// its clean-up is over then.
func begunSince(p *rule.Pass, s *topology.Service, e *errtext.Error) bool {
	return slices.ContainsFunc(p.Errors.Current(s.Key()), func(x *errtext.Error) bool { return !x.Advisory && x.Order > e.Order && !ofDeletion(p, x) }) ||
		slices.ContainsFunc(p.Snapshot.Events, func(x snapshot.Event) bool {
			return x.Kind == "Service" && x.Namespace+"/"+x.Name == s.Key() && x.Reason == "EnsuringLoadBalancer" && x.Last.After(e.Last)
		})
}

// remembered is a Service that waits while the clean-up of an earlier one fails.
func remembered(p *rule.Pass, s *topology.Service, errs []*errtext.Error) rule.Finding {
	key, last, told := s.Key(), errs[len(errs)-1], rule.Tell(errs)
	f := rule.Finding{Subject: rule.Subject(key), Services: []string{key}, Errors: errs, Cites: append(told.Cites, s.Doc.Cite("/metadata/creationTimestamp"))}
	f.Message = fmt.Sprintf("%s is not being deleted, but the clean-up of an earlier Service of its name fails (%s): %s The controller does not come to the new one before that.", key, told.Span(), said(last))
	switch {
	case last.UID != "" && s.UID != "" && last.UID != string(s.UID):
		f.Cites = append(f.Cites, s.Doc.Cite("/metadata/uid"))
		f.Message += fmt.Sprintf(" The event is about the old one (uid %s).", last.UID)
	case p.Graph.Minor() == 0 || p.Graph.Minor() >= 16:
		f.Confidence, f.Why = report.Possible, "since 1.16 a finalizer keeps the name until the clean-up is done, and the error does not say which Service it is of"
	default:
		f.Confidence, f.Why = report.Likely, "the error does not say which Service of that name it is of"
	}
	f.Fix = []report.Step{{Say: "Read what the clean-up fails with, and repair that where it can be repaired (a lock, a missing role).", Run: rule.Kubectl("describe", key, "")}, restart(p)}
	for _, l := range p.Graph.Leftovers {
		if strings.EqualFold(l.Service, key) {
			f.Fix = append(f.Fix, rule.Remove(l)...)
		}
	}
	return f
}

// restart makes the controller forget Services that are gone.
func restart(p *rule.Pass) report.Step {
	say := "Else restart the controller: it then forgets the old Service."
	for _, c := range p.Graph.Controllers() {
		if c.Serves() {
			return report.Step{Say: say, Changes: true, Run: rule.Restart(c)}
		}
	}
	if p.Graph.Managed() {
		return report.Step{Say: "Else give the Service another name: on AKS nobody else can restart the controller."}
	}
	return report.Step{Say: say, Changes: true, Run: "kubectl -n kube-system delete pod -l component=" + string(snapshot.KubeController)}
}
