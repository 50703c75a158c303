package deletion

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// DEL06 is a Service whose deletion does not come to its end.
var DEL06 = &rule.Rule{
	ID:       "AZLB-DEL06",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the deletion of a Service does not come to its end",
		Symptom: "kubectl delete service does not return, the Service or its namespace stays in Terminating for more than ten minutes.",
		Cause: "A Service of type LoadBalancer has the finalizer service.kubernetes.io/load-balancer-cleanup: Kubernetes keeps the object until the controller has deleted in Azure what it made for it, and has taken the finalizer off. " +
			"If Azure refuses that (a lock, a missing role, a private link service), or no controller runs, the object stays, and the controller tries again every few minutes.",
		Fix: []report.Step{
			{Say: "Read why the last try failed, and repair that: the controller tries again by itself.", Run: "kubectl describe service -n NAMESPACE SERVICE"},
			{Say: "See whether the controller runs.", Run: "kubectl -n kube-system get pods -o wide | grep -e cloud-controller-manager -e kube-controller-manager"},
			{Say: "Last of all, when nothing in Azure is to be cleaned up any more: take the finalizer off. What is still there then stays, and nobody looks for it again.", Run: "kubectl patch service -n NAMESPACE SERVICE --type merge -p '{\"metadata\":{\"finalizers\":null}}'", Changes: true},
		},
		References: []string{"https://kubernetes.io/docs/tasks/access-application-cluster/create-external-load-balancer/#garbage-collecting-load-balancers", "kubernetes/kubernetes#75198", "Azure/AKS#621"},
		Affects:    "1.16 and later, which have the finalizer",
		Healthy:    "A deletion takes some minutes when Azure is slow; nothing is said in the first ten. A finalizer of somebody else is not the provider's business.",
	},
	Needs: rule.Needs{All: []*bundle.Evidence{&bundle.Services}, Any: []*bundle.Evidence{&bundle.Services}},
	// Whatever makes the clean-up fail.
	FollowsFrom: append([]string{"AZLB-DEL01", "AZLB-DEL02", "AZLB-DEL04", "AZLB-DEL05", "AZLB-CFG06", "AZLB-PLS05", "AZLB-NSG12"}, failedSync...),
	Check:       checkDEL06,
}

// failedSync are the rules about what makes any sync fail, that of a deletion too.
var failedSync = []string{"AZLB-POL01", "AZLB-LOCK01", "AZLB-LOCK02", "AZLB-AUTH01", "AZLB-AUTH02", "AZLB-AUTH03", "AZLB-AUTH08", "AZLB-THR01", "AZLB-THR02", "AZLB-CFG07", "AZLB-ANN02", "AZLB-ANN08",
	"AZLB-NSG05", "AZLB-NSG08", "AZLB-NSG10", "AZLB-NSG14", "AZLB-PIP01", "AZLB-PIP08", "AZLB-POOL06", "AZLB-POOL10", "AZLB-POOL12", "AZLB-POOL14", "AZLB-PLS01", "AZLB-PLS04"}

const (
	// slowest is how long a deletion may take that goes well.
	slowest = 10 * time.Minute
	// longestWait between two tries of a deletion that fails: the controller's back-off
	// ends at five minutes, and a try itself may last minutes.
	longestWait = 10 * time.Minute
)

func checkDEL06(p *rule.Pass) {
	for _, s := range p.Graph.Services {
		if s.Deleting() && !s.Foreign() && rule.Handled(s) && p.Snapshot.Now.Sub(s.DeletionTimestamp.Time) > slowest {
			p.Find(terminating(p, s))
		}
	}
}

// terminating is a Service that waits for its clean-up.
func terminating(p *rule.Pass, s *topology.Service) rule.Finding {
	key := s.Key()
	age := p.Snapshot.Now.Sub(s.DeletionTimestamp.Time)
	f := rule.Finding{Subject: rule.Subject(key), Services: []string{key}, Cites: []report.Cite{
		s.Doc.Cite("/metadata/deletionTimestamp"), s.Doc.Cite(fmt.Sprintf("/metadata/finalizers/%d", slices.Index(s.Finalizers, topology.Cleanup)))}}
	f.Message = fmt.Sprintf("%s is being deleted since %s UTC, for %s. Its finalizer %s keeps it until the controller has cleaned up in Azure.",
		key, s.DeletionTimestamp.UTC().Format(time.DateTime), span(age), topology.Cleanup)
	errs := failing(p, key)
	controller, say, cites := down(p)
	switch {
	case controller != "":
		f.Message += fmt.Sprintf(" Nobody does that: the controller %s does not run (%s).", controller, say)
		f.Cites = append(f.Cites, cites...)
		f.Fix = []report.Step{{Say: "Read why the controller's last run ended, and repair that.", Run: fmt.Sprintf("kubectl -n kube-system logs %s --previous --tail 100", rule.Word(controller, "POD"))}}
	case len(errs) > 0:
		last, told := errs[len(errs)-1], rule.Tell(errs)
		p.Claim(last)
		f.Message += fmt.Sprintf(" Its last try failed (%s): %s", told.Span(), said(last))
		f.Cites = append(f.Cites, told.Cites...)
		if p.Snapshot.Now.Sub(last.Last) > longestWait {
			f.Severity, f.Confidence, f.Why = report.Warning, report.Likely, "the error is older than the longest wait between two tries: something else may keep it by now"
		}
	case !p.Complete(&bundle.Events, ""):
		f.Severity, f.Confidence, f.Why = report.Warning, report.Likely, "the events are not completely in the bundle, so what keeps it is not known"
	case tried(p, key):
		f.Severity, f.Confidence, f.Why = report.Warning, report.Possible, "an event shows that the controller works on it, and the bundle has no error: Azure may be slow"
	default:
		f.Severity, f.Confidence, f.Why = report.Warning, report.Likely, "the bundle has no error of it"
		f.Message += " No event of the last hour tells of a try,"
		if e := other(p, s); e != nil {
			f.Message += fmt.Sprintf(" although the controller has worked on %s/%s meanwhile (%s UTC): it may have lost sight of this one, and looks at all of them when it starts again.", e.Namespace, e.Name, e.Last.UTC().Format(time.DateTime))
			f.Cites = append(f.Cites, e.Doc.Cite("/reason"))
			break
		}
		f.Message += " so that probably no controller runs that would clean up."
		if l := lastLog(p); l != nil && !l.Last.IsZero() && l.Last.Before(s.DeletionTimestamp.Time) {
			f.Message += fmt.Sprintf(" The controller's log (%s) ends at %s UTC, before the deletion began.", l.File, l.Last.UTC().Format(time.DateTime))
			f.Cites = append(f.Cites, p.LastRecord(l)...)
		}
	}
	if p.Snapshot.Manifest == nil {
		f.Severity, f.Confidence = report.Warning, report.Likely
		f.Why = "files that were given by hand may be of different times, so for how long it has been waiting is not certain"
	}
	f.Fix = append(f.Fix, report.Step{Say: "Read why the last try failed, and repair that: the controller tries again by itself.", Run: rule.Kubectl("describe", key, "")})
	if controller == "" && len(errs) == 0 {
		f.Fix = append(f.Fix, report.Step{Say: "See whether the controller runs.", Run: "kubectl -n kube-system get pods -o wide | grep -e cloud-controller-manager -e kube-controller-manager"})
	}
	f.Fix = append(f.Fix, unfinalize(s, "Last of all, when nothing in Azure is to be cleaned up any more: take the finalizer off. What is still there then stays, and nobody looks for it again."))
	return f
}

// failing are the errors at which the tries of a deletion end now, oldest first.
func failing(p *rule.Pass, key string) []*errtext.Error {
	return slices.DeleteFunc(p.Errors.Current(key), func(e *errtext.Error) bool { return e.Advisory || !ofDeletion(p, e) })
}

// said is an error in a few words.
func said(e *errtext.Error) string {
	if e.Code != "" {
		return e.Code + ": “" + snapshot.Quote(e.Message) + "”"
	}
	return "“" + snapshot.Quote(e.Message) + "”"
}

// down is the first controller, where every one that could clean up is known not to
// run, and why.
func down(p *rule.Pass) (pod, why string, cites []report.Cite) {
	for _, c := range p.Graph.Controllers() {
		if !c.Serves() {
			continue
		}
		say, cite := c.Down()
		if say == "" {
			return "", "", nil
		}
		if pod == "" {
			pod, why = c.Pod.Name, say
		}
		cites = append(cites, cite)
	}
	return pod, why, cites
}

// lastLog is the log of a service controller for Azure that reaches furthest. The end of
// an excerpt tells nothing.
func lastLog(p *rule.Pass) *snapshot.LogFile {
	var last *snapshot.LogFile
	for i := range p.Snapshot.Logs {
		l := &p.Snapshot.Logs[i]
		serves := l.Kind == snapshot.CloudController || l.Kind == snapshot.KubeController && l.Flags["cloud-provider"] == "azure"
		if serves && !l.Excerpt && (last == nil || l.Last.After(last.Last)) {
			last = l
		}
	}
	return last
}

// tried reports whether an event tells of work on the Service's deletion.
func tried(p *rule.Pass, key string) bool {
	return slices.ContainsFunc(p.Snapshot.Events, func(e snapshot.Event) bool {
		return e.Kind == "Service" && e.Namespace+"/"+e.Name == key && e.Reason == "DeletingLoadBalancer" && p.Snapshot.Now.Sub(e.Last) < longestWait
	})
}

// other is the newest event of a sync of another of the controller's Services that is
// younger than the deletion of s; nil: nothing shows that a controller runs.
func other(p *rule.Pass, s *topology.Service) (last *snapshot.Event) {
	for i := range p.Snapshot.Events {
		e := &p.Snapshot.Events[i]
		of := p.Graph.Service(e.Namespace + "/" + e.Name)
		if e.Kind != "Service" || of == nil || of == s || of.Foreign() || !rule.Handled(of) || !strings.Contains(e.Reason, "LoadBalancer") || !e.Last.After(s.DeletionTimestamp.Time) {
			continue
		}
		if last == nil || e.Last.After(last.Last) {
			last = e
		}
	}
	return last
}

// span words a time in minutes, hours or days.
func span(d time.Duration) string {
	switch {
	case d < 2*time.Hour:
		return fmt.Sprintf("%d minutes", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}
