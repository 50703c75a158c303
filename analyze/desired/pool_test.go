package desired

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/bundle-schema/az"
)

// TestPlace restates the node predicates of the service controller
// (stableNodeSetPredicates and getNodeConditionPredicate), ShouldNodeExcludedFromLoadBalancer
// and EnsureHostsInPool.
func TestPlace(t *testing.T) {
	label := func(key, value string) func(*topology.Node) {
		return func(n *topology.Node) { n.Labels[key] = value }
	}
	notReady := func(n *topology.Node) { n.Status.Conditions[0].Status = corev1.ConditionFalse }
	for _, c := range []struct {
		name, release, sku string
		change             func(*topology.Node)
		want               Answer
	}{
		{"ordinary", "1.31.0", "Standard", nil, Yes},
		{"excluded", "1.31.0", "Standard", label(topology.ExcludeLabel, ""), No},
		{"excluded with the value false", "1.31.0", "Standard", label(topology.ExcludeLabel, "false"), Perhaps},
		{"excluded before the label counted", "in-tree 1.18.0", "Standard", label(topology.ExcludeLabel, "true"), Yes},
		{"excluded in alpha", "in-tree 1.18.0", "Standard", label(topology.AlphaExcludeLabel, "true"), Perhaps},
		{"excluded in alpha, later", "1.31.0", "Standard", label(topology.AlphaExcludeLabel, "true"), Yes},
		{"not managed", "1.31.0", "Standard", label("kubernetes.azure.com/managed", "false"), No},
		{"not managed, the first release that heeds it alone", "in-tree 1.16.14", "Standard", label("kubernetes.azure.com/managed", "false"), No},
		{"not managed, before", "in-tree 1.16.13", "Standard", label("kubernetes.azure.com/managed", "false"), Perhaps},
		{"not managed, before in a later minor", "in-tree 1.18.6", "Standard", label("kubernetes.azure.com/managed", "false"), Perhaps},
		{"another resource group", "1.31.0", "Standard", label("kubernetes.azure.com/resource-group", "other"), Perhaps},
		{"control plane", "1.31.0", "Standard", label("node-role.kubernetes.io/control-plane", ""), No},
		{"control plane of a Basic one", "1.31.0", "Basic", label("node-role.kubernetes.io/master", ""), Perhaps},
		{"control plane of old", "in-tree 1.15.0", "Basic", label("node-role.kubernetes.io/master", ""), No},
		{"virtual", "1.31.0", "Standard", label("type", "virtual-kubelet"), No},
		{"not Ready stays in", "1.31.0", "Standard", notReady, Yes},
		{"not Ready in old releases", "1.26.0", "Standard", notReady, Perhaps},
		{"cordoned", "1.31.0", "Standard", func(n *topology.Node) { n.Spec.Unschedulable = true }, Yes},
		{"cordoned in old releases", "in-tree 1.18.0", "Standard", func(n *topology.Node) { n.Spec.Unschedulable = true }, Perhaps},
		{"about to be deleted by the autoscaler", "1.31.0", "Standard", func(n *topology.Node) { n.Spec.Taints = []corev1.Taint{{Key: topology.AutoscalerTaint}} }, Perhaps},
		{"being deleted", "1.31.0", "Standard", func(n *topology.Node) { now := metav1.NewTime(time.Unix(1, 0)); n.DeletionTimestamp = &now }, Perhaps},
		{"its machine is gone", "1.31.0", "Standard", func(n *topology.Node) { n.Machine = nil }, Perhaps},
		{"its machine failed", "1.31.0", "Standard", func(n *topology.Node) { n.Machine.ProvisioningState = "Failed" }, Perhaps},
		{"its machine is off", "1.31.0", "Standard", func(n *topology.Node) {
			n.Machine.InstanceView = &az.InstanceView{Statuses: []az.Status{{Code: "PowerState/deallocated"}}}
		}, Perhaps},
		{"its interface failed", "1.31.0", "Standard", func(n *topology.Node) {
			nic := &snapshot.NIC{}
			nic.ProvisioningState = "Failed"
			n.NICs = []*snapshot.NIC{nic}
		}, Perhaps},
	} {
		n := &topology.Node{Node: &snapshot.Node{}, Machine: &snapshot.VM{}}
		n.Labels = map[string]string{}
		n.Spec.ProviderID = "azure:///x"
		n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
		if c.change != nil {
			c.change(n)
		}
		_, cluster := asked(t, c.release, twoPorts)
		if got := cluster.place(n, c.sku); got.Answer != c.want || got.Because == "" {
			t.Errorf("%s: %v because %q, want %v", c.name, got.Answer, got.Because, c.want)
		}
	}
}

// TestPlaceIn restates what differs between the kinds of pools: EnsureHostsInPool of
// backendPoolTypeNodeIP removes every address that it would not add, ReconcileBackendPools
// of backendPoolTypeNodeIPConfig only who is excluded or gone.
func TestPlaceIn(t *testing.T) {
	deleted := func(n *topology.Node) { now := metav1.NewTime(time.Unix(1, 0)); n.DeletionTimestamp = &now }
	control := func(n *topology.Node) { n.Labels = map[string]string{"node-role.kubernetes.io/control-plane": ""} }
	for _, c := range []struct {
		name, release string
		exact         bool
		change        func(*topology.Node)
		want          Answer
		stays         bool
	}{
		{"being deleted, interfaces", "1.31.0", false, deleted, Perhaps, false},
		{"being deleted, addresses", "1.31.0", true, deleted, No, false},
		{"being deleted, addresses, before the stable set of nodes", "1.26.0", true, deleted, Perhaps, false},
		{"control plane, interfaces", "1.31.0", false, control, No, true},
		{"control plane, addresses", "1.31.0", true, control, No, false},
	} {
		n := &topology.Node{Node: &snapshot.Node{}, Machine: &snapshot.VM{}}
		n.Spec.ProviderID = "azure:///x"
		c.change(n)
		_, cluster := asked(t, c.release, twoPorts)
		if got := cluster.placeIn(n, "Standard", c.exact); got.Answer != c.want || (got.Stays != "") != c.stays {
			t.Errorf("%s: %+v, want %v, stays %v", c.name, got, c.want, c.stays)
		}
	}
}
