package internallb

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// ILB01 is an address outside the subnet.
var ILB01 = &rule.Rule{
	ID:       "AZLB-ILB01",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "an internal Service asks for an address outside its subnet",
		Symptom: "The internal Service stays pending; events show the code PrivateIPAddressNotInSubnet. Old versions say only that a condition timed out.",
		Cause: "A private address that a Service asks for (annotation azure-load-balancer-ipv4, or spec.loadBalancerIP) must lie in the subnet of the frontend: that of the annotation azure-load-balancer-internal-subnet, else the cluster's own. " +
			"That the address lies in another subnet of the same virtual network is not enough, the Service must name that subnet too.",
		Fix: []report.Step{
			{Say: "If the address lies in another subnet of the cluster's virtual network, name that one.", Run: "kubectl annotate service -n NAMESPACE SERVICE --overwrite " + subnetAnnotation + "=SUBNET", Changes: true},
			{Say: "Else ask for a free address of the subnet, or for none.", Run: "az network vnet check-ip-address -g GROUP -n VNET --ip-address ADDRESS"},
		},
		References: []string{"https://learn.microsoft.com/azure/aks/internal-lb#specify-an-ip-address", "MicrosoftDocs/azure-docs#31789", "MicrosoftDocs/azure-docs#66270"},
		Healthy:    "An address in any of the prefixes of the subnet that the annotation names. A public address of a Service that is not internal is another matter.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.VNets, &bundle.CloudConfig, &bundle.Nodes, &bundle.LoadBalancers, &bundle.Events, &bundle.ControllerLog}, All: []*bundle.Evidence{&bundle.Services}},
	Texts: []rule.Text{rule.Codes(notInSubnet)},
	Check: checkILB01,
}

const notInSubnet = "PrivateIPAddressNotInSubnet"

func checkILB01(p *rule.Pass) {
	list := asks(p)
	errs := p.Current(func(e *errtext.Error) bool { return p.Knows(e) && !kept(list, e) })
	for _, a := range list {
		ip := a.address()
		mine := slices.DeleteFunc(ofService(errs, a.service.Key()), func(e *errtext.Error) bool { return about(outsideText, e, ip) })
		inside := a.subnet == nil || !sameFamily(a.subnet, ip) || a.subnet.Holds(ip)
		if !ip.IsValid() || inside && len(mine) == 0 {
			continue
		}
		p.Find(a.outside(p, ip, mine))
	}
	for _, b := range others(p, errs, list) {
		p.Find(unseen(p, b, "asks for a private address that is not in the subnet of its frontend"))
	}
}

// outsideText is ARM's text: the address.
var outsideText = regexp.MustCompile(`IP address (\S+) does not belong to the range of subnet prefix`)

// about reports an error of another address than the Service asks for now.
func about(text *regexp.Regexp, e *errtext.Error, ip netip.Addr) bool {
	m := text.FindStringSubmatch(e.Message)
	return m != nil && ip.IsValid() && m[1] != ip.String()
}

// kept reports an error of a Service that asks for no address: the provider then wrote
// the one that it had (AZLB-ILB06).
func kept(list []ask, e *errtext.Error) bool {
	asked, internal := false, false
	for _, a := range list {
		if a.service.Key() == e.Service {
			internal = true
			asked = asked || a.address().IsValid()
		}
	}
	return internal && !asked
}

// sameFamily reports whether the subnet has prefixes of the address's family.
func sameFamily(s *az.Subnet, ip netip.Addr) bool {
	for _, text := range s.Prefixes() {
		if p, err := netip.ParsePrefix(text); err == nil && p.Addr().Is6() == ip.Is6() {
			return true
		}
	}
	return false
}

func (a ask) outside(p *rule.Pass, ip netip.Addr, errs []*errtext.Error) rule.Finding {
	f := a.finding(p, errs)
	key, n := a.service.Key(), a.network
	f.Message = fmt.Sprintf("%s asks for address %s (%s)", key, ip, a.lane.Frontend.PrivateIP.Because)
	if a.subnet == nil || a.subnet.Holds(ip) {
		why := "the subnet is not in the bundle"
		if a.subnet != nil {
			why = "the address lies in " + a.subnetWord() + ", which the Service asks for now, so the next try may succeed"
		}
		since(&f, errs, why)
		f.Message += ", which Azure did not find in the subnet of its frontend." + a.tries(errs)
		f.Fix = []report.Step{n.subnets(), a.take("ADDRESS", "Ask for an address of the subnet, ..."), rule.Annotate(a.service, subnetAnnotation, "SUBNET", "... or name the subnet in which the address lies.")}
		return f
	}
	f.Cites = append(f.Cites, n.vnet.Doc.Cite(prefixAt(a.subnet)))
	f.Message += fmt.Sprintf(", which is not in %s, %s.", a.subnetWord(), a.because())
	var home *az.Subnet
	for i := range n.vnet.Subnets {
		if n.vnet.Subnets[i].Holds(ip) {
			home = &n.vnet.Subnets[i]
		}
	}
	if home != nil {
		f.Message += fmt.Sprintf(" It lies in subnet %s of the same virtual network.", home.Name)
		f.Cites = append(f.Cites, n.vnet.Doc.Cite(prefixAt(home)))
		f.Fix = append(f.Fix, rule.Annotate(a.service, subnetAnnotation, home.Name, "Name the subnet in which the address lies."))
	} else {
		f.Message += fmt.Sprintf(" No subnet of virtual network %s holds it.", n.name)
	}
	f.Message += a.tries(errs)
	f.Fix = append(f.Fix, a.check(example(a.subnet)), a.take("ADDRESS", fmt.Sprintf("Ask for a free address of subnet %s.", a.subnet.Name)), a.take("", "Or ask for none; the frontend then gets any that is free."))
	return f
}

// prefixAt is the pointer of the subnet's prefix.
func prefixAt(s *az.Subnet) string {
	if s.AddressPrefix != "" {
		return s.At + "/addressPrefix"
	}
	return s.At + "/addressPrefixes"
}

// example is an address of the subnet that Azure does not keep for itself.
func example(s *az.Subnet) string {
	for _, text := range s.Prefixes() {
		if p, err := netip.ParsePrefix(text); err == nil {
			ip := p.Masked().Addr()
			for range reservedFirst {
				ip = ip.Next()
			}
			return ip.String()
		}
	}
	return ""
}
