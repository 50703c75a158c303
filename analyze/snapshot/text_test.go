package snapshot

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	bundle "azlb/bundle-schema"
)

// clockFile has one time, which becomes the clock.
const clockFile = "apiVersion: v1\nkind: Namespace\nmetadata: {name: kube-system, uid: u, creationTimestamp: 2026-11-23T10:00:00Z}\n"

// eventLines prints the events of a snapshot with their ages.
func eventLines(s *Snapshot) (out []string) {
	for _, e := range s.Events {
		out = append(out, fmt.Sprintf("%s %s/%s %s %s x%d -%s..-%s line %d: %s", e.Kind, e.Namespace, e.Name, e.Type, e.Reason, e.Count,
			s.Now.Sub(e.First), s.Now.Sub(e.Last), e.Doc.Line, strings.ReplaceAll(e.Message, "\n", "|")))
	}
	return out
}

func TestDescribe(t *testing.T) {
	s := loaded(nil, file{name: "d.txt", text: data(t, "describe.txt")}, file{name: "ns.yaml", text: clockFile})
	want := []string{
		"Service shop/web Warning SyncLoadBalancerFailed x7 -12m0s..-1m30s line 31: Error syncing load balancer: Retriable: false, RetryAfter: 0s, HTTPStatusCode: 403, RawError: {|\"error\": {\"code\": \"AuthorizationFailed\"}|}",
		"Service shop/web Normal EnsuringLoadBalancer x7 -12m0s..-2m0s line 30: Ensuring load balancer",
	}
	want[0], want[1] = want[1], want[0]
	if d := cmp.Diff(want, eventLines(s)); d != "" {
		t.Errorf("events (-want +got):\n%s", d)
	}
	if len(s.Services) != 2 {
		t.Fatalf("%d services", len(s.Services))
	}
	web := s.Services[1]
	got := fmt.Sprintf("%s/%s %s %v %v %s %s %v %s %d %v", web.Namespace, web.Name, web.Spec.Type, web.Labels, web.Annotations, web.Spec.ClusterIP,
		web.Spec.LoadBalancerIP, web.Status.LoadBalancer.Ingress[0].IP, web.Spec.ExternalTrafficPolicy, web.Spec.HealthCheckNodePort, web.Spec.LoadBalancerSourceRanges)
	if want := "shop/web LoadBalancer map[app:web tier:front] map[service.beta.kubernetes.io/azure-load-balancer-internal:true service.beta.kubernetes.io/azure-load-balancer-internal-subnet:apps] 10.0.12.7 10.224.0.99 10.224.0.99 Local 31999 [10.0.0.0/8 192.168.0.0/16]"; got != want {
		t.Errorf("service\n got %s\nwant %s", got, want)
	}
	var ports []string
	for _, p := range web.Spec.Ports {
		ports = append(ports, fmt.Sprintf("%s %d/%s → %s, %d", p.Name, p.Port, p.Protocol, p.TargetPort.String(), p.NodePort))
	}
	if d := cmp.Diff([]string{"http 80/TCP → 8080, 30080", " 443/TCP → https, 30443"}, ports); d != "" {
		t.Error(d)
	}
	for pointer, line := range map[string]int{"": 1, "/metadata/annotations/service.beta.kubernetes.io~1azure-load-balancer-internal-subnet": 6,
		"/spec/ports/1/nodePort": 19, "/status/loadBalancer/ingress/0/ip": 14, "/spec/nothing": 1} {
		c := web.Doc.Cite(pointer)
		if c.Line != line {
			t.Errorf("%s is cited at line %d, want %d", pointer, c.Line, line)
		}
		cited(t, c, data(t, "describe.txt"))
	}
	if s.Complete(&bundle.Services, "") || !s.Have(&bundle.Services) || s.Complete(&bundle.Events, "") || len(s.Records) != 0 {
		t.Errorf("a description is no list; records %v", s.Records)
	}
	if s.Files[0].As != "Events, Services" {
		t.Errorf("files %+v", s.Files)
	}
}

func TestDescribeBeforeKubectl19(t *testing.T) {
	s := loaded(nil, file{name: "d.txt", text: data(t, "describe-1.8.txt")}, file{name: "ns.yaml", text: clockFile})
	if d := cmp.Diff([]string{
		"Service default/web Normal CreatingLoadBalancer x14 -1h0m0s..-3m0s line 15: Creating load balancer",
		"Service default/web Warning CreatingLoadBalancerFailed x14 -1h0m0s..-3m0s line 16: Error creating load balancer (will retry): not found"}, eventLines(s)); d != "" {
		t.Error(d)
	}
	if s.Services[0].Annotations["service.beta.kubernetes.io/azure-load-balancer-internal"] != "true" || s.Services[0].Spec.Ports[0].NodePort != 31012 {
		t.Errorf("service %+v", s.Services[0].Service)
	}
}

func TestEventTables(t *testing.T) {
	s := loaded(nil, file{name: "e.txt", text: data(t, "events.txt")}, file{name: "f.txt", text: data(t, "events-1.13.txt")}, file{name: "ns.yaml", text: clockFile})
	if d := cmp.Diff([]string{
		"Pod payments/api-7d9-x Warning Unhealthy x1 -2562047h47m16.854775807s..-2562047h47m16.854775807s line 5: Readiness probe failed",
		"Node /aks-np-0 Normal RegisteredNode x1 -1h0m0s..-1h0m0s line 4: Node aks-np-0 event: Registered Node",
		"Service shop/web Normal EnsuringLoadBalancer x1 -12m0s..-12m0s line 2: Ensuring load balancer",
		"Service shop/web Warning SyncLoadBalancerFailed x1 -5m30s..-5m30s line 3: Error syncing load balancer: failed",
		"Service /web Warning CreatingLoadBalancerFailed x14 -1h0m0s..-3m0s line 2: Error creating load balancer (will retry): not found",
	}, eventLines(s)); d != "" {
		t.Errorf("events (-want +got):\n%s", d)
	}
	alone := loaded(nil, file{name: "e.txt", text: data(t, "events.txt")})
	if !alone.Now.IsZero() || !alone.Events[3].Last.IsZero() || alone.Events[0].Name != "aks-np-0" {
		t.Errorf("without a clock: now %v, events %v", alone.Now, eventLines(alone))
	}
}

// TestTexts says of every other text as what it was read.
func TestTexts(t *testing.T) {
	for _, tc := range []struct{ name, text, as, note string }{
		{"svc.txt", "NAME   TYPE           CLUSTER-IP   EXTERNAL-IP   PORT(S)        AGE\nweb    LoadBalancer   10.0.1.2     <pending>     80:31012/TCP   5m\n", logText, ""},
		{"mail.txt", "Hello,\nit fails with Code=\"AuthorizationFailed\"\n", logText, ""},
		{"lb.json", "ERROR: (AuthorizationFailed) The client does not have authorization\n", "error of a command", "the command failed: ERROR: (AuthorizationFailed) The client does not have authorization"},
		{"svc.yaml", "No resources found in default namespace.\n", "Services", ""},
		{"version.txt", "Client Version: v1.30.1\nKustomize Version: v5.0\nServer Version: v1.29.4\n", "Kubernetes version", ""},
		{"old.txt", "Server Version: version.Info{Major:\"1\", Minor:\"8\", GitVersion:\"v1.8.4\", GitCommit:\"x\"}\n", "Kubernetes version", ""},
		{"x.bin", "MZ\x00\x01\x02", "", "it is no text"},
		{"x.txt", " \n", "", "it is empty"},
		{"x.json", "[]", "", "it is an empty list, and its name does not say of what"},
		{"my-lb.json", "[]", "Load balancers", ""},
		{"pip.json", `{"value": []}`, "Public IP addresses", ""},
		{"nodes.json", `{"items": [], "kind": "List", "apiVersion": "v1"}`, "Nodes", ""},
		{"x.yaml", "apiVersion: v1\nitems: []\nkind: PodList\n", "Pods behind LoadBalancer Services", ""},
		{"secret.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: Yg==}\n", "", "Secret is not used"},
		{"disk.json", `{"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/disks/c", "name": "c"}`, "", "Microsoft.Compute/disks is not used"},
		{"activity.json", `[{"operationName": {"value": "x"}, "properties": {"statusCode": "Forbidden"}}]`, logText, ""},
		{"status.json", `{"kind": "Status", "apiVersion": "v1", "message": "services is forbidden"}`, "", "it is the API server's refusal: services is forbidden"},
		{"kubelet.log", "Nov 24 10:00:00 n kubelet[1]: E1124 10:00:00.000000       1 kubelet.go:1] failed to get instance ID\n", "log of the kubelet", ""},
		{"slog.json", "{\"ts\":1764410976840.4998,\"level\":\"error\",\"msg\":\"Finished\",\"err\":\"boom\"}\n{\"ts\":1764410976841,\"level\":\"info\",\"msg\":\"x\"}\n", "log", ""},
	} {
		s := loaded(nil, file{name: tc.name, text: tc.text})
		if f := s.Files[0]; f.As != tc.as || f.Note != tc.note {
			t.Errorf("%s was read as %q, note %q; want %q, note %q", tc.name, f.As, f.Note, tc.as, tc.note)
		}
	}
	s := loaded(nil, file{name: "lb.json", text: "ERROR: (AuthorizationFailed) The client …\n"})
	found := false
	for _, g := range s.Gaps {
		found = found || g.Evidence == &bundle.LoadBalancers && g.Status == bundle.StatusDenied && strings.Contains(g.Reason, "lb.json")
	}
	if !found || len(s.Records) > 0 {
		t.Errorf("a refused command is a gap and no error of the cluster: %v, records %v", gapsOf(s), s.Records)
	}
}

func TestPastedTogether(t *testing.T) {
	text := "$ kubectl get events\n" + data(t, "events.txt") + "\n$ kubectl describe svc\n" + data(t, "describe.txt") + "\nand the log says Code=\"AuthorizationFailed\"\n"
	s := loaded(nil, file{name: "mail.txt", text: text})
	if len(s.Services) != 2 || len(s.Events) != 5 {
		t.Errorf("%d services, %d events", len(s.Services), len(s.Events))
	}
	if len(s.Records) != 1 || s.Records[0].Line != strings.Count(text, "\n") {
		t.Errorf("records %+v", s.Records)
	}
}

func TestClock(t *testing.T) {
	const log = "I1231 23:59:00.000000       1 azure.go:1] FLAG: --x=\"y\"\nE1231 23:59:30.000000       1 azure_loadbalancer.go:1] a\nE0101 00:00:10.000000       1 azure_loadbalancer.go:1] b\n"
	at := func(clock string) file {
		return file{name: "ns.yaml", text: strings.Replace(clockFile, "2026-11-23T10:00:00Z", clock, 1)}
	}
	for _, tc := range []struct {
		name, clock, first, last, now string
	}{
		{"the log ends before the clock", "2026-01-01T00:05:00Z", "2025-12-31T23:59:30Z", "2026-01-01T00:00:10Z", "2026-01-01T00:05:00Z"},
		{"the log runs a little ahead of the clock", "2025-12-31T23:00:00Z", "2025-12-31T23:59:30Z", "2026-01-01T00:00:10Z", "2026-01-01T00:00:10Z"},
		{"the log is of last year", "2026-11-23T10:00:00Z", "2025-12-31T23:59:30Z", "2026-01-01T00:00:10Z", "2026-11-23T10:00:00Z"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := loaded(nil, at(tc.clock), file{name: "ccm.log", text: log})
			got := []string{s.Records[0].Time.Format(time.RFC3339), s.Records[1].Time.Format(time.RFC3339), s.Now.Format(time.RFC3339)}
			if d := cmp.Diff([]string{tc.first, tc.last, tc.now}, got); d != "" {
				t.Error(d)
			}
			if !s.Logs[0].Last.Equal(s.Records[1].Time) || s.Logs[0].First.Year() != 2025 {
				t.Errorf("span %v to %v", s.Logs[0].First, s.Logs[0].Last)
			}
		})
	}
	s := loaded(nil, file{name: "ccm.log", text: "E1123 10:00:00.000000       1 azure.go:1] a\n"}, file{name: "kcm.log", text: "2026-11-23T10:05:00Z E1123 10:05:00.000000       1 azure.go:1] b\n"})
	if want := time.Date(2026, 11, 23, 10, 5, 0, 0, time.UTC); !s.Now.Equal(want) || s.Records[0].Time.Year() != 2026 {
		t.Errorf("a log with full times gives the year: now %v, record %v", s.Now, s.Records[0].Time)
	}
}
