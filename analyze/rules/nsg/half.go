package nsg

import (
	"fmt"
	"slices"

	"azlb/analyze/rule"
	"azlb/report"
)

// half is a group that drops the packets on some of the nodes: the load balancer does
// not see it, as it lets the probes in, and goes on to send these nodes their share.
func half(p *rule.Pass, d *drop) rule.Finding {
	var nodes []string
	of := 0
	for i, w := range d.walks {
		for _, m := range d.checks[i].Members {
			if !slices.Contains(nodes, m.Node.Name) {
				nodes = append(nodes, m.Node.Name)
			}
		}
		of = max(of, len(w.Takes(w.Path.Members)))
	}
	slices.Sort(nodes)
	f := rule.Finding{Subject: d.subject(), Services: d.services(), Severity: report.Warning, Cites: d.cites()}
	why := ""
	if d.group() == nil {
		why = fmt.Sprintf("Neither subnet %s nor the network interfaces of some of its nodes have a network security group, and a Standard public frontend lets in only what a group allows: %s gets lost there.", d.subject().Name, d.sends())
	} else {
		why = fmt.Sprintf("%s drops %s: %s.", d.where(), d.sends(), d.decided())
	}
	f.Message = fmt.Sprintf("%s The probes get through, so that the load balancer goes on to use these nodes: connections that land on %s (%d of the %d that take traffic) time out, the others work.",
		why, rule.List(nodes), len(nodes), of)
	if g := d.group(); g != nil {
		f.Message += providers(p, d, g, &f)
		f.Fix = repair(p, d, g)
	} else {
		f.Fix = closed(p, d).Fix
	}
	return f
}
