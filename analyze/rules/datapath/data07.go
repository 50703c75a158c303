package datapath

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/rule"
	"azlb/analyze/topology"
	"azlb/analyze/walk"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// DATA07 is a port of a protocol whose connections rest for long, behind a rule that
// cuts connections which rest.
var DATA07 = &rule.Rule{
	ID:       "AZLB-DATA07",
	Severity: report.Info,
	Doc: report.Doc{
		Title:   "the load balancer forgets idle connections after few minutes, and the port is for a protocol whose connections rest for long",
		Symptom: "Connections break after about four minutes without traffic: with `connection reset by peer`, or, where TCP reset is off, without any sign until the next request hangs. Short connections work.",
		Cause: "Azure's load balancer keeps a flow in mind while it carries packets; after the rule's idle timeout, 4 minutes unless the Service asks for more, it forgets the flow. With TCP reset, which the provider turns on for Standard load balancers, both sides then get a reset; without it packets of the old connection are simply dropped. " +
			"Pools of connections to databases and message brokers, and remote shells, rest for longer than that.",
		Fix: []report.Step{
			{Say: "Let clients or the server send TCP keep-alives more often than every four minutes; that is the only remedy that lasts."},
			{Say: "Or ask for a longer timeout, in minutes.", Run: "kubectl annotate service -n NAMESPACE SERVICE --overwrite service.beta.kubernetes.io/azure-load-balancer-tcp-idle-timeout=30", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/load-balancer/load-balancer-tcp-reset", "https://cloud-provider-azure.sigs.k8s.io/topics/loadbalancer/"},
		Healthy:    "Most clients of such protocols send keep-alives, so that nothing ever rests; the rule says only what to look at when connections break after a pause, and never names a Service as harmed. It is silent for web ports, for UDP, and where the Service asks for a timeout of its own.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.LoadBalancers}, All: []*bundle.Evidence{&bundle.Services, &bundle.LoadBalancers}},
	Check: checkDATA07,
}

// defaultIdle is the idle timeout of a rule that asks for none, in minutes.
const defaultIdle = 4

// resting are protocols whose connections rest for long, by their port and by the names
// that Service ports and appProtocol have for them.
var resting = []struct {
	name  string
	ports []int32
	words []string
}{
	{"SSH", []int32{22}, []string{"ssh", "sftp"}},
	{"AMQP", []int32{5671, 5672}, []string{"amqp", "amqps"}},
	{"MQTT", []int32{1883, 8883}, []string{"mqtt", "mqtts"}},
	{"PostgreSQL", []int32{5432}, []string{"postgres", "postgresql"}},
	{"MySQL", []int32{3306}, []string{"mysql", "mariadb"}},
	{"SQL Server", []int32{1433}, []string{"mssql", "sqlserver"}},
	{"Redis", []int32{6379}, []string{"redis"}},
	{"MongoDB", []int32{27017}, []string{"mongodb", "mongo"}},
	{"Kafka", []int32{9092}, []string{"kafka"}},
	{"NATS", []int32{4222}, []string{"nats"}},
}

func checkDATA07(p *rule.Pass) {
	for _, s := range p.Graph.Served() {
		for _, x := range s.Paths {
			name := protocolThatRests(x.Port)
			r := x.Rule.To
			if name == "" || r == nil || x.Protocol() != "TCP" || x.Family != s.Families()[0] {
				continue
			}
			minutes := r.IdleTimeoutInMinutes
			if minutes == 0 {
				minutes = defaultIdle
			}
			want := p.Walks.Of(s.Key())
			asked := slices.ContainsFunc(want, func(w *walk.Walk) bool {
				return w.Path == x && w.Want.Rule != nil && strings.HasPrefix(w.Want.Rule.IdleTimeout.Pointer, "/metadata/")
			})
			if minutes > defaultIdle || asked {
				continue
			}
			p.Find(rests(s, x, name, minutes))
		}
	}
}

// protocolThatRests names the protocol of a port, empty where it is none of them.
func protocolThatRests(port corev1.ServicePort) string {
	for _, r := range resting {
		if slices.Contains(r.ports, port.Port) || slices.ContainsFunc(r.words, func(w string) bool {
			return port.AppProtocol != nil && strings.EqualFold(*port.AppProtocol, w) || slices.Contains(strings.Split(strings.ToLower(port.Name), "-"), w)
		}) {
			return r.name
		}
	}
	return ""
}

func rests(s *topology.Service, x *topology.Path, name string, minutes int) rule.Finding {
	lb := x.Frontend.To.LB
	f := rule.Finding{Subject: object(s), Confidence: report.Possible, Why: "whether connections rest is not in the bundle; with keep-alives they do not",
		Cites: []report.Cite{lb.Doc.Cite(x.Rule.To.At + "/idleTimeoutInMinutes"), s.Doc.Cite(fmt.Sprintf("/spec/ports/%d/port", x.Index))}}
	f.Subject.Port = int(x.Port.Port)
	f.Message = fmt.Sprintf("Port %d of %s is for %s, whose connections often rest, and Azure forgets one that rests for %d minutes", x.Port.Port, s.Key(), name, minutes)
	if reset := x.Rule.To.EnableTCPReset; reset != nil && *reset {
		f.Message += " and resets it. Look here if connections break after a pause."
	} else {
		f.Message += ", without telling either side: TCP reset is off. Look here if requests hang after a pause."
		f.Cites = append(f.Cites, lb.Doc.Cite(x.Rule.To.At+"/name"))
	}
	f.Fix = []report.Step{
		{Say: "Let clients or the server send TCP keep-alives more often than that."},
		{Say: "Or ask for a longer timeout, in minutes.", Changes: true, Run: rule.Kubectl("annotate", s.Key(), "--overwrite service.beta.kubernetes.io/azure-load-balancer-tcp-idle-timeout=30")},
	}
	return f
}
