package publicip

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

// PIP03 is a public IP, or a prefix of some, in another subscription.
var PIP03 = &rule.Rule{
	ID:       "AZLB-PIP03",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the public IP that the Service asks for is in another subscription",
		Symptom: "The Service stays pending with 403 AuthorizationFailed for Microsoft.Network/publicIPAddresses/read at a resource group that exists, though the role was given there; or the address is not found.",
		Cause: "The provider looks for public IPs in one subscription: that of the cluster, or networkResourceSubscriptionID of azure.json. The annotation azure-load-balancer-resource-group names a resource group in it, and no annotation names another subscription. " +
			"A group of the name in another subscription is not looked at; of a group that its own subscription does not have Azure answers 403, the same as for a missing role. Likewise an address can be taken from a public IP prefix (azure-pip-prefix-id) of its own subscription only.",
		Fix: []report.Step{
			{Say: "See in which subscription the address is.", Run: "az graph query -q \"resources | where type =~ 'microsoft.network/publicipaddresses' and properties.ipAddress == 'ADDRESS' | project subscriptionId, resourceGroup, name\""},
			{Say: "Make an address in the cluster's subscription, ...", Run: "az network public-ip create --subscription SUBSCRIPTION -g GROUP -n NAME --sku Standard --allocation-method Static", Changes: true},
			{Say: "... and let the Service ask for that one. A Standard public IP cannot be moved to another subscription.", Run: "kubectl annotate service -n NAMESPACE SERVICE --overwrite service.beta.kubernetes.io/azure-pip-name=NAME", Changes: true},
		},
		References: []string{"kubernetes/kubernetes#103994", "jenkins-infra/kubernetes-management#7729", "Azure/AKS#1624", "https://cloud-provider-azure.sigs.k8s.io/topics/loadbalancer/", "https://learn.microsoft.com/azure/virtual-network/ip-services/public-ip-address-prefix"},
		Affects:    "all",
		Healthy:    "A group of the cluster's subscription for which only the role is missing is AZLB-AUTH02's. With networkResourceSubscriptionID in azure.json the load balancers and addresses are rightly in another subscription than the nodes. Where ids are masked, nothing is told.",
	},
	Needs: rule.Needs{
		Any:   []*bundle.Evidence{&bundle.Events, &bundle.ControllerLog, &bundle.PublicIPs},
		All:   []*bundle.Evidence{&bundle.Services},
		Clean: []*bundle.Evidence{&bundle.Group, &bundle.Nodes, &bundle.CloudConfig, &bundle.LoadBalancers},
	},
	Texts: append([]rule.Text{{Codes: []string{"AuthorizationFailed"}, Pattern: unreadable}}, notFound...),
	Check: checkPIP03,
}

// unreadable is what the provider may not read where the group is not there.
var unreadable = regexp.MustCompile(`(?i)perform action 'Microsoft\.Network/publicIPAddresses/read' over scope`)

// distant is what is in another subscription, with everybody who asks for it.
type distant struct {
	subject  report.Object
	group    string             // where the provider looks
	pip      *snapshot.PublicIP // what is meant, where the bundle has it
	prefix   string             // the id of a prefix
	askers   []*topology.Service
	pointers []string
	errs     []*errtext.Error
	scope    string // of an error, where it names another subscription than the provider's
}

func checkPIP03(p *rule.Pass) {
	if home(p) == "" {
		return
	}
	var all []*distant
	get := func(kind, name, group string) *distant {
		subject := report.Object{Kind: kind, Name: name}
		for _, d := range all {
			if d.subject.Kind == kind && strings.EqualFold(d.subject.Name, name) {
				return d
			}
		}
		all = append(all, &distant{subject: subject, group: group})
		return all[len(all)-1]
	}
	for _, e := range p.Current(func(e *errtext.Error) bool { return p.Knows(e) && distantly(p, e) }) {
		if p.Gone(e) {
			continue
		}
		d := (*distant)(nil)
		if refused(e) {
			group := az.GroupOf(e.Scope)
			kind, name := subjectOf(meant(p, e.Service, group), "", group)
			d = get(kind, name, group)
			if otherSubscription(p, e.Scope) {
				d.scope = e.Scope
			}
			d.meet(p, e.Service)
		} else {
			what, group := lookedFor(p, e)
			kind, name := subjectOf(abroad(p, what, group), what, group)
			d = get(kind, name, group)
			d.pip = abroad(p, what, group)
		}
		d.errs = append(d.errs, e)
	}
	for _, s := range p.Graph.Services {
		if !public(p, s) {
			continue
		}
		told := slices.ContainsFunc(all, func(d *distant) bool {
			return slices.ContainsFunc(d.errs, func(e *errtext.Error) bool { return e.Service == s.Key() })
		})
		group := p.Wants.Of(s.Key()).PublicIPGroup.V
		for _, x := range demands(p, s) {
			pip := abroad(p, x.what, group)
			if pip == nil || in(p, x.what, group) || elsewhere(p, x.what, group) != nil || holds(p, s, x) || told && !about(all, x.what, s) || !told && p.Failing(s.Key()) {
				continue
			}
			kind, name := subjectOf(pip, x.what, group)
			d := get(kind, name, group)
			if told {
				d = of(all, s)
			}
			d.pip = pip
			d.askers, d.pointers = append(d.askers, s), append(d.pointers, x.pointer)
		}
		for _, lane := range p.Wants.Of(s.Key()).Lanes {
			if lane.PublicIP == nil || !otherSubscription(p, lane.PublicIP.Prefix.V) || len(s.Status.LoadBalancer.Ingress) > 0 {
				continue
			}
			id := lane.PublicIP.Prefix.V
			var errs []*errtext.Error
			for _, e := range p.Errors.Current(s.Key()) {
				if !e.Advisory && strings.Contains(strings.ToLower(e.Raw), strings.ToLower(id)) {
					errs = append(errs, e)
				}
			}
			if len(errs) == 0 && p.Failing(s.Key()) {
				continue
			}
			d := get("PublicIPPrefix", az.LastName(id), group)
			d.prefix, d.errs = id, append(d.errs, errs...)
			d.askers, d.pointers = append(d.askers, s), append(d.pointers, lane.PublicIP.Prefix.Pointer)
			for _, e := range errs {
				p.Claim(e)
			}
		}
	}
	for _, d := range all {
		p.Find(d.finding(p))
	}
}

// subjectOf is the group, where all of it is in another subscription, and else the address.
func subjectOf(pip *snapshot.PublicIP, what, group string) (kind, name string) {
	if pip == nil || strings.EqualFold(az.GroupOf(pip.ID), group) {
		return "ResourceGroup", group
	}
	return "PublicIP", cmp.Or(what, pip.IPAddress)
}

// refused reports the answer of Azure, which has a scope, in contrast to the texts of the
// provider.
func refused(e *errtext.Error) bool { return e.Has("AuthorizationFailed") }

// distantly reports whether another subscription is why the provider does not find, or may
// not read, what the error names.
func distantly(p *rule.Pass, e *errtext.Error) bool {
	if !refused(e) {
		what, group := lookedFor(p, e)
		return !in(p, what, group) && elsewhere(p, what, group) == nil && abroad(p, what, group) != nil
	}
	group := az.GroupOf(e.Scope)
	if group == "" || az.Masked(group) {
		return false
	}
	return otherSubscription(p, e.Scope) || noGroup(p, group) || meant(p, e.Service, group) != nil
}

// meant is the public IP of another subscription that a Service asks for in a group.
func meant(p *rule.Pass, key, group string) *snapshot.PublicIP {
	s := p.Graph.Service(key)
	if s == nil {
		return nil
	}
	for _, x := range demands(p, s) {
		if pip := abroad(p, x.what, group); pip != nil && !in(p, x.what, group) {
			return pip
		}
	}
	return nil
}

// meet adds what the Service of an error asks for.
func (d *distant) meet(p *rule.Pass, key string) {
	s := p.Graph.Service(key)
	if s == nil || slices.Contains(d.askers, s) {
		return
	}
	if pip := meant(p, key, d.group); pip != nil {
		d.pip = pip
	}
	pointer := p.Wants.Of(key).PublicIPGroup.Pointer
	if list := demands(p, s); pointer == "" && len(list) > 0 {
		pointer = list[0].pointer
	}
	d.askers, d.pointers = append(d.askers, s), append(d.pointers, pointer)
}

// of is what the errors of a Service are about.
func of(all []*distant, s *topology.Service) *distant {
	for _, d := range all {
		if slices.ContainsFunc(d.errs, func(e *errtext.Error) bool { return e.Service == s.Key() }) {
			return d
		}
	}
	return nil
}

// about reports whether the errors of a Service are about that address or name, and it
// has not been added yet.
func about(all []*distant, what string, s *topology.Service) bool {
	d := of(all, s)
	return d != nil && !slices.Contains(d.askers, s) && (d.subject.Kind == "ResourceGroup" || strings.EqualFold(d.subject.Name, what))
}

func (d *distant) finding(p *rule.Pass) rule.Finding {
	told := rule.Tell(d.errs)
	waiting, working := p.Named(d.errs)
	f := rule.Finding{Subject: d.subject, Cites: told.Cites}
	for i, s := range d.askers {
		if len(s.Status.LoadBalancer.Ingress) == 0 {
			waiting = append(waiting, s.Key())
		} else {
			working = append(working, s.Key())
		}
		if i < 3 && d.pointers[i] != "" {
			f.Cites = append(f.Cites, s.Doc.Cite(d.pointers[i]))
		}
	}
	if f.Services = waiting; len(waiting) == 0 {
		f.Severity, f.Services = report.Warning, working
	}
	slices.Sort(f.Services)
	f.Services = slices.Compact(f.Services)
	who := "A Service"
	if len(f.Services) > 0 {
		who = rule.List(f.Services)
	}
	own := home(p)
	switch {
	case d.prefix != "":
		f.Message = fmt.Sprintf("%s asks for an address out of public IP prefix %s of subscription %s. The provider makes its addresses in subscription %s, and Azure takes an address only out of a prefix of the same subscription.", who, d.subject.Name, subscriptionOf(d.prefix), own)
	case d.pip != nil:
		f.Cites = append(f.Cites, d.pip.Doc.Cite(d.pip.At+"/id"))
		f.Message = fmt.Sprintf("%s asks for public IP %s (%s) in resource group %s of subscription %s. The provider looks in resource group %s of subscription %s only; no annotation names another subscription.",
			who, d.pip.Name, d.pip.IPAddress, az.GroupOf(d.pip.ID), subscriptionOf(d.pip.ID), d.group, own)
	case d.scope != "":
		f.Confidence, f.Why = report.Likely, "the addresses of that subscription are not in the bundle"
		f.Message = fmt.Sprintf("For %s the provider reads public IPs in resource group %s of subscription %s, where it has no right to. The cluster's is subscription %s.", who, d.group, subscriptionOf(d.scope), own)
	default:
		f.Confidence, f.Why = report.Likely, "whether another subscription has the group, or its name is misspelt, is not in the bundle"
		f.Message = fmt.Sprintf("For %s the provider reads public IPs in resource group %s, and subscription %s has no group of that name: it is in another subscription, which no annotation can name, or it is misspelt. The missing right that Azure tells of is not the cause.", who, d.group, own)
	}
	if len(d.errs) > 0 {
		f.Message += fmt.Sprintf(" It failed %s.", told.Span())
		if len(d.askers) == 0 || d.pip == nil && d.prefix == "" { // else what the Service asks for shows it
			f.Errors = d.errs
		}
	} else {
		f.Confidence, f.Why = report.Likely, "the bundle has no refusal that says so"
	}
	if len(waiting) == 0 && len(working) > 0 {
		f.Message += " What it has works on, but cannot be changed at present."
	}
	f.Fix = d.fix(own)
	return f
}

func (d *distant) fix(own string) []report.Step {
	group := d.group
	var steps []report.Step
	if d.subject.Kind == "ResourceGroup" && d.pip == nil {
		steps = append(steps, report.Step{Say: "See which subscription has a resource group of that name.",
			Run: fmt.Sprintf("az graph query -q \"resourcecontainers | where type =~ 'microsoft.resources/subscriptions/resourcegroups' and name =~ '%s' | project subscriptionId, name\"", quotable(group))})
		group = "GROUP"
	}
	create := fmt.Sprintf("az network public-ip create --subscription %s -g %s -n NEW_NAME --sku Standard --allocation-method Static", rule.Word(own, "SUBSCRIPTION"), rule.Word(group, "GROUP"))
	if d.pip != nil && isIPv6(d.pip) {
		create += " --version IPv6"
	}
	if d.prefix != "" {
		steps = append(steps, report.Step{Say: "Make a prefix in the cluster's subscription; its addresses are others.", Changes: true,
			Run: fmt.Sprintf("az network public-ip prefix create --subscription %s -g %s -n %s --length 28 --query id -o tsv", rule.Word(own, "SUBSCRIPTION"), rule.Word(group, "GROUP"), rule.Word(d.subject.Name, "PREFIX"))})
		for i, s := range d.askers {
			if key, ok := strings.CutPrefix(d.pointers[i], "/metadata/annotations/"); ok {
				steps = append(steps, rule.Annotate(s, strings.ReplaceAll(key, "~1", "/"), "PREFIX_ID", "Let "+s.Key()+" name that one."))
			}
		}
		return steps
	}
	steps = append(steps, report.Step{Say: "Make a public IP in a group of the cluster's subscription. A Standard public IP cannot be moved there, so the address changes.", Run: create, Changes: true})
	for _, s := range d.askers {
		steps = append(steps, rule.Annotate(s, "service.beta.kubernetes.io/azure-pip-name", "NEW_NAME", "Let "+s.Key()+" ask for that one by name; take loadBalancerIP and the annotations for an address off, and name its group in azure-load-balancer-resource-group if it is not the nodes'."))
	}
	return steps
}
