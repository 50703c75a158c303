package desired

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/topology"
)

// The kinds of backend pools (loadBalancerBackendPoolConfigurationType).
const (
	nodeIPConfiguration = "nodeIPConfiguration"
	nodeIP              = "nodeIP"
	podIP               = "podIP"
)

// Place says whether a node belongs into the backend pools.
type Place struct {
	Node   *topology.Node
	Answer Answer // Yes: it must be there; No: it must not; Perhaps: nothing tells
	// Because is the reason, and Pointer its place in the node's document.
	Because string
	Pointer string
	// Stays is why the provider leaves a member in that must not be there; empty: it
	// takes it out.
	Stays string
}

// sticky is why a pool of network interfaces keeps a member (ReconcileBackendPools).
const sticky = "the provider puts no control-plane node in, but takes a network interface out only if its machine or node is gone, or a label excludes the node"

// syncTime is how long the controller may take to put a new node into the pools.
const syncTime = 10 * time.Minute

// place is a node's place in a pool of network interfaces.
func (c *Cluster) place(n *topology.Node, sku string) Place { return c.placeIn(n, sku, false) }

// placeIn follows the node predicates of the service controller (k8s.io/cloud-provider)
// and ShouldNodeExcludedFromLoadBalancer, EnsureHostsInPool and ReconcileBackendPools of
// the provider.
func (c *Cluster) placeIn(n *topology.Node, sku string, exact bool) Place {
	no := func(because, pointer string) Place {
		return Place{Node: n, Answer: No, Because: because, Pointer: pointer}
	}
	perhaps := func(because, pointer string) Place {
		return Place{Node: n, Answer: Perhaps, Because: because, Pointer: pointer}
	}
	label := func(key string) string { return "/metadata/labels/" + strings.ReplaceAll(key, "/", "~1") }
	if n.Virtual() {
		return no("no machine is behind a virtual node", "/metadata/name")
	}
	if n.Labels["kubernetes.azure.com/managed"] == "false" {
		if !c.has(unmanagedLabel) {
			return perhaps("label kubernetes.azure.com/managed is false, which keeps a node out only with another label in this release", label("kubernetes.azure.com/managed"))
		}
		return no("label kubernetes.azure.com/managed is false: the provider does not manage the node", label("kubernetes.azure.com/managed"))
	}
	if v, ok := n.Labels[topology.ExcludeLabel]; ok && c.has(excludeLabel) {
		if strings.EqualFold(v, "false") {
			return perhaps("label "+topology.ExcludeLabel+" is false, which not every release reads as no", label(topology.ExcludeLabel))
		}
		return no("label "+topology.ExcludeLabel, label(topology.ExcludeLabel))
	}
	if _, ok := n.Labels[topology.AlphaExcludeLabel]; ok && !c.has(excludeLabel) {
		return perhaps("label "+topology.AlphaExcludeLabel+" counts behind a feature gate", label(topology.AlphaExcludeLabel))
	}
	if n.ControlPlane() {
		switch {
		case c.Settings.ExcludeControlPlane.V && sku != "Basic" || !c.has(excludeLabel):
			out := no("a control-plane node, and "+c.Settings.ExcludeControlPlane.Because, "/metadata/labels")
			if !exact {
				out.Stays = sticky
			}
			return out
		default:
			return perhaps("a control-plane node", "/metadata/labels")
		}
	}
	if n.DeletionTimestamp != nil {
		if !exact || !c.has(stableNodes) { // there it is excluded when the object is gone (updateNodeCaches)
			return perhaps("the node is being deleted", "/metadata/deletionTimestamp")
		}
		return no("the node is being deleted", "/metadata/deletionTimestamp")
	}
	for i, t := range n.Spec.Taints {
		if t.Key == topology.AutoscalerTaint {
			return perhaps("the cluster autoscaler is about to delete the node", fmt.Sprintf("/spec/taints/%d/key", i))
		}
	}
	if !c.has(cordonCounts) && n.Spec.Unschedulable {
		return perhaps("a cordoned node", "/spec/unschedulable")
	}
	if n.Ready() != corev1.ConditionTrue && !c.has(stableNodes) {
		return perhaps("the node is not Ready", "/status/conditions")
	}
	if g := n.Labels["kubernetes.azure.com/resource-group"]; g != "" {
		return perhaps("label kubernetes.azure.com/resource-group names "+g, label("kubernetes.azure.com/resource-group"))
	}
	if p := c.machine(n); p.Because != "" {
		return p
	}
	return Place{Node: n, Answer: Yes, Because: "a node with a machine, and nothing keeps it out", Pointer: "/spec/providerID"}
}

// machine says what the node's machine means for its place; an empty reason: nothing.
func (c *Cluster) machine(n *topology.Node) Place {
	perhaps := func(because, pointer string) Place {
		return Place{Node: n, Answer: Perhaps, Because: because, Pointer: pointer}
	}
	switch {
	case n.Machine == nil && n.Spec.ProviderID == "":
		return perhaps("no machine of that name is in the bundle", "/metadata/name")
	case n.Machine == nil:
		return perhaps("its machine is not in the bundle: it may be gone", "/spec/providerID")
	case !strings.EqualFold(n.Machine.ProvisioningState, "Succeeded") && n.Machine.ProvisioningState != "":
		return perhaps("its machine is in provisioningState "+n.Machine.ProvisioningState, "/spec/providerID")
	}
	if v := n.Machine.InstanceView; v != nil {
		for _, s := range v.Statuses {
			if power, ok := strings.CutPrefix(s.Code, "PowerState/"); ok && power != "running" {
				return perhaps("its machine is "+power, "/spec/providerID")
			}
		}
	}
	for _, nic := range n.NICs {
		if strings.EqualFold(nic.ProvisioningState, "Failed") {
			return perhaps("its network interface is in provisioningState Failed", "/spec/providerID")
		}
	}
	return Place{}
}
