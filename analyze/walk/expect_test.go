package walk_test

import (
	"strings"
	"testing"

	"azlb/analyze/rule/ruletest"
	"azlb/analyze/walk"
)

// world is the healthy sample after some edits, and the walk to one port of a Service.
func world(t *testing.T, key string, port int32, edits ...ruletest.Edit) *walk.Walk {
	t.Helper()
	files, err := ruletest.Load("../../samples/healthy/bundle")
	if err != nil {
		t.Fatal(err)
	}
	if err := files.Apply(edits); err != nil {
		t.Fatal(err)
	}
	for _, w := range files.World(t).Walks.Of(key) {
		if w.Path.Port.Port == port {
			return w
		}
	}
	t.Fatalf("%s has no port %d", key, port)
	return nil
}

func set(in string, values map[string]any) ruletest.Edit { return ruletest.Edit{In: in, Set: values} }

// proxyPod is a pod of kube-proxy on a node, as kubeadm makes it.
func proxyPod(node, ready string) map[string]any {
	return map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "kube-proxy-" + node, "namespace": "kube-system", "labels": map[string]any{"k8s-app": "kube-proxy"}},
		"spec":   map[string]any{"nodeName": node, "containers": []any{map[string]any{"name": "kube-proxy", "image": "registry.example.com/kube-proxy:1.0"}}},
		"status": map[string]any{"phase": "Running", "conditions": []any{map[string]any{"type": "Ready", "status": ready}}}}
}

// TestTally counts the members of the pool of one port (five scale-set instances; the
// pods of shop/orders are on two of them).
func TestTally(t *testing.T) {
	const first = "k8s-pool1-vmss000000"
	local := set("Service shop/orders", map[string]any{"/spec/externalTrafficPolicy": "Local", "/spec/healthCheckNodePort": 32001})
	of := func(values map[string]any) ruletest.Edit { return set("load-balancers kubernetes-internal", values) }
	localProbe := of(map[string]any{"/probes/0/port": 32001, "/probes/0/protocol": "Http", "/probes/0/requestPath": "/healthz"})
	http := of(map[string]any{"/probes/0/protocol": "Http", "/probes/0/requestPath": "/"})
	shared := of(map[string]any{"/probes/0/port": 10256, "/probes/0/protocol": "Http", "/probes/0/requestPath": "/healthz"})
	readiness := func(pod, path string) ruletest.Edit {
		return set("Pod shop/"+pod, map[string]any{"/spec/containers/0/readinessProbe": map[string]any{"httpGet": map[string]any{"path": path, "port": 9090}}})
	}
	pods := func(list ...any) ruletest.Edit { return ruletest.Edit{In: "controller-pods", Add: list} }
	dead := set("EndpointSlice shop/orders-jwnxf", map[string]any{"/endpoints/0/conditions/ready": false, "/endpoints/1/conditions/ready": false})
	ending := set("EndpointSlice shop/orders-jwnxf", map[string]any{
		"/endpoints/0/conditions": map[string]any{"ready": false, "serving": true, "terminating": true}, "/endpoints/1/conditions": map[string]any{"ready": false, "serving": true, "terminating": true}})
	deny := map[string]any{"name": "closed", "priority": 100, "direction": "Inbound", "access": "Deny", "protocol": "*", "sourcePortRange": "*", "sourceAddressPrefix": "*",
		"destinationAddressPrefix": "*", "destinationPortRange": "32225"}
	for _, c := range []struct {
		name  string
		edits []ruletest.Edit
		want  walk.Tally
		why   string // part of the reason of the first member
	}{
		{"TCP at the node port", nil, walk.Tally{Up: 5, All: 5}, "passes the connection on"},
		{"no ready pod", []ruletest.Edit{dead}, walk.Tally{Down: 5, All: 5}, "no ready pod is behind"},
		{"pods that are ending only", []ruletest.Edit{ending}, walk.Tally{Unknown: 5, All: 5}, "only pods that are ending"},
		{"nobody could read the endpoints", []ruletest.Edit{{In: "endpointslices", Drop: "denied"}}, walk.Tally{Unknown: 5, All: 5}, "not completely in the bundle"},
		{"a node port of nobody", []ruletest.Edit{of(map[string]any{"/probes/0/port": 31999})}, walk.Tally{Down: 5, All: 5}, "no Service has the node port 31999"},
		{"a node port of another Service", []ruletest.Edit{of(map[string]any{"/probes/0/port": 32644})}, walk.Tally{Unknown: 5, All: 5}, "shop/storefront answers"},
		{"a port outside of the range", []ruletest.Edit{of(map[string]any{"/probes/0/port": 8443})}, walk.Tally{Unknown: 5, All: 5}, "who answers at port 8443"},
		{"HTTP, and nobody knows what the pods say", []ruletest.Edit{http}, walk.Tally{Unknown: 5, All: 5}, "say 200 to /"},
		{"HTTP that the kubelet asks too", []ruletest.Edit{http, readiness("orders-0", "/"), readiness("orders-1", "/")}, walk.Tally{Up: 5, All: 5}, "ask the same"},
		{"HTTP that the kubelet asks of one pod", []ruletest.Edit{http, readiness("orders-0", "/"), readiness("orders-1", "/ready")}, walk.Tally{Unknown: 5, All: 5}, "say 200 to /"},
		{"HTTPS where the kubelet asks HTTP", []ruletest.Edit{http, of(map[string]any{"/probes/0/protocol": "Https"}), readiness("orders-0", "/"), readiness("orders-1", "/")}, walk.Tally{Unknown: 5, All: 5}, ""},
		{"Local: two nodes have a pod", []ruletest.Edit{local, localProbe}, walk.Tally{Up: 2, Down: 3, ByDesign: 3, All: 5}, "a ready pod of the Service is on it"},
		{"Local: pods that are ending fail the check", []ruletest.Edit{local, localProbe, ending}, walk.Tally{Down: 5, ByDesign: 5, All: 5}, "no ready pod"},
		{"Local: any path will do", []ruletest.Edit{local, localProbe, of(map[string]any{"/probes/0/requestPath": "/custom"})}, walk.Tally{Up: 2, Down: 3, ByDesign: 3, All: 5}, ""},
		{"Local: TCP is accepted everywhere", []ruletest.Edit{local, localProbe, of(map[string]any{"/probes/0/protocol": "Tcp"})}, walk.Tally{Up: 5, All: 5}, "whether the node has a pod or not"},
		{"Local: a probe of the port itself", []ruletest.Edit{local}, walk.Tally{Up: 2, Down: 3, ByDesign: 3, All: 5}, ""},
		{"the shared probe", []ruletest.Edit{shared}, walk.Tally{Up: 5, All: 5}, "its own health"},
		{"the shared probe, one kube-proxy does not run", []ruletest.Edit{shared, pods(proxyPod(first, "False"), proxyPod("k8s-pool1-vmss000001", "True"))},
			walk.Tally{Up: 1, Down: 1, Unknown: 3, All: 5}, "kube-proxy is not ready there"},
		{"TCP, one kube-proxy does not run", []ruletest.Edit{pods(proxyPod(first, "False"), proxyPod("k8s-pool1-vmss000001", "True"))}, walk.Tally{Up: 1, Unknown: 4, All: 5}, "not ready there"},
		{"nobody could read the pods of kube-system", []ruletest.Edit{{In: "controller-pods", Drop: "denied"}}, walk.Tally{Unknown: 5, All: 5}, "pods of kube-system"},
		{"a node that is about to go, shared probe", []ruletest.Edit{shared, set("Node "+first, map[string]any{"/spec/taints": []any{map[string]any{"key": "ToBeDeletedByClusterAutoscaler", "effect": "NoSchedule"}}})},
			walk.Tally{Up: 4, Down: 1, ByDesign: 1, All: 5}, "being removed"},
		{"a node that is not Ready", []ruletest.Edit{set("Node "+first, map[string]any{"/status/conditions": []any{map[string]any{"type": "Ready", "status": "Unknown"}}})}, walk.Tally{Unknown: 5, All: 5}, ""},
		{"a machine that was deallocated", []ruletest.Edit{set("scale-set-instances k8s-pool1-vmss_0", map[string]any{"/instanceView": map[string]any{"statuses": []any{map[string]any{"code": "PowerState/deallocated"}}}})},
			walk.Tally{Down: 1, Unknown: 4, All: 5}, "its machine is deallocated"},
		{"a security group keeps the probe out", []ruletest.Edit{set("nsgs nsg-node", map[string]any{"/securityRules/-": deny})}, walk.Tally{Down: 5, All: 5}, "a security group"},
		{"the security groups are not known", []ruletest.Edit{{In: "nsgs", Drop: "denied"}}, walk.Tally{Unknown: 5, All: 5}, "a security group"},
		{"no probe", []ruletest.Edit{{In: "load-balancers kubernetes-internal", Unset: []string{"/loadBalancingRules/0/probe"}}}, walk.Tally{Up: 5, All: 5}, "has no probe"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := world(t, "shop/orders", 9090, c.edits...)
			if got := w.Tally(); got != c.want {
				t.Errorf("%+v, want %+v: %+v", got, c.want, w.Expected())
			}
			if first := w.Expected()[0]; !strings.Contains(first.Why, c.why) {
				t.Errorf("%s: %q lacks %q", first.Member.Node.Name, first.Why, c.why)
			}
		})
	}
}
