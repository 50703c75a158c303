package nsg

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/nsg"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/walk"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// ownGroup is the group that the provider writes to, or nil.
func ownGroup(p *rule.Pass) *snapshot.NSG {
	for i := range p.Snapshot.NSGs {
		if c := p.Snapshot.Config; c != nil && c.SecurityGroupName != "" && strings.EqualFold(p.Snapshot.NSGs[i].Name, c.SecurityGroupName) {
			return &p.Snapshot.NSGs[i]
		}
	}
	return nil
}

func ownName(p *rule.Pass) string {
	if g := ownGroup(p); g != nil {
		return g.ID
	}
	return ""
}

// writes reports whether the provider writes its rules to the group: azure.json says
// so, or, where that is not in the bundle, one of its rules stands there.
func writes(p *rule.Pass, g *snapshot.NSG) bool {
	if c := p.Snapshot.Config; c != nil && c.SecurityGroupName != "" {
		return ownGroup(p) == g
	}
	return slices.ContainsFunc(g.SecurityRules, func(r az.SecurityRule) bool { return azname.IsManagedSecurityRule(r.Name) })
}

// providers says what the group that the provider writes to has for the packet.
func providers(p *rule.Pass, d *drop, g *snapshot.NSG, f *rule.Finding) string {
	c := p.Snapshot.Config
	if d.series != nil {
		return d.letsIn(f)
	}
	if writes(p, g) {
		if d.check.Decision.Deciding.Rule.Priority < firstDefault {
			return ""
		}
		known := "its rules stand there"
		if c != nil && c.SecurityGroupName != "" {
			known = "azure.json"
		}
		var said []string
		for i, w := range d.walks {
			say, cites := state(p, w, d.checks[i], g)
			if !slices.Contains(said, say) {
				said, f.Cites = append(said, say), append(f.Cites, cites...)
			}
		}
		return fmt.Sprintf(" This is the group that the provider writes to (%s); %s.", known, strings.Join(said, "; "))
	}
	if c == nil || c.SecurityGroupName == "" {
		return ""
	}
	f.Cites = append(f.Cites, c.Doc.Cite("/securityGroupName"))
	own := ownGroup(p)
	if own == nil {
		return fmt.Sprintf(" The provider writes its rules to %s (azure.json), not to this group.", c.SecurityGroupName)
	}
	said := fmt.Sprintf(" The provider writes its rules to %s (azure.json)", own.Name)
	if d.check.Subnet != own && d.check.NIC != own {
		said += ", which is on neither the subnet nor the interfaces of these nodes"
	}
	if there := without(own, "", d.check); there.Answer == nsg.Allowed && there.Deciding != nil {
		f.Cites = append(f.Cites, own.Doc.Cite(there.Deciding.Rule.At+"/access"))
		return said + fmt.Sprintf("; there %s allows it.", there.Deciding.Rule.Name)
	}
	return said + "."
}

// state says why the provider's own rules do not let a packet in that only Azure's
// default stops: the load balancer sends it otherwise than they expect, the rule is
// there with other values, or it is not there.
func state(p *rule.Pass, w *walk.Walk, c *walk.Check, g *snapshot.NSG) (string, []report.Cite) {
	lb := w.Path.Frontend.To.LB
	if d, f, ok := w.AsAsked(c); ok {
		now, asked := "off", "on"
		if w.Path.Rule.To.EnableFloatingIP {
			now, asked = asked, now
		}
		cites := []report.Cite{lb.Doc.Cite(w.Path.Rule.To.At + "/enableFloatingIP")}
		if strings.EqualFold(d.Deciding.NSG, g.Name) {
			cites = append(cites, g.Doc.Cite(d.Deciding.Rule.At+"/access"))
		}
		return fmt.Sprintf("its rule %s for %s is there and allows %s port %d, but load balancing rule %s has floating IP %s instead of %s, and so Azure checks %s port %d",
			d.Deciding.Rule.Name, w.Path.Service.Key(), f.Dst, f.DstPort, w.Path.Rule.To.Name, now, asked, destination(w, c), c.Flow.DstPort), cites
	}
	if want := p.Wants.Of(w.Path.Service.Key()).Sources; want.Refused != "" {
		return fmt.Sprintf("it writes no rule for %s, as %s", w.Path.Service.Key(), want.Refused), nil
	}
	other, cites := "", []report.Cite(nil)
	for _, r := range c.Decision.Earlier {
		if r.NSG != g.Name || !strings.EqualFold(r.Rule.Access, "Allow") || r.Match != nsg.No {
			continue
		}
		if wanted(p, w, r.Rule.Name) {
			return fmt.Sprintf("its rule %s for %s is there, but does not match: %s", r.Rule.Name, w.Path.Service.Key(), r.Why), []report.Cite{g.Doc.Cite(r.Rule.At + "/name")}
		}
		if azname.IsManagedSecurityRule(r.Rule.Name) && lists(r.Rule, w.Path.Address) {
			other, cites = fmt.Sprintf(", only %s, which does not match: %s", r.Rule.Name, r.Why), []report.Cite{g.Doc.Cite(r.Rule.At + "/name")}
		}
	}
	return "its rule for the Service is missing there" + other, cites
}

// destination is what the packet carries, in words.
func destination(w *walk.Walk, c *walk.Check) string {
	if w.Path.Rule.To.EnableFloatingIP {
		return "the frontend's address " + c.Flow.Dst.String()
	}
	return "the node's own address " + c.Flow.Dst.String()
}

// wanted reports whether the provider writes a rule of that name for the walk's Service.
func wanted(p *rule.Pass, w *walk.Walk, name string) bool {
	for _, r := range p.Wants.Of(w.Path.Service.Key()).Lane(w.Path.Family).Security {
		if r.Allow && strings.EqualFold(r.Name, name) && slices.Contains([]string{w.Path.Protocol(), "*"}, strings.ToUpper(r.Protocol)) {
			return true
		}
	}
	return false
}

func lists(r *az.SecurityRule, address string) bool {
	return address != "" && (r.DestinationAddressPrefix == address || slices.Contains(r.DestinationAddressPrefixes, address))
}

// restore makes the provider write its rules again, and finds out who changed what
// stops them.
func restore(p *rule.Pass, d *drop, g *snapshot.NSG) []report.Step {
	var steps []report.Step
	for _, key := range d.services() {
		steps = append(steps, rule.Resync(p.Graph.Service(key), anew))
	}
	if _, _, ok := d.walks[0].AsAsked(d.check); ok {
		return append(steps, rule.Writers(d.walks[0].Path.Frontend.To.LB.ID, "LOAD_BALANCER_ID"))
	}
	return append(steps, report.Step{Say: "Find out who removed or changed the rule, or it will be so again: look for template deployments and Terraform runs that write the group as a whole.",
		Run: fmt.Sprintf("az monitor activity-log list --resource-id %s --offset 7d -o table", rule.Word(g.ID, "NSG_ID"))})
}

// unwritten reports whether nothing but a rule that the provider would write is lacking.
func (d *drop) unwritten(p *rule.Pass) bool {
	return d.check.Decision.Deciding.Rule.Priority >= firstDefault && writes(p, d.group())
}

// bySync parts a drop that a sync of the provider's ends: Services whose sync fails or
// runs never got their rule, or get it now; and such where the load balancer is altered,
// which no failed sync explains.
func bySync(p *rule.Pass, d *drop) []*drop {
	if !d.unwritten(p) {
		return []*drop{d}
	}
	return d.parts(func(w *walk.Walk, c *walk.Check) string {
		key := w.Path.Service.Key()
		if _, _, ok := w.AsAsked(c); ok {
			return "altered"
		}
		return fmt.Sprint(p.Failing(key), rule.InFlight(p.World, key))
	})
}

// unsynced lowers the finding about a rule that a running sync may be about to write,
// or that one which fails never came to, and leads to that.
func unsynced(p *rule.Pass, d *drop, f *rule.Finding) {
	if p.Running(f, nil) {
		f.Fix = append([]report.Step{describe(d.services()[0], "See how the sync ends, and look again then.")}, f.Fix[:len(f.Fix)-1]...)
		return
	}
	if _, _, altered := d.walks[0].AsAsked(d.check); altered || !p.Failing(d.services()[0]) {
		return
	}
	p.Doubt(f, nil)
	if f.Confidence == "" { // a failure that the provider retries by itself
		f.Severity, f.Confidence, f.Why = report.Warning, report.Likely, "the provider's last sync failed and is tried again: it may not have come to write the rule"
	}
	f.Message += " The provider's last sync failed, so it probably never came to write it: repair what it fails with."
	f.Fix = []report.Step{describe(d.services()[0], "See what the sync fails with, and repair that; the provider then writes the rules by itself.")}
}

// describe shows the events of a Service.
func describe(key, say string) report.Step {
	return report.Step{Say: say, Run: rule.Kubectl("describe", key, "")}
}
