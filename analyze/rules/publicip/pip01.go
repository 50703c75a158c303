package publicip

import (
	"cmp"
	"fmt"
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

// PIP01 is an address that is not where the provider looks for it.
var PIP01 = &rule.Rule{
	ID:       "AZLB-PIP01",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the public IP that the Service asks for is not in the resource group where the provider looks",
		Symptom: "The Service stays pending; events say `user supplied IP Address … was not found`, or since 1.24 `cannot find public IP with IP address … in resource group …`.",
		Cause: "The provider looks for a given address or name in one resource group only: the one of the annotation azure-load-balancer-resource-group, else the cluster's own, which on AKS is the node resource group (MC_…) and not the group in which the cluster itself lies. " +
			"An address cannot be ordered by naming it either: it must be a public IP that exists, of the same subscription and region.",
		Fix: []report.Step{
			{Say: "Find the group of the address.", Run: "az network public-ip list --query \"[?ipAddress=='ADDRESS'].{name:name, group:resourceGroup, sku:sku.name}\" -o table"},
			{Say: "Name that group in the Service (1.10 and later).", Run: "kubectl -n NAMESPACE annotate service NAME service.beta.kubernetes.io/azure-load-balancer-resource-group=GROUP", Changes: true},
			{Say: "Give the controller's identity the role on that group.", Run: "az role assignment create --assignee-object-id OBJECT_ID --assignee-principal-type ServicePrincipal --role \"Network Contributor\" --scope /subscriptions/SUBSCRIPTION/resourceGroups/GROUP", Changes: true},
			{Say: "Or make the address in the node resource group.", Run: "az network public-ip create -g NODE_RESOURCE_GROUP -n NAME --sku Standard --allocation-method Static", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/aks/static-ip", "MicrosoftDocs/azure-docs#15103", "Azure/AKS#253", "Azure/AKS#498", "kubernetes/kubernetes#52129"},
		Affects:    "all versions; the annotation exists since 1.10, and an empty one is harmless since 1.13.8, 1.14.4 and 1.15.1",
		Healthy:    "An address in another resource group that the annotation names, or that is the Service's frontend already. An error about it that a later success of the same Service followed is history.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.PublicIPs, &bundle.Events, &bundle.ControllerLog}},
	Texts: notFound,
	Check: checkPIP01,
}

// notFound are the provider's texts: for an address, with the group since 1.11,
// and for a name. Group 1 is what was looked for, group 2 where.
var notFound = []rule.Text{
	rule.Says(`(?i)user supplied IP Address (\S+) was not found(?: in resource group ([^\s:,"]+))?`),
	rule.Says(`(?i)cannot find public IP with IP address (\S+) in resource group ([^\s:,"]+)`),
	rule.Says(`(?i)failed to find PIP (\S+) in resource group ([^\s:,"]+)`),
	rule.Says(`(?i)PublicIP from annotation azure-pip-name(?:\(-IPv6\)|-IPv6)?=(\S+) for service \S+ doesn't exist()`),
}

// lookedFor takes the address or name and the group out of an error; the group is the
// one where its Service's provider looks if the text names none.
func lookedFor(p *rule.Pass, e *errtext.Error) (what, group string) {
	for _, t := range notFound {
		if m := t.Pattern.FindStringSubmatch(e.Message); m != nil {
			what, group = strings.Trim(m[1], `",`), strings.Trim(m[2], ".")
			break
		}
	}
	if want := p.Wants.Of(e.Service); want != nil && group == "" {
		group = want.PublicIPGroup.V
	}
	return what, group
}

// lost is one address or name that is not in the group.
type lost struct {
	what, group string
	at          *snapshot.PublicIP // where it is instead; nil: in no group of the bundle
	services    []string
	errs        []*errtext.Error
	cites       []report.Cite
}

func checkPIP01(p *rule.Pass) {
	byKey := map[string]*lost{}
	var order []*lost
	get := func(what, group string) *lost {
		key := strings.ToLower(what + "|" + group)
		if byKey[key] == nil {
			byKey[key] = &lost{what: what, group: group, at: elsewhere(p, what, group)}
			order = append(order, byKey[key])
		}
		return byKey[key]
	}
	for _, s := range p.Graph.Services {
		want := p.Wants.Of(s.Key())
		if want == nil || s.Foreign() || s.Deleting() || want.Internal.V || want.PublicIPGroup.V == "" {
			continue
		}
		v := want.PublicIPName
		if v.V == "" {
			v = want.Address
		}
		at := elsewhere(p, v.V, want.PublicIPGroup.V)
		if v.V == "" || at == nil || slices.Contains(s.Addresses(), at.IPAddress) || in(p, v.V, want.PublicIPGroup.V) || has(s, at) || !p.Complete(&bundle.PublicIPs, want.PublicIPGroup.V) {
			continue
		}
		l := get(v.V, want.PublicIPGroup.V)
		l.services = append(l.services, s.Key())
		l.cites = append(l.cites, s.Doc.Cite(v.Pointer))
		if want.PublicIPGroup.Pointer != "" {
			l.cites = append(l.cites, s.Doc.Cite(want.PublicIPGroup.Pointer))
		}
	}
	for _, e := range p.Current(p.Knows) {
		what, group := lookedFor(p, e)
		if p.Gone(e) || nowhere(p, what, group) || abroad(p, what, group) != nil {
			continue // of nobody, or told by AZLB-PIP02 or AZLB-PIP03
		}
		l := get(what, group)
		l.errs = append(l.errs, e)
	}
	for _, l := range order {
		p.Find(l.finding(p))
	}
}

// in reports whether the address or name is in the group.
func in(p *rule.Pass, what, group string) bool {
	return slices.ContainsFunc(p.Snapshot.PublicIPs, func(pip snapshot.PublicIP) bool {
		return is(&pip, what) && !otherSubscription(p, pip.ID) && strings.EqualFold(az.GroupOf(pip.ID), group)
	})
}

// elsewhere is the public IP of that address or name in another group of the bundle, where
// an annotation can send the provider.
func elsewhere(p *rule.Pass, what, group string) *snapshot.PublicIP {
	for i := range p.Snapshot.PublicIPs {
		pip := &p.Snapshot.PublicIPs[i]
		if is(pip, what) && !otherSubscription(p, pip.ID) && az.GroupOf(pip.ID) != "" && !az.Masked(az.GroupOf(pip.ID)) && !strings.EqualFold(az.GroupOf(pip.ID), group) {
			return pip
		}
	}
	return nil
}

func is(pip *snapshot.PublicIP, what string) bool {
	return what != "" && (pip.IPAddress == what || strings.EqualFold(pip.Name, what))
}

func has(s *topology.Service, pip *snapshot.PublicIP) bool {
	return slices.ContainsFunc(s.Frontends, func(f topology.Frontend) bool { return f.PublicIP == pip })
}

func (l *lost) finding(p *rule.Pass) rule.Finding {
	told := rule.Tell(l.errs)
	f := rule.Finding{Subject: report.Object{Kind: "PublicIP", Name: l.what}, Services: append(l.services, told.Services...), Cites: append(told.Cites, l.cites...), Absence: []*bundle.Evidence{&bundle.PublicIPs}}
	slices.Sort(f.Services)
	f.Services = slices.Compact(f.Services)
	if len(l.services) == 0 {
		f.Errors = l.errs
	}
	who := rule.List(f.Services)
	where := "the cluster's resource group"
	if l.group != "" {
		where = "resource group " + l.group
	}
	switch {
	case in(p, l.what, l.group):
		f.Severity, f.Confidence, f.Why = report.Warning, report.Possible, "the public IP is there now: it was probably made after the newest error, and the next try should find it"
		f.Message = fmt.Sprintf("%s asks for public IP %s, which the provider did not find in %s.", who, l.what, where)
		f.Absence = nil
	case l.at != nil:
		f.Cites = append(f.Cites, l.at.Doc.Cite(l.at.At+"/id"))
		f.Message = fmt.Sprintf("%s asks for public IP %s, which is %s in resource group %s; the provider looks only in %s.", who, l.what, l.at.Name, az.GroupOf(l.at.ID), where)
		switch {
		case len(l.errs) > 0:
			f.Absence = nil // the provider itself says that it is not there
		default:
			f.Confidence, f.Why = report.Likely, "the bundle has no refusal that says so"
			if !slices.ContainsFunc(l.services, func(key string) bool { return len(p.Graph.Service(key).Status.LoadBalancer.Ingress) == 0 }) {
				f.Severity = report.Warning
				f.Message += " What it has works on; the next sync fails."
			}
		}
	default:
		f.Confidence, f.Why = report.Possible, "the list of the group where the provider looks is not in the bundle: the address may be in another group, in another subscription, or not exist at all"
		f.Message = fmt.Sprintf("%s asks for public IP %s, which the provider does not find in %s, and which is in no collected group.", who, l.what, where)
		f.Absence = nil
	}
	if len(l.errs) > 0 {
		f.Message += fmt.Sprintf(" It failed %s.", told.Span())
	}
	f.Fix = l.fix(p, f.Services)
	return f
}

func (l *lost) fix(p *rule.Pass, services []string) []report.Step {
	field := "ipAddress"
	if !strings.ContainsAny(l.what, ".:") {
		field = "name"
	}
	var steps []report.Step
	group := ""
	if l.at == nil {
		steps = append(steps, report.Step{Say: "Find out in which group the address is, if it exists.", Run: fmt.Sprintf("az network public-ip list --query \"[?%s=='%s'].{name:name, group:resourceGroup, sku:sku.name}\" -o table", field, quotable(l.what))})
	} else {
		group = az.GroupOf(l.at.ID)
	}
	for _, key := range services {
		ns, name, _ := strings.Cut(key, "/")
		steps = append(steps, report.Step{Say: "Name the group in " + key + " (1.10 and later).", Changes: true,
			Run: fmt.Sprintf("kubectl -n %s annotate --overwrite service %s service.beta.kubernetes.io/azure-load-balancer-resource-group=%s", rule.Word(ns, "NAMESPACE"), rule.Word(name, "NAME"), rule.Word(group, "GROUP"))})
	}
	subscription := "SUBSCRIPTION"
	identity := "--assignee CLIENT_ID"
	if c := p.Snapshot.Config; c != nil && c.AADClientID != "" && !c.UseManagedIdentityExtension && !az.Masked(c.AADClientID) {
		identity = "--assignee " + rule.Word(c.AADClientID, "CLIENT_ID")
	} else if p.Graph.Managed() {
		identity = "--assignee-object-id $(az aks show " + p.AKS("-n") + " --query identity.principalId -o tsv) --assignee-principal-type ServicePrincipal"
	}
	if l.at != nil {
		if id, ok := az.ParseID(l.at.ID); ok && !az.Masked(id.Subscription) {
			subscription = id.Subscription
		}
	}
	return append(steps,
		report.Step{Say: "Give the controller's identity the role on that group; without it the next error is AuthorizationFailed.", Changes: true,
			Run: fmt.Sprintf("az role assignment create %s --role \"Network Contributor\" --scope %s", identity, rule.Word("/subscriptions/"+subscription+"/resourceGroups/"+cmp.Or(group, "GROUP"), ""))},
		report.Step{Say: "Or make an address in the group in which the provider looks, and ask for that one.", Changes: true,
			Run: fmt.Sprintf("az network public-ip create -g %s -n NAME --sku Standard --allocation-method Static", rule.Word(l.group, "NODE_RESOURCE_GROUP"))})
}

// quotable is what may stand in a query between quotes: what a Service asks for can
// be any text.
func quotable(what string) string {
	if rule.Word(what, "") != what {
		return "ADDRESS"
	}
	return what
}
