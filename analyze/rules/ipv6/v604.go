package ipv6

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// V604 is a Windows node without IPv6 in a cluster with both families.
var V604 = &rule.Rule{
	ID:       "AZLB-V604",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "Windows Server 2019 nodes have no IPv6 and stop every Service of a dual-stack cluster",
		Symptom: "In a cluster with IPv4 and IPv6, Services stay pending or keep old backends; events say `failed to find a primary IP configuration (IPv6=true) for the VMSS VM or VMSS` and name a scale set of Windows nodes.",
		Cause: "The network plug-in gives Windows Server 2019 nodes no IPv6, but the provider adds every scale set to the IPv6 backend pool. For the first one without an IPv6 configuration it gives up the whole sync, for all families. " +
			"Later releases leave scale sets out whose image is a gallery's windows-2019.",
		Fix: []report.Step{
			{Say: "Upgrade the control plane to a release that skips these nodes.", Changes: true},
			{Say: "Or replace the node pool by one of Windows Server 2022, which has IPv6.", Run: "az aks nodepool add -g GROUP --cluster-name CLUSTER -n NAME --os-type Windows --os-sku Windows2022", Changes: true},
		},
		References: []string{"kubernetes-sigs/cloud-provider-azure#6315", "https://learn.microsoft.com/azure/aks/configure-dual-stack"},
		Affects:    "cloud-provider-azure before 1.27.18, 1.28.10, 1.29.7 and 1.30.3; later ones where the image is not a gallery's",
		Healthy:    "Windows Server 2019 nodes beside IPv6 Services are fine where the provider skips them: nothing fails then. The same text about other nodes is AZLB-V607.",
	},
	Needs: rule.Needs{Any: text, All: []*bundle.Evidence{&bundle.Nodes}},
	Texts: []rule.Text{{Pattern: noIPv6}},
	Check: checkV604,
}

// noIPv6 is the provider's text for an interface without IPv6: of a scale set or
// its instance (getPrimaryIPConfigFromVMSSNetworkConfig), and of a plain machine
// (getIPConfigByIPFamily). One of the groups is what it names.
var noIPv6 = regexp.MustCompile(`(?i)failed to find a primary IP configuration \(IPv6=true\) for the VMSS VM or VMSS \\?"([^"\\]+)|failed to determine the ipconfig\(IPv6=true\)\. nicname=\\?"([^"\\]+)`)

// without6 is the scale set, instance or interface that an error names; empty: none.
func without6(e *errtext.Error) string {
	if m := noIPv6.FindStringSubmatch(e.Message); m != nil {
		return m[1] + m[2]
	}
	return ""
}

// named are the nodes whose scale set, instance or interface has the name.
func named(p *rule.Pass, n string) []*topology.Node {
	var out []*topology.Node
	if n == "" {
		return nil
	}
	for _, node := range p.Graph.Nodes {
		instance := node.ScaleSet != "" && len(n) > len(node.ScaleSet) && strings.EqualFold(n[:len(node.ScaleSet)+1], node.ScaleSet+"_")
		nic := false
		for _, x := range node.NICs {
			nic = nic || node.ScaleSet == "" && strings.EqualFold(x.Name, n)
		}
		if strings.EqualFold(node.ScaleSet, n) || strings.EqualFold(node.Name, n) || instance || nic {
			out = append(out, node)
		}
	}
	return out
}

// windows2019 reports whether the node runs Windows Server 2019 (build 17763).
func windows2019(n *topology.Node) bool {
	i := n.Status.NodeInfo
	return strings.Contains(i.OSImage, "Windows Server 2019") || strings.HasPrefix(i.KernelVersion, "10.0.17763")
}

func allWindows2019(nodes []*topology.Node) bool {
	for _, n := range nodes {
		if !windows2019(n) {
			return false
		}
	}
	return len(nodes) > 0
}

func checkV604(p *rule.Pass) {
	errs := p.Current(func(e *errtext.Error) bool { return p.Knows(e) && allWindows2019(named(p, without6(e))) })
	for _, set := range rule.Bunches(errs, func(e *errtext.Error) (string, bool) {
		return cmp.Or(named(p, without6(e))[0].ScaleSet, without6(e)), !p.Gone(e)
	}) {
		p.Find(windowsOnly4(p, set.Name, set.All))
	}
}

func windowsOnly4(p *rule.Pass, set string, errs []*errtext.Error) rule.Finding {
	told := rule.Tell(errs)
	nodes := named(p, without6(errs[len(errs)-1]))
	f := rule.Finding{Subject: report.Object{Kind: "ScaleSet", Name: set}, Errors: errs, Cites: told.Cites}
	waiting, working := p.Named(errs)
	settle(waiting, working, &f)
	f.Message = fmt.Sprintf("The provider adds scale set %s to the IPv6 backend pool, but its node %s runs Windows Server 2019, which has no IPv6 there: the whole sync of %s fails, %s.",
		set, nodes[0].Name, rule.List(orKnown(f.Services)), told.Span())
	f.Cites = append(f.Cites, nodes[0].Doc.Cite("/status/nodeInfo/osImage"))
	f.Fix = []report.Step{
		{Say: "Upgrade the control plane: cloud-provider-azure 1.27.18, 1.28.10, 1.29.7, 1.30.3 and later leave these nodes out of the IPv6 pool.", Changes: true},
		{Say: "Or replace the node pool by one of Windows Server 2022.", Run: "az aks nodepool add -g GROUP --cluster-name CLUSTER -n NAME --os-type Windows --os-sku Windows2022", Changes: true},
	}
	return f
}
