// Package nsg holds the rules about network security groups: what they drop on the
// way to a Service, and what keeps the controller from writing to them.
package nsg

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/nsg"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/walk"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// Rules of this topic, in the order in which the controller and then a packet meets them.
var Rules = []*rule.Rule{NSG12, NSG05, NSG06, NSG14, NSG13, NSG10, NSG08, NSG07, NSG09, NSG03, NSG01, NSG02, NSG04, NSG11}

// way is what a packet's way through the security groups is made of, the groups aside,
// and what tells the release that wrote them.
var way = append(slices.Clone(rule.Backends), &bundle.RouteTables, &bundle.PublicIPs, &bundle.KubeVersion, &bundle.ControllerPods)

// firstDefault is the priority at which Azure's own rules begin.
const firstDefault = 65000

// drop is one security rule that drops packets of Services, or the lack of any group.
type drop struct {
	check  *walk.Check // the first of checks
	walks  []*walk.Walk
	checks []*walk.Check // of each walk
	series *snapshot.NSG // the provider's group that lets them in, where this is another one beside it
	free   []int         // priorities for new rules before the deciding one, no other drop's
}

// drops groups the checks that drop a purpose's packets by the rule that decides, and by
// whether the provider's group beside it lets them in. Left
// out are Services that wait for an address or for their deletion: the provider writes
// their security rule last, so that its absence is no news.
func drops(p *rule.Pass, pick func(*walk.Walk) []*walk.Check) []*drop {
	byRule := map[string]*drop{}
	var out []*drop
	for _, w := range p.Walks.All {
		if w.Path.Service.Deleting() || w.Path.Address == "" {
			continue
		}
		for _, c := range pick(w) {
			key := ""
			if d := c.Decision.Deciding; d != nil {
				key = d.NSG + "\x00" + d.Level + "\x00" + d.Rule.Name
			}
			beside := inSeries(p, c)
			if beside != nil {
				key += "\x00" + beside.Name
			}
			if byRule[key] == nil {
				byRule[key] = &drop{series: beside}
				out = append(out, byRule[key])
			}
			byRule[key].add(w, c)
		}
	}
	return out
}

func (d *drop) add(w *walk.Walk, c *walk.Check) {
	if d.check == nil {
		d.check = c
	}
	d.walks, d.checks = append(d.walks, w), append(d.checks, c)
}

// parts splits a drop by what the key says of each of its walks, in their order.
func (d *drop) parts(key func(*walk.Walk, *walk.Check) string) []*drop {
	index := map[string]*drop{}
	var out []*drop
	for i, w := range d.walks {
		k := key(w, d.checks[i])
		if index[k] == nil {
			index[k] = &drop{series: d.series, free: d.free}
			out = append(out, index[k])
		}
		index[k].add(w, d.checks[i])
	}
	return out
}

// stoppedClients are the checks of clients that reach no node.
func stoppedClients(w *walk.Walk) []*walk.Check {
	if h := w.Hop(walk.NSG); h == nil || h.Verdict != report.Blocks || w.Answer(walk.ForClient) != nsg.Denied {
		return nil
	}
	return decidedBy(w, walk.ForClient)
}

// stoppedProbes are the checks of probes that reach no node.
func stoppedProbes(w *walk.Walk) []*walk.Check {
	if w.Answer(walk.ForProbe) != nsg.Denied {
		return nil
	}
	return decidedBy(w, walk.ForProbe)
}

func decidedBy(w *walk.Walk, purpose walk.Purpose) []*walk.Check {
	if c := w.Decided(purpose); c != nil {
		return []*walk.Check{c}
	}
	return nil
}

// group is the security group that decides, nil where there is none.
func (d *drop) group() *snapshot.NSG {
	r := d.check.Decision.Deciding
	if r == nil {
		return nil
	}
	if r.Level == "nic" {
		return d.check.NIC
	}
	return d.check.Subnet
}

// subject is the group, or the subnet that has none.
func (d *drop) subject() report.Object {
	if g := d.group(); g != nil {
		return report.Object{Kind: "NetworkSecurityGroup", Name: g.Name}
	}
	return report.Object{Kind: "Subnet", Name: az.LastName(d.check.Members[0].IP.Subnet.ID)}
}

// where names the group and its place.
func (d *drop) where() string {
	if d.check.Decision.Deciding.Level == "nic" {
		return "Security group " + d.group().Name + " at the nodes' network interfaces"
	}
	return "Security group " + d.group().Name + " at the nodes' subnet"
}

// decided says why the packet is dropped.
func (d *drop) decided() string {
	r := d.check.Decision.Deciding.Rule
	if r.Priority >= firstDefault {
		return fmt.Sprintf("none of its rules allows it, so Azure's default %s (priority %d) decides", r.Name, r.Priority)
	}
	return fmt.Sprintf("its rule %s (priority %d) denies it", r.Name, r.Priority)
}

func (d *drop) services() []string {
	var out []string
	for _, w := range d.walks {
		if k := w.Path.Service.Key(); !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}

// sends says who sends to which Services what is dropped, each sender once.
func (d *drop) sends() string {
	var out []string
	for _, part := range d.parts(func(_ *walk.Walk, c *walk.Check) string { return c.Source }) {
		out = append(out, fmt.Sprintf("what %s sends to %s", part.check.Source, part.targets(frontendPort)))
	}
	return rule.List(out)
}

// targets lists Services with the ports at which their packets are dropped:
// "shop/web (TCP 80, TCP 443 at 20.1.2.3)".
func (d *drop) targets(port func(*walk.Walk) string) string {
	var names []string
	for _, key := range d.services() {
		var ports []string
		at := ""
		for _, w := range d.walks {
			if w.Path.Service.Key() == key {
				at = w.Path.Address
				if s := port(w); !slices.Contains(ports, s) {
					ports = append(ports, s)
				}
			}
		}
		names = append(names, fmt.Sprintf("%s (%s at %s)", key, strings.Join(ports, ", "), at))
	}
	return rule.List(names)
}

// cites proves the deciding rule, and the load balancing rule of the first Service.
func (d *drop) cites() []report.Cite {
	out := d.check.Cites()
	if w := d.walks[0]; w.Path.Rule.To != nil {
		out = append(out, w.Path.Frontend.To.LB.Doc.Cite(w.Path.Rule.To.At+"/frontendPort"))
	}
	return append(out, d.walks[0].Path.Service.Doc.Cite(fmt.Sprintf("/spec/ports/%d/port", d.walks[0].Path.Index)))
}

// place names a group as az does.
func place(g *snapshot.NSG) string {
	return "-g " + rule.Word(az.GroupOf(g.ID), "GROUP") + " --nsg-name " + rule.Word(g.Name, "NSG")
}

// without decides the check's flow at one group alone, leaving one of its rules out.
func without(g *snapshot.NSG, name string, c *walk.Check) nsg.Decision {
	cut := g.NSG
	cut.SecurityRules = slices.DeleteFunc(slices.Clone(cut.SecurityRules), func(r az.SecurityRule) bool { return r.Name == name })
	return nsg.Evaluate(c.Flow, nsg.Level{NSG: &cut}, nsg.Level{None: true}, c.Facts)
}
