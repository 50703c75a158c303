package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// CFG06 is a Service that no controller has touched.
var CFG06 = &rule.Rule{
	ID:       "AZLB-CFG06",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "no controller handles the Service",
		Symptom: "EXTERNAL-IP stays pending and kubectl describe shows no event at all: not even EnsuringLoadBalancer.",
		Cause: "The address is made by a controller: the cloud-controller-manager, in old clusters the kube-controller-manager with --cloud-provider=azure. " +
			"If it is not there, crashes at its start, waits for a leader's lease or was started for another provider, Kubernetes keeps the Service and nobody acts on it. Nothing in Azure is wrong.",
		Fix:        append(slices.Clone(look), update),
		References: []string{"https://kubernetes.io/docs/tasks/administer-cluster/running-cloud-controller/", "https://cloud-provider-azure.sigs.k8s.io/install/azure-ccm/"},
		Healthy:    "A Service of some seconds' age, one that waits while the controller works on others, and one whose loadBalancerClass names another controller have no events either. A Service whose events have expired carries the controller's finalizer or stands in its log.",
	},
	Needs:       rule.Needs{All: []*bundle.Evidence{&bundle.Services}, Any: []*bundle.Evidence{&bundle.Events, &bundle.ControllerPods, &bundle.ControllerLog}},
	FollowsFrom: []string{"AZLB-AUTH01", "AZLB-AUTH08", "AZLB-CFG02", "AZLB-CFG03", "AZLB-THR01", "AZLB-THR02", "AZLB-PLAT02", "AZLB-PLAT04", "AZLB-AUTH09"},
	Check:       checkCFG06,
}

// look are the steps that find out what became of the controller.
var look = []report.Step{
	{Say: "See whether a controller runs, and how often it restarted.", Run: "kubectl -n kube-system get pods -o wide | grep -e cloud-controller-manager -e kube-controller-manager"},
	{Say: "Read its log and that of its last run.", Run: "kubectl -n kube-system logs -l component=cloud-controller-manager --tail 100; kubectl -n kube-system logs -l component=cloud-controller-manager --previous --tail 100"},
	{Say: "See who holds its lease.", Run: "kubectl -n kube-system get lease cloud-controller-manager kube-controller-manager -o yaml"},
}

// update is the step for AKS, whose controller nobody else can look at.
var update = report.Step{Say: "On AKS the controller is out of sight; an update without changes makes AKS check it: then open a support request.", Run: "az aks update -g GROUP -n CLUSTER", Changes: true}

// patience is how long a Service may wait for its first event.
const patience = 5 * time.Minute

// reason is why nobody handles the Services.
type reason struct {
	subject string // the controller
	say     string
	cites   []report.Cite
	sure    bool          // the reason stands by itself
	partial bool          // the log that speaks for it may not be the newest
	fix     []report.Step // before the general steps
	absence []*bundle.Evidence
}

func checkCFG06(p *rule.Pass) {
	if !azure(p) {
		p.NotApplicable("nothing shows that the cluster's load balancers are Azure's")
		return
	}
	byReason := map[string]*rule.Finding{}
	var order []*rule.Finding
	for _, s := range untouched(p) {
		old := !p.Snapshot.Now.Before(s.CreationTimestamp.Add(patience))
		if p.Snapshot.Manifest != nil && !old {
			continue
		}
		r, ok := why(p, s, old)
		if !ok {
			continue
		}
		f := byReason[r.say]
		if f == nil {
			f = &rule.Finding{Subject: report.Object{Kind: "Controller", Name: r.subject}, Cites: r.cites, Message: r.say, Absence: r.absence, Fix: append(r.fix, look...)}
			if p.Graph.Managed() {
				f.Fix = append(f.Fix, update)
			}
			judge(p, f, r, old)
			byReason[r.say] = f
			order = append(order, f)
		}
		f.Services = append(f.Services, s.Key())
		if len(f.Cites) < 4 {
			f.Cites = append(f.Cites, s.Doc.Cite("/metadata/creationTimestamp"))
		}
	}
	for _, f := range order {
		signs := "there is no event about it and no finalizer"
		if lastLog(p) != nil {
			signs += ", and no log of a controller names it"
		}
		f.Message = fmt.Sprintf("No controller has touched %s: %s. %s", rule.List(f.Services), signs, f.Message)
		p.Find(*f)
	}
}

// judge lowers what the evidence does not carry. The clock of loose files is only
// the newest time in them, so the age of a Service is not known there.
func judge(p *rule.Pass, f *rule.Finding, r reason, old bool) {
	switch {
	case p.Snapshot.Manifest == nil:
		f.Severity, f.Confidence = report.Warning, report.Possible
		f.Why = "files that were given by hand do not say when they were made, so the Service may have been only seconds old"
		if old {
			f.Why = "files that were given by hand may be of different times"
		}
	case !p.Complete(&bundle.Events, ""):
		f.Severity, f.Confidence, f.Why = report.Warning, report.Possible, "the events are not completely in the bundle"
	case r.partial:
		f.Severity, f.Confidence, f.Why = report.Warning, report.Possible, "a newer log of the controller may be missing in the bundle"
	case !r.sure && (lastLog(p) == nil || !p.Complete(&bundle.ControllerLog, "")):
		f.Severity, f.Confidence, f.Why = report.Warning, report.Possible, "the controller's log is not completely in the bundle"
	case !r.sure:
		f.Confidence, f.Why = report.Likely, "why the controller does not act is not in the bundle"
	}
}

// azure reports whether the cluster is one of Azure's.
func azure(p *rule.Pass) bool {
	s := p.Snapshot
	if s.Config != nil || len(s.Loads) > 0 || p.Graph.Managed() {
		return true
	}
	for _, n := range s.Nodes {
		if strings.HasPrefix(n.Spec.ProviderID, "azure://") {
			return true
		}
	}
	for _, l := range s.Logs {
		if l.Flags["cloud-provider"] == "azure" {
			return true
		}
	}
	return false
}

// untouched lists the Services of which nothing shows that a controller saw them.
func untouched(p *rule.Pass) []*topology.Service {
	seen := map[string]bool{}
	for _, e := range p.Snapshot.Events {
		if e.Kind == "Service" {
			seen[e.Namespace+"/"+e.Name] = true
		}
	}
	var out []*topology.Service
	for _, s := range p.Graph.Services {
		if s.Foreign() || s.Deleting() || len(s.Status.LoadBalancer.Ingress) > 0 || len(s.Status.Conditions) > 0 || rule.Handled(s) || len(s.Frontends) > 0 && s.Join == topology.ByUID ||
			seen[s.Key()] || len(p.Errors.Of(s.Key())) > 0 || p.Errors.LastSuccess(s.Key()) != nil || logged(p, s) {
			continue
		}
		out = append(out, s)
	}
	return out
}

// why finds the reason, false where nothing speaks against a controller that will
// come to the Service.
func why(p *rule.Pass, s *topology.Service, old bool) (reason, bool) {
	controllers := p.Graph.Controllers()
	if r, ok := down(controllers); ok {
		return r, true
	}
	if r, ok := none(p, controllers); ok {
		return r, true
	}
	log := lastLog(p)
	created := s.CreationTimestamp.Time
	if log != nil && !log.Last.IsZero() && log.Last.Before(created) {
		r := reason{subject: string(log.Kind), cites: p.LastRecord(log), absence: []*bundle.Evidence{&bundle.ControllerLog},
			say: fmt.Sprintf("The controller's log (%s) ends at %s, before the Service was made: the controller does not run any more.", log.File, clock(log.Last)), sure: true}
		if log.Previous || strings.HasPrefix(log.File, added) || !p.Complete(&bundle.ControllerLog, "") {
			r.sure, r.partial = false, true
			r.say = fmt.Sprintf("The newest controller log of the bundle (%s) ends at %s, before the Service was made: the controller does not run any more, or its newer log is missing.", log.File, clock(log.Last))
		}
		return r, true
	}
	if !old || !p.Complete(&bundle.Events, "") || busy(p, created) {
		return reason{}, false
	}
	if log != nil {
		return reason{subject: string(log.Kind), cites: p.LastRecord(log), absence: []*bundle.Evidence{&bundle.Events, &bundle.ControllerLog},
			say: fmt.Sprintf("The controller's log (%s) goes on after the Service was made and never names it: another instance may hold the lease, or its service controller is switched off.", log.File)}, true
	}
	subject := "of the cloud provider"
	if i := slices.IndexFunc(controllers, topology.Controller.Serves); i >= 0 {
		subject = string(controllers[i].Program)
	}
	return reason{subject: subject, absence: []*bundle.Evidence{&bundle.Events},
		say: fmt.Sprintf("It is older than %d minutes.", int(patience.Minutes()))}, true
}

// down is the reason where every controller that could act is known not to run.
func down(controllers []topology.Controller) (reason, bool) {
	var r reason
	for _, c := range controllers {
		if !c.Serves() {
			continue
		}
		say, cite := c.Down()
		if say == "" {
			return reason{}, false
		}
		if r.say == "" {
			r = reason{subject: string(c.Program), say: fmt.Sprintf("The controller %s does not run: %s.", c.Pod.Name, say), sure: true,
				fix: []report.Step{{Say: "Read why its last run ended.", Run: fmt.Sprintf("kubectl -n kube-system logs %s --previous --tail 100", rule.Word(c.Pod.Name, "POD"))}}}
		}
		r.cites = append(r.cites, cite)
	}
	return r, r.say != ""
}

// none is the reason where there is no controller for Azure at all: all pods of
// kube-system are known and the kube-controller-manager is told to leave it.
func none(p *rule.Pass, controllers []topology.Controller) (reason, bool) {
	if !p.Complete(&bundle.ControllerPods, "") {
		return reason{}, false
	}
	r := reason{subject: string(snapshot.CloudController), sure: true, absence: []*bundle.Evidence{&bundle.ControllerPods}}
	for _, c := range controllers {
		if c.Serves() || c.CloudProvider == "" {
			return reason{}, false
		}
		r.say = fmt.Sprintf("There is no cloud-controller-manager for Azure; %s runs with --cloud-provider=%s.", c.Pod.Name, c.CloudProvider)
		r.cites = []report.Cite{c.Pod.Doc.CiteWhole()}
	}
	if r.say != "" {
		r.fix = []report.Step{{Say: "Install the cloud-controller-manager of Azure, or put --cloud-provider=azure right on the controller that should act.",
			Run: "helm install --repo https://raw.githubusercontent.com/kubernetes-sigs/cloud-provider-azure/master/helm/repo cloud-provider-azure --generate-name", Changes: true}}
	}
	return r, r.say != ""
}

// busy reports whether a controller worked on some Service after that time: syncs
// run one after the other, and the turn of this one comes.
func busy(p *rule.Pass, after time.Time) bool {
	for _, s := range p.Errors.Successes {
		if s.At.After(after) {
			return true
		}
	}
	for _, e := range p.Errors.All {
		if e.Service != "" && e.Last.After(after) {
			return true
		}
	}
	for _, e := range p.Snapshot.Events {
		if e.Kind == "Service" && strings.HasSuffix(e.Reason, "LoadBalancer") && (e.Last.After(after) || e.Reason == "EnsuringLoadBalancer" && underWay(p, e)) {
			return true
		}
	}
	return false
}

// longest is how long a single sync may take: Azure's operations can last minutes.
const longest = 30 * time.Minute

// underWay reports whether the sync that the event began has not ended.
func underWay(p *rule.Pass, e snapshot.Event) bool {
	key := e.Namespace + "/" + e.Name
	if s := p.Errors.LastSuccess(key); s != nil && !s.At.Before(e.Last) {
		return false
	}
	for _, x := range p.Errors.Of(key) {
		if !x.Last.Before(e.Last) {
			return false
		}
	}
	return p.Snapshot.Now.Sub(e.Last) < longest
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") + " UTC" }
