package internallb

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// ILB02 is an address that is in use.
var ILB02 = &rule.Rule{
	ID:       "AZLB-ILB02",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the private address that an internal Service asks for is taken",
		Symptom: "The internal Service stays pending; events show the code PrivateIPAddressIsAllocated, PrivateIPAddressInUse or PrivateIPAddressInReservedRange.",
		Cause: "A private address belongs to one network interface or one frontend. In the subnet of the nodes Azure gives out addresses as nodes (with Azure CNI pods too) come and go, so that one which was free when it was chosen may be a node's tomorrow. " +
			"Azure also keeps the first four addresses and the last of every subnet for itself.",
		Fix: []report.Step{
			{Say: "Ask Azure whether an address is free; the answer names some that are.", Run: "az network vnet check-ip-address -g GROUP -n VNET --ip-address ADDRESS"},
			{Say: "Ask for a free one, best in a subnet of its own for load balancers, where no node takes it.", Run: "kubectl annotate service -n NAMESPACE SERVICE --overwrite service.beta.kubernetes.io/azure-load-balancer-ipv4=ADDRESS", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/aks/internal-lb#specify-an-ip-address", "Azure/AKS#4048", "https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq#are-there-any-restrictions-on-using-ip-addresses-within-these-subnets"},
		Healthy:    "Services of one cluster may share a private address, if their ports differ. An address that the Service's own frontend has is its own.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.Nodes, &bundle.NICs, &bundle.LoadBalancers, &bundle.VNets, &bundle.CloudConfig, &bundle.Events, &bundle.ControllerLog}, All: []*bundle.Evidence{&bundle.Services}},
	Texts: []rule.Text{rule.Codes("PrivateIPAddressIsAllocated", "PrivateIPAddressInUse", "PrivateIPAddressInReservedRange")},
	Check: checkILB02,
}

// reservedFirst addresses of a subnet are Azure's own, and the last.
const reservedFirst = 4

// allocated is ARM's text: the address, and the resource that has it.
var allocated = regexp.MustCompile(`private IP address (\S+) which is already allocated to resource (\S+?)\.?$`)

func checkILB02(p *rule.Pass) {
	list := asks(p)
	errs := p.Current(p.Knows)
	for _, a := range list {
		mine := slices.DeleteFunc(ofService(errs, a.service.Key()), func(e *errtext.Error) bool { return about(allocated, e, a.address()) })
		who, cites := "", []report.Cite(nil)
		if ip := a.address(); ip.IsValid() && !a.has(ip) {
			who, cites = a.owner(p, ip)
		}
		if who != "" || len(mine) > 0 {
			p.Find(a.taken(p, who, cites, mine))
		}
	}
	for _, b := range others(p, errs, list) {
		say := "asks for a private address that is taken"
		if m := allocated.FindStringSubmatch(b.All[len(b.All)-1].Message); m != nil {
			say = fmt.Sprintf("asks for the private address %s, which %s has", m[1], holder(p, m[2]))
		}
		p.Find(unseen(p, b, say))
	}
}

func (a ask) taken(p *rule.Pass, who string, cites []report.Cite, errs []*errtext.Error) rule.Finding {
	f := a.finding(p, errs)
	address := a.lane.Frontend.PrivateIP.V
	if len(errs) > 0 {
		if m := allocated.FindStringSubmatch(errs[len(errs)-1].Message); m != nil {
			address = m[1]
			if who == "" {
				who = holder(p, m[2])
			}
		}
		if len(cites) == 0 {
			f.Errors = errs
		}
	}
	f.Cites = append(f.Cites, cites...)
	address, who = cmp.Or(address, "of its frontend"), cmp.Or(who, "something else in the virtual network")
	f.Message = fmt.Sprintf("%s asks for the private address %s, but %s has it.", a.service.Key(), address, who)
	if who == azures {
		f.Message = fmt.Sprintf("%s asks for the private address %s, which is one of those that Azure keeps for itself in every subnet (the first four and the last).", a.service.Key(), address)
	}
	f.Message += a.tries(errs)
	if a.lane.Frontend.PrivateIP.V == "" {
		f.Fix = []report.Step{rule.Annotate(a.service, "service.beta.kubernetes.io/azure-load-balancer-ipv4", "ADDRESS", "Ask for an address that is free.")}
		return f
	}
	f.Fix = []report.Step{a.check(address), a.take("ADDRESS", "Ask for an address that is free, best in a subnet where no nodes are, with the annotation azure-load-balancer-internal-subnet."),
		a.take("", "Or ask for none; the frontend then gets any that is free.")}
	return f
}

// azures is the owner of the addresses that nobody can have.
const azures = "Azure"

// owner is who has an address of the subnet in the evidence, empty where nobody has. A
// frontend of this cluster's own load balancers may be shared.
func (a ask) owner(p *rule.Pass, ip netip.Addr) (string, []report.Cite) {
	for _, n := range p.Graph.Nodes {
		if i := slices.IndexFunc(n.Status.Addresses, func(x corev1.NodeAddress) bool { return x.Type == corev1.NodeInternalIP && x.Address == ip.String() }); i >= 0 {
			return "node " + n.Name, []report.Cite{n.Doc.Cite(fmt.Sprintf("/status/addresses/%d/address", i))}
		}
	}
	if a.subnet == nil || !a.subnet.Holds(ip) {
		return "", nil // an address of another network may be the same
	}
	for i := range p.Snapshot.NICs {
		nic := &p.Snapshot.NICs[i]
		for j := range nic.IPConfigurations {
			if c := &nic.IPConfigurations[j]; c.PrivateIPAddress == ip.String() && c.Subnet != nil && az.SameID(c.Subnet.ID, a.subnet.ID) {
				return holder(p, c.ID), []report.Cite{nic.Doc.Cite(c.At + "/privateIPAddress")}
			}
		}
	}
	for i := range p.Snapshot.Loads {
		lb := &p.Snapshot.Loads[i]
		for j := range lb.Frontends {
			f := &lb.Frontends[j]
			if f.PrivateIPAddress == ip.String() && f.Subnet != nil && az.SameID(f.Subnet.ID, a.subnet.ID) && !p.Graph.OwnLoadBalancer(lb) {
				return "frontend " + lb.Name + "/" + f.Name, []report.Cite{lb.Doc.Cite(f.At + "/privateIPAddress")}
			}
		}
	}
	if reserved(a.subnet, ip) {
		return azures, []report.Cite{a.network.vnet.Doc.Cite(prefixAt(a.subnet))}
	}
	return "", nil
}

// reserved reports one of the addresses that Azure keeps in a subnet of IPv4.
func reserved(s *az.Subnet, ip netip.Addr) bool {
	for _, text := range s.Prefixes() {
		p, err := netip.ParsePrefix(text)
		if err != nil || !p.Contains(ip) || !ip.Is4() {
			continue
		}
		first := p.Masked().Addr()
		for range reservedFirst {
			if ip == first {
				return true
			}
			first = first.Next()
		}
		return !p.Contains(ip.Next())
	}
	return false
}

// holder names what an IP configuration belongs to.
func holder(p *rule.Pass, id string) string {
	parsed, ok := az.ParseID(id)
	if !ok || len(parsed.Names) == 0 {
		return strings.TrimRight("resource "+id, " ")
	}
	if m := p.Graph.Members(&az.BackendPool{IPConfigurations: []az.Ref{{ID: id}}})[0]; m.Node != nil {
		return "node " + m.Node.Name
	}
	switch {
	case parsed.Name("loadBalancers") != "":
		return "frontend " + parsed.Name("loadBalancers") + "/" + parsed.Names[len(parsed.Names)-1]
	case parsed.Name("virtualMachineScaleSets") != "":
		return fmt.Sprintf("instance %s of scale set %s", parsed.Name("virtualMachines"), parsed.Name("virtualMachineScaleSets"))
	case parsed.Name("networkInterfaces") != "":
		return "network interface " + parsed.Name("networkInterfaces")
	}
	return "resource " + strings.Join(parsed.Names, "/")
}
