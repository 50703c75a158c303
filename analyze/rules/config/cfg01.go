package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

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

// CFG01 is a provider that looks for machines of another kind than the nodes are.
var CFG01 = &rule.Rule{
	ID:       "AZLB-CFG01",
	Severity: report.Error,
	Doc: report.Doc{
		Title: "vmType in azure.json does not fit the machines of the nodes",
		Symptom: "Services stay pending with `failed to ensure host in pool: \"instance not found\"`; or they get their address, and no node is in the backend pool, without any event. " +
			"The kubelet of old versions does not start for the same reason.",
		Cause: "Azure has machines of three kinds: plain virtual machines (alone or in an availability set), instances of a scale set (VMSS), and machines of a flexible scale set. vmType in azure.json tells the provider where to look for the nodes: standard, vmss or vmssflex. " +
			"With standard it finds no instance of a scale set and fails the sync; with vmssflex it passes over all that is not of a flexible set; with vmss it finds all of them. Any other word counts as standard. Where the key is not set, providers up to 1.27 take standard, later ones vmss.",
		Fix: []report.Step{
			{Say: "See of which kind the nodes are: an id with virtualMachineScaleSets is an instance of a scale set.", Run: "kubectl get nodes -o custom-columns=NAME:.metadata.name,ID:.spec.providerID"},
			{Say: "Set vmType to vmss in azure.json on every control-plane machine.", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true},
			{Say: "Restart the controller; it reads the file only when it starts.", Run: "kubectl -n kube-system delete pod -l component=cloud-controller-manager", Changes: true},
		},
		References: []string{"https://cloud-provider-azure.sigs.k8s.io/install/configs/", "kubernetes-sigs/cluster-api-provider-azure#680", "kubernetes-sigs/kubespray#5824", "kubernetes-sigs/cloud-provider-azure#384"},
		Affects:    "vmss since 1.10, vmssflex since 1.26; the default is standard up to 1.27 and vmss from 1.28 on",
		Healthy:    "With vmss plain machines among the nodes are supported. A node that is in a backend pool was found, so the controller reads another file than the one in the bundle. Where pools hold addresses instead of interfaces (nodeIP) the kind of machine does not matter.",
	},
	Needs: rule.Needs{
		Any:   []*bundle.Evidence{&bundle.CloudConfig, &bundle.LoadBalancers, &bundle.Events, &bundle.ControllerLog},
		All:   []*bundle.Evidence{&bundle.Services, &bundle.Nodes, &bundle.CloudConfig},
		Clean: append([]*bundle.Evidence{&bundle.KubeVersion, &bundle.ControllerPods}, rule.Machines...),
	},
	Texts:       []rule.Text{{Uncoded: true, Pattern: unfound}},
	FollowsFrom: []string{"AZLB-AUTH08"},
	Check:       checkCFG01,
}

// unfound are the provider's words for a node whose machine it does not find.
var unfound = regexp.MustCompile(`(?i)instance not found|not a vmss instance|failed to get VMSS Flex Name`)

// vmssByDefault is since when the provider takes scale sets where vmType is not set.
var vmssByDefault = azname.Since("1.28")

// settle is how long a new node may be unknown to the provider.
const settle = 15 * time.Minute

func checkCFG01(p *rule.Pass) {
	kind, cite := vmType(p)
	if kind == "" || p.Snapshot.Config.BackendPoolType != "" && !strings.EqualFold(p.Snapshot.Config.BackendPoolType, "nodeIPConfiguration") {
		return
	}
	var unfit []*topology.Node
	fits, old := 0, false
	for _, n := range p.Graph.Nodes {
		switch {
		case n.Virtual() || n.Excluded() || n.ControlPlane():
		case !misfit(kind, n):
			fits++
		default:
			unfit = append(unfit, n)
			old = old || p.Snapshot.Now.Sub(n.CreationTimestamp.Time) > settle
		}
	}
	if len(unfit) == 0 {
		return
	}
	errs := slices.DeleteFunc(p.Current(func(e *errtext.Error) bool {
		return p.Knows(e) && !e.Advisory && (e.Node == "" || slices.ContainsFunc(unfit, func(n *topology.Node) bool { return n.Name == e.Node }))
	}), func(e *errtext.Error) bool { return p.Gone(e) || over(p, e) })
	// Without a message only the pools tell, and whoever is in one was found.
	whole := !slices.ContainsFunc(rule.Backends, func(e *bundle.Evidence) bool { return !p.Complete(e, "") })
	served := p.Graph.Served()
	if len(errs) == 0 && (!whole || !old || len(served) == 0 || p.Wants.Settings.PreConfigured.V != "" || pooled(served, unfit)) {
		return
	}
	told := rule.Tell(errs)
	waiting, working := p.Named(errs)
	f := rule.Finding{Subject: file, Cites: append(told.Cites, cite, unfit[0].Doc.Cite("/spec/providerID")), Services: waiting}
	var names []string
	for _, n := range unfit {
		names = append(names, n.Name)
	}
	f.Message = fmt.Sprintf("The provider looks for %s (%s), and %s %s.", looksFor[kind], said(p), rule.List(names), is(unfit))
	if fits == 0 && whole {
		for _, s := range served {
			if len(s.PoolNodes()) == 0 && (len(errs) == 0 || !p.Failing(s.Key())) && len(s.Frontends) > 0 {
				f.Services = append(f.Services, s.Key())
			}
		}
	}
	if kind == standardType {
		f.Message += " It does not find them, and fails the sync of every Service."
	} else {
		f.Message += " It passes over them, so that they are in no backend pool."
	}
	switch {
	case len(errs) > 0:
		f.Message += fmt.Sprintf(" It says so (%q, %s).", errs[len(errs)-1].Message, told.Span())
	default:
		f.Confidence, f.Why = report.Likely, "the bundle has no message of it: the controller may have read another file"
		if others := p.Waiting(); kind == standardType {
			for _, key := range others {
				if s := p.Graph.Service(key); s != nil && !s.Deleting() && !p.Failing(key) {
					f.Services = append(f.Services, key)
				}
			}
		}
	}
	if len(f.Services) == 0 {
		f.Severity, f.Services = report.Warning, working
		f.Message += " The Services that have their nodes keep working."
	}
	f.Fix = append([]report.Step{{Say: "See of which kind the nodes are: an id with virtualMachineScaleSets is an instance of a scale set.", Run: "kubectl get nodes -o custom-columns=NAME:.metadata.name,ID:.spec.providerID"}},
		edit(p, "Set vmType to vmss, with which plain machines and those of flexible scale sets are found as well.")...)
	p.Find(f)
}

// pooled reports whether one of the nodes is in the pool of a Service.
func pooled(services []*topology.Service, nodes []*topology.Node) bool {
	return slices.ContainsFunc(services, func(s *topology.Service) bool {
		return slices.ContainsFunc(nodes, func(n *topology.Node) bool { return slices.Contains(s.PoolNodes(), n.Name) })
	})
}

// The kinds of vmType that do not find all machines.
const (
	standardType = "standard"
	flexType     = "vmssflex"
)

// looksFor is what each of them looks for.
var looksFor = map[string]string{standardType: "plain virtual machines alone", flexType: "machines of flexible scale sets alone"}

// vmType is where the provider looks for machines, with the line that says so; empty: in
// all places, or not known.
func vmType(p *rule.Pass) (string, report.Cite) {
	c := p.Snapshot.Config
	switch {
	case c == nil || c.Invalid != "" || az.Masked(c.VMType) || bySecret(p):
		return "", report.Cite{}
	case c.VMType == "":
		if p.Wants.Provider.Has(vmssByDefault) == desired.No {
			return standardType, c.Doc.CiteWhole()
		}
		return "", report.Cite{}
	case strings.EqualFold(c.VMType, "vmss"):
		return "", report.Cite{}
	case strings.EqualFold(c.VMType, flexType):
		return flexType, c.Doc.Cite("/vmType")
	}
	return standardType, c.Doc.Cite("/vmType")
}

// said is what azure.json says of the kind, in words.
func said(p *rule.Pass) string {
	switch c := p.Snapshot.Config; {
	case c.VMType == "":
		return "azure.json does not set vmType, and standard is the default up to 1.27"
	case strings.EqualFold(c.VMType, standardType) || strings.EqualFold(c.VMType, flexType):
		return "vmType in azure.json is " + c.VMType
	default:
		return fmt.Sprintf("vmType in azure.json is %s, a word that it does not know and takes for standard", snapshot.Quote(c.VMType))
	}
}

// misfit reports whether the provider surely does not find the node's machine.
func misfit(kind string, n *topology.Node) bool {
	if n.ScaleSet != "" {
		return true // an instance is found with vmss alone
	}
	return kind == flexType && n.VM != "" && n.Machine != nil && n.Machine.ScaleSet == nil
}

// is says what the nodes are.
func is(nodes []*topology.Node) string {
	verb, what := "is", "an instance of a scale set"
	if len(nodes) > 1 {
		verb, what = "are", "instances of scale sets"
	}
	if slices.ContainsFunc(nodes, func(n *topology.Node) bool { return n.ScaleSet == "" }) {
		what = "of another kind"
	}
	return verb + " " + what
}
