package internallb

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// ILB05 is a subnet that does not exist.
var ILB05 = &rule.Rule{
	ID:       "AZLB-ILB05",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the subnet that an internal Service asks for does not exist",
		Symptom: "The internal Service stays pending; events say “failed to get subnet”, or HTTP 403 for reading a subnet, which Azure also answers where there is no such subnet.",
		Cause: "An internal frontend takes its address from a subnet: that of the annotation azure-load-balancer-internal-subnet, else the cluster's own (subnetName in azure.json). " +
			"The annotation holds the bare name of a subnet in the cluster's virtual network; an ARM id, a misspelt name or a subnet of another network finds nothing. Where azure.json names the network or its resource group wrongly, no subnet is found at all.",
		Fix: []report.Step{
			{Say: "See the subnets of the cluster's virtual network.", Run: "az network vnet subnet list -g GROUP --vnet-name VNET -o table"},
			{Say: "Name one of them.", Run: "kubectl annotate service -n NAMESPACE SERVICE --overwrite " + subnetAnnotation + "=SUBNET", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/aks/internal-lb#specify-a-different-subnet", "openshift/openshift-azure#1087", "kubernetes/kubernetes#49577", "MicrosoftDocs/azure-docs#13935"},
		Healthy:    "The annotation on a Service that is not internal is not read. A subnet in a resource group that is not in the bundle may exist: without the list of its network nothing is told but what the provider said.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.VNets, &bundle.CloudConfig, &bundle.Events, &bundle.ControllerLog}, All: []*bundle.Evidence{&bundle.Services}},
	Texts: []rule.Text{notThere, unread},
	Check: checkILB05,
}

// noSubnet is the provider's text: network and subnet.
var noSubnet = regexp.MustCompile(`failed to get subnet: ([^\s/]*)/([^\s"\\]*)`)

// Azure's refusal is no proof, and the identity's rules tell it; see unreadable.
var (
	notThere = rule.Text{Pattern: noSubnet, Raw: true}
	unread   = rule.Codes("AuthorizationFailed")
)

func checkILB05(p *rule.Pass) {
	list := asks(p)
	errs := p.Current(notThere.Matches)
	told := map[string]bool{}
	var lost []ask
	var refused []*errtext.Error
	for _, a := range list {
		key := a.service.Key()
		mine := slices.DeleteFunc(ofService(errs, key), func(e *errtext.Error) bool { // of what it asked for earlier
			return !a.byDefault && !strings.EqualFold(noSubnet.FindStringSubmatch(e.Raw)[2], a.name)
		})
		switch {
		case told[key] || !a.gone(p) && len(mine) == 0:
		case a.network.vnet == nil && a.gone(p): // one cause for all; one that has its address got it from a network
			if told[key] = true; a.waits() || len(mine) > 0 {
				lost, refused = append(lost, a), append(refused, mine...)
			}
		default:
			told[key] = true
			p.Find(a.missing(p, mine))
		}
	}
	if len(lost) > 0 {
		p.Find(nowhere(p, lost, refused))
	}
	for _, b := range others(p, errs, list) {
		m := noSubnet.FindStringSubmatch(b.All[len(b.All)-1].Raw)
		f := unseen(p, b, fmt.Sprintf("asks for subnet %s of virtual network %s, which the provider did not find", named(m[2]), named(m[1])))
		p.Find(f)
	}
}

func named(s string) string {
	if s == "" {
		return "without a name"
	}
	return s
}

func (a ask) missing(p *rule.Pass, errs []*errtext.Error) rule.Finding {
	refused := append(errs, unreadable(p, a)...)
	f := a.finding(p, refused)
	n := a.network
	name, where := a.name, n.name
	if len(errs) > 0 {
		m := noSubnet.FindStringSubmatch(errs[len(errs)-1].Raw)
		name, where = m[2], m[1]
	}
	f.Message = fmt.Sprintf("%s needs subnet %s, %s, but virtual network %s has no subnet of that name.", a.service.Key(), named(name), a.because(), named(where))
	if strings.Contains(a.name, "/") {
		f.Message += fmt.Sprintf(" The annotation takes the bare name (%s), not an id, and only of a subnet of this network.", az.LastName(a.name))
	}
	switch {
	case a.subnet != nil:
		f.Message = fmt.Sprintf("%s needs subnet %s, %s, which the provider did not find in virtual network %s, though it is there now.", a.service.Key(), named(name), a.because(), named(where))
		since(&f, errs, "the subnet is there now, so the next try may succeed")
	case !a.gone(p):
		since(&f, errs, "the subnets of the network are not in the bundle")
	default:
		f.Cites = append(f.Cites, n.vnet.Doc.Cite(n.vnet.At+"/name"))
		f.Absence = []*bundle.Evidence{&bundle.VNets}
	}
	f.Message += a.tries(refused)
	f.Fix = []report.Step{n.subnets()}
	if a.byDefault {
		f.Fix = append(f.Fix, report.Step{Say: "Correct subnetName, vnetName and vnetResourceGroup in azure.json on the control-plane machines and restart the controller, or name a subnet in the Service's annotation.", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true})
	}
	f.Fix = append(f.Fix, rule.Annotate(a.service, subnetAnnotation, "SUBNET", "Name one of these subnets."))
	if !a.byDefault {
		f.Fix = append(f.Fix, rule.Unannotate(a.service, subnetAnnotation, "Or take the cluster's own subnet."))
	}
	return f
}

// nowhere is the network that azure.json names and that does not exist.
func nowhere(p *rule.Pass, list []ask, errs []*errtext.Error) rule.Finding {
	n, told := list[0].network, rule.Tell(errs)
	f := rule.Finding{Subject: report.Object{Kind: "CloudConfig", Name: "azure.json"}, Severity: report.Warning, Cites: append(told.Cites, n.cite...), Absence: []*bundle.Evidence{&bundle.VNets}}
	for _, a := range list {
		f.Services = append(f.Services, a.service.Key())
		if a.waits() {
			f.Severity = report.Error
		}
	}
	slices.Sort(f.Services)
	needs := "needs"
	if len(f.Services) > 1 {
		needs = "need"
	}
	f.Message = fmt.Sprintf("%s %s a subnet of virtual network %s, which azure.json names, but resource group %s has no such network.", rule.List(f.Services), needs, n.name, n.group)
	if len(errs) > 0 {
		f.Message += fmt.Sprintf(" It failed %s.", told.Span())
	} else {
		f.Confidence, f.Why = report.Likely, "the bundle has no refusal of it"
	}
	f.Fix = []report.Step{{Say: "See the virtual networks of the subscription, and which of them is the nodes'.", Run: "az network vnet list --query \"[].{name:name, group:resourceGroup, space:addressSpace.addressPrefixes}\" -o table"},
		{Say: "Correct vnetName and vnetResourceGroup in azure.json on the control-plane machines and restart the controller.", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true}}
	return f
}

// unreadable are refusals to read the very subnet: Azure gives them also where there is
// none. They are the identity's rules to tell.
func unreadable(p *rule.Pass, a ask) []*errtext.Error {
	var out []*errtext.Error
	for _, e := range p.Errors.Current(a.service.Key()) {
		if unread.Matches(e) && strings.EqualFold(az.LastName(e.Scope), a.name) && strings.Contains(strings.ToLower(e.Action), "/subnets/") {
			out = append(out, e)
		}
	}
	return out
}
