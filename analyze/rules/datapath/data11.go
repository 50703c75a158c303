package datapath

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/intstr"

	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// DATA11 is a targetPort that is a name which no port of the pods has.
var DATA11 = &rule.Rule{
	ID:       "AZLB-DATA11",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the Service's targetPort is a name that no port of its pods has",
		Symptom: "The Service has its address and its pods are ready, yet connections are refused or time out at one port, or at all; the Service's cluster IP does not answer there either, and Azure shows every backend as unhealthy.",
		Cause: "A targetPort can be a number, or the name of a port that the pods' containers declare under ports, with the same protocol. Where no container declares the name, Kubernetes lists the pods without that port (the EndpointSlice has none), and kube-proxy has nobody to pass connections on to, nor the health probe. " +
			"It comes from a typing error, from a chart whose Service and Deployment were changed apart, or from a container port that was renamed.",
		Fix: []report.Step{
			{Say: "See how the containers call their ports.", Run: "kubectl get pods -n NAMESPACE -l SELECTOR -o jsonpath='{..ports}'"},
			{Say: "Use that name, or the number, as targetPort.", Run: "kubectl patch service -n NAMESPACE SERVICE --type json -p '[{\"op\":\"replace\",\"path\":\"/spec/ports/0/targetPort\",\"value\":8080}]'", Changes: true},
		},
		References: []string{"https://kubernetes.io/docs/concepts/services-networking/service/#field-spec-ports", "https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/"},
		Healthy: "During a roll-out some pods may have the name and others not: one ready pod with it is enough. A number works whether a container declares it or not (AZLB-PROBE03 tells of one that none declares); endpoints of a Service without a selector are somebody else's, " +
			"and a port that annotations keep out of the load balancer is not looked at.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.EndpointSlices, &bundle.Pods}, All: []*bundle.Evidence{&bundle.Services, &bundle.EndpointSlices}},
	Check: checkDATA11,
}

// nameless is one port of a Service whose name no ready endpoint has.
type nameless struct {
	index  int
	others []string // the names that the pods declare instead
	cites  []report.Cite
}

func checkDATA11(p *rule.Pass) {
	for _, s := range p.Graph.Served() {
		if len(s.Spec.Selector) == 0 || !s.EndpointsKnown() {
			continue
		}
		var list []nameless
		for i := range s.Spec.Ports {
			if p.Wants.Of(s.Key()).Lanes[0].Ports[i].NoRule {
				continue
			}
			if x, ok := unnamed(p, s, i); ok {
				list = append(list, x)
			}
		}
		if len(list) > 0 {
			p.Find(noName(p, s, list))
		}
	}
}

// unnamed looks at one port. Pods that are ready and listed without it prove that the
// name is wrong; where none is ready, what the pods declare does.
func unnamed(p *rule.Pass, s *topology.Service, i int) (nameless, bool) {
	port := s.Spec.Ports[i]
	x := nameless{index: i}
	if port.TargetPort.Type != intstr.String || slices.ContainsFunc(s.Paths, func(path *topology.Path) bool { return path.Index == i && len(path.ReadyEndpoints()) > 0 }) {
		return x, false
	}
	pods := living(s)
	declare := false
	for _, pod := range pods {
		for _, d := range topology.DeclaredPorts(pod, topology.ProtocolOf(port)) {
			declare = declare || d.Name == port.TargetPort.StrVal
			if d.Name != "" && !slices.Contains(x.others, d.Name) {
				x.others = append(x.others, d.Name)
			}
			if len(x.cites) == 0 {
				x.cites = []report.Cite{pod.Doc.Cite(d.At + "/containerPort")}
			}
		}
	}
	if len(x.cites) == 0 && len(pods) > 0 {
		x.cites = []report.Cite{pods[0].Doc.Cite("/spec/containers/0/name")}
	}
	slices.Sort(x.others)
	return x, len(s.ReadyEndpoints()) > 0 || len(pods) > 0 && !declare && p.Complete(&bundle.Pods, s.Namespace)
}

// noName is one Service.
func noName(p *rule.Pass, s *topology.Service, list []nameless) rule.Finding {
	f := rule.Finding{Subject: object(s), Services: []string{s.Key()}, Severity: severity(s)}
	if len(list) == 1 {
		f.Subject.Port = int(s.Spec.Ports[list[0].index].Port)
	}
	var said []string
	for _, x := range list {
		port := s.Spec.Ports[x.index]
		what := fmt.Sprintf("port %d (%s) goes to the port named %s", port.Port, topology.ProtocolOf(port), port.TargetPort.StrVal)
		if len(x.others) > 0 {
			what += fmt.Sprintf(", but the pods declare %s", rule.List(x.others))
		}
		said = append(said, what)
		f.Cites = append(f.Cites, s.Doc.Cite(fmt.Sprintf("/spec/ports/%d/targetPort", x.index)))
		f.Cites = append(f.Cites, x.cites...)
		if len(x.others) == 1 {
			f.Fix = append(f.Fix, report.Step{Say: fmt.Sprintf("Send port %d to the port that the pods declare, or give that port the name %s.", port.Port, port.TargetPort.StrVal), Changes: true,
				Run: rule.Kubectl("patch", s.Key(), "--type json -p "+rule.Word(fmt.Sprintf(`[{"op":"replace","path":"/spec/ports/%d/targetPort","value":%q}]`, x.index, x.others[0]), ""))})
		}
	}
	if slices := s.Slices(); len(slices) > 0 {
		f.Cites = append(f.Cites, slices[0].Doc.Cite("/ports"))
	} else {
		f.Absence = []*bundle.Evidence{&bundle.EndpointSlices}
	}
	f.Message = fmt.Sprintf("Service %s: %s. Kubernetes finds no endpoint for it, so that nobody gets connections or health probes.", s.Key(), rule.List(said))
	if n := len(s.ReadyEndpoints()); n > 0 {
		f.Message += fmt.Sprintf(" The %s ready all the same.", are(n, "pod"))
	}
	f.Fix = append([]report.Step{{Say: "See how the containers call their ports.",
		Run: fmt.Sprintf("kubectl get pods -n %s -l %s -o jsonpath='{..ports}'", rule.Word(s.Namespace, "NAMESPACE"), rule.Word(selectorOf(s), "SELECTOR"))}}, f.Fix...)
	return f
}
