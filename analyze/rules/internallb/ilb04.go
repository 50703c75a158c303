package internallb

import (
	"cmp"
	"fmt"
	"slices"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// ILB04 is an internal load balancer in another network than its nodes.
var ILB04 = &rule.Rule{
	ID:       "AZLB-ILB04",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the provider puts internal frontends into another virtual network than the nodes'",
		Symptom: "Every internal Service stays pending while public ones work; the code is NetworkInterfaceAndInternalLoadBalancerMustUseSameVnet, or the event says only that a condition timed out. The load balancer, with a frontend in a strange network, is there without backends.",
		Cause: "Azure takes a network interface into the backend pool of an internal load balancer only from the virtual network of its frontend. " +
			"The provider looks for the frontend's subnet in the network that azure.json names (vnetName, vnetResourceGroup), which must be the nodes'. In 2018 AKS made clusters in a network of the customer's whose azure.json named another.",
		Fix: []report.Step{
			{Say: "See in which network the nodes are.", Run: "az network vnet list --query \"[].{name:name, group:resourceGroup, space:addressSpace.addressPrefixes}\" -o table"},
			{Say: "Name it in vnetName and vnetResourceGroup of azure.json on the control-plane machines, and restart the controller. On AKS this is the service's own to repair.", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true},
			{Say: "A load balancer that was made with a frontend in the wrong network must go before; the provider makes it again.", Run: "az network lb delete -g GROUP -n LOAD_BALANCER", Changes: true},
		},
		References: []string{"Azure/AKS#221", "Azure/AKS#380", "MicrosoftDocs/azure-docs#8716", "https://kubernetes-sigs.github.io/cloud-provider-azure/install/configs/"},
		Healthy:    "A frontend in another subnet of the nodes' network, and clients in a peered network. That a network of another cluster is in the bundle says nothing.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.VNets, &bundle.CloudConfig, &bundle.Nodes, &bundle.Events, &bundle.ControllerLog}, All: []*bundle.Evidence{&bundle.Services}},
	Texts: []rule.Text{rule.Codes("NetworkInterfaceAndInternalLoadBalancerMustUseSameVnet")},
	Check: checkILB04,
}

func checkILB04(p *rule.Pass) {
	list := asks(p)
	errs := p.Current(func(e *errtext.Error) bool { return p.Knows(e) && !p.Gone(e) })
	n := networkOf(p)
	strange, cites := n.apart(p)
	if len(errs) == 0 && (strange == "" || len(list) == 0) {
		return
	}
	told := rule.Tell(errs)
	balancer := ""
	if len(list) > 0 {
		balancer = p.Wants.Of(list[0].service.Key()).Balancer.V
	}
	f := rule.Finding{Subject: report.Object{Kind: "LoadBalancer", Name: cmp.Or(balancer, "of internal Services")}, Cites: told.Cites}
	waiting, working := p.Named(errs)
	f.Message = "Azure refuses the nodes' interfaces for the internal load balancer: its frontend is in another virtual network than they."
	if strange == "" {
		since(&f, errs, "the bundle does not show both networks, or azure.json was changed since")
	} else {
		f.Message = fmt.Sprintf("azure.json names virtual network %s, in which the provider puts internal frontends, but the nodes are in %s: Azure takes none of them as a backend there.", n.name, strange)
		f.Cites = append(append(f.Cites, n.cite...), cites...)
		for _, a := range list {
			if key := a.service.Key(); !slices.Contains(waiting, key) && a.waits() {
				waiting = append(waiting, key)
			}
		}
		if len(errs) == 0 {
			f.Confidence, f.Why = report.Likely, "the bundle has no refusal of it"
		}
	}
	if f.Services = waiting; len(waiting) == 0 {
		f.Severity, f.Services = report.Warning, working
	}
	if len(errs) > 0 {
		f.Message += fmt.Sprintf(" It failed %s.", told.Span())
	}
	f.Fix = []report.Step{
		{Say: "See the virtual networks of the subscription, and which of them is the nodes'.", Run: "az network vnet list --query \"[].{name:name, group:resourceGroup, space:addressSpace.addressPrefixes}\" -o table"},
		{Say: "Name the nodes' network in vnetName and vnetResourceGroup of azure.json on the control-plane machines, and restart the controller. On AKS this is the service's own to repair.", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true},
		{Say: "If an internal load balancer was made with a frontend in the wrong network, delete it; the provider makes it again. No internal Service is served until then.", Run: fmt.Sprintf("az network lb delete -g %s -n %s", rule.Word(p.Wants.Settings.Group.V, "GROUP"), rule.Word(balancer, "LOAD_BALANCER")), Changes: true},
	}
	p.Find(f)
}

// apart names the virtual network of the nodes where azure.json names another and all
// nodes are in that one; empty where they are not, or it is not known.
func (n network) apart(p *rule.Pass) (string, []report.Cite) {
	if n.vnet == nil || n.guess != "" {
		return "", nil
	}
	var other *snapshot.VNet
	var cites []report.Cite
	for _, node := range p.Graph.Nodes {
		v, subnet := p.Graph.Home(node)
		switch {
		case node.Virtual():
		case v == nil, az.SameID(v.ID, n.vnet.ID), az.Key(v.ID) == "", other != nil && other != v:
			return "", nil
		case other == nil:
			other = v
			cites = []report.Cite{v.Doc.Cite(prefixAt(subnet))}
		}
	}
	if other == nil {
		return "", nil
	}
	return other.Name, cites
}
