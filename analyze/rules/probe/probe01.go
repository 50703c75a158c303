package probe

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/analyze/walk"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// PROBE01 is a health probe that asks "/" over HTTP only because the Service's port
// says which protocol it speaks.
var PROBE01 = &rule.Rule{
	ID:       "AZLB-PROBE01",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the health probe asks for \"/\" over HTTP, which the application may not answer with 200",
		Symptom: "The Service has its address, pods are ready and answer inside the cluster, no event warns, and from outside every connection times out, often from an upgrade to Kubernetes 1.24 on; Azure shows all backends as unhealthy.",
		Cause: "Azure sends traffic only to nodes that answer the load balancer's health probe. When a Service's port has appProtocol http or https, the provider makes an HTTP or HTTPS probe of it, by default with the path \"/\", and Azure takes nothing for well but the answer 200: a 404 (an ingress controller without a rule for \"/\"), a redirect or a 401 marks every node as unhealthy. " +
			"Many Helm charts and gateways set appProtocol. Kubernetes' own readiness probe asks something else, so that the pods are ready.",
		Fix: []report.Step{
			{Say: "See what the pod says to \"/\"; only 200 is enough.", Run: "kubectl port-forward -n NAMESPACE pod/POD 18080:PORT & sleep 2; curl -sk -o /dev/null -w '%{http_code}\\n' http://127.0.0.1:18080/; kill $!"},
			{Say: "Let the probe ask for a path to which the application says 200.", Run: "kubectl annotate service -n NAMESPACE SERVICE service.beta.kubernetes.io/azure-load-balancer-health-probe-request-path=/healthz", Changes: true},
			{Say: "Or let it ask only whether the port is open.", Run: "kubectl annotate service -n NAMESPACE SERVICE service.beta.kubernetes.io/port_PORT_health-probe_protocol=tcp", Changes: true},
		},
		References: []string{"Azure/AKS#3210", "Azure/AKS#2903", "kubernetes/ingress-nginx#8501", "kubernetes/ingress-nginx#10869", "istio/istio#56189", "haproxytech/kubernetes-ingress#532", "MicrosoftDocs/azure-docs#92046", "https://learn.microsoft.com/azure/load-balancer/load-balancer-custom-probe-overview"},
		Affects:    "cloud-provider-azure from 1.24 on; also 0.7.14 to 0.7.20, 1.0.11 to 1.0.17, 1.1.7 to 1.1.13 and 1.23.4 to 1.23.10; up to 1.23 the in-tree provider ignores appProtocol",
		Healthy: "An application that says 200 to \"/\" needs nothing. The rule is silent where the pods' own HTTP readiness probe asks the same port for the same path, or another of their probes does and they are ready; with appProtocol alone it is a mere information. " +
			"With externalTrafficPolicy Local and in the shared probe mode kube-proxy answers, not the application.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.LoadBalancers, &bundle.Pods}, All: []*bundle.Evidence{&bundle.Services, &bundle.LoadBalancers, &bundle.Pods}},
	Check: checkPROBE01,
}

// rootProbe is one port whose HTTP probe has the default path.
type rootProbe struct {
	walk  *walk.Walk
	index int // of the Service's port through whose node port it asks
	https bool

	confidence report.Confidence
	severity   report.Severity
	say        string // what speaks for it
	path       string // that the application is known to answer; empty: none
	cites      []report.Cite
}

func checkPROBE01(p *rule.Pass) {
	var note *rule.Finding // of all Services of which nothing more is known
	var also []string
	for _, s := range selecting(p) {
		var list []rootProbe
		for _, w := range p.Walks.Of(s.Key()) {
			x, ok := asksRoot(w)
			if !ok || slices.ContainsFunc(list, func(o rootProbe) bool { return o.walk.Path.Probe.To == w.Path.Probe.To }) {
				continue
			}
			if p.Complete(&bundle.Pods, s.Namespace) && weighRoot(p, s, &x) {
				list = append(list, x)
			}
		}
		if len(list) == 0 {
			continue
		}
		switch f := rootProbes(s, list); {
		case f.Severity != report.Info:
			p.Find(f)
		case note == nil:
			note = &f
		default:
			also = append(also, s.Key())
		}
	}
	if note == nil {
		return
	}
	if len(also) > 0 { // a chart that sets appProtocol sets it for every port
		note.Message += fmt.Sprintf(" It is so as well with %s.", rule.List(also))
	}
	p.Find(*note)
}

// asksRoot reports an HTTP probe of the Service's own port with the path that nobody
// chose, as the Service asks for it.
func asksRoot(w *walk.Walk) (rootProbe, bool) {
	probe, want := w.Path.Probe.To, w.Want.Probe()
	if probe == nil || want == nil || want.Path.Pointer != "" || want.Path.V == "" || probe.RequestPath != want.Path.V || !strings.EqualFold(probe.Protocol, want.Protocol.V) || want.Protocol.Pointer == "" {
		return rootProbe{}, false
	}
	i := slices.IndexFunc(w.Path.Service.Spec.Ports, func(sp corev1.ServicePort) bool { return sp.NodePort != 0 && int(sp.NodePort) == probe.Port })
	return rootProbe{walk: w, index: i, https: strings.EqualFold(probe.Protocol, "Https")}, i >= 0 && !w.Path.Service.Local()
}

// weighRoot says what speaks for a failing probe; false where the pods are known to
// answer it, or none is ready.
func weighRoot(p *rule.Pass, s *topology.Service, x *rootProbe) bool {
	pods := ready(s)
	if len(pods) == 0 {
		return false
	}
	port, path := s.Spec.Ports[x.index], x.walk.Path.Probe.To.RequestPath
	if !slices.ContainsFunc(pods, func(pod *snapshot.Pod) bool { return !walk.AsksLike(pod, port, x.https, path) }) {
		return false
	}
	x.severity, x.confidence, x.say = report.Info, report.Possible, "What the pods say to it is not in the bundle."
	switch state, cites := x.walk.Measured(); state {
	case walk.ProbeUp:
		return false
	case walk.ProbeDown:
		x.severity, x.confidence, x.cites = report.Error, report.Certain, cites
		x.say = "Azure's own metric shows that no backend answers it."
		return true
	}
	for _, pod := range pods {
		get := walk.Readiness(pod, port)
		switch product := ingress(pod); {
		case get != nil && (get.Scheme == corev1.URISchemeHTTPS) != x.https:
			x.severity, x.confidence = report.Error, report.Likely
			x.say = fmt.Sprintf("Pod %s is ready, and its readiness probe asks the same port over %s: who speaks the one there does not answer the other.", pod.Name, scheme(get.Scheme == corev1.URISchemeHTTPS))
		case product != nil:
			x.severity, x.confidence, x.path = report.Error, report.Likely, product.path
			x.say = fmt.Sprintf("Behind it is %s (pod %s), which says 404 to \"/\" unless a rule without a host name serves it.", product.name, pod.Name)
		case get != nil && get.Path != path && x.severity == report.Info:
			x.severity, x.confidence, x.path = report.Warning, report.Possible, get.Path
			x.say = fmt.Sprintf("The readiness probe of pod %s asks the same port for %s: that this is answered says nothing of \"%s\".", pod.Name, get.Path, path)
		default:
			continue
		}
		x.cites = []report.Cite{pod.Doc.Cite("/spec/containers/0/image")}
		if get != nil {
			x.cites = []report.Cite{pod.Doc.Cite(readinessAt(pod, get))}
		}
		if x.severity == report.Error {
			break
		}
	}
	return true
}

// readinessAt is the place of the path that the kubelet asks for.
func readinessAt(pod *snapshot.Pod, get *corev1.HTTPGetAction) string {
	for i, c := range pod.Spec.Containers {
		if c.ReadinessProbe != nil && c.ReadinessProbe.HTTPGet == get {
			return fmt.Sprintf("/spec/containers/%d/readinessProbe/httpGet", i)
		}
	}
	return "/spec/containers"
}

func scheme(https bool) string {
	if https {
		return "HTTPS"
	}
	return "HTTP"
}

// rootProbes is one Service's probes.
func rootProbes(s *topology.Service, list []rootProbe) rule.Finding {
	f := rule.Finding{Subject: rule.Subject(s.Key()), Severity: report.Info, Confidence: report.Possible}
	worst := list[0]
	for _, x := range list {
		if rank(x) < rank(worst) {
			worst = x
		}
	}
	var said []string
	for _, x := range list {
		probe, want := x.walk.Path.Probe.To, x.walk.Want.Probe()
		port := s.Spec.Ports[x.index].Port
		said = append(said, fmt.Sprintf("of port %d %s %q (%s)", port, scheme(x.https), probe.RequestPath, want.Protocol.Because))
		f.Cites = append(f.Cites, s.Doc.Cite(want.Protocol.Pointer), x.walk.Path.Frontend.To.LB.Doc.Cite(probe.At+"/requestPath"))
	}
	f.Cites = append(f.Cites[:min(len(f.Cites), 4)], worst.cites...)
	f.Message = fmt.Sprintf("The health probe of %s asks, %s: unless the answer is 200, Azure takes every node for dead. %s", s.Key(), rule.List(said), worst.say)
	f.Severity, f.Confidence = worst.severity, worst.confidence
	switch {
	case worst.severity != report.Info:
		f.Services = []string{s.Key()}
		if worst.confidence != report.Certain {
			f.Why = "what the application says to the probe is not in the bundle"
		}
	default:
		f.Why = "most applications say 200 to \"/\"; Azure's metric of the probe (DipAvailability), or the first step of the fix, tells"
	}
	f.Fix = fixRoot(s, worst, list)
	return f
}

func rank(x rootProbe) int {
	return slices.Index([]report.Severity{report.Error, report.Warning, report.Info}, x.severity)
}

func fixRoot(s *topology.Service, worst rootProbe, list []rootProbe) []report.Step {
	port := s.Spec.Ports[worst.index]
	pod := ready(s)[0]
	number := port.TargetPort.String()
	if number == "0" || number == "" {
		number = fmt.Sprint(port.Port)
	}
	steps := []report.Step{{Say: "See what the pod says to the probe; only 200 is enough.",
		Run: fmt.Sprintf("kubectl port-forward -n %s pod/%s 18080:%s & sleep 2; curl -sk -o /dev/null -w '%%{http_code}\\n' %s://127.0.0.1:18080/; kill $!",
			rule.Word(s.Namespace, "NAMESPACE"), rule.Word(pod.Name, "POD"), rule.Word(number, "PORT"), strings.ToLower(scheme(worst.https)))}}
	if worst.path != "" {
		steps = append(steps, rule.Annotate(s, desired.ProbePathKey, worst.path, "Let the probe ask for what the application answers, if that says 200."))
	}
	for _, x := range list {
		steps = append(steps, rule.Annotate(s, desired.PortProbeProtocolKey(s.Spec.Ports[x.walk.Path.Index].Port), "tcp", "Or let it ask only whether the port is open; the annotation for all ports does not help, as appProtocol goes before it."))
	}
	return steps
}
