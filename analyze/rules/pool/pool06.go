package pool

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// POOL06 is an Azure object in a state in which nothing that refers to it can be written.
var POOL06 = &rule.Rule{
	ID:       "AZLB-POOL06",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "an Azure object behind the load balancer is in provisioningState Failed",
		Symptom: "Changes of Services no longer arrive; Azure answers ReferencedResourceNotProvisioned: a resource used by the load balancer is not in Succeeded state. Traffic of existing Services mostly goes on.",
		Cause: "When a write to an interface, machine, scale set, public IP or load balancer fails half way, Azure marks the object Failed and keeps its last good configuration. While one object is marked so, Azure refuses to write others that refer to it, and all Services share one load balancer. " +
			"The next write that succeeds clears the mark, also one that changes nothing.",
		Fix: []report.Step{
			{Say: "See what failed.", Run: "az monitor activity-log list --resource-id ID --offset 7d --status Failed -o table"},
			{Say: "Write the object again without a change.", Run: "az resource update --ids ID", Changes: true},
			{Say: "Instances of a scale set, and their interfaces, are written with the scale set's model.", Run: "az vmss update-instances -g GROUP -n SCALESET --instance-ids INSTANCE", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/networking/troubleshoot-failed-state", "Azure/AKS#326", "kubernetes/kubernetes#65025", "Azure/aks-engine#336", "Azure/acs-engine#446"},
		Healthy:    "A Failed object serves on with its last good configuration. Without a sync that fails because of it, it is told as a warning that harms no Service. Updating, Creating and Deleting are no failures. A load balancer that is Failed and because of which nothing is refused is told by AZLB-SYNC03.",
	},
	Needs: rule.Needs{Any: append([]*bundle.Evidence{&bundle.LoadBalancers, &bundle.PublicIPs, &bundle.NICs, &bundle.ScaleSets, &bundle.ScaleSetNICs, &bundle.ScaleSetInstances, &bundle.VMs}, text...)},
	Texts: []rule.Text{rule.Codes("ReferencedResourceNotProvisioned"), rule.Says(`is not in Succeeded state`)},
	Check: checkPOOL06,
}

// faulty is one Azure object that is Failed, or that a refusal names. An interface of a
// scale-set instance is a part of that, and a single machine has those of its interfaces
// that are Failed with it.
type faulty struct {
	id    string
	parts []string      // ids of what is Failed or refused of it: itself, interfaces
	cites []report.Cite // of its state
	errs  []*errtext.Error
}

func checkPOOL06(p *rule.Pass) {
	byID := map[string]*faulty{}
	var order []*faulty
	machines := bothFailed(p)
	get := func(part string) *faulty {
		id := cmp.Or(machines[az.Key(part)], instance(part), part)
		key := cmp.Or(az.Key(id), id)
		if byID[key] == nil {
			byID[key] = &faulty{id: id}
			order = append(order, byID[key])
		}
		x := byID[key]
		if !slices.ContainsFunc(x.parts, func(other string) bool { return az.SameID(other, part) }) {
			x.parts = append(x.parts, part)
		}
		return x
	}
	errs := slices.DeleteFunc(p.Current(p.Knows), p.Gone)
	failed(p, errs, func(r az.Resource, doc *snapshot.Doc) {
		if isFailed(r) {
			x := get(r.ID)
			x.cites = append(x.cites, doc.Cite(r.At+"/provisioningState"))
		}
	})
	for _, e := range errs {
		x := get(culprit(e))
		x.errs = append(x.errs, e)
	}
	for _, x := range order {
		p.Find(unusable(p, x))
	}
}

func isFailed(r az.Resource) bool { return strings.EqualFold(r.ProvisioningState, "Failed") }

// instance is the id of the scale-set instance that a resource is a part of, empty where
// it is none.
func instance(id string) string {
	parsed, ok := az.ParseID(id)
	if !ok || parsed.Name("virtualMachineScaleSets") == "" || parsed.Name("virtualMachines") == "" {
		return ""
	}
	for n := len(parsed.Types); n > 2; n-- {
		id = az.Parent(id)
	}
	return id
}

// bothFailed maps every Failed interface whose single machine is Failed too, by its key,
// to the id of the machine: one write failed on both.
func bothFailed(p *rule.Pass) map[string]string {
	out := map[string]string{}
	for _, n := range p.Graph.Nodes {
		if n.Machine == nil || !isFailed(n.Machine.Resource) {
			continue
		}
		for _, nic := range n.NICs {
			if isFailed(nic.Resource) {
				out[az.Key(nic.ID)] = n.Machine.ID
			}
		}
	}
	return out
}

var usedBy = regexp.MustCompile(`(?i)because resource (/subscriptions/\S+) used by`)

// culprit is the object that a refusal names: of an IP configuration its interface.
func culprit(e *errtext.Error) string {
	m := usedBy.FindStringSubmatch(e.Message)
	if m == nil {
		return ""
	}
	id := m[1]
	for parsed, ok := az.ParseID(id); ok && len(parsed.Types) > 1 && !strings.EqualFold(parsed.Types[len(parsed.Types)-1], "networkInterfaces") &&
		!strings.EqualFold(parsed.Types[len(parsed.Types)-1], "virtualMachines"); parsed, ok = az.ParseID(id) {
		id = az.Parent(id)
	}
	return id
}

// failed visits the objects behind the Services: their addresses, the nodes' interfaces,
// machines and scale sets, and of the load balancers those that a refusal names. One that
// is Failed and stops nothing is told by AZLB-SYNC03.
func failed(p *rule.Pass, errs []*errtext.Error, visit func(az.Resource, *snapshot.Doc)) {
	for i := range p.Snapshot.Loads {
		lb := &p.Snapshot.Loads[i]
		if slices.ContainsFunc(errs, func(e *errtext.Error) bool { return az.SameID(culprit(e), lb.ID) }) {
			visit(lb.Resource, lb.Doc)
		}
	}
	seen := map[string]bool{}
	for _, s := range p.Graph.Served() {
		for _, f := range s.Frontends {
			if f.PublicIP != nil && !seen[f.PublicIP.ID] {
				seen[f.PublicIP.ID] = true
				visit(f.PublicIP.Resource, f.PublicIP.Doc)
			}
		}
	}
	sets := map[string]bool{}
	for _, n := range p.Graph.Nodes {
		for _, nic := range n.NICs {
			visit(nic.Resource, nic.Doc)
		}
		if n.Machine != nil {
			visit(n.Machine.Resource, n.Machine.Doc)
		}
		sets[n.Group+"/"+strings.ToLower(n.ScaleSet)] = true
	}
	for i := range p.Snapshot.ScaleSets {
		if v := &p.Snapshot.ScaleSets[i]; sets[strings.ToLower(az.GroupOf(v.ID)+"/"+v.Name)] {
			visit(v.Resource, v.Doc)
		}
	}
}

func unusable(p *rule.Pass, x *faulty) rule.Finding {
	object, again := describe(x.id)
	f := rule.Finding{Subject: object, Cites: x.cites}
	slices.SortStableFunc(x.parts, func(a, b string) int { return len(a) - len(b) }) // the machine first
	var names []string
	for _, id := range x.parts {
		part, _ := describe(id)
		names = append(names, part.String())
	}
	name, is, serves, it := names[0], "is", "It serves", "it"
	if len(names) > 1 {
		name, is, serves, it = rule.List(names), "are", "They serve", "them"
	}
	if len(x.errs) == 0 {
		f.Severity = report.Warning
		f.Message = fmt.Sprintf("%s %s in provisioningState Failed. %s on with the last good configuration, but Azure may refuse to write the load balancer or others that refer to %s.", name, is, serves, it)
	} else {
		told := rule.Tell(x.errs)
		f.Cites = append(f.Cites, told.Cites...)
		var working []string
		f.Services, working = p.Named(x.errs)
		f.Message = fmt.Sprintf("Azure refuses to write the load balancer because %s %s not in Succeeded state (%s, %s).", name, is, codeOf(x.errs[len(x.errs)-1]), told.Span())
		if len(x.cites) == 0 {
			f.Errors = x.errs
			f.Confidence, f.Why = report.Likely, "the state of the object itself is not in the bundle, or has changed since"
		}
		if len(f.Services) == 0 {
			f.Severity, f.Services = report.Warning, working
			f.Message += " The Services named keep working as they are, but cannot be changed at present."
		}
	}
	if x.id != "" {
		f.Fix = []report.Step{
			{Say: "See what failed.", Run: fmt.Sprintf("az monitor activity-log list --resource-id %s --offset 7d --status Failed -o table", rule.Word(x.id, "ID"))},
			{Say: "Write it again without a change; the mark goes with the next write that succeeds.", Run: again, Changes: true},
		}
		for _, id := range x.parts {
			// An instance of a scale set is written with its interfaces.
			if nic, write := describe(id); write != again {
				f.Fix = append(f.Fix, report.Step{Say: fmt.Sprintf("If %s is still Failed then, write it in the same way.", nic), Run: write, Changes: true})
			}
		}
	}
	return f
}

func codeOf(e *errtext.Error) string {
	for _, c := range append([]string{e.Code}, e.Inner...) {
		if strings.EqualFold(c, "ReferencedResourceNotProvisioned") {
			return c
		}
	}
	return "without a code"
}

// describe names an object by its id, and the command that writes it again.
func describe(id string) (report.Object, string) {
	parsed, ok := az.ParseID(id)
	if !ok || len(parsed.Types) == 0 {
		return report.Object{Kind: "Resource", Name: "that the message does not name"}, ""
	}
	last := len(parsed.Types) - 1
	object := report.Object{Kind: kind(parsed.Types[last]), Name: parsed.Names[last]}
	if set, instance := parsed.Name("virtualMachineScaleSets"), parsed.Name("virtualMachines"); set != "" && instance != "" {
		object.Name = strings.Join(append([]string{set + "_" + instance}, parsed.Names[2:]...), "/")
		return object, fmt.Sprintf("az vmss update-instances -g %s -n %s --instance-ids %s", rule.Word(parsed.Group, "GROUP"), rule.Word(set, "SCALESET"), rule.Word(instance, "INSTANCE"))
	}
	switch object.Kind {
	case "VirtualMachine":
		return object, fmt.Sprintf("az vm reapply -g %s -n %s", rule.Word(parsed.Group, "GROUP"), rule.Word(object.Name, "VM"))
	case "NetworkInterface":
		return object, fmt.Sprintf("az network nic update -g %s -n %s", rule.Word(parsed.Group, "GROUP"), rule.Word(object.Name, "NIC"))
	}
	return object, "az resource update --ids " + rule.Word(id, "ID")
}

// kind is the word for an ARM type.
func kind(typ string) string {
	switch strings.ToLower(typ) {
	case "networkinterfaces":
		return "NetworkInterface"
	case "virtualmachines":
		return "VirtualMachine"
	case "virtualmachinescalesets":
		return "ScaleSet"
	case "loadbalancers":
		return "LoadBalancer"
	case "publicipaddresses":
		return "PublicIP"
	}
	return typ
}
