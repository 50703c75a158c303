package publicip

import (
	"fmt"
	"regexp"
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

// PIP05 is a port of an address that is taken already.
var PIP05 = &rule.Rule{
	ID:       "AZLB-PIP05",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "two Services want the same port of one shared address",
		Symptom: "The second Service stays pending; events say `checkLoadBalancerResourcesConflicts: service port … is trying to consume the port … which is being referenced by an existing loadBalancing rule …`, or an inbound NAT rule or pool.",
		Cause: "Services share an address when they ask for the same one, but each combination of protocol and port on it can go to one place only. " +
			"Before it writes the load balancer the provider compares the Service's ports with the rules, NAT rules and NAT pools that stand on that frontend for somebody else, and fails the whole sync at the first that is taken. Whoever came first keeps it. TCP and UDP of one number do not disturb each other.",
		Fix: []report.Step{
			{Say: "See which rules stand on the frontend; a rule's name begins with a and the uid of its Service.", Run: "az network lb rule list -g GROUP --lb-name LOAD_BALANCER --query \"[].{rule:name, protocol:protocol, port:frontendPort, frontend:frontendIPConfiguration.id}\" -o table"},
			{Say: "Give one of the Services another port, ...", Run: "kubectl edit service -n NAMESPACE SERVICE", Changes: true},
			{Say: "... or another address: with no address named, it gets one of its own.", Run: "kubectl annotate service -n NAMESPACE SERVICE service.beta.kubernetes.io/azure-load-balancer-ipv4-", Changes: true},
		},
		References: []string{"https://cloud-provider-azure.sigs.k8s.io/topics/shared-ip/", "checkLoadBalancerResourcesConflicts in kubernetes-sigs/cloud-provider-azure", "Azure/AKS#1621"},
		Affects:    "1.20 and later, which can share addresses",
		Healthy:    "Services that share an address with different ports, or with the same number for TCP and for UDP. A rule of the Service itself is no conflict, nor is a port that an annotation keeps out of the load balancer.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.LoadBalancers, &bundle.Events, &bundle.ControllerLog}},
	Texts: []rule.Text{{Pattern: consumed}},
	Check: checkPIP05,
}

// consumed is the provider's text: the name of the Service's port, its number, the
// kind of what has it, and its name.
var consumed = regexp.MustCompile(`service port (\S*) ?is trying to consume the port (\d+) which is being (?:referenced by an existing (loadBalancing rule|inbound NAT rule) (\S+)|in the range \(\d+-\d+\) of an existing (inbound NAT pool) (\S+)) with the same protocol (\w+)`)

// clash is one Service with the ports that it cannot have.
type clash struct {
	service string // "ns/name"
	parts   []string
	owners  []string // other Services, "ns/name"
	both    bool     // neither has the port yet
	errs    []*errtext.Error
	cites   []report.Cite
}

func (c *clash) add(part, owner string) {
	if !slices.Contains(c.parts, part) {
		c.parts = append(c.parts, part)
	}
	if owner != "" && owner != c.service && !slices.Contains(c.owners, owner) {
		c.owners = append(c.owners, owner)
	}
}

func checkPIP05(p *rule.Pass) {
	var all []*clash
	get := func(key string) *clash {
		for _, c := range all {
			if c.service == key {
				return c
			}
		}
		all = append(all, &clash{service: key})
		return all[len(all)-1]
	}
	if p.Runs(cannotShare) != desired.Yes {
		for _, s := range p.Graph.Services {
			for _, x := range conflicts(p, s) {
				c := get(s.Key())
				c.add(fmt.Sprintf("%s port %d of %s, which %s %s has", x.protocol, x.port, x.address, x.kind, x.name), x.owner)
				c.cites = append(c.cites, s.Doc.Cite(fmt.Sprintf("/spec/ports/%d/port", x.index)), x.cite)
			}
		}
		rivals(p, get)
	}
	for _, e := range p.Current(func(e *errtext.Error) bool { return e.Service != "" && p.Knows(e) }) {
		if p.Gone(e) {
			continue
		}
		m := consumed.FindStringSubmatch(e.Message)
		c := get(e.Service)
		c.errs = append(c.errs, e)
		if len(c.parts) == 0 {
			c.add(fmt.Sprintf("%s port %s, which %s %s has", strings.ToUpper(m[7]), m[2], m[3]+m[5], m[4]+m[6]), ownerOf(p, m[4]))
		}
	}
	for _, c := range all {
		p.Find(c.finding(p))
	}
}

// ownerOf is the living Service whose prefix the name of a rule carries.
func ownerOf(p *rule.Pass, name string) string {
	for _, s := range p.Graph.Services {
		if s.Prefix != "" && owns(s, name) {
			return s.Key()
		}
	}
	return ""
}

func (c *clash) finding(p *rule.Pass) rule.Finding {
	ns, name, _ := strings.Cut(c.service, "/")
	told := rule.Tell(c.errs)
	f := rule.Finding{Subject: report.Object{Kind: "Service", Namespace: ns, Name: name}, Services: []string{c.service}, Cites: append(told.Cites, c.cites...)}
	if len(c.cites) == 0 {
		f.Errors = c.errs
	}
	f.Message = fmt.Sprintf("%s asks for %s", c.service, rule.List(c.parts))
	if len(c.owners) > 0 {
		f.Message += fmt.Sprintf(" (%s)", rule.List(c.owners))
	}
	f.Message += ". The provider fails its whole sync for that; the Service that has the port keeps it."
	if c.both && len(c.errs) == 0 {
		f.Severity = report.Warning
		f.Services = append(f.Services, c.owners...)
		f.Message = fmt.Sprintf("%s asks for %s. Neither has it yet; the provider gives it to whichever it syncs first and fails the sync of the other.", c.service, rule.List(c.parts))
	}
	if len(c.errs) > 0 {
		f.Message += fmt.Sprintf(" It failed %s.", told.Span())
	}
	s := p.Graph.Service(c.service)
	edit := func(key, say string) {
		n, m, _ := strings.Cut(key, "/")
		f.Fix = append(f.Fix, report.Step{Say: say, Run: fmt.Sprintf("kubectl edit service -n %s %s", rule.Word(n, "NAMESPACE"), rule.Word(m, "SERVICE")), Changes: true})
	}
	edit(c.service, "Give "+c.service+" a port that is free on this address, ...")
	for _, owner := range c.owners {
		edit(owner, "... or let "+owner+" give it up, ...")
	}
	if s != nil {
		for _, x := range pins(p, s) {
			f.Fix = append(f.Fix, repin(s, x, "... or let "+c.service+" ask for another address; without one named it gets one of its own."))
		}
	}
	return f
}

// sameProtocol compares what a Service and what a load balancer says.
func sameProtocol(port *topology.Path, azure string) bool {
	return strings.EqualFold(port.Protocol(), azure)
}

// refersTo reports whether a reference names the frontend.
func refersTo(ref *az.Ref, f *az.Frontend) bool { return ref != nil && az.SameID(ref.ID, f.ID) }
