package internallb

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

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

// ILB07 is a frontend that cannot go because something else refers to it.
var ILB07 = &rule.Rule{
	ID:       "AZLB-ILB07",
	Severity: report.Warning,
	Doc: report.Doc{
		Title:   "the provider cannot take away a frontend that something else uses",
		Symptom: "A Service was switched between internal and public, got another address or was deleted; its old frontend, and the old public IP with it, stay. The Service has an event DeletingFrontendIPConfiguration that says what refers to the frontend.",
		Cause: "Internal and public Services stand on two load balancers. Whoever switches a Service gets a frontend on the other one, and the provider removes the old one, with the rules on it. " +
			"Where an outbound rule, an inbound NAT rule or a load balancing rule of somebody else refers to the old frontend, Azure would refuse, so the provider leaves the frontend and goes on. The sync counts as a success.",
		Fix: []report.Step{
			{Say: "See what refers to the frontend.", Run: "az network lb frontend-ip show -g GROUP --lb-name LOAD_BALANCER -n FRONTEND"},
			{Say: "If nobody needs what refers to it, delete that, or let it refer to another frontend.", Run: "az network lb outbound-rule delete -g GROUP --lb-name LOAD_BALANCER -n RULE", Changes: true},
			{Say: "Then make the provider sync the Service; it removes the frontend.", Run: "kubectl annotate service -n NAMESPACE SERVICE azlb-resync=\"$(date +%s)\" --overwrite", Changes: true},
		},
		References: []string{"isFrontendIPConfigUnsafeToDelete in kubernetes-sigs/cloud-provider-azure (pkg/provider/azure_loadbalancer.go)", "kubernetes/kubernetes#85565", "kubernetes-sigs/cloud-provider-azure#2357"},
		Affects:    "1.20 and later",
		Healthy:    "Services that share an address: the frontend bears the name of the one that brought it and stays for the others when that one goes, with the same event. So does a frontend that the Service asks for again.",
	},
	Needs: rule.Needs{All: []*bundle.Evidence{&bundle.Services, &bundle.LoadBalancers}, Any: []*bundle.Evidence{&bundle.Events, &bundle.ControllerLog}},
	Texts: []rule.Text{{Pattern: undeletable, Raw: true}},
	Check: checkILB07,
}

// undeletable is the provider's text: the frontend, its load balancer, what refers to it.
var undeletable = regexp.MustCompile(`frontend IP configuration with ID (\S+) on LB (\S+) cannot be deleted because it is being referenced by (load balancing rules of other services|the outbound rule|the inbound NAT rule|the inbound NAT pool)`)

func checkILB07(p *rule.Pass) {
	errs := p.Current(p.Knows)
	for _, b := range rule.Bunches(errs, func(e *errtext.Error) (string, bool) { return undeletable.FindStringSubmatch(e.Raw)[1], true }) {
		for i := range p.Snapshot.Loads {
			lb := &p.Snapshot.Loads[i]
			for j := range lb.Frontends {
				if f := &lb.Frontends[j]; az.SameID(f.ID, b.Name) {
					if users := usersOf(p, lb, f); len(users) > 0 && unwanted(p, b.All[0].Service, lb.Name+"/"+f.Name) {
						p.Find(stuck(p, lb, f, users, b.All))
					}
				}
			}
		}
	}
}

// user is what refers to a frontend.
type user struct{ kind, name, at, command string }

// usersOf lists what refers to the frontend. Rules of living Services are left out: they
// share the address, or are the Service's own.
func usersOf(p *rule.Pass, lb *snapshot.LoadBalancer, f *az.Frontend) []user {
	refers := func(r *az.Ref) bool { return r != nil && az.SameID(r.ID, f.ID) }
	var out []user
	for _, r := range lb.OutboundRules {
		if slices.ContainsFunc(r.Frontends, func(x az.Ref) bool { return refers(&x) }) {
			out = append(out, user{"outbound rule", r.Name, r.At, "outbound-rule"})
		}
	}
	for _, r := range lb.NATRules {
		if refers(r.Frontend) {
			out = append(out, user{"inbound NAT rule", r.Name, r.At, "inbound-nat-rule"})
		}
	}
	for _, r := range lb.NATPools {
		if refers(r.Frontend) {
			out = append(out, user{"inbound NAT pool", r.Name, r.At, "inbound-nat-pool"})
		}
	}
	for _, r := range lb.Rules {
		prefix, ok := azname.ParsePrefix(r.Name)
		living := ok && slices.ContainsFunc(p.Graph.Services, func(s *topology.Service) bool { return s.Prefix == prefix })
		if refers(r.Frontend) && !living {
			out = append(out, user{"load balancing rule", r.Name, r.At, "rule"})
		}
	}
	return out
}

// unwanted reports whether the Service of a frontend is gone, or asks for it no more.
func unwanted(p *rule.Pass, key, object string) bool {
	if !p.Exists(key) {
		return p.Complete(&bundle.Services, "")
	}
	s := p.Graph.Service(key)
	return s == nil || s.Deleting() || slices.ContainsFunc(p.Compared.Drift(), func(c desired.Check) bool {
		return c.Hop == desired.HopFrontend && c.Kind != desired.Missing && strings.EqualFold(c.Object, object)
	})
}

func stuck(p *rule.Pass, lb *snapshot.LoadBalancer, f *az.Frontend, users []user, errs []*errtext.Error) rule.Finding {
	told := rule.Tell(errs)
	key := errs[0].Service
	out := rule.Finding{Subject: report.Object{Kind: "LoadBalancer", Name: lb.Name + "/" + f.Name}, Cites: append(told.Cites, lb.Doc.Cite(f.At+"/name"))}
	where := "-g " + rule.Word(az.GroupOf(lb.ID), "GROUP") + " --lb-name " + rule.Word(lb.Name, "LOAD_BALANCER")
	out.Fix = []report.Step{{Say: "See what refers to the frontend.", Run: "az network lb frontend-ip show " + where + " -n " + rule.Word(f.Name, "FRONTEND")}}
	var names []string
	for _, u := range users {
		names = append(names, u.kind+" "+u.name)
		out.Cites = append(out.Cites, lb.Doc.Cite(u.at+"/name"))
		out.Fix = append(out.Fix, report.Step{Say: fmt.Sprintf("If nobody needs the %s, delete it; else let it refer to another frontend.", u.kind), Run: "az network lb " + u.command + " delete " + where + " -n " + rule.Word(u.name, "RULE"), Changes: true})
	}
	whose := "A Service that is gone"
	if s := p.Graph.Service(key); s != nil {
		whose = key
		out.Services = []string{key}
		out.Fix = append(out.Fix, rule.Resync(s, "Then make the provider sync the Service; it removes the frontend."))
	}
	out.Message = fmt.Sprintf("%s no longer needs frontend %s of load balancer %s, but the provider left it there (%s), because of %s. Its address stays taken", whose, f.Name, lb.Name, told.Span(), rule.List(names))
	if f.PublicIP != nil {
		out.Message += fmt.Sprintf(", and public IP %s with it", az.LastName(f.PublicIP.ID))
	}
	out.Message += "."
	return out
}
