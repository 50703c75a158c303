package internallb

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// ILB03 is a subnet without a free address.
var ILB03 = &rule.Rule{
	ID:       "AZLB-ILB03",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the subnet of an internal frontend has no free address",
		Symptom: "An internal Service stays pending; events show the code SubnetIsFull. Internal Services that have their address keep working; new nodes in the same subnet fail likewise.",
		Cause: "Every internal frontend takes one address of its subnet, as does every network interface of a node, and with Azure CNI (without overlay) every pod. Azure keeps five addresses of each subnet for itself: a /29 has three. " +
			"A subnet cannot lend addresses of another one.",
		Fix: []report.Step{
			{Say: "See how many addresses of the subnet are in use.", Run: "az network vnet subnet show --ids SUBNET_ID --query \"{prefix:addressPrefix, used:length(ipConfigurations)}\""},
			{Say: "Let the Service take its address from another subnet of the virtual network, ...", Run: "kubectl annotate service -n NAMESPACE SERVICE --overwrite " + subnetAnnotation + "=SUBNET", Changes: true},
			{Say: "... or free addresses of this one, or widen it where the network has room beside it.", Run: "az network vnet subnet update --ids SUBNET_ID --address-prefixes PREFIX", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/error-codes/subnetisfull-error", "https://learn.microsoft.com/azure/aks/internal-lb#specify-a-different-subnet", "Azure/karpenter-provider-azure#734"},
		Healthy:    "A full subnet whose Services all have their address serves them. Pods of kubenet and of an overlay take no address of the subnet.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.VNets, &bundle.CloudConfig, &bundle.Nodes, &bundle.LoadBalancers, &bundle.Events, &bundle.ControllerLog}, All: []*bundle.Evidence{&bundle.Services}},
	Texts: []rule.Text{rule.Codes("SubnetIsFull")},
	Check: checkILB03,
}

// full is ARM's text: the subnet and its prefix.
var full = regexp.MustCompile(`Subnet (\S+) with address prefix (\S+) does not have enough capacity`)

// shortage is one subnet and who waits for an address of it.
type shortage struct {
	name string
	ask  *ask // one of those that wait; nil: only errors name the subnet
	of   []ask
	errs []*errtext.Error
}

func checkILB03(p *rule.Pass) {
	list := asks(p)
	errs := slices.DeleteFunc(p.Current(p.Knows), p.Gone)
	var all []*shortage
	get := func(name string) *shortage {
		for _, s := range all {
			if strings.EqualFold(s.name, name) {
				return s
			}
		}
		all = append(all, &shortage{name: name})
		return all[len(all)-1]
	}
	for i, a := range list {
		mine := ofService(errs, a.service.Key())
		if len(mine) == 0 && (!a.waits() || len(a.service.Frontends) > 0 || a.subnet == nil || a.address().IsValid() || !exhausted(a.subnet) || otherwise(p, a.service.Key(), nil) != "") {
			continue
		}
		s := get(cmp.Or(subnetOf(mine), a.name))
		if s.ask == nil || s.ask.subnet == nil {
			s.ask = &list[i]
		}
		s.of, s.errs = append(s.of, a), append(s.errs, mine...)
	}
	for _, b := range others(p, errs, list) {
		s := get(subnetOf(b.All))
		s.errs = append(s.errs, b.All...)
	}
	for _, s := range all {
		p.Find(s.finding(p))
	}
}

// subnetOf is the subnet that the newest of the errors names.
func subnetOf(errs []*errtext.Error) string {
	if len(errs) == 0 {
		return ""
	}
	m := full.FindStringSubmatch(errs[len(errs)-1].Message)
	if m == nil {
		return ""
	}
	return cmp.Or(az.LastName(m[1]), m[1])
}

func (s *shortage) finding(p *rule.Pass) rule.Finding {
	told := rule.Tell(s.errs)
	f := rule.Finding{Subject: report.Object{Kind: "Subnet", Name: cmp.Or(s.name, "of the message")}, Cites: told.Cites}
	waiting, working := p.Named(s.errs)
	for _, a := range s.of {
		if a.waits() && !slices.Contains(waiting, a.service.Key()) {
			waiting = append(waiting, a.service.Key())
		}
	}
	f.Services = waiting
	if len(waiting) == 0 {
		f.Severity, f.Services = report.Warning, working
	}
	id := "SUBNET_ID"
	f.Message = fmt.Sprintf("Subnet %s has no free address for the internal frontend of %s.", f.Subject.Name, rule.List(f.Services))
	if a := s.ask; a != nil && a.subnet != nil && strings.EqualFold(a.subnet.Name, s.name) {
		id = rule.Word(a.subnet.ID, id)
		f.Cites = append(f.Cites, a.network.vnet.Doc.Cite(prefixAt(a.subnet)))
		if used, room, ok := usage(a.subnet); ok {
			f.Message += fmt.Sprintf(" %d of the %d addresses of %s that can be used are in use; Azure keeps %d for itself.", used, room, strings.Join(a.subnet.Prefixes(), ", "), reservedFirst+1)
			if used < room {
				since(&f, s.errs, "the bundle lists fewer addresses in use than the subnet has: some may have been freed since, or be kept for what is not listed")
			}
		}
	} else {
		since(&f, s.errs, "the subnet is not in the bundle")
	}
	if len(s.errs) > 0 {
		f.Message += fmt.Sprintf(" It failed %s.", told.Span())
	} else {
		f.Confidence, f.Why = report.Likely, "the bundle has no refusal of it"
	}
	f.Fix = []report.Step{{Say: "See how many addresses of the subnet are in use.", Run: fmt.Sprintf("az network vnet subnet show --ids %s --query \"{prefix:addressPrefix, prefixes:addressPrefixes, used:length(ipConfigurations)}\"", id)}}
	if a := s.ask; a != nil {
		f.Fix = append(f.Fix, a.network.subnets(), rule.Annotate(a.service, subnetAnnotation, "SUBNET", "Let the Service take its address from another subnet of the virtual network, ..."))
	}
	f.Fix = append(f.Fix, report.Step{Say: "... or free addresses of this one, or widen it where the network has room beside it.", Run: fmt.Sprintf("az network vnet subnet update --ids %s --address-prefixes PREFIX", id), Changes: true})
	return f
}

// exhausted reports whether all addresses that can be used are.
func exhausted(s *az.Subnet) bool {
	used, room, ok := usage(s)
	return ok && used >= room
}

// usage counts the addresses of a subnet of IPv4 that are in use, as far as its list of
// IP configurations tells, and those that can be.
func usage(s *az.Subnet) (used, room int, ok bool) {
	for _, text := range s.Prefixes() {
		p, err := netip.ParsePrefix(text)
		if err != nil || p.Addr().Is6() || p.Bits() < 8 {
			return 0, 0, false
		}
		room += 1<<(32-p.Bits()) - reservedFirst - 1
	}
	return len(s.IPConfigurations), room, room > 0
}
