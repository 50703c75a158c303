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

const (
	thisGroup = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/loadBalancers/"
	thisPool  = "kubernetes/backendAddressPools/kubernetes"
)

func refs(ids ...string) (out []az.Ref) {
	for _, id := range ids {
		out = append(out, az.Ref{ID: id})
	}
	return out
}

// TestExact tells a list of addresses from a pool of interfaces.
func TestExact(t *testing.T) {
	address := az.BackendPool{Addresses: []az.PoolAddress{{IPAddress: "10.0.0.4"}}}
	nic := az.BackendPool{IPConfigurations: refs("x"), Addresses: []az.PoolAddress{{NICIPConfiguration: &az.Ref{ID: "x"}}}}
	for _, c := range []struct {
		name string
		pool az.BackendPool
		kind Value[string]
		want bool
	}{
		{"interfaces", nic, known(nodeIPConfiguration, ""), false},
		{"interfaces, to be changed", nic, known(nodeIP, ""), true},
		{"interfaces, addresses elsewhere", nic, inferred(nodeIP, ""), false},
		{"addresses", address, known(nodeIP, ""), true},
		{"addresses, whatever azure.json says", address, known(nodeIPConfiguration, ""), true},
		{"addresses without azure.json", address, unknown[string](""), true},
		{"empty", az.BackendPool{}, known("NodeIP", ""), true},
		{"empty by default", az.BackendPool{}, known(nodeIPConfiguration, ""), false},
		{"empty and unknown", az.BackendPool{}, unknown[string](""), false},
	} {
		if got := (&Cluster{Settings: &Settings{PoolType: c.kind}}).exact(&c.pool); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// TestOtherBalancer restates isBackendPoolOnSameLB.
func TestOtherBalancer(t *testing.T) {
	for pool, want := range map[string]bool{
		thisGroup + "kubernetes-INTERNAL/backendAddressPools/kubernetes":    false,
		thisGroup + "Kubernetes/backendAddressPools/aksOutboundBackendPool": false,
		thisGroup + "custlb/backendAddressPools/p":                          true,
		thisGroup + "custlb-internal/backendAddressPools/p":                 true,
		"***": false,
	} {
		if got := otherBalancer(pool, "kubernetes"); got != want {
			t.Errorf("%s: %v", pool, got)
		}
	}
}

// TestElsewhere finds a node in another load balancer by the pools there and by its
// own interface, which tells of load balancers that are not in the bundle.
func TestElsewhere(t *testing.T) {
	n := &topology.Node{Node: &snapshot.Node{}}
	lb := &snapshot.LoadBalancer{LoadBalancer: az.LoadBalancer{Resource: az.Resource{Name: "kubernetes-internal"}}}
	x := &comparer{Cluster: &Cluster{Graph: &topology.Graph{Snapshot: &snapshot.Snapshot{}}}}
	for pool, want := range map[string]bool{"kubernetes/backendAddressPools/kubernetes": false, "custlb/backendAddressPools/p": true} {
		n.NICs = []*snapshot.NIC{{NIC: az.NIC{IPConfigurations: []az.IPConfig{{Pools: refs(thisGroup + pool)}}}}}
		if got := x.elsewhere(n, lb); got != want {
			t.Errorf("in %s: elsewhere %v", pool, got)
		}
	}
}

// TestYoung: only a sync that began when the node was there, and has ended, proves that
// the controller had it in hand.
func TestYoung(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 55, 0, 0, time.UTC)
	ago := func(seconds int) time.Time { return now.Add(-time.Duration(seconds) * time.Second) }
	event := func(reason string, first, last int) snapshot.Event {
		return snapshot.Event{Namespace: "shop", Kind: "Service", Name: "web", Reason: reason, First: ago(first), Last: ago(last)}
	}
	for _, c := range []struct {
		name           string
		created, ready int // seconds ago
		events         []snapshot.Event
		want           bool
	}{
		{"old", 601, 590, nil, false},
		{"new", 599, 590, nil, true},
		{"a sync before", 50, 45, []snapshot.Event{event("EnsuringLoadBalancer", 60, 60), event("EnsuredLoadBalancer", 40, 40)}, true},
		{"a sync before it was Ready", 50, 30, []snapshot.Event{event("EnsuringLoadBalancer", 40, 40), event("EnsuredLoadBalancer", 20, 20)}, true},
		{"a sync since", 50, 45, []snapshot.Event{event("EnsuringLoadBalancer", 40, 40), event("EnsuredLoadBalancer", 20, 20)}, false},
		{"a sync since that has not ended", 50, 45, []snapshot.Event{event("EnsuringLoadBalancer", 40, 40), event("EnsuredLoadBalancer", 60, 60)}, true},
		{"the count of its events is put together", 50, 45, []snapshot.Event{event("EnsuringLoadBalancer", 40, 5), event("EnsuredLoadBalancer", 20, 20)}, false},
		{"a sync of another Service", 50, 45, []snapshot.Event{{Namespace: "shop", Kind: "Service", Name: "other", Reason: "EnsuringLoadBalancer", Last: ago(40)},
			{Namespace: "shop", Kind: "Service", Name: "other", Reason: "EnsuredLoadBalancer", Last: ago(20)}}, true},
	} {
		n := &topology.Node{Node: &snapshot.Node{}}
		n.CreationTimestamp = metav1.NewTime(ago(c.created))
		n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(ago(c.ready))}}
		x := &comparer{Cluster: &Cluster{Graph: &topology.Graph{Snapshot: &snapshot.Snapshot{Now: now, Events: c.events}}}}
		if got := x.young(n, []string{"shop/web"}); got != c.want {
			t.Errorf("%s: young %v", c.name, got)
		}
	}
}
