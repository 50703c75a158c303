package topology

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/snapshot"
	"azlb/bundle-schema/az"
)

// Node is a Kubernetes node with the machine that carries it.
type Node struct {
	*snapshot.Node
	// Machine is the virtual machine or scale-set instance, nil where it is not in
	// the evidence; Group is its resource group, lower-cased.
	Machine *snapshot.VM
	Group   string
	// ScaleSet and Instance (or VM) are the parts of the providerID.
	ScaleSet, Instance, VM string
	// ByName says that the machine was found by the node's name, as the provider
	// does for a node without a providerID.
	ByName bool
	NICs   []*snapshot.NIC
}

// Condition returns the node's condition of that type and its index, or nil.
func (n *Node) Condition(t corev1.NodeConditionType) (*corev1.NodeCondition, int) {
	for i := range n.Status.Conditions {
		if n.Status.Conditions[i].Type == t {
			return &n.Status.Conditions[i], i
		}
	}
	return nil, -1
}

// Ready is the status of the Ready condition; a node without one is Unknown.
func (n *Node) Ready() corev1.ConditionStatus {
	if c, _ := n.Condition(corev1.NodeReady); c != nil {
		return c.Status
	}
	return corev1.ConditionUnknown
}

// Addresses of the node inside the virtual network.
func (n *Node) Addresses() []string {
	var out []string
	for _, a := range n.Status.Addresses {
		if a.Type == corev1.NodeInternalIP {
			out = append(out, a.Address)
		}
	}
	return out
}

// Virtual reports whether the node is a virtual kubelet: no machine can be behind it.
func (n *Node) Virtual() bool {
	return n.Labels["type"] == "virtual-kubelet" || n.Labels["kubernetes.io/role"] == "agent" && strings.HasPrefix(n.Name, "virtual-node") ||
		strings.Contains(n.Status.NodeInfo.KubeletVersion, "-vk-") ||
		slices.ContainsFunc(n.Spec.Taints, func(t corev1.Taint) bool { return t.Key == "virtual-kubelet.io/provider" })
}

// ControlPlane reports whether the node carries a control-plane label.
func (n *Node) ControlPlane() bool {
	for _, l := range []string{"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"} {
		if _, ok := n.Labels[l]; ok {
			return true
		}
	}
	return n.Labels["kubernetes.io/role"] == "master"
}

// The labels with which a node leaves the load balancers, newest first; the alpha
// one counts only below 1.19 and behind a feature gate.
const (
	ExcludeLabel      = "node.kubernetes.io/exclude-from-external-load-balancers"
	AlphaExcludeLabel = "alpha.service-controller.kubernetes.io/exclude-balancer"
)

// Excluded reports whether a label keeps the node out of the load balancers.
func (n *Node) Excluded() bool {
	_, ok := n.Labels[ExcludeLabel]
	return ok || n.Labels["kubernetes.azure.com/managed"] == "false"
}

// AutoscalerTaint marks a node that the cluster autoscaler is about to delete.
const AutoscalerTaint = "ToBeDeletedByClusterAutoscaler"

// Leaving reports whether the node is about to go: it is being deleted, or the autoscaler
// is about to.
func (n *Node) Leaving() bool {
	return n.DeletionTimestamp != nil || slices.ContainsFunc(n.Spec.Taints, func(t corev1.Taint) bool { return t.Key == AutoscalerTaint })
}

// linkNodes connects nodes, machines and interfaces.
func (g *Graph) linkNodes() {
	s := g.Snapshot
	names := map[string]*snapshot.VM{}
	for i := range s.VMs {
		vm := &s.VMs[i]
		if key := machineKey(vm.ID); key != "" { // a masked id is that of no machine
			g.machines[key] = vm
		}
		if n := vm.OSProfile.ComputerName; n != "" {
			names[strings.ToLower(n)] = vm
		}
	}
	nicsOf := map[string][]*snapshot.NIC{}
	for i := range s.NICs {
		nic := &s.NICs[i]
		g.nics[strings.ToLower(nic.ID)] = nic
		if key := g.nicMachine(nic); key != "" {
			nicsOf[key] = append(nicsOf[key], nic)
		}
	}
	groups := map[string]bool{}
	for i := range s.Nodes {
		n := &Node{Node: &s.Nodes[i]}
		key := ""
		if id, ok := az.ParseID(n.Spec.ProviderID); ok {
			n.Group = strings.ToLower(id.Group)
			n.ScaleSet, n.Instance = id.Name("virtualMachineScaleSets"), ""
			if n.ScaleSet != "" {
				n.Instance = id.Name("virtualMachines")
			} else {
				n.VM = id.Name("virtualMachines")
			}
			key = machineKey(id.String())
			n.Machine = g.machines[key]
			groups[n.Group] = true
		} else if vm := names[strings.ToLower(n.Name)]; vm != nil && n.Spec.ProviderID == "" {
			n.Machine, n.ByName = vm, true
			n.Group = strings.ToLower(az.GroupOf(vm.ID))
			key = machineKey(vm.ID)
		}
		n.NICs = nicsOf[key]
		g.Nodes = append(g.Nodes, n)
		if key != "" {
			g.nodes[key] = n
		}
		g.nodes["name/"+strings.ToLower(n.Name)] = n
		for _, a := range n.Addresses() {
			g.nodes["ip/"+a] = n
		}
	}
	for group := range groups {
		g.NodeGroups = append(g.NodeGroups, group)
	}
	slices.Sort(g.NodeGroups)
}

// Node returns the node of that name, or nil.
func (g *Graph) Node(name string) *Node { return g.nodes["name/"+strings.ToLower(name)] }

// nicMachine is the key of the machine that an interface belongs to.
func (g *Graph) nicMachine(nic *snapshot.NIC) string {
	if nic.VirtualMachine != nil {
		return machineKey(nic.VirtualMachine.ID)
	}
	return machineKey(nic.ID)
}

// machineKey reduces the id of a machine, or of something inside a scale-set
// instance, to resource group, scale set and instance or name. It leaves the
// subscription out, which is often masked. Empty: no machine is in the id.
func machineKey(id string) string {
	parsed, ok := az.ParseID(id)
	if !ok {
		return ""
	}
	set, vm := parsed.Name("virtualMachineScaleSets"), parsed.Name("virtualMachines")
	if vm == "" || az.Masked(parsed.Group) || az.Masked(vm) || az.Masked(set) {
		return ""
	}
	return strings.ToLower(parsed.Group + "/" + set + "/" + vm)
}
