// Package internallb holds the rules about internal load balancers: the subnet and the
// private address in it that a Service asks for, and who reaches them.
package internallb

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// Rules of this topic, in the order in which a sync meets them: it reads the subnet,
// then asks for the address in it, then puts the nodes behind it.
var Rules = []*rule.Rule{ILB05, ILB01, ILB06, ILB02, ILB03, ILB04, ILB07, ILB08}

const subnetAnnotation = "service.beta.kubernetes.io/azure-load-balancer-internal-subnet"

// ask is an internal Service in one IP family, with what it asks for.
type ask struct {
	service   *topology.Service
	lane      *desired.Lane
	network   network
	name      string     // of the subnet; empty: not known
	byDefault bool       // that of azure.json or of the nodes, not of the Service
	subnet    *az.Subnet // nil: not there, or not known
	guess     string     // why the subnet is only probable; empty: it is sure
}

// network is the one in which the provider looks for subnets.
type network struct {
	vnet  *snapshot.VNet // nil: not there, or not known
	name  string         // as azure.json has it, else of vnet
	group string
	guess string // why it is only probable
	cite  []report.Cite
}

// networkOf follows getSubnet: what azure.json names, else where the nodes are.
func networkOf(p *rule.Pass) network {
	if c := p.Snapshot.Config; c != nil && c.Invalid == "" && c.VNetName != "" && !az.Masked(c.VNetName) {
		n := network{name: c.VNetName, group: cmp.Or(c.VNetResourceGroup, c.ResourceGroup), cite: []report.Cite{c.Doc.Cite("/vnetName")}}
		if !az.Masked(n.group) {
			n.vnet = p.Graph.VNet(n.group, n.name)
		}
		return n
	}
	n := network{guess: "azure.json, which names the virtual network, is not in the bundle; the nodes are in this one"}
	for _, node := range p.Graph.Nodes {
		v, _ := p.Graph.Home(node)
		switch {
		case v == nil, v == n.vnet:
		case n.vnet != nil:
			return network{}
		default:
			n.vnet, n.name, n.group = v, v.Name, az.GroupOf(v.ID)
		}
	}
	return n
}

// gone reports whether the subnet is known not to exist.
func (a ask) gone(p *rule.Pass) bool {
	n := a.network
	return a.subnet == nil && a.name != "" && !az.Masked(a.name) && n.name != "" && n.group != "" && !az.Masked(n.group) && p.Complete(&bundle.VNets, n.group)
}

// asks are the internal Services that the provider serves.
func asks(p *rule.Pass) []ask {
	n := networkOf(p)
	var out []ask
	for _, s := range p.Graph.Served() {
		want := p.Wants.Of(s.Key())
		if !want.Internal.V {
			continue
		}
		for i := range want.Lanes {
			a := ask{service: s, lane: &want.Lanes[i], network: n, guess: n.guess}
			a.name = a.lane.Frontend.Subnet.V
			if want.Subnet.V == "" {
				a.byDefault = true
			}
			if a.name == "" && p.Graph.Managed() {
				a.name, a.guess = onlySubnet(p), "azure.json, which names the subnet, is not in the bundle; the nodes are all in this one"
			}
			if n.vnet != nil {
				for j := range n.vnet.Subnets {
					if strings.EqualFold(n.vnet.Subnets[j].Name, a.name) {
						a.subnet = &n.vnet.Subnets[j]
					}
				}
			}
			out = append(out, a)
		}
	}
	if len(out) == 0 {
		p.NotApplicable("no Service is internal")
	}
	return out
}

// onlySubnet is the name of the subnet in which all nodes are, which AKS names in
// azure.json; empty where they are in several, or a frontend shows that it names another:
// it keeps that of the first node pool, which may be gone.
func onlySubnet(p *rule.Pass) string {
	name := ""
	if !p.Graph.Whole(&bundle.LoadBalancers) {
		return ""
	}
	for _, n := range p.Graph.Nodes {
		_, s := p.Graph.Home(n)
		if n.Virtual() {
			continue
		}
		if s == nil || name != "" && s.Name != name {
			return ""
		}
		name = s.Name
	}
	for _, s := range p.Graph.Served() {
		if p.Wants.Of(s.Key()).Subnet.V == "" && slices.ContainsFunc(s.Frontends, func(f topology.Frontend) bool {
			return f.Own && f.Subnet != nil && !strings.EqualFold(az.LastName(f.Subnet.ID), name)
		}) {
			return ""
		}
	}
	return name
}

// waits reports whether the Service has no address yet.
func (a ask) waits() bool { return len(a.service.Status.LoadBalancer.Ingress) == 0 }

// address is the one that the Service asks for, not valid where any will do.
func (a ask) address() netip.Addr {
	ip, _ := netip.ParseAddr(strings.TrimSpace(a.lane.Frontend.PrivateIP.V))
	return ip
}

// has reports whether a frontend of the Service holds the address already.
func (a ask) has(ip netip.Addr) bool {
	return slices.ContainsFunc(a.service.Frontends, func(f topology.Frontend) bool { return f.Address == ip.String() }) ||
		slices.Contains(a.service.Addresses(), ip.String())
}

// finding is about one Service that asks for what it cannot get: an error while it has
// no address. errs are those that say so; what only the state shows is likely.
func (a ask) finding(p *rule.Pass, errs []*errtext.Error) rule.Finding {
	key, told := a.service.Key(), rule.Tell(errs)
	f := rule.Finding{Subject: rule.Subject(key), Services: []string{key}, Cites: told.Cites}
	if v := a.lane.Frontend.PrivateIP; v.Pointer != "" {
		f.Cites = append(f.Cites, a.service.Doc.Cite(v.Pointer))
	}
	if v := a.lane.Frontend.Subnet; !a.byDefault && v.Pointer != "" {
		f.Cites = append(f.Cites, a.service.Doc.Cite(v.Pointer))
	}
	if !a.waits() {
		f.Severity = report.Warning
	}
	switch code := otherwise(p, key, errs); {
	case code != "":
		f.Confidence, f.Why = report.Likely, "its syncs stop at something else now: "+code
	case len(errs) == 0:
		f.Confidence, f.Why = report.Likely, cmp.Or(a.guess, "the bundle has no refusal of it")
	}
	return f
}

// otherwise is the code of the error that stops the Service's syncs now where it is none
// of these, empty where there is none.
func otherwise(p *rule.Pass, key string, errs []*errtext.Error) string {
	for _, e := range slices.Backward(p.Errors.Current(key)) {
		switch {
		case slices.Contains(errs, e):
			return ""
		case !e.Advisory && !e.Transient:
			return cmp.Or(e.Code, "an error without a code")
		}
	}
	return ""
}

// since lowers what Azure refused and the state does not show: it is not in the bundle,
// or the Service or the network was changed since, so that the next try may succeed.
func since(f *rule.Finding, errs []*errtext.Error, why string) {
	f.Errors, f.Confidence, f.Why = errs, report.Likely, why
}

// tries says when it failed, and what a Service that has an address keeps.
func (a ask) tries(errs []*errtext.Error) string {
	say := ""
	if len(errs) > 0 {
		say = fmt.Sprintf(" It failed %s.", rule.Tell(errs).Span())
	}
	if !a.waits() {
		say += " It keeps the address that it has, but cannot be changed."
	}
	return say
}

// ofService takes the current errors of a Service out of those of all.
func ofService(all []*errtext.Error, key string) []*errtext.Error {
	var out []*errtext.Error
	for _, e := range all {
		if e.Service == key {
			out = append(out, e)
		}
	}
	return out
}

// others are the errors whose Services are none of the asks: not in the bundle, or no
// longer what they were.
func others(p *rule.Pass, all []*errtext.Error, list []ask) []rule.Bunch[*errtext.Error] {
	return rule.Bunches(all, func(e *errtext.Error) (string, bool) {
		known := slices.ContainsFunc(list, func(a ask) bool { return a.service.Key() == e.Service })
		return e.Service, !known && !p.Gone(e)
	})
}

// unseen is a refusal of which only the text tells.
func unseen(p *rule.Pass, b rule.Bunch[*errtext.Error], say string) rule.Finding {
	told := rule.Tell(b.All)
	waiting, working := p.Named(b.All)
	f := rule.Finding{Subject: report.Object{Kind: "LoadBalancer", Name: "of internal Services"}, Services: waiting, Cites: told.Cites, Errors: b.All}
	who := "A Service that no error names"
	if b.Name != "" {
		f.Subject, who = rule.Subject(b.Name), b.Name
	}
	if len(waiting) == 0 {
		f.Severity, f.Services = report.Warning, working
	}
	f.Message = fmt.Sprintf("%s %s. It failed %s.", who, say, told.Span())
	return f
}

// subnetWord says which subnet, with its prefixes.
func (a ask) subnetWord() string {
	return fmt.Sprintf("subnet %s (%s)", a.subnet.Name, strings.Join(a.subnet.Prefixes(), ", "))
}

// because says who chose the subnet.
func (a ask) because() string {
	switch {
	case !a.byDefault:
		return "which the annotation azure-load-balancer-internal-subnet names"
	case a.lane.Frontend.Subnet.V != "":
		return "the cluster's subnet (" + a.lane.Frontend.Subnet.Because + "), as no annotation names another"
	}
	return "the cluster's subnet, as no annotation names another"
}

// take puts another address, or with an empty one none, where the Service asks for it.
func (a ask) take(address, say string) report.Step {
	pointer := a.lane.Frontend.PrivateIP.Pointer
	if key, ok := strings.CutPrefix(pointer, "/metadata/annotations/"); ok {
		key = strings.ReplaceAll(key, "~1", "/")
		if address == "" {
			return rule.Unannotate(a.service, key, say)
		}
		return rule.Annotate(a.service, key, address, say)
	}
	return report.Step{Say: say, Changes: true, Run: rule.Kubectl("patch", a.service.Key(), fmt.Sprintf(`-p '{"spec":{"loadBalancerIP":"%s"}}'`, address))}
}

// check asks Azure whether an address is free, and for some that are.
func (a ask) check(address string) report.Step {
	return report.Step{Say: "Ask Azure whether an address is free; the answer names some that are.",
		Run: fmt.Sprintf("az network vnet check-ip-address -g %s -n %s --ip-address %s", rule.Word(a.network.group, "GROUP"), rule.Word(a.network.name, "VNET"), rule.Word(address, "ADDRESS"))}
}

// subnets lists those of the network.
func (n network) subnets() report.Step {
	return report.Step{Say: "See the subnets of the cluster's virtual network.",
		Run: fmt.Sprintf("az network vnet subnet list -g %s --vnet-name %s --query \"[].{name:name, prefix:addressPrefix, prefixes:addressPrefixes}\" -o table", rule.Word(n.group, "GROUP"), rule.Word(n.name, "VNET"))}
}
