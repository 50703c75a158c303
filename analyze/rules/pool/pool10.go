package pool

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// POOL10 are nodes that the cloud provider does not know.
var POOL10 = &rule.Rule{
	ID:       "AZLB-POOL10",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "a node registered without the cloud provider",
		Symptom: "The backend pool lacks nodes or is empty without an error; or the nodes stay tainted as uninitialized, take no pods, and a Service with externalTrafficPolicy Local has no backend there.",
		Cause: "A node belongs to an Azure machine only by its providerID (before 1.11 its externalID). The kubelet, or with an external provider the cloud-node-manager, writes it when the node registers with the cloud provider switched on. " +
			"Without the flag the node has no providerID, or an externalID that is just its own name, or the id of another provider such as k3s. Newer controllers then look for a machine by the node's name; older ones leave the node out of every pool.",
		Fix: []report.Step{
			{Say: "Compare names and ids: a node's externalID must not be its name.", Run: "kubectl get nodes -o custom-columns=NAME:.metadata.name,PROVIDER:.spec.providerID,EXTERNAL:.spec.externalID"},
			{Say: "See whether the cloud-node-manager runs on the node.", Run: "kubectl get pods -n kube-system -l k8s-app=cloud-node-manager -o wide"},
			{Say: "Else first put --cloud-provider=external among the kubelet's flags on the machine, in /etc/default/kubelet or in its unit (before external providers: --cloud-provider=azure --cloud-config=/etc/kubernetes/azure.json).", Run: editFlags, Changes: true},
			{Say: "Then move the node's pods away and delete the Node object.", Run: "kubectl drain NODE --ignore-daemonsets --delete-emptydir-data && kubectl delete node NODE", Changes: true},
			{Say: "Restart the kubelet on the machine, so that the node registers again.", Run: "sudo systemctl restart kubelet", Changes: true},
		},
		References: []string{"https://github.com/feiskyer/kubernetes-handbook/blob/master/en/troubleshooting/azure.md", "https://kubernetes.io/docs/tasks/administer-cluster/running-cloud-controller/", "kubernetes-sigs/cloud-provider-azure#5237"},
		Affects:    "all; the externalID exists up to 1.10",
		Healthy:    "A virtual node, a node labelled kubernetes.azure.com/managed=false and a cluster outside Azure have no Azure machine by design; a new node gets its providerID within a minute. While other nodes carry the Services, such a node is a warning.",
	},
	Needs: rule.Needs{All: []*bundle.Evidence{&bundle.Services, &bundle.Nodes}},
	Texts: []rule.Text{notFound, notInstance},
	Check: checkPOOL10,
}

// settling is how long a new node may wait for its providerID.
const settling = 5 * time.Minute

func checkPOOL10(p *rule.Pass) {
	var bad []*topology.Node
	good := false
	for _, n := range p.Graph.Nodes {
		if !eligible(n) {
			continue
		}
		if unregistered(n) == "" {
			good = true
		} else {
			bad = append(bad, n)
		}
	}
	if !good && !onAzure(p) {
		p.NotApplicable("nothing in the bundle says that the cluster is in Azure")
		return
	}
	if len(bad) == 0 {
		return
	}
	// The text belongs to these nodes only where one of them has no machine by its name.
	lost := slices.ContainsFunc(bad, func(n *topology.Node) bool { return n.Machine == nil })
	errs := slices.DeleteFunc(p.Current(func(e *errtext.Error) bool {
		return lost && p.Knows(e) && (e.Node == "" || slices.ContainsFunc(bad, func(n *topology.Node) bool { return n.Name == e.Node }))
	}), p.Gone)
	f := unknown(p, bad, good, errs)
	if good && len(f.Services) == 0 && !slices.ContainsFunc(bad, func(n *topology.Node) bool { return !young(p, n) || n.Ready() == corev1.ConditionTrue }) {
		return // nodes that have just joined and take no traffic yet
	}
	p.Find(f)
}

// unregistered says why the provider does not know the node by its id, empty where it does.
func unregistered(n *topology.Node) string {
	scheme, _, hasScheme := strings.Cut(n.Spec.ProviderID, "://")
	switch {
	case n.ExternalID != "" && n.ExternalID == n.Name:
		return "its externalID is its own name"
	case n.Spec.ProviderID == "" && strings.Contains(strings.ToLower(n.ExternalID), "/subscriptions/"):
		return ""
	case n.Spec.ProviderID == "":
		return "it has no providerID"
	case !hasScheme || !strings.EqualFold(scheme, "azure"):
		return "its providerID " + n.Spec.ProviderID + " is not Azure's"
	}
	return ""
}

// onAzure reports whether anything of Azure is in the bundle.
func onAzure(p *rule.Pass) bool {
	return p.Snapshot.Config != nil || len(p.Snapshot.Loads) > 0 || len(p.Graph.NodeGroups) > 0
}

func unknown(p *rule.Pass, bad []*topology.Node, good bool, errs []*errtext.Error) rule.Finding {
	var names []string
	taints := 0
	f := rule.Finding{Subject: report.Object{Kind: "Node", Name: bad[0].Name}, Severity: report.Warning}
	for i, n := range bad {
		names = append(names, n.Name)
		t := tainted(n)
		if t >= 0 {
			taints++
		}
		if i < 3 {
			f.Cites = append(f.Cites, proof(n, t))
		}
	}
	why := unregistered(bad[0])
	if len(bad) > 1 {
		why = strings.NewReplacer("it has", "they have", "its externalID is its own name", "their externalIDs are their own names").Replace(why)
	}
	f.Message = fmt.Sprintf("%s registered without the Azure cloud provider: %s.", rule.List(names), why)
	if taints > 0 {
		f.Message += fmt.Sprintf(" %d of %d still %s the taint %s, so no pod is scheduled there; the cloud-node-manager has not run there yet.", taints, len(bad), verb(taints), uninitialized)
	}
	waiting, _ := p.Named(errs)
	switch empty := without(p); {
	case len(waiting) > 0:
		told := rule.Tell(errs)
		f.Severity, f.Services = report.Error, waiting
		f.Cites = append(f.Cites, told.Cites...)
		f.Message += fmt.Sprintf(" No machine has such a name either, and the sync fails (%q, %s).", errs[len(errs)-1].Message, told.Span())
	case !good && len(empty) > 0:
		f.Severity, f.Services = report.Error, empty
		f.Message += fmt.Sprintf(" No other node is there for the load balancers, and the backend pool of %s is empty.", rule.List(empty))
	default:
		f.Services = localOn(p, names)
		if len(f.Services) > 0 {
			f.Message += fmt.Sprintf(" They are in the backend pools by their names, but have no pod of %s, which asks for one on the node (externalTrafficPolicy Local).", rule.List(f.Services))
		}
	}
	if !slices.ContainsFunc(bad, func(n *topology.Node) bool { return !young(p, n) }) {
		f.Confidence, f.Why = report.Likely, "the nodes are younger than five minutes and may still be on their way"
	}
	f.Fix = reregister(p, bad[0], taints > 0)
	return f
}

// young reports whether the node may still wait for its providerID.
func young(p *rule.Pass, n *topology.Node) bool {
	return !p.Snapshot.Now.IsZero() && p.Snapshot.Now.Sub(n.CreationTimestamp.Time) < settling
}

// proof cites the taint that says so, the foreign id, or the spec that has none.
func proof(n *topology.Node, taint int) report.Cite {
	switch {
	case taint >= 0:
		return n.Doc.Cite(fmt.Sprintf("/spec/taints/%d/key", taint))
	case n.ExternalID == n.Name && n.ExternalID != "":
		return n.Doc.Cite("/spec/externalID")
	case n.Spec.ProviderID != "":
		return n.Doc.Cite("/spec/providerID")
	}
	return n.Doc.Cite("/spec")
}

func verb(n int) string {
	if n == 1 {
		return "has"
	}
	return "have"
}

// without are the Services whose backend pool is there and has no member.
func without(p *rule.Pass) []string {
	var out []string
	for _, s := range p.Graph.Served() {
		if slices.ContainsFunc(s.Paths, func(x *topology.Path) bool { return x.Pool.To != nil && len(x.Members) == 0 }) {
			out = append(out, s.Key())
		}
	}
	return out
}

// localOn are the Services with externalTrafficPolicy Local that have one of the
// nodes in their pool and no ready pod on it.
func localOn(p *rule.Pass, nodes []string) []string {
	var out []string
	for _, s := range p.Graph.Served() {
		pool := s.PoolNodes()
		idle := slices.ContainsFunc(nodes, func(n string) bool {
			return slices.Contains(pool, n) && !slices.ContainsFunc(s.ReadyEndpoints(), func(e topology.Endpoint) bool { return e.NodeName == n })
		})
		if s.Local() && idle {
			out = append(out, s.Key())
		}
	}
	return out
}

// editFlags opens and then checks the file in which the packages of Debian and the
// machines of aks-engine keep the kubelet's flags.
const editFlags = "sudoedit /etc/default/kubelet && grep -e --cloud-provider /etc/default/kubelet"

// reregister is the way to a node that the provider knows. The kubelet comes first: a
// node that registers again without the flag is no better than the one deleted.
func reregister(p *rule.Pass, n *topology.Node, uninitialized bool) []report.Step {
	var steps []report.Step
	first := "First"
	flags := "--cloud-provider=external"
	if before(p, 20) {
		flags = "--cloud-provider=azure --cloud-config=/etc/kubernetes/azure.json"
	}
	if uninitialized {
		first = "Else first"
		steps = append(steps, report.Step{Say: "See whether the cloud-node-manager runs on the node, and let it run there; the node is then initialised without further ado.",
			Run: fmt.Sprintf("kubectl get pods -n kube-system -o wide --field-selector spec.nodeName=%s", rule.Word(n.Name, "NODE"))})
	}
	return append(steps,
		report.Step{Say: fmt.Sprintf("%s put %s among the kubelet's flags on the machine, in /etc/default/kubelet or in its unit; other nodes alike.", first, flags), Run: editFlags, Changes: true},
		report.Step{Say: "Then move the node's pods away and delete the Node object.", Run: fmt.Sprintf("kubectl drain %s --ignore-daemonsets --delete-emptydir-data && kubectl delete node %s", rule.Word(n.Name, "NODE"), rule.Word(n.Name, "NODE")), Changes: true},
		report.Step{Say: "Restart the kubelet on the machine, so that the node registers again.", Run: "sudo systemctl restart kubelet", Changes: true})
}
