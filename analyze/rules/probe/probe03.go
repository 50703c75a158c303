package probe

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// PROBE03 is a Service that sends its traffic to the number of a port that no container
// declares.
var PROBE03 = &rule.Rule{
	ID:       "AZLB-PROBE03",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the Service's targetPort is no port of its containers",
		Symptom: "The Service has its address and ready pods, yet connections are refused or time out, and Azure shows every backend as unhealthy; the Service's cluster IP does not answer either.",
		Cause: "The load balancer and its health probe come in at a node port, kube-proxy passes both on to the pods at targetPort. If no container listens there, the probe fails on every node and Azure sends no traffic at all. " +
			"What a container declares is only a note: one that listens elsewhere than it declares, or declares nothing, works as well. A targetPort that is a name is another matter (AZLB-DATA11).",
		Fix: []report.Step{
			{Say: "See which ports the containers declare.", Run: "kubectl get pods -n NAMESPACE -l SELECTOR -o jsonpath='{..ports}'"},
			{Say: "Try the port directly.", Run: "kubectl port-forward -n NAMESPACE pod/POD 18080:TARGETPORT"},
			{Say: "Set targetPort to the port at which the container listens, or let the container listen there.",
				Run: "kubectl patch service -n NAMESPACE SERVICE --type json -p '[{\"op\":\"replace\",\"path\":\"/spec/ports/0/targetPort\",\"value\":PORT}]'", Changes: true},
		},
		References: []string{"https://kubernetes.io/docs/concepts/services-networking/service/#defining-a-service", "https://github.com/feiskyer/kubernetes-handbook/blob/master/en/troubleshooting/azure.md"},
		Healthy:    "A container may listen at a port that it does not declare. The rule is silent where some pod declares no port that serves clients, where one pod of several declares the port, where a health check of a ready pod asks that very port, and where the sidecar of a service mesh takes all connections; for a number it is never certain, and a warning at most unless a refusal or a pod that is not ready speaks for it.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.Pods, &bundle.EndpointSlices}, All: []*bundle.Evidence{&bundle.Services, &bundle.Pods}},
	Check: checkPROBE03,
}

// mismatch is one port of a Service that its pods do not have.
type mismatch struct {
	index  int
	target string
	others []string // what the pods declare instead
	cite   report.Cite
}

func checkPROBE03(p *rule.Pass) {
	for _, s := range selecting(p) {
		var wrong []mismatch
		for i := range s.Spec.Ports {
			if p.Wants.Of(s.Key()).Lanes[0].Ports[i].NoRule {
				continue
			}
			if m, ok := mismatched(s, i); ok {
				wrong = append(wrong, m)
			}
		}
		if len(wrong) > 0 {
			p.Find(noListener(p, s, wrong))
		}
	}
}

// mismatched looks at one port of a Service.
func mismatched(s *topology.Service, i int) (mismatch, bool) {
	port, pods := s.Spec.Ports[i], living(s)
	if len(pods) == 0 || port.TargetPort.Type == intstr.String || slices.ContainsFunc(pods, inMesh) {
		return mismatch{}, false
	}
	m := mismatch{index: i, target: fmt.Sprint(target(port))}
	for _, pod := range pods {
		serving := 0
		for _, d := range topology.DeclaredPorts(pod, topology.ProtocolOf(port)) {
			if d.ContainerPort.ContainerPort == target(port) {
				return m, false
			}
			if aside(d.Name) {
				continue
			}
			serving++
			if m.cite.File == "" {
				m.cite = pod.Doc.Cite(d.At + "/containerPort")
			}
			if o := fmt.Sprint(d.ContainerPort.ContainerPort); !slices.Contains(m.others, o) {
				m.others = append(m.others, o)
			}
		}
		if serving == 0 || topology.Checked(pod, target(port)) {
			return m, false
		}
	}
	// Without a ready endpoint it is another fault.
	return m, slices.ContainsFunc(s.Paths, func(p *topology.Path) bool { return p.Index == i && len(p.ReadyEndpoints()) > 0 })
}

// fits reports whether other ports of the Service go to ports that its pods declare:
// then the pods are the right ones, and who wrote them may have left one out.
func fits(s *topology.Service, wrong []mismatch) bool {
	for i, port := range s.Spec.Ports {
		if slices.ContainsFunc(wrong, func(m mismatch) bool { return m.index == i }) {
			continue
		}
		for _, pod := range living(s) {
			if slices.ContainsFunc(topology.DeclaredPorts(pod, topology.ProtocolOf(port)), func(d topology.DeclaredPort) bool {
				return d.ContainerPort.ContainerPort == target(port) || d.Name != "" && d.Name == port.TargetPort.StrVal
			}) {
				return true
			}
		}
	}
	return false
}

// target is the number of a numeric targetPort; none given is the Service's port.
func target(port corev1.ServicePort) int32 {
	if port.TargetPort.IntVal == 0 {
		return port.Port
	}
	return port.TargetPort.IntVal
}

// speaking is what speaks for it that nobody listens at a number: the kubelet was
// refused at that very port, or a pod is not ready.
func speaking(p *rule.Pass, s *topology.Service, wrong []mismatch) (say string, cites []report.Cite) {
	for _, e := range p.Snapshot.Events {
		pod := slices.IndexFunc(living(s), func(pod *snapshot.Pod) bool {
			return e.Kind == "Pod" && e.Namespace == pod.Namespace && e.Name == pod.Name
		})
		if pod >= 0 && e.Reason == "Unhealthy" && fresh(p, e.Last) && strings.Contains(e.Message, "refused") &&
			slices.ContainsFunc(wrong, func(m mismatch) bool { return asked(e.Message, target(s.Spec.Ports[m.index])) }) {
			return fmt.Sprintf(" The kubelet was refused there: %s", snapshot.Quote(e.Message)), []report.Cite{e.Doc.Cite("/message")}
		}
	}
	for _, pod := range living(s) {
		for i, c := range pod.Status.Conditions {
			if c.Type == corev1.PodReady && c.Status == corev1.ConditionFalse {
				return fmt.Sprintf(" Pod %s is not ready.", pod.Name), []report.Cite{pod.Doc.Cite(fmt.Sprintf("/status/conditions/%d/status", i))}
			}
		}
	}
	return "", nil
}

// asked reports whether a text names the port of an address ("10.0.0.1:8080/").
func asked(text string, port int32) bool {
	_, rest, ok := strings.Cut(text, fmt.Sprintf(":%d", port))
	return ok && (rest == "" || rest[0] < '0' || rest[0] > '9')
}

func noListener(p *rule.Pass, s *topology.Service, wrong []mismatch) rule.Finding {
	f := rule.Finding{Subject: report.Object{Kind: "Service", Namespace: s.Namespace, Name: s.Name}, Services: []string{s.Key()}}
	if len(s.Status.LoadBalancer.Ingress) == 0 {
		f.Severity = report.Warning // without an address something else is wrong first
	}
	if len(wrong) == 1 {
		f.Subject.Port = int(s.Spec.Ports[wrong[0].index].Port)
	}
	var said []string
	pod := living(s)[0].Name
	for _, m := range wrong {
		port := s.Spec.Ports[m.index]
		said = append(said, fmt.Sprintf("port %d (%s) goes to targetPort %s, but the pods declare %s", port.Port, topology.ProtocolOf(port), m.target, rule.List(m.others)))
		f.Cites = append(f.Cites, s.Doc.Cite(fmt.Sprintf("/spec/ports/%d/targetPort", m.index)), m.cite)
		value := "PORT"
		if len(m.others) == 1 {
			value = m.others[0]
		}
		f.Fix = append(f.Fix, report.Step{Say: fmt.Sprintf("Send port %d to the port at which the container listens, or let the container listen at %s.", port.Port, m.target),
			Run:     fmt.Sprintf("kubectl patch service -n %s %s --type json -p '[{\"op\":\"replace\",\"path\":\"/spec/ports/%d/targetPort\",\"value\":%s}]'", rule.Word(s.Namespace, "NAMESPACE"), rule.Word(s.Name, "SERVICE"), m.index, value),
			Changes: true})
	}
	f.Message = fmt.Sprintf("Service %s: %s.", s.Key(), strings.Join(said, "; "))
	f.Message += " Unless a container listens there without declaring it, every connection and every health probe is refused."
	speaks, cites := speaking(p, s, wrong)
	switch {
	case speaks != "":
		f.Message += speaks
		f.Cites = append(f.Cites, cites...)
		f.Confidence, f.Why = report.Likely, "a container may listen at a port that it does not declare"
	case fits(s, wrong):
		f.Severity, f.Confidence = report.Warning, report.Possible
		f.Why = "the pods declare what the Service's other ports ask for, and a container may listen at more ports than it declares"
	default: // what a container declares is only informational
		f.Severity, f.Confidence = report.Warning, report.Possible
		f.Why = "a container may listen at a port that it does not declare, and nothing in the bundle tells of a refusal"
	}
	try := report.Step{Say: "Make sure first: nothing should answer at the present port.", Run: fmt.Sprintf("kubectl port-forward -n %s pod/%s 18080:%s", rule.Word(s.Namespace, "NAMESPACE"), rule.Word(pod, "POD"), rule.Word(wrong[0].target, "PORT"))}
	f.Fix = append([]report.Step{try}, f.Fix...)
	return f
}
