package ipv6

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// V607 is an IPv6 Service in front of nodes whose interfaces have IPv4 only.
var V607 = &rule.Rule{
	ID:       "AZLB-V607",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "a Service asks for IPv6, and the nodes' network interfaces have none",
		Symptom: "A Service with both families, or with IPv6, stays pending; events say `failed to find a primary IP configuration (IPv6=true)` or `failed to determine the ipconfig(IPv6=true)`. With IP-based backend pools nothing is said, and the IPv6 address answers nobody.",
		Cause: "Kubernetes gives a Service an IPv6 address when its Service range has one; whether the machines have IPv6 is another matter, set in Azure: virtual network, subnet, and a second IP configuration on each interface. " +
			"The provider looks for that configuration on every scale set and gives up the whole sync at the first one without it, so the IPv4 address does not come either.",
		Fix: []report.Step{
			{Say: "Give the Service IPv4 only; its second family can be taken away.", Run: `kubectl patch service -n NAMESPACE SERVICE -p '{"spec":{"ipFamilyPolicy":"SingleStack","ipFamilies":["IPv4"]}}'`, Changes: true},
			{Say: "Or give virtual network, subnet and the scale set's model an IPv6 range and a second IP configuration, and make the nodes again.", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/aks/configure-dual-stack", "https://learn.microsoft.com/azure/virtual-network/ip-services/ipv6-overview", "kubernetes-sigs/cloud-provider-azure#3715", "kubernetes-sigs/cluster-api-provider-azure#3163"},
		Affects:    "Services with both families from cloud-provider-azure 1.27.8 and 1.28 on (older ones look at the first family only); Services whose first family is IPv6: all",
		Healthy:    "In a dual-stack cluster every interface has an IPv6 configuration. Nodes that are no backends (control plane, excluded, virtual) do not need one, nor do Windows Server 2019 nodes, see AZLB-V604. A Service that prefers both families in an IPv4 cluster gets IPv4 alone and is not meant.",
	},
	Needs: rule.Needs{
		All: []*bundle.Evidence{&bundle.Services, &bundle.Nodes, &bundle.KubeVersion},
		Any: []*bundle.Evidence{&bundle.ScaleSetNICs, &bundle.NICs, &bundle.Events, &bundle.ControllerLog},
	},
	Texts: []rule.Text{{Pattern: noIPv6}},
	Check: checkV607,
}

// only4 is a scale set, or the plain machines, whose interfaces lack IPv6.
type only4 struct {
	set   string // empty: machines without a scale set
	named string // of one of these, the node or interface that is named first
	alone bool   // an interface that an error names and no node of the bundle has
	nodes []*topology.Node
	nics  []*snapshot.NIC
	errs  []*errtext.Error
}

func checkV607(p *rule.Pass) {
	errs := slices.DeleteFunc(p.Current(func(e *errtext.Error) bool {
		return p.Knows(e) && !allWindows2019(named(p, without6(e)))
	}), p.Gone)
	services, asked := askers(p)
	if len(services) == 0 && len(errs) == 0 {
		p.NotApplicable("no Service asks for IPv6", &bundle.Services)
		return
	}
	bySet := map[string]*only4{}
	var order []*only4
	get := func(set string) *only4 {
		key := strings.ToLower(set)
		if bySet[key] == nil {
			bySet[key] = &only4{set: set}
			order = append(order, bySet[key])
		}
		return bySet[key]
	}
	for _, n := range p.Graph.Nodes {
		if n.Virtual() || n.Excluded() || n.ControlPlane() || windows2019(n) {
			continue
		}
		if nic := primary(n); nic != nil && lacks6(nic) {
			o := get(n.ScaleSet)
			o.nodes, o.nics, o.named = append(o.nodes, n), append(o.nics, nic), cmp.Or(o.named, n.Name)
		}
	}
	for _, e := range errs {
		set, nodes := without6(e), named(p, without6(e))
		if len(nodes) > 0 {
			set = nodes[0].ScaleSet
		}
		o := get(set)
		o.errs, o.named = append(o.errs, e), cmp.Or(o.named, without6(e))
		o.alone = len(nodes) == 0 && strings.Contains(e.Message, "nicname=")
	}
	for _, o := range order {
		if len(o.errs) > 0 || len(services) > 0 {
			p.Find(o.finding(p, services, asked))
		}
	}
}

// askers are the Services for which the provider needs IPv6 on the nodes; sure
// where every release that may run here does.
func askers(p *rule.Pass) (out []*topology.Service, sure bool) {
	sure = true
	for _, s := range p.Graph.Served() {
		switch n := p.Graph.Minor(); {
		case !wants6(s):
		case families(s)[0] == corev1.IPv6Protocol:
			out = append(out, s)
		case n == 0 || n >= 27:
			out = append(out, s)
			sure = sure && n >= 29
		}
	}
	return out, sure
}

// primary is the interface that backend pools use; nil: not known.
func primary(n *topology.Node) *snapshot.NIC {
	if len(n.NICs) == 1 {
		return n.NICs[0]
	}
	for _, nic := range n.NICs {
		if nic.Primary {
			return nic
		}
	}
	return nil
}

// lacks6 reports whether every IP configuration of the interface is known to be IPv4.
func lacks6(nic *snapshot.NIC) bool {
	for _, c := range nic.IPConfigurations {
		if !strings.EqualFold(c.Version, "IPv4") && (c.Version != "" || !strings.Contains(c.PrivateIPAddress, ".")) {
			return false
		}
	}
	return len(nic.IPConfigurations) > 0
}

func (o *only4) finding(p *rule.Pass, services []*topology.Service, sure bool) rule.Finding {
	told := rule.Tell(o.errs)
	f := rule.Finding{Subject: report.Object{Kind: "ScaleSet", Name: o.set}, Cites: told.Cites}
	what := "the interfaces of scale set " + o.set
	switch {
	case o.alone:
		f.Subject.Kind, what = "NetworkInterface", "network interface "+o.set
	case o.set == "":
		f.Subject, what = report.Object{Kind: "Node", Name: o.named}, "the interfaces of machine "+o.named
	}
	var waiting, working []string
	for _, s := range services {
		if len(s.Status.LoadBalancer.Ingress) == 0 {
			waiting = append(waiting, s.Key())
		} else {
			working = append(working, s.Key())
		}
		if len(f.Cites) < 5 {
			f.Cites = append(f.Cites, citeFamilies(s))
		}
	}
	w, k := p.Named(o.errs)
	waiting, working = append(waiting, w...), append(working, k...)
	byIP := p.Snapshot.Config != nil && strings.EqualFold(p.Snapshot.Config.BackendPoolType, "nodeIP")
	f.Services = sorted(append(waiting, working...))
	if len(waiting) == 0 {
		f.Severity = report.Warning
	}
	who := rule.List(orKnown(f.Services)) + plural(len(f.Services), " asks", " ask")
	f.Message = fmt.Sprintf("%s for IPv6, but the provider finds no IPv6 configuration on %s.", who, what)
	if len(o.nics) > 0 {
		nic := o.nics[0]
		f.Message = fmt.Sprintf("%s for IPv6, but there are IPv4 configurations only on %s (%d %s).", who, what, len(o.nodes), plural(len(o.nodes), "node", "nodes"))
		f.Cites = append(f.Cites, nic.Doc.Cite(nic.IPConfigurations[0].At+"/privateIPAddressVersion"))
	}
	if len(o.nics) == 0 || len(services) == 0 { // nothing else shows it, as IPv4 alone is no fault
		f.Errors = o.errs
	}
	switch {
	case len(o.errs) > 0:
		f.Message += fmt.Sprintf(" The provider gives up the whole sync, for IPv4 as well, %s.", told.Span())
	case byIP:
		f.Severity = report.Warning
		f.Message += " The IPv6 backend pool stays without them, and no sync fails for it."
	default:
		f.Message += " The provider gives up the whole sync at the first such scale set, for IPv4 as well."
	}
	if len(o.errs) == 0 && !sure {
		f.Confidence, f.Why = report.Likely, "the provider's release is not known; before 1.27.8 and 1.28 it looks at the first family of a Service only"
	}
	for _, key := range f.Services {
		if s := p.Graph.Service(key); s != nil && families(s)[0] == corev1.IPv4Protocol {
			f.Fix = append(f.Fix, report.Step{Say: "Give the Service IPv4 only.", Changes: true, Run: rule.Kubectl("patch", key, `-p '{"spec":{"ipFamilyPolicy":"SingleStack","ipFamilies":["IPv4"]}}'`)})
		}
	}
	look := report.Step{Say: "Or give virtual network, subnet and machines IPv6: an IPv6 range, and a second IP configuration with --private-ip-address-version IPv6 on each interface."}
	if o.set != "" && !o.alone {
		group := ""
		if len(o.nodes) > 0 {
			group = o.nodes[0].Group
		}
		look.Say = "Or give virtual network, subnet and the scale set's model IPv6, and make the nodes again. This shows the model."
		look.Run = fmt.Sprintf("az vmss show -g %s -n %s --query virtualMachineProfile.networkProfile", rule.Word(group, "GROUP"), rule.Word(o.set, "SCALE_SET"))
	}
	f.Fix = append(f.Fix, look)
	return f
}

func sorted(keys []string) []string { return slices.Compact(slices.Sorted(slices.Values(keys))) }

func plural(n int, one, many string) string {
	if n < 2 {
		return one
	}
	return many
}
