package pool

import (
	"fmt"

	"azlb/analyze/rule"
	"azlb/analyze/topology"
	"azlb/analyze/walk"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// POOL19 are nodes whose machine does not run.
var POOL19 = &rule.Rule{
	ID:       "AZLB-POOL19",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the machine of a node is stopped or deallocated in Azure",
		Symptom: "The Service has its address and its rules, but connections time out: every node that carries it is switched off. Or one node of several is NotReady and nothing else suffers.",
		Cause: "A node of Kubernetes is a virtual machine in Azure, which can be stopped there while Kubernetes keeps the Node object: by hand, by a schedule, by an autoscaler that deallocates instead of deleting, or by Azure itself (an evicted spot machine). Pods on it do not answer, and the load balancer reaches nothing there. " +
			"If all members of the backend pool are off, or all nodes that run the Service's pods, nothing answers; else the health probe keeps traffic away from it.",
		Fix: []report.Step{
			{Say: "See which instances run (az vm list -d for plain machines).", Run: "az vmss list-instances -g GROUP -n SCALESET --expand instanceView --query \"[].{name:name, states:instanceView.statuses[].code}\" -o json"},
			{Say: "Start the machine (az vm start for a plain one).", Run: "az vmss start -g GROUP -n SCALESET --instance-ids INSTANCE", Changes: true},
			{Say: "On AKS start the node pool as a whole.", Run: "az aks nodepool start -g GROUP --cluster-name CLUSTER -n POOL", Changes: true},
			{Say: "Find out who stopped it.", Run: "az monitor activity-log list --resource-id MACHINE_ID --offset 7d -o table"},
		},
		References: []string{"https://learn.microsoft.com/azure/virtual-machines/states-billing", "https://learn.microsoft.com/azure/aks/scale-down-mode", "https://learn.microsoft.com/azure/aks/start-stop-nodepools",
			"IsNotActiveVMState of cloud-provider-azure"},
		Affects: "since cloud-provider-azure 1.26.20, 1.27.14, 1.28.6, 1.29.1 and 1.30 a machine that does not run is not put into a pool; a member that stops stays in",
		Healthy: "Machines that are switched off on purpose, as an autoscaler keeps them, harm no Service that others carry: they are told as an information without Services. A machine that is starting is on its way.",
	},
	Needs: rule.Needs{
		Any: []*bundle.Evidence{&bundle.ScaleSetInstances, &bundle.VMInstanceViews},
		All: []*bundle.Evidence{&bundle.Services, &bundle.Nodes},
	},
	FollowsFrom: []string{"AZLB-PLAT02"},
	Check:       checkPOOL19,
}

func checkPOOL19(p *rule.Pass) {
	for _, o := range walk.Outages(p.Graph, func(n *topology.Node) bool { return walk.Down(n) != "" }, walk.Stopped) {
		p.Find(switchedOff(o))
	}
}

func switchedOff(o walk.Outage) rule.Finding {
	f := rule.Finding{Subject: report.Object{Kind: "Node", Name: o.Nodes[0].Name}}
	for _, n := range o.Nodes[:min(len(o.Nodes), 3)] {
		if c, ok := walk.PowerCite(n); ok {
			f.Cites = append(f.Cites, c)
		}
		if program, flags, ok := rule.Machine(n); ok {
			f.Fix = append(f.Fix, report.Step{Say: fmt.Sprintf("Start the machine of %s.", n.Name), Run: fmt.Sprintf("%s start %s", program, flags), Changes: true})
		}
	}
	f.Fix = append(f.Fix, stoppedBy(o.Nodes[0]))
	machines := "The machine of " + o.Nodes[0].Name + " is " + o.Reason
	if len(o.Nodes) > 1 {
		machines = fmt.Sprintf("The machines of %s are %s", rule.List(named(o.Nodes)), o.Reason)
	}
	if len(o.Harmed) == 0 {
		f.Severity = report.Info
		f.Message = machines + ". Other nodes carry every Service; the health probe keeps traffic away from a backend that does not answer."
		return f
	}
	for _, s := range o.Harmed {
		f.Services = append(f.Services, s.Key())
	}
	f.Message = fmt.Sprintf("%s, and no other node carries %s.", machines, rule.List(f.Services))
	if s := o.Harmed[0]; len(s.Endpoints) > 0 {
		f.Cites = append(f.Cites, s.Endpoints[0].Cite())
	}
	return f
}

// stoppedBy asks Azure who stopped the machine of a node: a scale set's instance is
// written in its set.
func stoppedBy(n *topology.Node) report.Step {
	step := history(machineID(n))
	step.Say = "Find out who stopped it: a person, a schedule, an autoscaler, or Azure itself (a spot machine that was evicted)."
	return step
}
