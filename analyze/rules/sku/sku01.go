package sku

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// SKU01 is a public IP of another SKU than the load balancer.
var SKU01 = &rule.Rule{
	ID:       "AZLB-SKU01",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the public IP and the load balancer have different SKUs",
		Symptom: "A Service that asks for an existing address stays pending; events show PublicIPAndLBSkuDoNotMatch or `cannot reference Basic sku publicIP`, and in 1.10 to 1.17 often only `timed out waiting for the condition`.",
		Cause: "A Standard load balancer takes only Standard public IPs, a Basic one only Basic ones. " +
			"az made Basic addresses by default for years, and AKS made Basic load balancers until 2019, so the two are easily mixed. " +
			"The provider makes a Basic address Standard by itself where it can, which is a static one that nothing uses; it never makes a Standard address Basic, and the SKU of a load balancer comes from loadBalancerSku in azure.json.",
		Fix: []report.Step{
			{Say: "Compare the two SKUs.", Run: "az network public-ip show -g GROUP -n PUBLIC_IP --query sku.name; az network lb show -g GROUP -n kubernetes --query sku.name"},
			{Say: "Standard load balancer: make the address static and then Standard (nothing may use it at that time), or make a new one.",
				Run: "az network public-ip update -g GROUP -n PUBLIC_IP --allocation-method Static && az network public-ip update -g GROUP -n PUBLIC_IP --sku Standard", Changes: true},
			{Say: "Basic load balancer: move to Standard, as Basic is retired. On AKS:", Run: "az aks update -g GROUP -n CLUSTER --load-balancer-sku standard", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/load-balancer/skus", "https://learn.microsoft.com/azure/virtual-network/ip-services/public-ip-basic-upgrade-guidance",
			"MicrosoftDocs/azure-docs#43219", "Azure/AKS#1392"},
		Healthy: "A Service of a cluster with a Standard load balancer that asks for a static Basic address which nothing uses: the provider makes it Standard and goes on. The rule also keeps still where the address is attached already, as Azure would not have let it.",
	},
	Needs: rule.Needs{
		Any:   []*bundle.Evidence{&bundle.PublicIPs, &bundle.Events, &bundle.ControllerLog},
		Clean: []*bundle.Evidence{&bundle.LoadBalancers}, // it may carry the address already
	},
	Texts: []rule.Text{rule.Codes("PublicIPAndLBSkuDoNotMatch", "DifferentSkuLoadBalancersAndPublicIPAddressNotAllowed"), {Pattern: mismatchText}},
	Check: checkSKU01,
}

// mismatchText names both sides: "Basic sku load balancer X cannot reference Standard sku publicIP Y."
var mismatchText = regexp.MustCompile(`(?i)(?:(Basic|Standard) sku load balancer (\S+) )?cannot reference (Basic|Standard) sku publicIP (\S+)`)

// mismatch is one address with its load balancer, as told, as seen, or both.
type mismatch struct {
	name, sku, lbName, lbSKU string // of the public IP and of the load balancer
	pip                      *snapshot.PublicIP
	because                  string // where the load balancer's SKU comes from
	errs                     []*errtext.Error
	services                 []string
	cites                    []report.Cite
}

func checkSKU01(p *rule.Pass) {
	byName := map[string]*mismatch{}
	var order []*mismatch
	get := func(name string) *mismatch {
		key := strings.ToLower(name)
		if byName[key] == nil {
			byName[key] = &mismatch{name: name}
			order = append(order, byName[key])
		}
		return byName[key]
	}
	for _, s := range p.Graph.Services {
		if pip := asked(p, s); pip != nil && p.Graph.Whole(&bundle.LoadBalancers) && !carries(s, pip) {
			if sku, because, differ := differs(p, s, pip); differ {
				m := get(pip.Name)
				m.pip, m.sku, m.lbSKU, m.because = pip, pip.SKU.Name, sku, because
				m.services = append(m.services, s.Key())
				m.cites = append(m.cites, pip.Doc.Cite(pip.At+"/sku/name"))
				m.cites = append(m.cites, proof(p, s)...)
			}
		}
	}
	for _, e := range p.Current(p.Knows) {
		if p.Gone(e) {
			continue
		}
		name, sku, lbName, lbSKU := told(p, e)
		m := get(name)
		m.sku, m.lbName, m.lbSKU = cmp.Or(m.sku, sku), cmp.Or(m.lbName, lbName), cmp.Or(m.lbSKU, lbSKU)
		m.errs = append(m.errs, e)
	}
	for _, m := range order {
		p.Find(m.finding(p))
	}
}

// told takes the two sides out of an error; what it does not say is taken from
// what its Service asks for.
func told(p *rule.Pass, e *errtext.Error) (name, sku, lbName, lbSKU string) {
	if m := mismatchText.FindStringSubmatch(e.Message); m != nil {
		lbSKU, lbName, sku = m[1], last(m[2]), m[3]
		name = last(strings.TrimSuffix(m[4], "."))
	}
	if s := p.Graph.Service(e.Service); s != nil && name == "" {
		if pip := asked(p, s); pip != nil {
			return pip.Name, pip.SKU.Name, lbName, lbSKU
		}
	}
	return cmp.Or(name, "of "+cmp.Or(e.Service, "a Service")), sku, lbName, lbSKU
}

// differs reports whether the SKUs differ in a way that the provider does not put
// right by itself. Where azure.json and the load balancer of the cluster
// contradict each other, only Azure's own answer decides.
func differs(p *rule.Pass, s *topology.Service, pip *snapshot.PublicIP) (sku, because string, differ bool) {
	want := p.Wants.Of(s.Key()).SKU
	for _, lb := range p.Snapshot.Loads {
		if p.Graph.OwnLoadBalancer(&lb) && !strings.HasSuffix(strings.ToLower(lb.Name), "-internal") && lb.SKU.Name != "" && !strings.EqualFold(lb.SKU.Name, want.V) {
			return "", "", false
		}
	}
	switch {
	case basic(want.V) && standard(pip.SKU.Name):
		return want.V, want.Because, true
	case standard(want.V) && basic(pip.SKU.Name):
		// Static and used by nothing: the provider makes it Standard. Used by something
		// else: that, and not the SKU, is what keeps the Service from it.
		return want.V, want.Because, strings.EqualFold(pip.AllocationMethod, "Dynamic") && !used(pip)
	}
	return "", "", false
}

func used(pip *snapshot.PublicIP) bool { return pip.IPConfiguration != nil || pip.NATGateway != nil }

// proof cites what the Service asks for and where the load balancer's SKU stands.
func proof(p *rule.Pass, s *topology.Service) []report.Cite {
	want := p.Wants.Of(s.Key())
	var cites []report.Cite
	for _, pointer := range []string{want.PublicIPName.Pointer, want.Address.Pointer} {
		if pointer != "" {
			cites = append(cites, s.Doc.Cite(pointer))
			break
		}
	}
	if c := p.Snapshot.Config; c != nil && strings.Contains(want.SKU.Because, "azure.json") {
		return append(cites, c.Doc.Cite("/loadBalancerSku"))
	}
	for i := range p.Snapshot.Loads {
		if lb := &p.Snapshot.Loads[i]; strings.HasSuffix(want.SKU.Because, " "+lb.Name) {
			return append(cites, lb.Doc.Cite(lb.At+"/sku/name"))
		}
	}
	return cites
}

func (m *mismatch) finding(p *rule.Pass) rule.Finding {
	t := rule.Tell(m.errs)
	f := rule.Finding{Subject: report.Object{Kind: "PublicIP", Name: m.name}, Services: append(m.services, t.Services...), Cites: append(t.Cites, m.cites...)}
	slices.Sort(f.Services)
	f.Services = slices.Compact(f.Services)
	lb := "the load balancer " + cmp.Or(m.lbName, p.Graph.ClusterName)
	switch {
	case m.sku == "":
		f.Message = fmt.Sprintf("The public IP of %s has another SKU than %s.", rule.List(f.Services), lb)
	case m.because != "":
		f.Message = fmt.Sprintf("%s asks for public IP %s, which is %s; %s is %s (%s) and cannot have it as a frontend.", rule.List(f.Services), m.name, m.sku, lb, m.lbSKU, m.because)
	default:
		f.Message = fmt.Sprintf("Public IP %s is %s and cannot be a frontend of %s, which is %s.", m.name, m.sku, lb, cmp.Or(m.lbSKU, "of the other SKU"))
	}
	if m.because == "" {
		f.Errors = m.errs
	}
	if len(m.errs) > 0 {
		f.Message += fmt.Sprintf(" Azure refused it %s.", t.Span())
	} else if dynamic(m.pip) {
		f.Confidence, f.Why = report.Likely, "the provider may try to make the address Standard; Azure does not allow that for a dynamic one"
	}
	f.Fix = m.fix(p)
	return f
}

func dynamic(pip *snapshot.PublicIP) bool {
	return pip != nil && strings.EqualFold(pip.AllocationMethod, "Dynamic")
}

func (m *mismatch) fix(p *rule.Pass) []report.Step {
	g := ""
	if m.pip != nil {
		g = group(m.pip)
	} else if groups := p.Graph.ProviderGroups(); len(groups) == 1 {
		g = groups[0]
	}
	where := "-g " + rule.Word(g, "GROUP") + " -n "
	steps := []report.Step{{Say: "Compare the two SKUs.", Run: fmt.Sprintf("az network public-ip show %[1]s%[2]s --query \"{sku:sku.name, method:publicIPAllocationMethod, usedBy:ipConfiguration.id}\"; az network lb show %[1]s%[3]s --query sku.name",
		where, rule.Word(nameOnly(m.name), "PUBLIC_IP"), rule.Word(cmp.Or(m.lbName, p.Graph.ClusterName), "kubernetes"))}}
	if standard(m.lbSKU) {
		return append(steps,
			report.Step{Say: "Make the address static and Standard; nothing may use it while the SKU changes. The address stays.", Changes: true,
				Run: fmt.Sprintf("az network public-ip update %[1]s%[2]s --allocation-method Static && az network public-ip update %[1]s%[2]s --sku Standard", where, rule.Word(nameOnly(m.name), "PUBLIC_IP"))},
			report.Step{Say: "Or make a new Standard address and ask for it instead.", Changes: true, Run: "az network public-ip create " + where + "NEW_NAME --sku Standard --allocation-method Static"})
	}
	if p.Graph.Managed() {
		steps = append(steps, report.Step{Say: "Move the cluster to Standard; Basic load balancers are retired. Needs Kubernetes 1.27 and az 2.76; the load balancers are made anew, with an interruption, and there is no way back.",
			Run: "az aks update " + p.AKS("-n") + " --load-balancer-sku standard", Changes: true})
	} else {
		steps = append(steps, report.Step{Say: "Set loadBalancerSku to standard in azure.json on every control-plane machine and restart the controller; Basic load balancers are retired, and Azure makes no new ones. Basic load balancers that exist must go first, with their Services' addresses.",
			Run: "sudoedit /etc/kubernetes/azure.json", Changes: true})
	}
	return append(steps, report.Step{Say: "Until then, take the wish for this address out of the Service; it then gets one that fits the load balancer, where Azure still makes Basic ones."})
}

// nameOnly is empty for a stand-in of a name that is not known.
func nameOnly(name string) string {
	if strings.HasPrefix(name, "of ") {
		return ""
	}
	return name
}

func group(pip *snapshot.PublicIP) string { return az.GroupOf(pip.ID) }

func last(id string) string {
	if name := az.LastName(id); name != "" {
		return name
	}
	return id
}
