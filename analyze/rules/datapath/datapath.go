// Package datapath holds the rules about the way through the load balancer: what is
// gone or altered of frontends and rules, nodes that are down, backends that call
// themselves, Services without ready pods.
package datapath

import (
	"fmt"
	"slices"

	"azlb/analyze/rule"
	"azlb/analyze/topology"
	"azlb/analyze/walk"
	"azlb/report"
)

// Rules of this topic, in the order in which a packet meets them.
var Rules = []*rule.Rule{DATA09, DATA06, DATA08, DATA03, DATA01, DATA02, DATA11, DATA10, DATA04, DATA05, DATA07}

// machine names a node's machine as az does: the flags of `az vmss` or `az vm`.
func machine(n *topology.Node) (program, flags string, ok bool) {
	switch {
	case n.ScaleSet != "" && n.Instance != "":
		return "az vmss", fmt.Sprintf("-g %s -n %s --instance-ids %s", rule.Word(n.Group, "GROUP"), rule.Word(n.ScaleSet, "SCALESET"), rule.Word(n.Instance, "INSTANCE")), true
	case n.VM != "":
		return "az vm", fmt.Sprintf("-g %s -n %s", rule.Word(n.Group, "GROUP"), rule.Word(n.VM, "VM")), true
	case n.ByName && n.Machine != nil:
		return "az vm", fmt.Sprintf("-g %s -n %s", rule.Word(n.Group, "GROUP"), rule.Word(n.Machine.Name, "VM")), true
	}
	return "", "", false
}

func names(nodes []*topology.Node) []string {
	var out []string
	for _, n := range nodes {
		out = append(out, n.Name)
	}
	slices.Sort(out)
	return out
}

// stopped reports whether the node's machine is known not to run.
func stopped(n *topology.Node) bool {
	s := walk.PowerState(n)
	return s != "" && s != "running" && s != "starting"
}

func object(s *topology.Service) report.Object {
	return report.Object{Kind: "Service", Namespace: s.Namespace, Name: s.Name}
}
