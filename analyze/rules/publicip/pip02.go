package publicip

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// PIP02 is a public IP that nobody has.
var PIP02 = &rule.Rule{
	ID:       "AZLB-PIP02",
	Severity: report.Error,
	Doc: report.Doc{
		Title: "the public IP that the Service asks for does not exist",
		Symptom: "The Service stays pending; events say `PublicIP from annotation azure-pip-name(-IPv6)=… doesn't exist`, `failed to find PIP … in resource group …`, `cannot find public IP with IP address … in resource group …` " +
			"or, in old versions, `user supplied IP Address … was not found`.",
		Cause: "A Service can ask for a public IP by its name or by its address. Both must be those of a public IP resource that exists in Azure already: the provider makes none of that name, and Azure gives nobody an address because it is free. " +
			"An address that a deleted Service or resource group had is gone with it. Addresses of the old, classic kind (Reserved IP) and those of other clouds or of the own network are no public IP resources.",
		Fix: []report.Step{
			{Say: "Look for it in the whole subscription. If it is there, the provider looks in the wrong resource group.", Run: "az network public-ip list --query \"[?name=='NAME' || ipAddress=='ADDRESS'].{name:name, group:resourceGroup, ip:ipAddress}\" -o table"},
			{Say: "Make a public IP. Azure chooses its address.", Run: "az network public-ip create -g GROUP -n NAME --sku Standard --allocation-method Static", Changes: true},
			{Say: "Let the Service ask for it by its name (1.16 and later).", Run: "kubectl annotate service -n NAMESPACE SERVICE --overwrite service.beta.kubernetes.io/azure-pip-name=NAME", Changes: true},
			{Say: "Or let the Service ask for none, so that the provider makes one.", Run: "kubectl patch service -n NAMESPACE SERVICE --type merge -p '{\"spec\":{\"loadBalancerIP\":null}}'", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/aks/static-ip", "Azure/AKS#498", "ensurePublicIPExists and findMatchedPIPByName in kubernetes-sigs/cloud-provider-azure"},
		Affects:    "all; names since 1.16, names of IPv6 addresses since 1.27",
		Healthy:    "A public IP that lies in another resource group is told by AZLB-PIP01, and in another subscription by AZLB-PIP03. A Service that has what it asks for is not told, nor one of whose group the bundle has no whole list.",
	},
	Needs: rule.Needs{
		Any:   []*bundle.Evidence{&bundle.PublicIPs, &bundle.Events, &bundle.ControllerLog},
		All:   []*bundle.Evidence{&bundle.PublicIPs},
		Clean: []*bundle.Evidence{&bundle.Services, &bundle.LoadBalancers, &bundle.CloudConfig},
	},
	Texts: notFound,
	Check: checkPIP02,
}

// nowhere reports whether the bundle shows a public IP of that address or name in no
// resource group, while its list of the one where the provider looks is whole, as are
// those of the others that the collector asked for.
func nowhere(p *rule.Pass, what, group string) bool {
	return what != "" && !az.Masked(what) && group != "" && p.Complete(&bundle.PublicIPs, group) && p.Complete(&bundle.PublicIPs, "") &&
		!in(p, what, group) && elsewhere(p, what, group) == nil && abroad(p, what, group) == nil
}

// unmade is one address or name that does not exist, and who asks for it.
type unmade struct {
	what, group string
	askers      []*topology.Service
	pins        []pin // how each of them asks
	waits       []string
	errs        []*errtext.Error
}

func checkPIP02(p *rule.Pass) {
	var all []*unmade
	get := func(what, group string) *unmade {
		for _, u := range all {
			if strings.EqualFold(u.what, what) && strings.EqualFold(u.group, group) {
				return u
			}
		}
		all = append(all, &unmade{what: what, group: group})
		return all[len(all)-1]
	}
	for _, e := range p.Current(p.Knows) {
		if what, group := lookedFor(p, e); !p.Gone(e) && nowhere(p, what, group) {
			u := get(what, group)
			u.errs = append(u.errs, e)
		}
	}
	for _, s := range p.Graph.Services {
		for _, x := range demands(p, s) {
			group := p.Wants.Of(s.Key()).PublicIPGroup.V
			if !nowhere(p, x.what, group) || holds(p, s, x) {
				continue
			}
			waits := len(s.Status.LoadBalancer.Ingress) == 0
			told := slices.ContainsFunc(all, func(u *unmade) bool {
				return strings.EqualFold(u.what, x.what) && slices.ContainsFunc(u.errs, func(e *errtext.Error) bool { return e.Service == s.Key() })
			})
			if !told && p.Failing(s.Key()) {
				continue // at something else, which may come first
			}
			u := get(x.what, group)
			u.askers, u.pins = append(u.askers, s), append(u.pins, x)
			if waits {
				u.waits = append(u.waits, s.Key())
			}
		}
	}
	for _, u := range all {
		p.Find(u.finding(p))
	}
}

// demands lists the public IPs that a Service asks for, of each IP family one.
func demands(p *rule.Pass, s *topology.Service) []pin {
	if !public(p, s) {
		return nil
	}
	var out []pin
	add := func(v desired.Value[string], byName bool) {
		if v.V != "" && v.Pointer != "" {
			out = append(out, pin{what: v.V, pointer: v.Pointer, byName: byName})
		}
	}
	for _, lane := range p.Wants.Of(s.Key()).Lanes {
		switch pip := lane.PublicIP; {
		case pip == nil || pip.Made:
		case pip.Name.V != "":
			add(pip.Name, true)
		default:
			add(pip.Address, false)
		}
	}
	return out
}

// holds reports whether the Service has what it asks for all the same, or may have it: a
// public IP that was deleted under it is another fault's.
func holds(p *rule.Pass, s *topology.Service, x pin) bool {
	if slices.Contains(s.Addresses(), x.what) || len(s.Status.LoadBalancer.Ingress) > 0 && !p.Graph.Whole(&bundle.LoadBalancers) {
		return true
	}
	return slices.ContainsFunc(s.Frontends, func(f topology.Frontend) bool {
		return f.Address == x.what || f.Frontend.PublicIP != nil && strings.EqualFold(az.LastName(f.Frontend.PublicIP.ID), x.what)
	})
}

func (u *unmade) finding(p *rule.Pass) rule.Finding {
	told := rule.Tell(u.errs)
	waiting, working := p.Named(u.errs)
	waiting = append(waiting, u.waits...)
	for _, s := range u.askers {
		if !slices.Contains(waiting, s.Key()) {
			working = append(working, s.Key())
		}
	}
	f := rule.Finding{Subject: report.Object{Kind: "PublicIP", Name: u.what}, Services: waiting, Cites: told.Cites, Absence: []*bundle.Evidence{&bundle.PublicIPs},
		Confidence: report.Likely, Why: "it may lie in a resource group that the bundle does not have"}
	for i, s := range u.askers {
		if i < 3 {
			f.Cites = append(f.Cites, s.Doc.Cite(u.pins[i].pointer))
		}
	}
	if len(waiting) == 0 {
		f.Severity, f.Services = report.Warning, working
	}
	if len(u.askers) == 0 {
		f.Errors = u.errs
	}
	slices.Sort(f.Services)
	f.Services = slices.Compact(f.Services)
	who := "A Service"
	if len(f.Services) > 0 {
		who = rule.List(f.Services)
	}
	kind := "of that address"
	if !address(u.what) {
		kind = "of that name"
	}
	f.Message = fmt.Sprintf("%s asks for public IP %s. Resource group %s, where the provider looks, has none %s, nor has any other group of the bundle. The provider does not make it.", who, u.what, u.group, kind)
	if len(u.errs) > 0 {
		f.Message += fmt.Sprintf(" It failed %s.", told.Span())
	} else {
		f.Why = "the bundle has no refusal that says so"
	}
	if len(waiting) == 0 && len(working) > 0 {
		f.Message += " What it has works on; the next sync fails."
	}
	f.Fix = u.fix()
	return f
}

// address tells an address from a name.
func address(what string) bool {
	return strings.Contains(what, ":") || strings.Count(what, ".") == 3 && !strings.ContainsFunc(what, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
}

func (u *unmade) fix() []report.Step {
	field, name := "name", rule.Word(u.what, "NAME")
	if address(u.what) {
		field, name = "ipAddress", "NEW_NAME"
	}
	steps := []report.Step{{Say: "Look for it in the whole subscription. If it is there, name its resource group in the Service's annotation azure-load-balancer-resource-group instead.",
		Run: fmt.Sprintf("az network public-ip list --query \"[?%s=='%s'].{name:name, group:resourceGroup, ip:ipAddress}\" -o table", field, quotable(u.what))}}
	create := fmt.Sprintf("az network public-ip create -g %s -n %s --sku Standard --allocation-method Static", rule.Word(u.group, "GROUP"), name)
	if strings.Contains(u.what, ":") || slices.ContainsFunc(u.pins, func(x pin) bool { return strings.HasSuffix(strings.ToLower(x.pointer), "-ipv6") }) {
		create += " --version IPv6"
	}
	if !address(u.what) {
		return append(steps, report.Step{Say: "Make it. Azure chooses its address, and the provider finds it at its next try.", Run: create, Changes: true})
	}
	steps = append(steps, report.Step{Say: "Make a public IP. Azure chooses its address: nobody can order this one.", Run: create + " --query publicIp.ipAddress -o tsv", Changes: true})
	for i, s := range u.askers {
		steps = append(steps, repin(s, u.pins[i], "Let "+s.Key()+" ask for the new address."))
	}
	return steps
}
