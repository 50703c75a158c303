package publicip

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// PIP04 is one public IP for which two frontends of the cluster ask.
var PIP04 = &rule.Rule{
	ID:       "AZLB-PIP04",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the public IP that the Service asks for is on another frontend of the same load balancer",
		Symptom: "The Service stays pending; Azure refuses the load balancer with 400 PublicIPReferencedByMultipleIPConfigs. In old versions the event says only that a condition timed out, and the code stands in the log or in the activity log.",
		Cause: "In Azure a public IP can be on one frontend only. Services share an address by sharing that frontend, which the provider does since 1.20 for an address (loadBalancerIP) and, since 1.25.16, 1.26.12, 1.27.6 and 1.28, for a name (azure-pip-name). " +
			"Before, it makes a second frontend with the same address. The same happens with the cluster's outbound address, and with a frontend that a deleted Service left behind.",
		Fix: []report.Step{
			{Say: "See which frontend has the address; its name begins with a and the uid of its Service.", Run: "az network public-ip show -g GROUP -n PUBLIC_IP --query ipConfiguration.id -o tsv"},
			{Say: "Upgrade to a release that shares addresses; or, if only names are not shared, ask for the address itself.", Run: "kubectl patch service -n NAMESPACE SERVICE -p '{\"spec\":{\"loadBalancerIP\":\"ADDRESS\"}}'", Changes: true},
			{Say: "Or use another address.", Run: "az network public-ip create -g GROUP -n NEW_NAME --sku Standard --allocation-method Static", Changes: true},
		},
		References: []string{"https://cloud-provider-azure.sigs.k8s.io/topics/shared-ip/", "kubernetes-sigs/cloud-provider-azure#4243", "kubernetes/kubernetes#94991", "Azure/AKS#1359", "Azure/AKS#1791", "Azure/AKS#1621", "Azure/ACS#102", "MicrosoftDocs/azure-docs#14698"},
		Affects:    "in-tree before 1.20 with an address; before 1.25.16, 1.26.12, 1.27.6 and 1.28 with a name",
		Healthy:    "Newer providers let Services share an address, so that the frontend of another Service is no fault there. An address on a load balancer of somebody else is another fault.",
	},
	Needs:       rule.Needs{Any: []*bundle.Evidence{&bundle.LoadBalancers, &bundle.Events, &bundle.ControllerLog}, Clean: []*bundle.Evidence{&bundle.KubeVersion, &bundle.ControllerPods}},
	FollowsFrom: []string{"AZLB-PIP09"},
	Texts:       []rule.Text{manyConfigs},
	Check:       checkPIP04,
}

// manyConfigs is Azure's refusal of a second frontend for an address.
var manyConfigs = rule.Codes("PublicIPReferencedByMultipleIPConfigs")

// manyConfigsOf takes the address out of its message.
var manyConfigsOf = regexp.MustCompile(`(?i)Public ip address (/subscriptions/\S+) is referenced by multiple ipconfigs`)

// addressOf is the id of the public IP that the error names, else empty.
func addressOf(e *errtext.Error) string {
	if m := manyConfigsOf.FindStringSubmatch(e.Message); m != nil {
		return strings.TrimRight(m[1], ".")
	}
	return ""
}

// double is one public IP for which a second frontend is tried.
type double struct {
	id     string
	pip    *snapshot.PublicIP
	askers []*topology.Service
	pins   []pin
	errs   []*errtext.Error
	proven bool // the release and the state agree, without any error
}

func checkPIP04(p *rule.Pass) {
	byID := map[string]*double{}
	var order []*double
	get := func(id string) *double {
		key := strings.ToLower(id)
		if byID[key] == nil {
			byID[key] = &double{id: id, pip: p.Graph.PublicIP(&az.Ref{ID: id})}
			order = append(order, byID[key])
		}
		return byID[key]
	}
	for _, e := range p.Current(p.Knows) {
		if p.Gone(e) || ofIPv6(p, e) || elsewhereIPv6(p, e) {
			continue
		}
		d := get(addressOf(e))
		d.errs = append(d.errs, e)
	}
	for _, s := range p.Graph.Services {
		for _, x := range pins(p, s) {
			if x.pip == nil || serves(s, x.pip) {
				continue
			}
			if h := holder(p, x.pip); h == nil || !ours(p, h.lb) || owns(s, h.frontend.Name) {
				continue
			}
			_, _, refused := p.Blame(unshared(x))
			proven := refused && p.Wants.Provider.Known
			if d := byID[strings.ToLower(x.pip.ID)]; d == nil && !proven {
				continue
			}
			d := get(x.pip.ID)
			d.askers, d.pins, d.proven = append(d.askers, s), append(d.pins, x), d.proven || proven
		}
	}
	for _, d := range order {
		p.Find(d.finding(p))
	}
}

// unshared is the lack of sharing that concerns what the Service asks for.
func unshared(x pin) rule.Bug {
	if x.byName {
		return cannotShareByName
	}
	return cannotShare
}

func (d *double) finding(p *rule.Pass) rule.Finding {
	told := rule.Tell(d.errs)
	f := rule.Finding{Subject: report.Object{Kind: "PublicIP", Name: cmp.Or(az.LastName(d.id), "of the message")}, Services: told.Services, Cites: told.Cites}
	for i, s := range d.askers {
		if len(d.errs) == 0 || d.proven || slices.Contains(told.Services, s.Key()) || len(told.Services) == 0 {
			f.Services = append(f.Services, s.Key())
			f.Cites = append(f.Cites, s.Doc.Cite(d.pins[i].pointer))
		}
	}
	slices.Sort(f.Services)
	f.Services = slices.Compact(f.Services)
	if !d.proven {
		f.Errors = d.errs
	}
	name := f.Subject.Name
	if d.pip != nil && d.pip.IPAddress != "" {
		name += " (" + d.pip.IPAddress + ")"
	}
	f.Message = fmt.Sprintf("The provider makes a second frontend with public IP %s for %s, and an address can be on one only.", name, named(f.Services))
	var h *held
	if d.pip != nil {
		h = holder(p, d.pip)
	}
	if h != nil {
		f.Message += " " + whose(p, h)
		f.Cites = append(f.Cites, h.lb.Doc.Cite(h.frontend.At+"/name"))
	}
	if len(d.errs) > 0 {
		f.Message += fmt.Sprintf(" Azure answered PublicIPReferencedByMultipleIPConfigs %s.", told.Span())
	}
	for _, x := range d.pins {
		if _, _, ok := p.Blame(unshared(x)); ok && p.Wants.Provider.Known {
			f.Message += fmt.Sprintf(" Release %s does not share %s.", p.Wants.Provider, map[bool]string{true: "addresses that are asked for by name", false: "addresses"}[x.byName])
			break
		}
	}
	f.Fix = d.fix(p, h)
	return f
}

// whose says to whom the frontend belongs that has the address.
func whose(p *rule.Pass, h *held) string {
	where := fmt.Sprintf("It is on frontend %s of load balancer %s", h.frontend.Name, h.lb.Name)
	if owner := ownerOf(p, h.frontend.Name); owner != "" {
		return where + ", which is that of " + owner + "."
	}
	if _, ok := azname.ParsePrefix(h.frontend.Name); ok {
		return where + ", which belongs to no Service that the bundle shows."
	}
	return where + ", which no Service made: it may be the cluster's own for outbound traffic."
}

func (d *double) fix(p *rule.Pass, h *held) []report.Step {
	group := az.GroupOf(d.id)
	steps := []report.Step{{Say: "See which frontend has the address.",
		Run: fmt.Sprintf("az network public-ip show -g %s -n %s --query ipConfiguration.id -o tsv", rule.Word(group, "GROUP"), rule.Word(az.LastName(d.id), "PUBLIC_IP"))}}
	if h != nil {
		for _, l := range p.Graph.Leftovers {
			if l.Frontend != nil && l.Frontend.Frontend == h.frontend {
				kept := l
				kept.PublicIP, kept.Frontend = nil, &topology.Frontend{Frontend: l.Frontend.Frontend, LB: l.Frontend.LB} // the address itself is wanted
				return append(steps, rule.Remove(kept)...)
			}
		}
	}
	for i, s := range d.askers {
		if d.pins[i].byName && d.pip != nil && d.pip.IPAddress != "" && p.Runs(cannotShare) == desired.No {
			steps = append(steps, report.Step{Say: "Let " + s.Key() + " ask for the address instead of its name; addresses are shared in this release.", Changes: true,
				Run: fmt.Sprintf("kubectl annotate service -n %s %s service.beta.kubernetes.io/azure-pip-name- && kubectl patch service -n %[1]s %[2]s -p '{\"spec\":{\"loadBalancerIP\":\"%s\"}}'", rule.Word(s.Namespace, "NAMESPACE"), rule.Word(s.Name, "SERVICE"), quotable(d.pip.IPAddress))})
		}
	}
	steps = append(steps, report.Step{Say: "Or upgrade: 1.20 and later share addresses, " + cannotShareByName.Repaired() + " also names."}, another(group, pin{pip: d.pip}))
	for i, s := range d.askers {
		steps = append(steps, repin(s, d.pins[i], "Let "+s.Key()+" ask for that one."))
	}
	return steps
}
