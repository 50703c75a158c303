package probe

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"azlb/analyze/rule"
	"azlb/analyze/topology"
	"azlb/analyze/walk"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// PROBE08 is a node that drops what Azure's health probe sends.
var PROBE08 = &rule.Rule{
	ID:       "AZLB-PROBE08",
	Severity: report.Warning,
	Doc: report.Doc{
		Title:   "nodes may drop Azure's health probe",
		Symptom: "Azure shows a node as unhealthy for every Service, though kube-proxy and the pods on it are well and the node answers everybody else; new nodes of a pool never take traffic.",
		Cause: "Azure's health probe comes to each node from 168.63.129.16, an address of the platform. Security groups of Azure let it in by default (AZLB-NSG04 tells where they do not), but a rule on the node itself can drop it, or the answer: iptables or nftables of an image, a firewall of a security product, a policy for the host of Calico or Cilium. " +
			"An AKS node image of October 2020 did: to keep pods from Azure's platform services it dropped all TCP to that address instead of port 80 alone, answers of pods to the probe included.",
		Fix: []report.Step{
			{Say: "See on the node whether packets for that address are dropped; the counters of such a rule grow.", Run: "kubectl debug node/NODE -it --image=mcr.microsoft.com/azurelinux/base/core:3.0 -- chroot /host sh -c 'iptables-save -c; nft list ruleset' | grep -n 168.63.129.16", Changes: true},
			{Say: "Bring the nodes of the pool to the newest image.", Run: "az aks nodepool upgrade -g GROUP --cluster-name CLUSTER -n POOL --node-image-only", Changes: true},
		},
		References: []string{"Azure/AgentBaker#375", "https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16"},
		Affects:    "AKS node images of October 2020; any node with a firewall of its own",
		Healthy:    "Images of the same month from before the change and after its repair are well, so without Azure's metric of the probe it is never more than a possible information. What else on a node drops the probe shows in no evidence of a bundle.",
	},
	Needs: rule.Needs{
		Any: []*bundle.Evidence{&bundle.Nodes, &bundle.LoadBalancers},
		All: []*bundle.Evidence{&bundle.Services, &bundle.Nodes, &bundle.LoadBalancers},
		// What a probe should get at a node, and what it got.
		Clean: append(slices.Clone(rule.Backends), &bundle.EndpointSlices, &bundle.ControllerPods, &bundle.NSGs, &bundle.VNets, &bundle.ProbeMetrics),
	},
	Check: checkPROBE08,
}

// imageLabel has the node image on AKS ("AKSUbuntu-1804-2020.10.08").
const imageLabel = "kubernetes.azure.com/node-image-version"

// blockingImage is the month in which the image was made that drops the probe.
var blockingImage = regexp.MustCompile(`^AKSUbuntu-.*2020\.10\.\d\d$`)

// silentNodes are nodes of backend pools at which no health probe gets an answer, as
// Azure's own metric (DipAvailability) has it, though a probe should get one there and
// probes do on other nodes. With externalTrafficPolicy Local a node answers by its pods,
// which may have come since.
func silentNodes(p *rule.Pass) map[string][]report.Cite {
	answers := map[string]bool{}
	silent := map[string][]report.Cite{}
	for _, w := range p.Walks.All {
		for _, m := range w.Path.Members {
			if m.Node == nil {
				continue
			}
			switch state, contradicts, cite := w.MeasuredAt(m); {
			case state == walk.ProbeUp:
				answers[m.Node.Name] = true
			case contradicts && !w.Path.Service.Local() && len(silent[m.Node.Name]) < 2:
				silent[m.Node.Name] = append(silent[m.Node.Name], cite)
			}
		}
	}
	if len(answers) == 0 {
		return nil // at no node: the fault is elsewhere
	}
	for name := range answers {
		delete(silent, name)
	}
	return silent
}

// unanswers reports whether the metric has a probe of the Service unanswered at the node.
func unanswers(p *rule.Pass, s *topology.Service, n *topology.Node) bool {
	return slices.ContainsFunc(p.Walks.Of(s.Key()), func(w *walk.Walk) bool {
		return slices.ContainsFunc(w.Path.Members, func(m *topology.Member) bool {
			_, contradicts, _ := w.MeasuredAt(m)
			return m.Node == n && contradicts && !s.Local()
		})
	})
}

func checkPROBE08(p *rule.Pass) {
	silent := silentNodes(p)
	var nodes []*topology.Node
	var keys []string
	for _, s := range p.Graph.Served() {
		for _, name := range s.PoolNodes() {
			n := p.Graph.Node(name)
			_, seen := silent[name]
			if n == nil || !seen && !blockingImage.MatchString(n.Labels[imageLabel]) {
				continue
			}
			if !slices.Contains(nodes, n) {
				nodes = append(nodes, n)
			}
			if seen && !slices.Contains(keys, s.Key()) && unanswers(p, s, n) {
				keys = append(keys, s.Key())
			}
		}
	}
	if len(nodes) == 0 {
		return
	}
	slices.SortFunc(nodes, func(a, b *topology.Node) int { return strings.Compare(a.Name, b.Name) })
	f := rule.Finding{Subject: report.Object{Kind: "Node", Name: nodes[0].Name}, Severity: report.Info, Confidence: report.Possible,
		Why: "whether the nodes drop the probe is not in the bundle; Azure's metric of the probe (DipAvailability), or the rules on the node, tell"}
	var names []string
	for _, n := range nodes {
		names = append(names, n.Name)
		if cites, seen := silent[n.Name]; seen {
			f.Severity, f.Confidence, f.Why, f.Services = report.Warning, report.Likely, "other faults of the node silence it too", keys
			f.Cites = append(f.Cites, cites...)
		} else if len(f.Cites) < 3 {
			f.Cites = append(f.Cites, n.Doc.Cite("/metadata/labels/"+strings.ReplaceAll(imageLabel, "/", "~1")))
		}
	}
	f.Message = fmt.Sprintf("The image of %s (%s) is of the month in which AKS images dropped all TCP to 168.63.129.16, from where Azure's health probe comes.", rule.List(names), nodes[0].Labels[imageLabel])
	if len(f.Services) > 0 {
		f.Message = fmt.Sprintf("No health probe of any Service gets an answer from %s, though each should, and other nodes answer: something on the node drops what comes from 168.63.129.16.", rule.List(names))
	}
	f.Fix = []report.Step{
		{Say: "See on the node whether packets for that address are dropped.", Run: "kubectl debug node/" + rule.Word(nodes[0].Name, "NODE") + " -it --image=mcr.microsoft.com/azurelinux/base/core:3.0 -- chroot /host sh -c 'iptables-save -c; nft list ruleset' | grep -n 168.63.129.16", Changes: true}}
	if p.Graph.Managed() || nodes[0].Labels[imageLabel] != "" {
		f.Fix = append(f.Fix, report.Step{Say: "Bring the nodes of the pool to the newest image.", Changes: true,
			Run: fmt.Sprintf("az aks nodepool upgrade %s -n %s --node-image-only", p.AKS("--cluster-name"), rule.Word(pool(nodes[0]), "POOL"))})
	}
	p.Find(f)
}

// pool is the AKS node pool of a node, empty where it is in none.
func pool(n *topology.Node) string {
	for _, key := range []string{"kubernetes.azure.com/agentpool", "agentpool"} {
		if v := n.Labels[key]; v != "" {
			return v
		}
	}
	return ""
}
