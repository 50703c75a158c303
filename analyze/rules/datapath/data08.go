package datapath

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	"azlb/analyze/walk"
	"azlb/report"
)

// DATA08 is a rule or a frontend with other values than the Service asks for.
var DATA08 = &rule.Rule{
	ID:       "AZLB-DATA08",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "a load balancing rule or a frontend is not as the Service asks for it",
		Symptom: "The Service has its address and no event warns. Either nobody gets through although everything is there, or the Service behaves otherwise than it says: connections are cut early, clients change their pod, the nodes lose their way out.",
		Cause: "The provider writes the values of a rule out of the Service and its annotations, and compares them only when it syncs the Service. What somebody changes in the portal, with Terraform or with az stays until then. " +
			"With floating IP, which is the default, a packet keeps address and port on its way to the node, and kube-proxy waits for exactly those: another backend port, or floating IP off, and nobody takes the packet. Up to 1.10.3 the provider compared only the names of rules, so that later edits of the Service did not reach Azure either.",
		Fix: []report.Step{
			{Say: "Find out who changed the load balancer; Terraform or a template will do it again.", Run: "az monitor activity-log list --resource-id LOAD_BALANCER_ID --offset 30d -o table"},
			{Say: "Make the provider sync the Service; it then writes the values anew.", Run: "kubectl annotate service -n NAMESPACE SERVICE azlb-resync=\"$(date +%s)\" --overwrite", Changes: true},
			{Say: "If the change was meant, ask for it in the Service: there are annotations for the idle timeout, TCP reset, floating IP, the subnet and the address.", Run: "kubectl edit service -n NAMESPACE SERVICE", Changes: true},
		},
		References: []string{"equalLoadBalancingRulePropertiesFormat and isFrontendIPChanged in kubernetes-sigs/cloud-provider-azure", "https://cloud-provider-azure.sigs.k8s.io/topics/loadbalancer/",
			"https://learn.microsoft.com/azure/load-balancer/load-balancer-floating-ip", "MicrosoftDocs/azure-docs#101494", "hashicorp/terraform-provider-azurerm#13886"},
		Affects: "all versions; up to 1.10.3 no sync repairs a rule",
		Healthy: "A backend port that equals the Service's port and not its node port, with floating IP on, is the normal state; so are values that an annotation asks for, and values that other releases write. Only what every release that may be the provider would have written otherwise counts.",
	},
	Needs:       compared,
	FollowsFrom: []string{"AZLB-DATA09", "AZLB-SYNC05", "AZLB-ILB01", "AZLB-ILB02", "AZLB-ILB05", "AZLB-ILB06", "AZLB-ILB07"},
	Check:       checkDATA08,
}

// effect is what another value of a field does.
type effect struct {
	say   string // the field in words
	stops bool   // nothing arrives any more
	trait bool   // noticed by few: told as an information
	flag  string // of az network lb rule or frontend-ip update
}

var effects = map[string]effect{
	desired.HopRule + "/protocol":                    {say: "protocol", stops: true, flag: "--protocol"},
	desired.HopRule + "/frontendPort":                {say: "frontend port", stops: true, flag: "--frontend-port"},
	desired.HopRule + "/backendPort":                 {say: "backend port", stops: true, flag: "--backend-port"},
	desired.HopRule + "/enableFloatingIP":            {say: "floating IP", stops: true, flag: "--floating-ip"},
	desired.HopRule + "/frontendIPConfiguration":     {say: "frontend", stops: true, flag: "--frontend-ip"},
	desired.HopRule + "/backendAddressPool":          {say: "backend pool", stops: true, flag: "--backend-pool-name"},
	desired.HopRule + "/probe":                       {say: "health probe", flag: "--probe-name"},
	desired.HopRule + "/idleTimeoutInMinutes":        {say: "idle timeout in minutes", flag: "--idle-timeout"},
	desired.HopRule + "/loadDistribution":            {say: "session affinity", flag: "--load-distribution"},
	desired.HopRule + "/disableOutboundSnat":         {say: "disabled outbound SNAT", flag: "--disable-outbound-snat"},
	desired.HopRule + "/enableTcpReset":              {say: "TCP reset", trait: true, flag: "--enable-tcp-reset"},
	desired.HopFrontend + "/publicIPAddress":         {say: "public IP", flag: "--public-ip-address"},
	desired.HopFrontend + "/subnet":                  {say: "subnet", flag: "--subnet"},
	desired.HopFrontend + "/privateIPAddress":        {say: "private address", flag: "--private-ip-address"},
	desired.HopFrontend + "/privateIPAddressVersion": {say: "IP version", stops: true},
}

func checkDATA08(p *rule.Pass) {
	p.NotCompared()
	for _, same := range differences(p, func(c desired.Check) bool {
		return c.Kind == desired.Different && (c.Hop == desired.HopRule || c.Hop == desired.HopFrontend) && !withProbe(p, c) && !ownPool(c)
	}) {
		p.Find(altered(p, same.All))
	}
}

// withProbe reports a reference that went with the probe itself: that is told of the probe.
func withProbe(p *rule.Pass, c desired.Check) bool {
	return c.Field == "probe" && differs(p, c.Services[0], func(x desired.Check) bool {
		return x.Hop == desired.HopProbe && x.Kind == desired.Missing && strings.HasSuffix(strings.ToLower(x.Object), "/"+strings.ToLower(c.Want))
	})
}

// ownPool reports the pool of a single Service, which the provider makes for policy
// Local where it chooses among several load balancers.
func ownPool(c desired.Check) bool {
	own := strings.ReplaceAll(c.Services[0], "/", "-")
	return c.Field == "backendAddressPool" && (strings.EqualFold(c.Got, own) || strings.EqualFold(c.Got, own+"-ipv6"))
}

// altered is what differs in the rules and frontends of the same Services.
func altered(p *rule.Pass, checks []desired.Check) rule.Finding {
	services := checks[0].Services
	worst := slices.MinFunc(checks, func(a, b desired.Check) int { return rank(p, a) - rank(p, b) })
	lb := p.Balancer(worst.Object)
	f := rule.Finding{Subject: report.Object{Kind: "LoadBalancer", Name: worst.Object}, Services: services,
		Severity: []report.Severity{report.Error, report.Warning, report.Info}[rank(p, worst)]}
	if slices.ContainsFunc(checks, givesAddress) { // the address that follows from it
		for _, c := range p.Compared.Of(services[0]) {
			if isAddress(c) {
				checks = append(checks, c)
			}
		}
	}
	f.Cites = rule.Proofs(checks)
	var said []string
	heals, why := true, ""
	for _, c := range checks {
		said = append(said, different(c))
		if !c.Heals {
			heals, why = false, c.Why
		}
	}
	who := rule.List(services)
	switch f.Severity {
	case report.Error:
		f.Message = fmt.Sprintf("Packets to %s get lost: %s.", who, rule.List(said))
	default:
		f.Message = fmt.Sprintf("The load balancer treats %s otherwise than it asks for: %s.", who, rule.List(said))
	}
	if _, path := wantedPort(p, services[0], worst.Object); worst.Hop == desired.HopRule && path != nil {
		if name := filtered(p, services[0], path); name != "" {
			f.Message += fmt.Sprintf(" Security rule %s lets clients in at the address and port that a packet carries as the Service asks for it; as it is, Azure checks others, and nothing lets them in.", name)
		}
	}
	var repair []report.Step
	if heals {
		f.Message += " The provider looks again only when the Service or the nodes change, and then writes its own values."
	} else {
		f.Message += fmt.Sprintf(" No sync puts it right: %s.", why)
		repair = updates(p, checks)
	}
	state, cites := unfinished(lb)
	f.Message, f.Cites = f.Message+state, append(f.Cites, cites...)
	if heals {
		f.Fix = p.Late(&f, lb.ID)
	}
	f.Fix = append(f.Fix, p.LastWritten(&f, rule.Writers(lb.ID, "LOAD_BALANCER_ID"), lb.ID)...)
	f.Fix = append(f.Fix, repair...)
	if slices.ContainsFunc(checks, func(c desired.Check) bool { return c.Heals }) {
		f.Fix = append(f.Fix, p.ResyncAll(services, "Make the provider sync the Service; if a change in Azure was meant, ask for it in the Service first.")...)
	}
	if f.Severity == report.Error {
		p.Running(&f, lb) // no sync that fails leaves behind what the provider never writes
	} else {
		p.Doubt(&f, lb)
	}
	return f
}

// rank is 0 for what stops the traffic, 1 for what changes it, 2 for the rest.
func rank(p *rule.Pass, c desired.Check) int {
	e := effects[c.Hop+"/"+c.Field]
	lost := givesAddress(c) && (c.Got == "none" || moved(p, c.Services[0]))
	switch {
	case lost, e.stops && !worksAlike(p, c):
		return 0
	case e.trait:
		return 2
	}
	return 1
}

// moved reports whether no frontend of the Service has an address that it shows.
func moved(p *rule.Pass, key string) bool {
	s := p.Graph.Service(key)
	return slices.ContainsFunc(s.Paths, func(x *topology.Path) bool {
		f := x.Frontend.To
		if f == nil || x.Address == "" || f.Address == x.Address {
			return false
		}
		return f.Address != "" || p.Graph.PublicIPByAddress(x.Address) != nil // it is known not to be on this frontend
	})
}

// worksAlike reports whether a rule carries the port all the same: it stands for its
// frontend, protocol and port, or for all, floating IP and backend port fit each other
// in one of the two ways that the provider knows, and there are nodes behind it. So
// does what the Service asked for before its last change.
func worksAlike(p *rule.Pass, c desired.Check) bool {
	if c.Hop != desired.HopRule {
		return false
	}
	_, path := wantedPort(p, c.Services[0], c.Object)
	if path == nil || path.Rule.To == nil {
		return false
	}
	r := path.Rule.To
	switch {
	case filtered(p, c.Services[0], path) != "":
		return false
	case c.Field == "backendAddressPool":
		return slices.ContainsFunc(path.Members, func(m *topology.Member) bool { return m.Node != nil })
	case r.EnableFloatingIP:
		return r.BackendPort == r.FrontendPort
	}
	return r.BackendPort != 0 && r.BackendPort == int(path.Port.NodePort)
}

// filtered is the security rule that would let clients in if floating IP were as the
// Service asks for it, where a group drops them only for the destination that they carry
// instead; empty: that is not what happens.
func filtered(p *rule.Pass, key string, path *topology.Path) string {
	for _, w := range p.Walks.Of(key) {
		c := w.Decided(walk.ForClient)
		if w.Path != path || c == nil {
			continue
		}
		if d, _, ok := w.AsAsked(c); ok {
			return d.Deciding.Rule.Name
		}
	}
	return ""
}

// different says one difference with the reason for the value that is wanted.
func different(c desired.Check) string {
	e, known := effects[c.Hop+"/"+c.Field]
	what := "the " + cmp.Or(e.say, c.Field)
	switch {
	case c.Hop == desired.HopStatus:
		return fmt.Sprintf("the Service shows %s instead of %s", c.Got, c.Want)
	case c.Hop == desired.HopPublicIP:
		return fmt.Sprintf("public IP %s has the address %s instead of %s", c.Object, c.Got, c.Want)
	case !known:
		what = c.Field
	}
	_, name, _ := strings.Cut(c.Object, "/")
	return fmt.Sprintf("%s of %s %s is %s instead of %s (%s)", what, c.Hop, name, onOff(c.Got), onOff(c.Want), c.Because)
}

func onOff(v string) string {
	switch v {
	case "true":
		return "on"
	case "false":
		return "off"
	}
	return v
}

// updates restore values of rules and frontends by hand, one command for each object.
func updates(p *rule.Pass, checks []desired.Check) []report.Step {
	var order []string
	flags := map[string]string{}
	for _, c := range checks {
		e := effects[c.Hop+"/"+c.Field]
		if c.Heals || e.flag == "" {
			continue
		}
		key := c.Hop + " " + c.Object
		if flags[key] == "" {
			order = append(order, key)
		}
		if c.Want == "none" {
			flags[key] += " --remove " + c.Field
		} else {
			flags[key] += " " + e.flag + " " + rule.Word(c.Want, "VALUE")
		}
	}
	commands := map[string]string{desired.HopRule: "rule", desired.HopFrontend: "frontend-ip"}
	var out []report.Step
	for _, key := range order {
		hop, object, _ := strings.Cut(key, " ")
		_, name, _ := strings.Cut(object, "/")
		out = append(out, report.Step{Say: fmt.Sprintf("Write the values of the %s as the Service asks for them.", hop), Changes: true,
			Run: fmt.Sprintf("az network lb %s update %s -n %s%s", commands[hop], place(p.Balancer(object)), rule.Word(name, "NAME"), flags[key])})
	}
	return out
}
