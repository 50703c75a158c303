package walk

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"azlb/analyze/desired"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
)

// The ports at which kube-proxy, and AKS's relay beside it, tell of their own health.
const proxyHealthPort, relayHealthPort = 10256, 10356

// firstNodePort and lastNodePort are the range of node ports, unless the API server
// was told another one.
const firstNodePort, lastNodePort = 30000, 32767

// answer is what the node itself says at the probe's port.
func (w *Walk) answer(n *topology.Node, x *az.Probe) Expected {
	s := w.Path.Service
	say := func(state ProbeState, format string, args ...any) Expected {
		return Expected{State: state, Why: fmt.Sprintf(format, args...)}
	}
	http, https := strings.EqualFold(x.Protocol, "Http"), strings.EqualFold(x.Protocol, "Https")
	switch i := slices.IndexFunc(s.Spec.Ports, func(p corev1.ServicePort) bool {
		return int(p.NodePort) == x.Port && x.Port != 0 && (p.Protocol == "" || p.Protocol == corev1.ProtocolTCP)
	}); {
	case x.Port == int(s.Spec.HealthCheckNodePort) && x.Port != 0 && s.Local():
		switch {
		case https:
			return say(ProbeDown, "kube-proxy speaks no TLS at its health check port %d", x.Port)
		case !http:
			return w.byProxy(n, "kube-proxy accepts every connection to its health check port, whether the node has a pod or not")
		case w.announced():
			return say(ProbeUnknown, "%s", announcing)
		}
		return w.localAnswer(n)
	case w.health(x):
		switch {
		case https:
			return say(ProbeDown, "kube-proxy speaks no TLS at its health check port %d", x.Port)
		case http && x.RequestPath != "/healthz" && x.RequestPath != "/livez":
			return say(ProbeUnknown, "what kube-proxy says to %s at its health check port is not known", x.RequestPath)
		case x.Port != relayHealthPort && w.announced():
			return say(ProbeUnknown, "%s", announcing)
		case n.Leaving(): // kube-proxy of newer releases then fails the probe on purpose
			return Expected{State: ProbeDown, ByDesign: true, Why: "the node is being removed, which kube-proxy tells the probe"}
		}
		return w.byProxy(n, "kube-proxy tells there of its own health")
	case i >= 0:
		return w.nodePortAnswer(n, i, http, https, x.RequestPath)
	}
	if owner := w.ownerOf(x.Port); owner != "" {
		return say(ProbeUnknown, "at port %d %s answers, not this Service", x.Port, owner)
	}
	if x.Port >= firstNodePort && x.Port <= lastNodePort && w.graph.Snapshot.Complete(&bundle.Services, "") {
		return say(ProbeDown, "no Service has the node port %d, so nobody answers there", x.Port)
	}
	return say(ProbeUnknown, "who answers at port %d of the node is not known", x.Port)
}

// announcing is what the PROXY protocol does to a probe that kube-proxy answers itself.
const announcing = "the Service asks for a private link service with the PROXY protocol, whose header kube-proxy does not read"

// announced reports whether the Service asks for a private link service that announces
// the caller before whatever comes in, probes included.
func (w *Walk) announced() bool {
	l := desired.LinkOf(w.Path.Service)
	return l != nil && l.Proxy.V
}

// health reports the probe of the shared mode.
func (w *Walk) health(x *az.Probe) bool {
	want := w.Want.Probe()
	return x.Port == proxyHealthPort || x.Port == relayHealthPort || want != nil && !want.Own && !w.Path.Service.Local() && want.Port.V == x.Port
}

// byProxy is what only the running kube-proxy answers.
func (w *Walk) byProxy(n *topology.Node, why string) Expected {
	switch x := w.graph.Proxy(n); x.State {
	case topology.ProxyDown:
		return Expected{State: ProbeDown, Why: x.Say}
	case topology.ProxyRunning, topology.ProxyElsewhere:
		return Expected{State: ProbeUp, Why: why}
	default:
		return Expected{Why: x.Say}
	}
}

// localAnswer is kube-proxy's answer for externalTrafficPolicy Local: 200 where a pod of
// the Service on this node is ready, 503 where none is. One that is ending does not
// count, though it still gets connections.
func (w *Walk) localAnswer(n *topology.Node) Expected {
	s := w.Path.Service
	if !s.EndpointsKnown() {
		return Expected{Why: "the EndpointSlices are not completely in the bundle"}
	}
	if !slices.ContainsFunc(s.ReadyEndpoints(), func(e topology.Endpoint) bool { return e.NodeName == n.Name }) {
		return Expected{State: ProbeDown, ByDesign: true, Why: "no ready pod of the Service is on it (externalTrafficPolicy Local)"}
	}
	return w.byProxy(n, "a ready pod of the Service is on it (externalTrafficPolicy Local)")
}

// nodePortAnswer is what comes through a node port of the Service: an endpoint's answer.
func (w *Walk) nodePortAnswer(n *topology.Node, i int, http, https bool, path string) Expected {
	s := w.Path.Service
	if !s.EndpointsKnown() {
		return Expected{Why: "the EndpointSlices are not completely in the bundle"}
	}
	ready := w.endpointsOf(i)
	if s.Local() {
		ready = slices.DeleteFunc(ready, func(e topology.Endpoint) bool { return e.NodeName != n.Name })
		if len(ready) == 0 {
			return Expected{State: ProbeDown, ByDesign: true, Why: "no ready pod of the Service is on it (externalTrafficPolicy Local)"}
		}
	}
	switch proxy := w.graph.Proxy(n); {
	case len(ready) == 0 && slices.ContainsFunc(s.Endpoints, func(e topology.Endpoint) bool { return e.Terminating }):
		return Expected{Why: "only pods that are ending are behind the node port"}
	case len(ready) == 0:
		return Expected{State: ProbeDown, Why: "no ready pod is behind the node port, so kube-proxy refuses the probe"}
	case proxy.State == topology.ProxyUnknown, proxy.State == topology.ProxyMissing, proxy.State == topology.ProxyDown:
		return Expected{Why: proxy.Say} // what it wrote before may still be there
	case slices.ContainsFunc(ready, func(e topology.Endpoint) bool { return e.Node != nil && Down(e.Node) != "" }):
		return Expected{Why: "some of the pods behind the node port are on nodes that are down"}
	case !http && !https:
		return Expected{State: ProbeUp, Why: "kube-proxy passes the connection on to a ready pod"}
	}
	for _, e := range ready {
		if !AsksLike(e.Pod, s.Spec.Ports[i], https, path) {
			return Expected{Why: "whether the pods say 200 to " + path + " is not known"}
		}
	}
	return Expected{State: ProbeUp, Why: "the pods' own readiness probes ask the same, and get their answer"}
}

// endpointsOf are the ready endpoints behind another port of the Service.
func (w *Walk) endpointsOf(i int) []topology.Endpoint {
	for _, p := range w.Path.Service.Paths {
		if p.Index == i && p.Family == w.Path.Family {
			return p.ReadyEndpoints()
		}
	}
	return nil
}

// ownerOf names another Service that listens at a port on every node.
func (w *Walk) ownerOf(port int) string {
	for i := range w.graph.Snapshot.Services {
		s := &w.graph.Snapshot.Services[i]
		if int(s.Spec.HealthCheckNodePort) == port && port != 0 || slices.ContainsFunc(s.Spec.Ports, func(p corev1.ServicePort) bool { return int(p.NodePort) == port && port != 0 }) {
			return s.Namespace + "/" + s.Name
		}
	}
	return ""
}

// AsksLike reports whether the kubelet asks a pod that is ready, at the port to which the
// Service's port goes, the same as Azure: HTTP or HTTPS, and the path. It takes any
// answer from 200 to 399 for good, Azure only 200.
func AsksLike(pod *snapshot.Pod, port corev1.ServicePort, https bool, path string) bool {
	return slices.ContainsFunc(asked(pod, port, func(c corev1.Container) []*corev1.Probe {
		return []*corev1.Probe{c.ReadinessProbe, c.LivenessProbe, c.StartupProbe}
	}), func(x *corev1.HTTPGetAction) bool {
		return (x.Scheme == corev1.URISchemeHTTPS) == https && slash(x.Path) == slash(path) && x.Host == "" && len(x.HTTPHeaders) == 0
	})
}

// slash is a path as it is sent: none is the root.
func slash(path string) string {
	if !strings.HasPrefix(path, "/") {
		return "/" + path
	}
	return path
}

// Readiness is the HTTP request with which the kubelet asks a pod whether it is ready,
// at the container port to which the Service's port goes; nil where it asks no such.
func Readiness(pod *snapshot.Pod, port corev1.ServicePort) *corev1.HTTPGetAction {
	for _, x := range asked(pod, port, func(c corev1.Container) []*corev1.Probe { return []*corev1.Probe{c.ReadinessProbe} }) {
		return x
	}
	return nil
}

// asked are the HTTP requests of a pod's probes that go to the container port of the
// Service's port.
func asked(pod *snapshot.Pod, port corev1.ServicePort, pick func(corev1.Container) []*corev1.Probe) []*corev1.HTTPGetAction {
	if pod == nil {
		return nil
	}
	var out []*corev1.HTTPGetAction
	for _, c := range pod.Spec.Containers {
		for _, x := range pick(c) {
			if x == nil || x.HTTPGet == nil {
				continue
			}
			if n := number(c, x.HTTPGet.Port); n != 0 && n == numberOf(pod, port) {
				out = append(out, x.HTTPGet)
			}
		}
	}
	return out
}

// numberOf is the container port to which a Service's port goes, 0 where the pod does
// not have the name.
func numberOf(pod *snapshot.Pod, port corev1.ServicePort) int32 {
	switch target := port.TargetPort; {
	case target.Type == intstr.Int && target.IntVal == 0:
		return port.Port
	case target.Type == intstr.Int:
		return target.IntVal
	default:
		for _, c := range pod.Spec.Containers {
			if n := number(c, target); n != 0 {
				return n
			}
		}
	}
	return 0
}

// number is a container's port by number or name.
func number(c corev1.Container, port intstr.IntOrString) int32 {
	if port.Type == intstr.Int {
		return port.IntVal
	}
	for _, p := range c.Ports {
		if p.Name == port.StrVal {
			return p.ContainerPort
		}
	}
	return 0
}
