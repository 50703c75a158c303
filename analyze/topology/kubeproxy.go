package topology

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// ProxyState says whether kube-proxy, or what stands in for it, works on a node.
type ProxyState string

// The states of a node's proxy.
const (
	ProxyUnknown   ProxyState = ""            // the pods of kube-system are not in the bundle, or one of them just comes or goes
	ProxyRunning   ProxyState = "running"     // its pod is ready
	ProxyDown      ProxyState = "not running" // its pod is there and is not ready
	ProxyMissing   ProxyState = "missing"     // other nodes of the same system have a pod of it, this one has none
	ProxyElsewhere ProxyState = "no pod"      // no such node has a pod of it: it runs as a process of the node (Windows, k3s)
)

// Proxy is who passes packets for a Service on to its pods, on one node.
type Proxy struct {
	State ProxyState
	// Name is kube-proxy, or Cilium where only Cilium is there to do its work.
	Name string
	// Mode is iptables, ipvs, nftables or kernelspace; empty where its command line does
	// not tell, as where a file of configuration does.
	Mode string
	Pod  *snapshot.Pod // nil: none
	Say  string        // what is known, as a clause

	at string
}

// Cite proves the state where a pod shows it; not ok where nothing does.
func (x Proxy) Cite() (c report.Cite, ok bool) {
	if x.Pod == nil {
		return c, false
	}
	return x.Pod.Doc.Cite(x.at), true
}

// IsKubeProxy reports whether a pod is kube-proxy's: by the labels of kubeadm, AKS and
// older installers, or as the static pod that bears its name.
func IsKubeProxy(p *snapshot.Pod) bool {
	return p.Namespace == "kube-system" && (strings.HasPrefix(p.Labels["k8s-app"], "kube-proxy") || p.Labels["component"] == "kube-proxy" || strings.HasPrefix(p.Name, "kube-proxy-"))
}

// IsCilium reports whether a pod is Cilium's agent.
func IsCilium(p *snapshot.Pod) bool {
	return p.Namespace == "kube-system" && p.Labels["k8s-app"] == "cilium"
}

// Windows reports whether the node runs Windows.
func (n *Node) Windows() bool {
	return strings.EqualFold(n.Status.NodeInfo.OperatingSystem, "windows") || n.Labels["kubernetes.io/os"] == "windows" || n.Labels["beta.kubernetes.io/os"] == "windows"
}

// proxies are the pods of kube-system that may pass packets on, by node.
type proxies struct {
	kubeProxy, cilium map[string][]*snapshot.Pod
	linux, windows    int // nodes with a kube-proxy
}

func (g *Graph) linkProxies() {
	g.proxies = proxies{kubeProxy: map[string][]*snapshot.Pod{}, cilium: map[string][]*snapshot.Pod{}}
	for i := range g.Snapshot.Pods {
		switch p := &g.Snapshot.Pods[i]; {
		case p.Spec.NodeName == "":
		case IsKubeProxy(p):
			g.proxies.kubeProxy[p.Spec.NodeName] = append(g.proxies.kubeProxy[p.Spec.NodeName], p)
		case IsCilium(p):
			g.proxies.cilium[p.Spec.NodeName] = append(g.proxies.cilium[p.Spec.NodeName], p)
		}
	}
	for name := range g.proxies.kubeProxy {
		switch n := g.Node(name); {
		case n == nil:
		case n.Windows():
			g.proxies.windows++
		default:
			g.proxies.linux++
		}
	}
}

// Cilium reports whether an agent of Cilium is on the node.
func (g *Graph) Cilium(node string) bool { return len(g.proxies.cilium[node]) > 0 }

// Proxy is what is known of the node's proxy. Cilium counts as it where no node has a
// kube-proxy: it then does its work, or nobody does.
func (g *Graph) Proxy(n *Node) Proxy {
	if pods := g.proxies.kubeProxy[n.Name]; len(pods) > 0 {
		return proxyOf("kube-proxy", pods, g.Snapshot.Now)
	}
	others := g.proxies.linux
	if n.Windows() {
		others = g.proxies.windows
	}
	whole := g.Snapshot.Complete(&bundle.ControllerPods, "")
	switch cilium := g.proxies.cilium[n.Name]; {
	case !whole:
		return Proxy{Name: "kube-proxy", Say: "the pods of kube-system are not completely in the bundle"}
	case len(cilium) > 0 && others == 0:
		return proxyOf("Cilium", cilium, g.Snapshot.Now)
	case others > 0 && len(cilium) == 0 && !n.Virtual():
		return Proxy{State: ProxyMissing, Name: "kube-proxy", Say: fmt.Sprintf("no pod of kube-proxy is on it, and %d other nodes have one", others)}
	}
	return Proxy{State: ProxyElsewhere, Name: "kube-proxy", Say: "kube-proxy runs there outside of pods, if at all"}
}

// restarting is how long a pod may be not ready while its container, or its node, starts
// again.
const restarting = time.Minute

// proxyOf judges the pods of one node: one that is ready is enough, and one that is
// just made, restarts or ends tells nothing, as in every update of its DaemonSet.
func proxyOf(name string, pods []*snapshot.Pod, now time.Time) Proxy {
	out := Proxy{State: ProxyUnknown, Name: name, Pod: pods[0], at: "/status/phase", Say: name + " is being exchanged there"}
	for _, p := range pods {
		i := slices.IndexFunc(p.Status.Conditions, func(c corev1.PodCondition) bool { return c.Type == corev1.PodReady })
		at := fmt.Sprintf("/status/conditions/%d/status", i)
		switch {
		case p.DeletionTimestamp != nil || i < 0:
			continue
		case p.Status.Conditions[i].Status == corev1.ConditionTrue:
			return Proxy{State: ProxyRunning, Name: name, Mode: proxyMode(p), Pod: p, at: at, Say: name + " runs there"}
		case p.Status.Phase == corev1.PodPending && !waits(p):
			continue
		case lately(p.Status.Conditions[i], now) && !waits(p):
			continue
		}
		out = Proxy{State: ProxyDown, Name: name, Mode: proxyMode(p), Pod: p, at: at, Say: fmt.Sprintf("%s is not ready there (pod %s)", name, p.Name)}
	}
	return out
}

func lately(c corev1.PodCondition, now time.Time) bool {
	return !c.LastTransitionTime.IsZero() && now.Sub(c.LastTransitionTime.Time) < restarting
}

// waits reports whether a container of a pod that has not begun waits for something
// that failed before: it is not only new.
func waits(p *snapshot.Pod) bool {
	return slices.ContainsFunc(slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses), func(s corev1.ContainerStatus) bool {
		w := s.State.Waiting
		return w != nil && w.Reason != "" && w.Reason != "ContainerCreating" && w.Reason != "PodInitializing"
	})
}

// proxyMode is what kube-proxy's command line says.
func proxyMode(p *snapshot.Pod) string {
	for _, c := range p.Spec.Containers {
		words := slices.Concat(c.Command, c.Args)
		for i, word := range words {
			for _, part := range strings.Fields(word) { // a shell's script as one word
				if mode, ok := strings.CutPrefix(part, "--proxy-mode="); ok {
					return mode
				}
			}
			if word == "--proxy-mode" && i+1 < len(words) {
				return words[i+1]
			}
		}
	}
	return ""
}
