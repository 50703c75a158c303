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

// PIP09 is an address that something else has.
var PIP09 = &rule.Rule{
	ID:       "AZLB-PIP09",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the public IP that the Service asks for is attached to something else",
		Symptom: "The Service stays pending; Azure refuses the load balancer with 400 PublicIPAddressInUse and names what has the address.",
		Cause: "A public IP belongs to one thing at a time: the network interface of a machine, a NAT gateway, a VPN gateway, a bastion, or one frontend of one load balancer. " +
			"The provider finds the address by the name or number that the Service gives, does not ask who has it, and writes a frontend with it. Azure refuses the whole load balancer, at every try, until one of the two lets go.",
		Fix: []report.Step{
			{Say: "See what has the address.", Run: "az network public-ip show -g GROUP -n PUBLIC_IP --query \"{attached:ipConfiguration.id, nat:natGateway.id}\""},
			{Say: "Either take it off there, for a machine's interface: ...", Run: "az network nic ip-config update -g GROUP --nic-name NIC -n IP_CONFIG --remove PublicIpAddress", Changes: true},
			{Say: "... or make another address and let the Service ask for that.", Run: "az network public-ip create -g GROUP -n NEW_NAME --sku Standard --allocation-method Static", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/virtual-network/ip-services/associate-public-ip-address-vm", "https://learn.microsoft.com/azure/aks/static-ip", "ensurePublicIPExists in kubernetes-sigs/cloud-provider-azure"},
		Healthy:    "An address on a frontend of the cluster's own load balancer, its own or another Service's that shares it, is where it belongs, and so is one that the Service's status shows. An address that nothing has is free.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.PublicIPs, &bundle.Events, &bundle.ControllerLog}, Clean: []*bundle.Evidence{&bundle.Services, &bundle.LoadBalancers}},
	Texts: []rule.Text{rule.Codes("PublicIPAddressInUse")},
	Check: checkPIP09,
}

// inUse is Azure's text of PublicIPAddressInUse: the address, and what has it.
var inUse = regexp.MustCompile(`(?i)public IP address (/subscriptions/\S+) that is already allocated to resource (/subscriptions/\S+)`)

// taken is one public IP that something else has.
type taken struct {
	id, user string // ARM ids; user empty: not told
	pip      *snapshot.PublicIP
	askers   []*topology.Service
	pins     []pin
	errs     []*errtext.Error
}

func checkPIP09(p *rule.Pass) {
	byID := map[string]*taken{}
	var order []*taken
	get := func(id string) *taken {
		key := strings.ToLower(id)
		if byID[key] == nil {
			byID[key] = &taken{id: id, pip: p.Graph.PublicIP(&az.Ref{ID: id})}
			order = append(order, byID[key])
		}
		return byID[key]
	}
	for _, s := range p.Graph.Services {
		for _, x := range pins(p, s) {
			if x.pip == nil || serves(s, x.pip) || x.pip.IPAddress != "" && slices.Contains(s.Addresses(), x.pip.IPAddress) {
				continue
			}
			if user := stranger(p, x.pip); user != "" {
				t := get(x.pip.ID)
				t.user, t.askers, t.pins = user, append(t.askers, s), append(t.pins, x)
			}
		}
	}
	for _, e := range p.Current(func(e *errtext.Error) bool { return p.Knows(e) && !inOurs(p, e) }) {
		if p.Gone(e) {
			continue
		}
		id, user := "", ""
		if m := inUse.FindStringSubmatch(e.Message); m != nil {
			id, user = m[1], strings.TrimRight(m[2], ".")
		}
		t := get(id)
		t.user, t.errs = cmp.Or(t.user, user), append(t.errs, e)
	}
	for _, t := range order {
		p.Find(t.finding(p))
	}
}

// stranger is the id of what has the public IP, empty where that is nothing, one of
// this cluster's load balancers, or a load balancer that is not in the bundle.
func stranger(p *rule.Pass, pip *snapshot.PublicIP) string {
	switch {
	case pip.NATGateway != nil && pip.NATGateway.ID != "":
		return pip.NATGateway.ID
	case pip.IPConfiguration == nil || pip.IPConfiguration.ID == "":
		return ""
	}
	id, ok := az.ParseID(pip.IPConfiguration.ID)
	if !ok {
		return ""
	}
	if id.Name("loadBalancers") != "" {
		if h := holder(p, pip); h == nil || ours(p, h.lb) {
			return ""
		}
	}
	return pip.IPConfiguration.ID
}

// inOurs reports whether Azure says that a frontend of the cluster's own load
// balancer has the address: two frontends, which is another fault.
func inOurs(p *rule.Pass, e *errtext.Error) bool {
	m := inUse.FindStringSubmatch(e.Message)
	return m != nil && slices.ContainsFunc(p.Snapshot.Loads, func(lb snapshot.LoadBalancer) bool {
		return ours(p, &lb) && lb.ID != "" && strings.HasPrefix(strings.ToLower(m[2]), strings.ToLower(lb.ID)+"/")
	})
}

func (t *taken) finding(p *rule.Pass) rule.Finding {
	told := rule.Tell(t.errs)
	f := rule.Finding{Subject: report.Object{Kind: "PublicIP", Name: cmp.Or(az.LastName(t.id), "of the message")}, Services: told.Services, Cites: told.Cites}
	name := f.Subject.Name
	for i, s := range t.askers {
		f.Services = append(f.Services, s.Key())
		f.Cites = append(f.Cites, s.Doc.Cite(t.pins[i].pointer))
	}
	slices.Sort(f.Services)
	f.Services = slices.Compact(f.Services)
	if t.pip != nil {
		at := "/ipConfiguration/id"
		if t.pip.NATGateway != nil {
			at = "/natGateway/id"
		}
		f.Cites = append(f.Cites, t.pip.Doc.Cite(t.pip.At+at))
		if t.pip.IPAddress != "" {
			name += " (" + t.pip.IPAddress + ")"
		}
	}
	f.Message = fmt.Sprintf("Public IP %s is attached to %s, and %s asks for it. The provider writes a frontend with it all the same, and Azure refuses the load balancer.", name, thing(t.user), named(f.Services))
	if len(t.errs) > 0 {
		f.Message += fmt.Sprintf(" It answered PublicIPAddressInUse %s.", told.Span())
	}
	switch {
	case len(t.askers) > 0:
	case t.pip != nil && t.pip.IPConfiguration == nil && t.pip.NATGateway == nil && p.Complete(&bundle.PublicIPs, az.GroupOf(t.id)):
		f.Severity, f.Confidence, f.Why = report.Warning, report.Possible, "the address is attached to nothing now, so the next try should go well"
		f.Errors = t.errs
	default:
		f.Errors = t.errs
	}
	f.Fix = t.fix(f.Services, p)
	return f
}

// thing says in words what has the address.
func thing(user string) string {
	id, ok := az.ParseID(user)
	if !ok || len(id.Types) == 0 {
		return "something else"
	}
	words := map[string]string{"networkinterfaces": "network interface", "loadbalancers": "load balancer", "natgateways": "NAT gateway", "virtualmachinescalesets": "an instance of scale set",
		"virtualnetworkgateways": "virtual network gateway", "bastionhosts": "bastion", "applicationgateways": "application gateway", "azurefirewalls": "firewall"}
	what := words[strings.ToLower(id.Types[0])]
	return fmt.Sprintf("%s %s in resource group %s", cmp.Or(what, id.Types[0]), id.Names[0], id.Group)
}

func (t *taken) fix(services []string, p *rule.Pass) []report.Step {
	group := az.GroupOf(t.id)
	steps := []report.Step{{Say: "See what has the address.",
		Run: fmt.Sprintf("az network public-ip show -g %s -n %s --query \"{attached:ipConfiguration.id, nat:natGateway.id}\"", rule.Word(group, "GROUP"), rule.Word(az.LastName(t.id), "PUBLIC_IP"))}}
	if id, ok := az.ParseID(t.user); ok && id.Is("Microsoft.Network", "networkInterfaces", "ipConfigurations") {
		steps = append(steps, report.Step{Say: "If the machine does not need it, take it off its interface; the next try of the controller succeeds then.", Changes: true,
			Run: fmt.Sprintf("az network nic ip-config update -g %s --nic-name %s -n %s --remove PublicIpAddress", rule.Word(id.Group, "GROUP"), rule.Word(id.Names[0], "NIC"), rule.Word(id.Names[1], "IP_CONFIG"))})
	} else {
		steps = append(steps, report.Step{Say: "If it is not needed there, take it off; the next try of the controller succeeds then."})
	}
	steps = append(steps, another(group, pin{what: "", pip: t.pip}))
	for i, s := range t.askers {
		steps = append(steps, repin(s, t.pins[i], "Let "+s.Key()+" ask for that one."))
	}
	for _, key := range services {
		if s := p.Graph.Service(key); s != nil && !slices.Contains(t.askers, s) {
			steps = append(steps, report.Step{Say: "Let " + key + " ask for that one, by spec.loadBalancerIP or by annotation."})
		}
	}
	return steps
}
