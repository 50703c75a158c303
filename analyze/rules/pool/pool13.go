package pool

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// POOL13 is a scale set that the provider is told of and does not find.
var POOL13 = &rule.Rule{
	ID:       "AZLB-POOL13",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the scale set that the provider looks for does not exist under that name",
		Symptom: "Services stay pending or are not updated with \"Scale set NAME not found\" or \"scale set (NAME) - not found\"; or a Service of a Basic load balancer has its address, and its backend pool stays empty without a message.",
		Cause: "A Basic load balancer has the machines of one scale set behind it: the one that primaryScaleSetName in azure.json names, or that the Service's annotation azure-load-balancer-mode names. If the set was deleted, made anew under another name, or never had it (acs-engine shortens the names of Windows scale sets, and wrote the long one into azure.json), " +
			"old releases fail, and newer ones pass over every node, as none is of that set.",
		Fix: []report.Step{
			{Say: "See which scale sets there are.", Run: "az vmss list -g GROUP --query \"[].name\" -o tsv"},
			{Say: "Put the name of one of them into primaryScaleSetName on every control-plane machine, and restart the controller.", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true},
			{Say: "Or let the Service name one.", Run: "kubectl annotate service -n NAMESPACE SERVICE --overwrite service.beta.kubernetes.io/azure-load-balancer-mode=__auto__", Changes: true},
		},
		References: []string{"Azure/acs-engine#3621", "https://cloud-provider-azure.sigs.k8s.io/install/configs/", "GetVMSetNames of cloud-provider-azure"},
		Affects:    "load balancers of the Basic SKU; the text with the name in quotes is of Kubernetes 1.10",
		Healthy:    "With a Standard load balancer primaryScaleSetName has no say, whatever it names. A scale set that exists and has no instance is no fault of its name.",
	},
	Needs: rule.Needs{
		Any: append([]*bundle.Evidence{&bundle.LoadBalancers, &bundle.ScaleSets, &bundle.CloudConfig}, text...),
		All: []*bundle.Evidence{&bundle.Services, &bundle.Nodes},
	},
	FollowsFrom: []string{"AZLB-CFG01"},
	Texts:       []rule.Text{{Uncoded: true, Pattern: noSet}},
	Check:       checkPOOL13,
}

// noSet are the provider's own texts; they have no code. The group is the name.
var noSet = regexp.MustCompile(`(?i)scale set (?:"([^"]+)" not found|\(([^)]+)\) - not found|not found()$)`)

// setName is the scale set of a text, empty where it names none.
func setName(e *errtext.Error) string {
	m := noSet.FindStringSubmatch(e.Message)
	return m[1] + m[2]
}

func checkPOOL13(p *rule.Pass) {
	errs := slices.DeleteFunc(p.Current(p.Knows), p.Gone)
	for _, b := range rule.Bunches(errs, func(e *errtext.Error) (string, bool) { return setName(e), true }) {
		p.Find(unfound(p, b.Name, b.All))
	}
	c := p.Snapshot.Config
	if c == nil || c.PrimaryScaleSetName == "" || az.Masked(c.PrimaryScaleSetName) || c.ResourceGroup == "" || az.Masked(c.ResourceGroup) ||
		scaleSet(p, c.PrimaryScaleSetName) != nil || !p.Complete(&bundle.ScaleSets, c.ResourceGroup) || p.Wants.Settings.Balancer.Unknown != "" {
		return
	}
	for i := range p.Snapshot.Loads {
		lb := &p.Snapshot.Loads[i]
		base := strings.TrimSuffix(strings.ToLower(lb.Name), "-internal")
		if !p.Graph.OwnLoadBalancer(lb) || !strings.EqualFold(base, p.Wants.Settings.Balancer.V) || !strings.EqualFold(cmp.Or(lb.SKU.Name, "Basic"), "Basic") {
			continue
		}
		if f, ok := forNobody(p, lb); ok && !slices.ContainsFunc(errs, func(e *errtext.Error) bool { return slices.Contains(f.Services, e.Service) }) {
			p.Find(f)
		}
	}
}

// scaleSet finds a scale set of that name, or nil.
func scaleSet(p *rule.Pass, name string) *snapshot.ScaleSet {
	i := slices.IndexFunc(p.Snapshot.ScaleSets, func(v snapshot.ScaleSet) bool { return strings.EqualFold(v.Name, name) })
	if i < 0 {
		return nil
	}
	return &p.Snapshot.ScaleSets[i]
}

// unfound is the failure of a sync.
func unfound(p *rule.Pass, name string, errs []*errtext.Error) rule.Finding {
	told := rule.Tell(errs)
	f := rule.Finding{Subject: report.Object{Kind: "ScaleSet", Name: name}, Errors: errs, Cites: told.Cites,
		Message: fmt.Sprintf("The provider does not find scale set %s (%q, %s).", name, errs[len(errs)-1].Message, told.Span())}
	if name == "" {
		f.Subject.Name = "that the message does not name"
		f.Message = fmt.Sprintf("The provider does not find the scale set that a Service's annotation names (%q, %s).", errs[len(errs)-1].Message, told.Span())
	}
	if c := p.Snapshot.Config; c != nil && name != "" && strings.EqualFold(c.PrimaryScaleSetName, name) {
		f.Message += " primaryScaleSetName in azure.json names it."
		f.Cites = append(f.Cites, c.Doc.Cite("/primaryScaleSetName"))
	}
	if v := scaleSet(p, name); v != nil {
		f.Message += fmt.Sprintf(" Azure has a scale set %s: the provider may look in another resource group than %s, or its list is older.", v.Name, az.GroupOf(v.ID))
		f.Cites = append(f.Cites, v.Doc.Cite(v.At+"/name"))
	} else if names := setNames(p); len(names) > 0 {
		f.Message += fmt.Sprintf(" The bundle has %s.", rule.List(names))
	}
	var working []string
	if f.Services, working = p.Named(errs); len(f.Services) == 0 {
		f.Severity, f.Services = report.Warning, working
		f.Message += " The Services named keep working as they are, but cannot be changed at present."
	}
	f.Fix = rename(p)
	return f
}

// forNobody is a Basic load balancer whose pool nobody may enter: the set that azure.json
// names is not there. A Service that names a set of its own is meant for that.
func forNobody(p *rule.Pass, lb *snapshot.LoadBalancer) (rule.Finding, bool) {
	c := p.Snapshot.Config
	f := rule.Finding{Subject: report.Object{Kind: "ScaleSet", Name: c.PrimaryScaleSetName}, Absence: []*bundle.Evidence{&bundle.ScaleSets}}
	for _, s := range p.Graph.Served() {
		for _, path := range s.Paths {
			if path.Pool.To != nil && path.Frontend.To.LB == lb && len(path.Members) == 0 && len(s.Status.LoadBalancer.Ingress) > 0 && s.Annotations[modeKey] == "" {
				f.Services = join(f.Services, s.Key())
				f.Cites = []report.Cite{lb.Doc.Cite(path.Pool.To.At + "/name")}
			}
		}
	}
	if len(f.Services) == 0 {
		return f, false
	}
	f.Cites = append(f.Cites, c.Doc.Cite("/primaryScaleSetName"), lb.Doc.Cite(lb.At+"/sku"))
	f.Message = fmt.Sprintf("primaryScaleSetName in azure.json is %s, and resource group %s has no scale set of that name. Only machines of that set may be behind the Basic load balancer %s, so its pool is empty, and nobody reaches %s.",
		c.PrimaryScaleSetName, c.ResourceGroup, lb.Name, rule.List(f.Services))
	f.Fix = rename(p)
	return f, true
}

// modeKey chooses the set of machines behind a Basic load balancer.
const modeKey = "service.beta.kubernetes.io/azure-load-balancer-mode"

func setNames(p *rule.Pass) []string {
	var out []string
	for i := range p.Snapshot.ScaleSets {
		out = append(out, p.Snapshot.ScaleSets[i].Name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// rename gives the provider the name of a scale set that is there.
func rename(p *rule.Pass) []report.Step {
	group := "GROUP"
	if c := p.Snapshot.Config; c != nil {
		group = rule.Word(c.ResourceGroup, group)
	}
	return []report.Step{
		{Say: "See which scale sets there are.", Run: fmt.Sprintf("az vmss list -g %s --query \"[].name\" -o tsv", group)},
		{Say: "Put the name of one of them into primaryScaleSetName (or into the Service's annotation azure-load-balancer-mode, if that names the lost one), and restart the controller.", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true},
	}
}
