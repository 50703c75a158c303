package walk

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
)

// Caller is who opens the connection that a trace follows.
type Caller struct {
	Say string // who it is, in words
	// Address is where its packets come from; not valid: any client that the Service wants.
	Address netip.Addr
	// Node is where it runs, nil for a caller outside of the cluster. Host says that it
	// has the node's own network: the node itself, or a pod with hostNetwork.
	Node *topology.Node
	Host bool
	Pod  *snapshot.Pod // nil: it is none, or not in the bundle
	// Frontend is the one whose address was given instead of a caller's.
	Frontend *topology.Frontend

	addresses []netip.Addr // of all families, for Address to be chosen from
}

// Anyone is any client that a Service wants.
func Anyone() Caller { return Caller{Say: "any client that the Service lets in"} }

// FromAddress is the caller with an address. One of a node or of a pod in the bundle is
// recognised as that.
func FromAddress(g *topology.Graph, a netip.Addr) Caller {
	a = a.Unmap().WithZone("")
	for _, n := range g.Nodes {
		if slices.Contains(n.Addresses(), a.String()) {
			c := onNode(n)
			c.Say = fmt.Sprintf("%s, which is node %s", a, n.Name)
			return c
		}
	}
	for i := range g.Snapshot.Pods {
		p := &g.Snapshot.Pods[i]
		if !p.Spec.HostNetwork && !ended(p) && slices.ContainsFunc(p.Status.PodIPs, func(ip corev1.PodIP) bool { return ip.IP == a.String() }) {
			c := inPod(g, p)
			c.Say = fmt.Sprintf("%s, which is pod %s/%s", a, p.Namespace, p.Name)
			return c
		}
	}
	c := Caller{Say: a.String(), Address: a, Frontend: g.FrontendAt(a), addresses: []netip.Addr{a}}
	if n := g.NodeOfPods(a); n != nil && c.Frontend == nil {
		c.Node, c.Say = n, fmt.Sprintf("%s, an address of the pods of node %s", a, n.Name)
	}
	return c
}

// ended reports a pod that gave its address back.
func ended(p *snapshot.Pod) bool {
	return p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed
}

// FromNode is the node of that name as a caller.
func FromNode(g *topology.Graph, name string) (Caller, error) {
	n := g.Node(name)
	if n == nil {
		if len(g.Nodes) == 0 {
			return Caller{}, fmt.Errorf("the bundle holds no nodes, so node %s cannot be looked up: give the caller's address with --from", name)
		}
		var names []string
		for _, n := range g.Nodes {
			names = append(names, n.Name)
		}
		slices.Sort(names)
		if more := len(names) - 10; more > 0 {
			names = append(names[:10], fmt.Sprintf("and %d more", more))
		}
		return Caller{}, fmt.Errorf("there is no node %s in the bundle; there are: %s", name, strings.Join(names, ", "))
	}
	return onNode(n), nil
}

func onNode(n *topology.Node) Caller {
	c := Caller{Say: "node " + n.Name, Node: n, Host: true}
	for _, s := range n.Addresses() {
		if a, err := netip.ParseAddr(s); err == nil {
			c.addresses = append(c.addresses, a)
		}
	}
	return c
}

// FromPod is the pod "ns/name" as a caller.
func FromPod(g *topology.Graph, key string) (Caller, error) {
	namespace, name, ok := strings.Cut(key, "/")
	if !ok || namespace == "" || name == "" {
		return Caller{}, fmt.Errorf("a pod is named NAMESPACE/NAME, not %q", key)
	}
	for i := range g.Snapshot.Pods {
		if p := &g.Snapshot.Pods[i]; p.Namespace == namespace && p.Name == name {
			return inPod(g, p), nil
		}
	}
	return Caller{}, fmt.Errorf("pod %s is not in the bundle, which holds the pods behind LoadBalancer Services and those of kube-system: give the pod's node with --from-node, or its address with --from", key)
}

func inPod(g *topology.Graph, p *snapshot.Pod) Caller {
	c := Caller{Say: fmt.Sprintf("pod %s/%s", p.Namespace, p.Name), Node: g.Node(p.Spec.NodeName), Host: p.Spec.HostNetwork, Pod: p}
	if p.Spec.NodeName != "" {
		c.Say += " on node " + p.Spec.NodeName
	}
	for _, ip := range p.Status.PodIPs {
		if a, err := netip.ParseAddr(ip.IP); err == nil {
			c.addresses = append(c.addresses, a)
		}
	}
	return c
}

// in is the caller with its address of one family; not ok where it has none.
func (c Caller) in(family corev1.IPFamily) (Caller, bool) {
	if len(c.addresses) == 0 {
		return c, c.Node == nil && c.Pod == nil
	}
	i := slices.IndexFunc(c.addresses, func(a netip.Addr) bool { return of(family, a) })
	if i < 0 {
		return c, false
	}
	c.Address = c.addresses[i]
	return c, true
}

// inside reports whether the caller is in the cluster.
func (c *Caller) inside() bool { return c != nil && (c.Node != nil || c.Pod != nil) }

// named reports whether a trace follows one caller, and not any.
func (w *Walk) named() bool { return w.caller != nil && w.caller.Address.IsValid() }

// network is the virtual network of the frontend, else of the first backend; nil where
// it is not in the bundle.
func (w *Walk) network() *snapshot.VNet {
	if f := w.Path.Frontend.To; f != nil && f.Frontend.Subnet != nil {
		v, _ := w.graph.Subnet(f.Frontend.Subnet)
		return v
	}
	for _, m := range w.Path.Members {
		if v, _ := w.graph.Subnet(subnetOf(m)); v != nil {
			return v
		}
	}
	return nil
}

// proxied reports whether the node itself passes a packet for the Service's address on
// to a pod, so that none reaches the load balancer, and why or why not. Not sure is what
// nothing on the node proves.
func (w *Walk) proxied(n *topology.Node) (yes, sure bool, why string) {
	s := w.Path.Service
	i := slices.IndexFunc(s.Status.LoadBalancer.Ingress, func(in corev1.LoadBalancerIngress) bool {
		return in.IP != "" && topology.FamilyOf(in.IP) == w.Path.Family
	})
	switch {
	case i < 0:
		return false, true, fmt.Sprintf("the Service's status shows no %s address, so kube-proxy knows of none", w.Path.Family)
	case s.Status.LoadBalancer.Ingress[i].IPMode != nil && *s.Status.LoadBalancer.Ingress[i].IPMode == corev1.LoadBalancerIPModeProxy:
		return false, true, "the status says ipMode Proxy, so kube-proxy leaves the address alone"
	case n == nil:
		return true, false, "the caller's node is not in the bundle"
	case n.Virtual():
		return false, true, "a virtual node has no kube-proxy"
	}
	switch x := w.graph.Proxy(n); x.State {
	case topology.ProxyMissing:
		return false, true, x.Say
	case topology.ProxyRunning, topology.ProxyElsewhere:
		why = fmt.Sprintf("%s on the node takes every packet for %s and hands it to a pod itself: none of them reaches the load balancer", x.Name, s.Status.LoadBalancer.Ingress[i].IP)
		if x.State == topology.ProxyElsewhere {
			why += " (it has no pod, so it runs as a process of the node, or something stands in for it)"
		}
		return true, true, why
	default:
		return true, false, x.Say
	}
}
