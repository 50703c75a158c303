package nsg

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/analyze/walk"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// NSG09 is a security rule that the first releases of the 1.29 scheme lose.
var NSG09 = &rule.Rule{
	ID:       "AZLB-NSG09",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "this release of the provider removes or misses the Service's security rule",
		Symptom: "After an upgrade to 1.29 or 1.30, or after another Service was made or deleted, connections to a Service time out. There is no warning event; the rule in the security group is gone, or names another destination.",
		Cause: "In 1.29 the provider got new security rules, which several Services share by their ports and sources, and its first releases handle some of them wrongly: " +
			"up to 1.29.3 old rules stay after the upgrade, among them those that deny; up to 1.29.4 and in 1.30.0 the deletion of one Service takes the shared address out of the rule of another; up to 1.29.5 and 1.30.1 Services that share an address of the customer's get no rules; " +
			"up to 1.29.6 and 1.30.2 rules of the customer with an application security group as destination are deleted; up to 1.29.7 and 1.30.3 the rule of a Service without floating IP names the frontend instead of the nodes.",
		Fix: []report.Step{
			{Say: "Upgrade to 1.29.8, 1.30.4, 1.31 or later, which have none of these errors.", Changes: true},
			{Say: "Until then, let clients in by a rule of your own, with a priority below 500.", Run: "az network nsg rule create -g GROUP --nsg-name NSG -n allow-SERVICE --priority 300 --direction Inbound --access Allow --protocol Tcp --source-address-prefixes SOURCES --destination-address-prefixes '*' --destination-port-ranges PORT", Changes: true},
		},
		References: []string{"kubernetes-sigs/cloud-provider-azure#5918", "kubernetes-sigs/cloud-provider-azure#6092", "kubernetes-sigs/cloud-provider-azure#6217", "kubernetes-sigs/cloud-provider-azure#6342", "Azure/AKS#4254", "kubernetes-sigs/cloud-provider-azure#6464"},
		Affects:    "1.29.0 to 1.29.7 and 1.30.0 to 1.30.3, each error until its own release",
		Healthy:    "The rule speaks only where the group that the provider writes to drops the packets, in the way of the error and in a release that has it. That the rules of a customer are gone cannot be seen afterwards.",
	},
	Needs: rule.Needs{
		Any:   []*bundle.Evidence{&bundle.NSGs},
		All:   []*bundle.Evidence{&bundle.Services, &bundle.LoadBalancers, &bundle.VNets},
		Clean: way,
	},
	Check: checkNSG09,
}

var (
	oldRulesStay   = rule.Bug{From: "1.29", Fixed: "1.29.4/1.30"}
	sharerDeleted  = rule.Bug{From: "1.29", Fixed: "1.29.5/1.30.1/1.31"}
	sharedUnwanted = rule.Bug{From: "1.29", Fixed: "1.29.6/1.30.2/1.31"}
	noFloatingIP   = rule.Bug{From: "1.29", Fixed: "1.29.8/1.30.4/1.31"}
)

// loss is one of the errors with the Services that show it.
type loss struct {
	bug   rule.Bug
	what  string // what the provider does, after "which"
	part  *drop  // of what is dropped
	cites []report.Cite
}

func checkNSG09(p *rule.Pass) {
	whole, _ := clientDrops(p)
	for _, d := range whole {
		g := d.group()
		if g == nil || !writes(p, g) {
			continue
		}
		var losses []*loss
		for n, w := range d.walks {
			if l := symptom(p, d, g, w); l != nil {
				i := slices.IndexFunc(losses, func(x *loss) bool { return x.bug == l.bug })
				if i < 0 {
					i, l.part = len(losses), &drop{}
					losses = append(losses, l)
				}
				losses[i].part.add(w, d.checks[n])
			}
		}
		for _, l := range losses {
			l.part.free = d.free
			lost(p, g, l)
			d.free = l.part.free
		}
	}
}

// symptom is the error that drops the walk's packets in its way, nil: none does.
func symptom(p *rule.Pass, d *drop, g *snapshot.NSG, w *walk.Walk) *loss {
	deciding := d.check.Decision.Deciding.Rule
	if deciding.Priority < firstDefault {
		if prefix, ok := azname.ParsePrefix(deciding.Name); ok && prefix == w.Path.Service.Prefix && strings.HasSuffix(deciding.Name, "-"+azname.DenyAllSource) {
			return &loss{bug: oldRulesStay, what: fmt.Sprintf("leaves rules of the time before 1.29 in the group after an upgrade, such as %s, which denies", deciding.Name)}
		}
		return nil
	}
	fe := w.Path.Frontend.To
	if fe == nil {
		return nil
	}
	if r := w.Want.Rule; r != nil && !r.FloatingIP.V {
		if r := toFrontend(g, w); r != nil {
			return &loss{bug: noFloatingIP, what: fmt.Sprintf("takes the frontend's address for the destination of a Service without floating IP, as in rule %s; packets for it arrive with the nodes' addresses", r.Name), cites: []report.Cite{g.Doc.Cite(r.At + "/name")}}
		}
		return nil
	}
	if _, ok := azname.ParsePrefix(fe.Name); ok && !fe.Own && !living(p, fe.Name) && fe.PublicIP != nil {
		return &loss{bug: sharerDeleted, what: fmt.Sprintf("takes a shared address out of the rules when one of its Services is deleted; frontend %s is that of a Service that is gone", fe.Name), cites: []report.Cite{fe.LB.Doc.Cite(fe.At + "/name")}}
	}
	if other := sharer(p, w.Path.Service, fe); other != nil && fe.PublicIP != nil && len(azname.ServicesOfTag(fe.PublicIP.Tags)) == 0 {
		return &loss{bug: sharedUnwanted, what: fmt.Sprintf("makes no rules for Services that share an address without its tags, as %s does with %s", w.Path.Service.Key(), other.Key()), cites: []report.Cite{fe.PublicIP.Doc.Cite(fe.PublicIP.At + "/name")}}
	}
	return nil
}

// toFrontend is the provider's rule for the port with the frontend as destination.
func toFrontend(g *snapshot.NSG, w *walk.Walk) *az.SecurityRule {
	ports := []string{strconv.Itoa(int(w.Path.Port.Port)), strconv.Itoa(int(w.Path.Port.NodePort))}
	for i := range g.SecurityRules {
		r := &g.SecurityRules[i]
		if !strings.HasPrefix(strings.ToLower(r.Name), allowPrefix) || r.DestinationAddressPrefix != w.Path.Address && !slices.Contains(r.DestinationAddressPrefixes, w.Path.Address) {
			continue
		}
		if slices.ContainsFunc(ports, func(port string) bool { return slices.Contains(r.DestinationPortRanges, port) }) {
			return r
		}
	}
	return nil
}

// living reports whether a Service of the bundle has the prefix of the name.
func living(p *rule.Pass, name string) bool {
	if !p.Complete(&bundle.Services, "") {
		return true
	}
	prefix, _ := azname.ParsePrefix(name)
	return slices.ContainsFunc(p.Snapshot.Services, func(s snapshot.Service) bool { return azname.Prefix(string(s.UID)) == prefix })
}

// sharer is another Service with the same frontend.
func sharer(p *rule.Pass, s *topology.Service, fe *topology.Frontend) *topology.Service {
	for _, other := range p.Graph.Services {
		if other != s && slices.ContainsFunc(other.Frontends, func(f topology.Frontend) bool { return f.Frontend == fe.Frontend }) {
			return other
		}
	}
	return nil
}

func lost(p *rule.Pass, g *snapshot.NSG, l *loss) {
	confidence, why, ok := p.Blame(l.bug)
	if !ok {
		return
	}
	part := l.part
	f := rule.Finding{Subject: part.subject(), Services: part.services(), Cites: append(part.cites(), l.cites...), Confidence: confidence, Why: why}
	if confidence == report.Certain {
		f.Confidence, f.Why = report.Likely, "the release has the error and the packets are dropped in its way; that somebody changed the group by hand cannot be ruled out"
	} else {
		f.Severity = report.Warning
	}
	f.Message = fmt.Sprintf("%s drops %s. That is a known error of %s, which %s.", part.where(), part.sends(), p.Culprit(l.bug), l.what)
	f.Fix = []report.Step{{Say: "Upgrade the cluster so that the provider is " + l.bug.Repaired() + " (1.29.8, 1.30.4 and 1.31 have none of the errors of this kind).", Changes: true}}
	if deciding := part.check.Decision.Deciding.Rule; deciding.Priority < firstDefault {
		f.Fix = append(f.Fix, report.Step{Say: "Or delete the old rule.", Run: fmt.Sprintf("az network nsg rule delete %s -n %s", place(g), rule.Word(deciding.Name, "RULE")), Changes: true})
	} else {
		// these releases take the address itself out of any rule
		f.Fix = append(f.Fix, admit(p, part, true, "Until then, let", "by a rule of your own, whose destination is not the address itself, which these releases take out of any rule")...)
	}
	for _, key := range part.services() {
		f.Fix = append(f.Fix, rule.Resync(p.Graph.Service(key), "After the upgrade: "+strings.ToLower(anew[:1])+anew[1:]))
	}
	p.Find(f)
}
