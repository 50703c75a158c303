package sync

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// before is how long before a failure another write can be its cause: an operation of
// Azure's network takes seconds to minutes.
const before = 30 * time.Minute

// clash tells of errors of one object whose writes meet others: how long it lasts, whom
// it harms, and who else writes. say words what Azure answered, %s the object. picked are
// the errors that it tells of; none means that there is nothing to tell.
func clash(p *rule.Pass, b rule.Bunch[*errtext.Error], say string) (f rule.Finding, picked []*errtext.Error) {
	picked = p.Retried(&f, b.All)
	if len(picked) == 0 {
		return f, nil
	}
	told := rule.Tell(picked)
	f.Subject, f.Cites = report.Object{Kind: "LoadBalancer", Name: "of the cluster"}, told.Cites
	if b.Name != "" {
		f.Subject = rule.Resource(b.Name)
	}
	f.Message = fmt.Sprintf(say, objectName(f.Subject, b.Name)) + fmt.Sprintf(" %s, %s.", of(f.Services), told.Span())
	if f.Severity == report.Warning && f.Confidence == "" {
		f.Message += " The Services keep working as they are, but cannot be changed at present."
	}
	others := p.OtherWriters(told.First.Add(-before), ids(b.Name)...)
	for _, w := range others[:min(len(others), 2)] {
		f.Message += fmt.Sprintf(" The activity log names another writer: %s at %s UTC (%s).", w.Caller, w.Time.UTC().Format(time.DateTime), w.What)
		f.Cites = append(f.Cites, w.Cite)
	}
	if f.Confidence == "" && len(others) == 0 {
		f.Confidence, f.Why = report.Likely, "who else writes it is not in the bundle"
	}
	f.Fix = apart(p, &f, b.Name, others)
	return f, picked
}

// apart are the steps that leave one writer.
func apart(p *rule.Pass, f *rule.Finding, id string, others []rule.Writer) []report.Step {
	fix := []report.Step{{Say: "See whether it goes on.", Run: describe(f.Services)}}
	if f.Severity == report.Info {
		return fix
	}
	if len(others) == 0 {
		fix = append(fix, rule.Writers(id, "LOAD_BALANCER_ID"))
	}
	return append(fix,
		report.Step{Say: "Leave the object to one writer. A job, a script or Terraform that writes it again and again has to let it alone; see what Terraform keeps.", Run: "terraform state list | grep -i azurerm_lb"},
		report.Step{Say: "If nobody else writes, let the controller read everything anew: its copy may be old.", Run: restart(p), Changes: true})
}

// describe shows what the syncs of the first Service come to.
func describe(services []string) string {
	if len(services) == 0 {
		return "kubectl get events -A --field-selector reason=SyncLoadBalancerFailed"
	}
	return rule.Kubectl("describe", services[0], "")
}

// restart restarts the controller, on AKS by an update that changes nothing.
func restart(p *rule.Pass) string {
	if p.Graph.Managed() {
		return "az aks update " + p.AKS("-n")
	}
	program := snapshot.CloudController
	for _, c := range p.Graph.Controllers() {
		if c.Serves() {
			program = c.Program
			if !c.Static() {
				return rule.Restart(c)
			}
		}
	}
	return rule.RestartStatic(program)
}

// targets are the errors by the object of the failed call, a part of it counting as the
// whole; those that name none are of one unknown object.
func targets(errs []*errtext.Error) []rule.Bunch[*errtext.Error] {
	return rule.Bunches(errs, func(e *errtext.Error) (string, bool) { return whole(e.Target), true })
}

// whole is the object that an id is a part of: a load balancer of its rule.
func whole(id string) string {
	for x, ok := az.ParseID(id); ok && len(x.Types) > 1 && x.Name("virtualMachineScaleSets") == ""; x, ok = az.ParseID(id) {
		id = az.Parent(id)
	}
	return id
}

func ids(id string) []string {
	if id == "" {
		return nil
	}
	return []string{id}
}

func objectName(o report.Object, id string) string {
	kinds := map[string]string{"LoadBalancer": "load balancer", "PublicIP": "public IP", "NetworkSecurityGroup": "security group", "ScaleSet": "scale set", "NetworkInterface": "network interface", "RouteTable": "route table"}
	if id == "" {
		return "an object in Azure"
	}
	return cmp.Or(kinds[o.Kind], o.Kind) + " " + o.Name
}

// of names the Services of failures, for the middle of a sentence.
func of(services []string) string {
	if len(services) == 0 {
		return "for no Service that is named"
	}
	return "for " + rule.List(services)
}

// ours reports errors that no rule of an earlier topic knows: it tells of them better.
func ours(p *rule.Pass, knows func(*errtext.Error) bool) []*errtext.Error {
	errs := p.Current(func(e *errtext.Error) bool { return knows(e) && !p.Claimed(e) })
	return slices.DeleteFunc(errs, func(e *errtext.Error) bool { return e.Service == "" && !nameless(p, e) })
}
