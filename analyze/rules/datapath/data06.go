package datapath

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	"azlb/report"
)

// DATA06 is an address that leads nowhere: the Service shows it, and the load
// balancer has no rule for a port, or another address.
var DATA06 = &rule.Rule{
	ID:       "AZLB-DATA06",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the Service shows an address, but the load balancer has no rule for its port, or has another address",
		Symptom: "The Service has its EXTERNAL-IP, no event warns, pods and nodes are well, and nobody gets through: to one port, or to any.",
		Cause: "The provider writes the load balancer when the Service or the nodes change, and does not look at it between: a rule that somebody deletes in the portal, with Terraform or with az stays away until the next sync. " +
			"Rules also got lost when several syncs ran at once (--concurrent-service-syncs above 1 in old versions), and the address in the Service's status is an old one when the last sync could not write it. kube-proxy takes only packets to the addresses in the status.",
		Fix: []report.Step{
			{Say: "Find out who changed the load balancer; Terraform or a template will do it again.", Run: "az monitor activity-log list --resource-id LOAD_BALANCER_ID --offset 30d -o table"},
			{Say: "Make the provider sync the Service; it then writes what is missing.", Run: "kubectl annotate service -n NAMESPACE SERVICE azlb-resync=\"$(date +%s)\" --overwrite", Changes: true},
			{Say: "Where the load balancer's provisioning state is Failed, write it again as it is.", Run: "az network lb update -g GROUP -n kubernetes", Changes: true},
		},
		References: []string{"Azure/acs-engine#446", "reconcileLoadBalancer in kubernetes-sigs/cloud-provider-azure", "https://learn.microsoft.com/azure/aks/support-policies"},
		Healthy: "One rule for all ports (high availability ports), a port that the annotation port_N_no_lb_rule keeps out, the frontend of another Service with the same address, addresses that azure-additional-public-ips adds. " +
			"All of these are asked for, and what is asked for is what is compared. While a sync runs, or a failing one explains it, the rule is no error.",
	},
	Needs:       compared,
	FollowsFrom: []string{"AZLB-DATA09", "AZLB-SYNC05"},
	Check:       checkDATA06,
}

func checkDATA06(p *rule.Pass) {
	p.NotCompared()
	for _, same := range differences(p, func(c desired.Check) bool { return c.Hop == desired.HopRule && c.Kind == desired.Missing }) {
		p.Find(noRule(p, same.All))
	}
	for _, same := range differences(p, func(c desired.Check) bool { return isAddress(c) && !readdressed(p, c.Services) }) {
		p.Find(otherAddress(p, same.All))
	}
}

// isAddress reports a difference between the addresses that the Service shows or asks
// for and those that it has.
func isAddress(c desired.Check) bool {
	return c.Kind == desired.Different && (c.Hop == desired.HopStatus || c.Hop == desired.HopPublicIP && c.Field == "ipAddress")
}

// noRule is one Service's ports for which the load balancer has no rule.
func noRule(p *rule.Pass, checks []desired.Check) rule.Finding {
	key, lb := checks[0].Services[0], p.Balancer(checks[0].Object)
	f := rule.Finding{Subject: report.Object{Kind: "LoadBalancer", Name: checks[0].Object}, Services: checks[0].Services, Severity: report.Warning, Cites: rule.Proofs(checks)}
	var ports []string
	var fix []report.Step
	for _, c := range checks {
		port, path := wantedPort(p, key, c.Object)
		if path != nil && path.Rule.To != nil {
			port += fmt.Sprintf(" (rule %s, which is not the provider's, serves it instead)", path.Rule.To.Name)
			fix = append(fix, report.Step{Say: "Delete the rule that stands in for the provider's: Azure takes no second one for the same port.", Changes: true,
				Run: "az network lb rule delete " + place(lb) + " -n " + rule.Word(path.Rule.To.Name, "RULE")})
		} else {
			f.Severity = report.Error
		}
		ports = append(ports, port)
	}
	s := p.Graph.Service(key)
	f.Message = fmt.Sprintf("Load balancer %s has no rule of the provider for %s of %s, although the Service asks for it and shows its address %s.", lb.Name, rule.List(ports), key, rule.List(s.Addresses()))
	if f.Severity == report.Error {
		f.Message += " What is sent there is dropped. The provider looks again only when the Service or the nodes change, and then makes the rule anew."
	} else {
		f.Message += " The next sync makes the provider's own rule for the same port, which Azure refuses."
	}
	state, cites := unfinished(lb)
	f.Message, f.Cites = f.Message+state, append(f.Cites, cites...)
	f.Fix = append(p.Late(&f, lb.ID), p.LastWritten(&f, rule.Writers(lb.ID, "LOAD_BALANCER_ID"), lb.ID)...)
	f.Fix = append(f.Fix, fix...)
	f.Fix = append(f.Fix, rule.Resync(s, "Make the provider sync the Service; it then writes the rule."))
	if state != "" {
		f.Fix = append(f.Fix, report.Step{Say: "If that fails, write the load balancer again as it is.", Run: fmt.Sprintf("az network lb update -g %s -n %s", rule.Word(p.Wants.Settings.Group.V, "GROUP"), rule.Word(lb.Name, "LOAD_BALANCER")), Changes: true})
	}
	p.Doubt(&f, lb)
	return f
}

// wantedPort says which port a rule of the provider is for, with the way to it.
func wantedPort(p *rule.Pass, key, object string) (string, *topology.Path) {
	_, name, _ := strings.Cut(object, "/")
	want := p.Wants.Of(key)
	for i := range want.Lanes {
		lane := &want.Lanes[i]
		for _, r := range lane.Rules {
			if r.Name != name {
				continue
			}
			say := fmt.Sprintf("port %d (%s)", r.FrontendPort.V, r.Protocol.V)
			if r.FrontendPort.V == 0 {
				say = "all its ports"
			}
			if len(want.Lanes) > 1 {
				say += " of " + string(lane.Family)
			}
			for _, path := range p.Graph.Service(key).Paths {
				if path.Family == lane.Family && path.Index == r.Index {
					return say, path
				}
			}
			return say, nil
		}
	}
	return "rule " + name, nil
}

// readdressed reports whether the frontend of one of the Services differs in what
// gives it its address: DATA08 tells that, with the address that follows from it.
func readdressed(p *rule.Pass, services []string) bool {
	return slices.ContainsFunc(services, func(key string) bool { return differs(p, key, givesAddress) })
}

func givesAddress(c desired.Check) bool {
	return c.Hop == desired.HopFrontend && c.Kind == desired.Different && slices.Contains([]string{"publicIPAddress", "subnet", "privateIPAddress"}, c.Field)
}

// publicIPs are the ids of those that the frontends of a Service have.
func publicIPs(s *topology.Service) []string {
	var ids []string
	for _, x := range s.Frontends {
		if x.PublicIP != nil {
			ids = append(ids, x.PublicIP.ID)
		}
	}
	return ids
}

// otherAddress is a Service that shows other addresses than its frontends have.
func otherAddress(p *rule.Pass, checks []desired.Check) rule.Finding {
	key, c := checks[0].Services[0], checks[0]
	s := p.Graph.Service(key)
	f := rule.Finding{Subject: object(s), Services: c.Services, Severity: report.Error, Cites: rule.Proofs(checks)}
	if c.Hop == desired.HopStatus {
		f.Message = fmt.Sprintf("%s shows the address %s, but its frontends have %s: what is sent to the address that it shows does not arrive.", key, c.Got, c.Want)
		if want := p.Wants.Of(key).Lanes[0]; len(want.Rules) > 0 && want.Rules[0].FloatingIP.V {
			f.Message += " At the other one kube-proxy drops it, as it takes only packets to the addresses in the status."
		}
	} else {
		f.Message = fmt.Sprintf("%s has the address %s (%s), but its public IP %s has %s.", key, c.Want, c.Because, c.Object, c.Got)
	}
	f.Message += " The next sync of the Service writes the status again."
	lb := own(s)
	if lb != nil {
		f.Fix = p.LastWritten(&f, rule.Writers(lb.ID, "LOAD_BALANCER_ID"), append(publicIPs(s), lb.ID)...)
	}
	f.Fix = append(f.Fix, rule.Resync(s, "Make the provider sync the Service; clients and DNS records must then use the address that it shows."))
	p.Doubt(&f, lb)
	return f
}
