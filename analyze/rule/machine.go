package rule

import (
	"fmt"

	"azlb/analyze/topology"
)

// Machine names a node's machine as az does: the program, `az vmss` or `az vm`, and its
// flags. Not ok where nothing names it.
func Machine(n *topology.Node) (program, flags string, ok bool) {
	switch {
	case n.ScaleSet != "" && n.Instance != "":
		return "az vmss", fmt.Sprintf("-g %s -n %s --instance-ids %s", Word(n.Group, "GROUP"), Word(n.ScaleSet, "SCALESET"), Word(n.Instance, "INSTANCE")), true
	case n.VM != "":
		return "az vm", fmt.Sprintf("-g %s -n %s", Word(n.Group, "GROUP"), Word(n.VM, "VM")), true
	case n.ByName && n.Machine != nil:
		return "az vm", fmt.Sprintf("-g %s -n %s", Word(n.Group, "GROUP"), Word(n.Machine.Name, "VM")), true
	}
	return "", "", false
}
