package deletion

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
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// DEL02 is a public IP that Azure does not delete, because something uses it.
var DEL02 = &rule.Rule{
	ID:       "AZLB-DEL02",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "a public IP of the Service cannot be deleted while something uses it",
		Symptom: "A Service stays in Terminating, or one that became internal or got another address stays pending; events or the controller's log show 400 PublicIPAddressCannotBeDeleted.",
		Cause: "Azure deletes no public IP that a frontend, a network interface or a NAT gateway still refers to. The provider takes the address off its own load balancer first, so what is left is something that it did not make or did not find: a rule or a frontend made by hand, a second cluster, an interface. " +
			"Up to 1.19 the whole deletion stops there. Since 1.20 the provider only notes it and goes on, and the address stays.",
		Fix: []report.Step{
			{Say: "See what uses the address.", Run: "az network public-ip show -g GROUP -n PUBLIC_IP --query \"{by:ipConfiguration.id, natGateway:natGateway.id, tags:tags}\""},
			{Say: "If it is a frontend that nobody needs, delete its rules and then the frontend.", Run: "az network lb rule delete -g GROUP --lb-name kubernetes -n RULE && az network lb frontend-ip delete -g GROUP --lb-name kubernetes -n FRONTEND", Changes: true},
			{Say: "If it is a network interface, take the address off it.", Run: "az network nic ip-config update -g GROUP --nic-name NIC -n IPCONFIG --remove publicIpAddress", Changes: true},
		},
		References: []string{"kubernetes/kubernetes#85565", "kubernetes-sigs/cloud-provider-azure#699", "DeletePublicIP in kubernetes-sigs/cloud-provider-azure"},
		Affects:    "the deletion stops: before 1.20; the address stays: all versions",
		Healthy:    "A refusal that a later success of the same Service follows is history: the address was let go of, or the provider went on. An address that two clusters mix up is told by AZLB-PIP08.",
	},
	Needs:       rule.Needs{Any: text},
	Texts:       []rule.Text{rule.Codes("PublicIPAddressCannotBeDeleted")},
	FollowsFrom: []string{"AZLB-PIP08"},
	Check:       checkDEL02,
}

// allocated is ARM's text: the address and what refers to it.
var allocated = regexp.MustCompile(`(?i)public ip address (\S+) can ?not be deleted since it is still allocated to resource (\S+?)[.,]?(?:\s|$)`)

func checkDEL02(p *rule.Pass) {
	errs := slices.DeleteFunc(p.Current(p.Knows), p.Gone)
	for _, b := range rule.Bunches(errs, func(e *errtext.Error) (string, bool) {
		if m := allocated.FindStringSubmatch(e.Message); m != nil {
			return m[1], true
		}
		return e.Target, true
	}) {
		p.Find(referred(p, b.Name, b.All))
	}
}

// referred is an address, by its id, and what refers to it.
func referred(p *rule.Pass, id string, errs []*errtext.Error) rule.Finding {
	told := rule.Tell(errs)
	name := cmp.Or(az.LastName(id), "of the message")
	pip := p.Graph.PublicIP(&az.Ref{ID: id})
	f := rule.Finding{Subject: report.Object{Kind: "PublicIP", Name: name}, Errors: errs, Cites: told.Cites}
	user := ""
	if m := allocated.FindStringSubmatch(errs[len(errs)-1].Message); m != nil {
		user = m[2]
	}
	shown := name
	if pip != nil {
		shown += " (" + cmp.Or(pip.IPAddress, "no address") + ")"
		if pip.IPConfiguration != nil {
			user = cmp.Or(user, pip.IPConfiguration.ID)
			f.Cites = append(f.Cites, pip.Doc.Cite(pip.At+"/ipConfiguration/id"))
		}
	}
	at := "-g " + rule.Word(az.GroupOf(id), "GROUP") + " -n " + rule.Word(az.LastName(id), "PUBLIC_IP")
	say, fix := release(p, user, at)
	f.Message = fmt.Sprintf("Azure does not delete public IP %s, %s: %s refers to it.", shown, told.Span(), say)
	waiting, _ := p.Named(errs)
	f.Services, f.Severity = harmed(p, errs)
	switch {
	case passedOver(errs):
		f.Severity, f.Services = report.Warning, told.Services
		f.Message += " The provider leaves it there and goes on; the address stays and costs money."
	case f.Severity == report.Error:
		f.Message += fmt.Sprintf(" %s cannot get on until that is released.", rule.List(waiting))
	case len(waiting) > 0:
		f.Message += fmt.Sprintf(" %s is gone; the address stays and costs money.", rule.List(waiting))
	}
	f.Fix = append([]report.Step{{Say: "See what uses the address, and whose it is by its tags.", Run: "az network public-ip show " + at + " --query \"{by:ipConfiguration.id, natGateway:natGateway.id, tags:tags}\""}}, fix...)
	return f
}

// passedOver reports whether no try stopped at the refusal: the provider sent its own
// event about it, and no sync failed with it.
func passedOver(errs []*errtext.Error) bool {
	return !slices.ContainsFunc(errs, func(e *errtext.Error) bool {
		return e.Reason != "DeletePublicIPAddress" && !strings.Contains(e.Raw, "deletion of the service will continue")
	})
}

// release names what refers to an address, by its id, and takes the address off it, as
// far as nobody needs it there; at are the flags that name the address.
func release(p *rule.Pass, user, at string) (say string, fix []report.Step) {
	id, ok := az.ParseID(user)
	if !ok || len(id.Types) == 0 {
		return "something that the message does not name", nil
	}
	group := " -g " + rule.Word(id.Group, "GROUP")
	switch {
	case id.Name("loadBalancers") != "":
		say = fmt.Sprintf("frontend %s of load balancer %s in resource group %s", az.LastName(user), id.Name("loadBalancers"), id.Group)
		l, living := frontendOf(p, user)
		switch {
		case len(living) > 0:
			return say + ", which serves " + rule.List(living) + ",", []report.Step{{Say: fmt.Sprintf("Leave the frontend alone: %s needs it. Take the provider's tags off the address, and it no longer tries to delete it.", rule.List(living)),
				Run: "az network public-ip update " + at + " --remove tags." + azname.ServiceTag, Changes: true}}
		case l != nil:
			return say, rule.Remove(*l)
		}
		return say, []report.Step{
			{Say: "See which rules stand on the frontend and who made them.", Run: "az network lb frontend-ip show" + group + " --lb-name " + rule.Word(id.Name("loadBalancers"), "LOAD_BALANCER") + " -n " + rule.Word(az.LastName(user), "FRONTEND")},
			{Say: "If nobody needs it, delete its rules and then the frontend.", Changes: true, Run: "az network lb frontend-ip delete" + group + " --lb-name " + rule.Word(id.Name("loadBalancers"), "LOAD_BALANCER") + " -n " + rule.Word(az.LastName(user), "FRONTEND")},
		}
	case id.Name("networkInterfaces") != "" && id.Name("virtualMachineScaleSets") == "":
		say = fmt.Sprintf("network interface %s in resource group %s", id.Name("networkInterfaces"), id.Group)
		return say, []report.Step{{Say: "Take the address off the interface, if its machine can do without.", Changes: true,
			Run: "az network nic ip-config update" + group + " --nic-name " + rule.Word(id.Name("networkInterfaces"), "NIC") + " -n " + rule.Word(id.Name("ipConfigurations"), "IPCONFIG") + " --remove publicIpAddress"}}
	}
	return fmt.Sprintf("%s %s in resource group %s", id.Types[0], strings.Join(id.Names, "/"), id.Group), []report.Step{{Say: "See it, and take the address off it.", Run: "az resource show --ids " + rule.Word(user, "ID")}}
}

// frontendOf is a frontend of the bundle by its id, with what stands on it, and the
// Services that are meant to stay on it. Nil: it is not in the bundle, or not whole.
func frontendOf(p *rule.Pass, id string) (l *topology.Leftover, living []string) {
	for _, s := range p.Graph.Services {
		if !s.Deleting() && slices.ContainsFunc(s.Frontends, func(f topology.Frontend) bool { return az.SameID(f.ID, id) }) {
			living = append(living, s.Key())
		}
	}
	for i := range p.Snapshot.Loads {
		lb := &p.Snapshot.Loads[i]
		for j := range lb.Frontends {
			if az.SameID(lb.Frontends[j].ID, id) && p.Complete(&bundle.Services, "") {
				return standing(p, lb, &lb.Frontends[j]), living
			}
		}
	}
	return nil, living
}

// standing is a frontend with the rules on it and the probes that only these use.
func standing(p *rule.Pass, lb *snapshot.LoadBalancer, fe *az.Frontend) *topology.Leftover {
	l := &topology.Leftover{Frontend: &topology.Frontend{Frontend: fe, LB: lb, PublicIP: p.Graph.PublicIP(fe.PublicIP)}}
	l.PublicIP = l.Frontend.PublicIP
	on := func(r *az.LBRule) bool { return r.Frontend != nil && az.SameID(r.Frontend.ID, fe.ID) }
	for i := range lb.Rules {
		if on(&lb.Rules[i]) {
			l.Rules = append(l.Rules, &lb.Rules[i])
		}
	}
	for i := range lb.Probes {
		uses := func(r az.LBRule) bool { return r.Probe != nil && az.SameID(r.Probe.ID, lb.Probes[i].ID) }
		if slices.ContainsFunc(lb.Rules, func(r az.LBRule) bool { return uses(r) && on(&r) }) && !slices.ContainsFunc(lb.Rules, func(r az.LBRule) bool { return uses(r) && !on(&r) }) {
			l.Probes = append(l.Probes, &lb.Probes[i])
		}
	}
	return l
}
