package errtext

import (
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"azlb/analyze/snapshot"
)

// The tests' world: two Services, events of the first, and one log.
const webUID = "006fadae-8b57-4823-8a12-25c96157d971"

func clock(s string) time.Time {
	t, err := time.Parse("15:04:05.999", s)
	if err != nil {
		panic(err)
	}
	return t.AddDate(2026, 0, 0)
}

func world(events []snapshot.Event, lines ...string) *snapshot.Snapshot {
	s := &snapshot.Snapshot{Events: events}
	for _, svc := range []struct{ name, uid string }{{"web", webUID}, {"api", "116fadae-8b57-4823-8a12-25c96157d971"}} {
		s.Services = append(s.Services, snapshot.Service{
			Service: corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: svc.name, UID: types.UID(svc.uid)}},
			Doc:     &snapshot.Doc{File: "services.yaml"},
		})
	}
	log := &snapshot.LogFile{File: "ccm.log"}
	for i, l := range lines { // "level stamp source text"; stamp "-" is none
		f := strings.SplitN(l, " ", 4)
		r := snapshot.Record{Log: log, Line: i + 1, Level: f[0][0], Source: f[2], Text: f[3]}
		if f[1] != "-" {
			r.Time = clock(f[1])
		}
		s.Records = append(s.Records, r)
	}
	return s
}

func event(at, reason, message string) snapshot.Event {
	kind := "Warning"
	for _, r := range succeeded {
		if r == reason {
			kind = "Normal"
		}
	}
	return snapshot.Event{
		Namespace: "shop", Kind: "Service", Name: "web", UID: webUID, Type: kind, Reason: reason, Message: message,
		Component: "service-controller", First: clock(at), Last: clock(at), Count: 1, Doc: &snapshot.Doc{File: "events.yaml", Line: 3},
	}
}

func ofUID(e snapshot.Event, uid string) snapshot.Event {
	e.UID = uid
	return e
}

// brief prints what is current: service, code or message, count.
func brief(list []*Error) string {
	var out []string
	for _, e := range list {
		out = append(out, fmt.Sprintf("%s %s ×%d", e.Service, e.Code+"/"+e.Message, e.Count))
	}
	return strings.Join(out, "; ")
}

const quota = `Retriable: false, RetryAfter: 0s, HTTPStatusCode: 400, RawError: {"error":{"code":"Quota","message":"full"}}`

func TestScanCurrent(t *testing.T) {
	failed := "Error syncing load balancer: failed to ensure load balancer: " + quota
	retry := "controller.go:302 error processing service shop/web (retrying with exponential backoff): failed to ensure load balancer: " + quota
	ensured := `event.go:389 "Event occurred" object="shop/web" fieldPath="" kind="Service" apiVersion="v1" type="Normal" reason="EnsuredLoadBalancer" message="Ensured load balancer"`
	for _, tc := range []struct {
		name        string
		events      []snapshot.Event
		lines       []string
		web, nobody string
	}{
		{name: "an error after the last success", events: []snapshot.Event{event("10:00:00", "EnsuredLoadBalancer", ""), event("10:00:05", "SyncLoadBalancerFailed", failed)}, web: "shop/web Quota/full ×1"},
		{name: "history", events: []snapshot.Event{event("10:00:00", "SyncLoadBalancerFailed", failed), event("10:00:05", "EnsuredLoadBalancer", "")}},
		{name: "in one second the error is the later", events: []snapshot.Event{event("10:00:00", "SyncLoadBalancerFailed", failed), event("10:00:00", "EnsuredLoadBalancer", "")}, web: "shop/web Quota/full ×1"},
		{name: "a log orders what one second hides", events: []snapshot.Event{event("10:00:00", "SyncLoadBalancerFailed", failed), event("10:00:00", "EnsuredLoadBalancer", "")},
			lines: []string{"E 10:00:00.1 " + retry, "I 10:00:00.2 " + ensured}},
		{name: "one try, told five times", events: []snapshot.Event{event("10:00:05", "CreateOrUpdatePublicIPAddress", quota), event("10:00:05", "SyncLoadBalancerFailed", failed)},
			lines: []string{"W 10:00:05.1 azure_publicip_repo.go:67 PublicIPAddressesClient.CreateOrUpdate(rg, x) failed: " + quota + ", PublicIP request: {}", `E 10:00:05.2 azure_loadbalancer.go:276 "Finished with error" err="rate: x" service="shop/api"`, "E 10:00:05.3 " + retry},
			web:   "shop/web Quota/full ×1"},
		{name: "two tries", lines: []string{"E 10:00:00.1 " + retry, "E 10:00:05.1 " + retry}, web: "shop/web Quota/full ×2"},
		{name: "lines go by their place", lines: []string{"I 10:00:09.1 " + ensured, "E 10:00:05.1 " + retry}, web: "shop/web Quota/full ×1"},
		{name: "lines without a time", lines: []string{"E - " + retry, "I - " + ensured}},
		{name: "by the name of a resource", lines: []string{"E 10:00:00.1 azure_x.go:1 PUT https://management.azure.com/subscriptions/s/publicIPAddresses/kubernetes-a006fadae8b5748238a1225c96157d97\nRESPONSE 400: 400 Bad\nERROR CODE: Quota\n"},
			web: "shop/web Quota/RESPONSE 400: 400 Bad ×1"},
		{name: "a warning of the sync that succeeded", events: []snapshot.Event{event("09:00:00", "EnsuredLoadBalancer", ""), event("10:00:00", "UnAvailableLoadBalancer", "There are no available nodes for LoadBalancer"), event("10:00:01", "EnsuredLoadBalancer", "")},
			web: "shop/web /There are no available nodes for LoadBalancer ×1"},
		{name: "a warning of an older sync", events: []snapshot.Event{event("10:00:00", "UnAvailableLoadBalancer", "There are no available nodes for LoadBalancer"), event("10:00:01", "EnsuredLoadBalancer", ""), event("10:00:09", "UpdatedLoadBalancer", "")}},
		{name: "of an earlier Service of the name", events: []snapshot.Event{ofUID(event("10:00:00", "SyncLoadBalancerFailed", failed), "old")}},
		{name: "of an earlier one, and of today's the same", events: []snapshot.Event{ofUID(event("09:50:00", "SyncLoadBalancerFailed", failed), "old"), event("10:00:00", "SyncLoadBalancerFailed", failed)}, web: "shop/web Quota/full ×1"},
		{name: "the deletion of an earlier one goes on", events: []snapshot.Event{ofUID(event("10:00:00", "SyncLoadBalancerFailed", "Error syncing load balancer: failed to delete load balancer: "+quota), "old")}, web: "shop/web Quota/full ×1"},
		{name: "lines go by their place, though an event is later than both", events: []snapshot.Event{event("10:00:00", "EnsuredLoadBalancer", "")}, lines: []string{"E 09:59:59.1 " + retry, "I 09:59:58.1 " + ensured}},
		{name: "the same again after a success, of nobody that is named", events: []snapshot.Event{event("09:00:00", "SyncLoadBalancerFailed", failed), event("09:05:00", "EnsuredLoadBalancer", "")}, lines: []string{"E 09:30:00.1 azure_backoff.go:1 err=" + quota}, nobody: " Quota/full ×1"},
		{name: "of no Service", lines: []string{"E 10:00:00.1 azure_routes.go:219 \"CreateOrUpdateRouteTable() failed\" err=<\n\t" + quota + "\n >"}, nobody: " Quota/full ×1"},
		{name: "noise", lines: []string{"W 10:00:00.1 azure_loadbalancer_repo.go:86 ListManagedLBs: no LBs found", `E 10:00:00.2 controllermanager.go:391 "unable to set configz" err="val must specify a kind" logger="Run"`, "E 10:00:00.3 range_allocator.go:257 error syncing 'x': failed to patch node CIDR", "W 10:00:00.4 reflector.go:1 watch of *v1.Service ended with: too old resource version"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := Scan(world(tc.events, tc.lines...))
			if g := brief(got.Current("shop/web")); g != tc.web {
				t.Errorf("current of shop/web: %q, want %q", g, tc.web)
			}
			if g := brief(got.Current("")); g != tc.nobody {
				t.Errorf("current of no Service: %q, want %q", g, tc.nobody)
			}
		})
	}
}

// TestUpdated: nodes that come or go end no failure of a Service that has no address yet,
// since the provider passes over it.
func TestUpdated(t *testing.T) {
	failed := event("10:00:00", "SyncLoadBalancerFailed", "Error syncing load balancer: failed to ensure load balancer: "+quota)
	for _, tc := range []struct {
		name, address, want string
		events              []snapshot.Event
		lines               []string
	}{
		{name: "pending", events: []snapshot.Event{failed, event("10:01:00", "UpdatedLoadBalancer", "Updated load balancer with new hosts")}, want: "shop/web Quota/full ×1"},
		{name: "pending, by the log", events: []snapshot.Event{failed}, lines: []string{`I 10:01:00.2 event.go:389 "Event occurred" object="shop/web" fieldPath="" kind="Service" apiVersion="v1" type="Normal" reason="UpdatedLoadBalancer" message="Updated load balancer with new hosts"`}, want: "shop/web Quota/full ×1"},
		{name: "it has its address", address: "20.0.0.1", events: []snapshot.Event{failed, event("10:01:00", "UpdatedLoadBalancer", "Updated load balancer with new hosts")}},
	} {
		s := world(tc.events, tc.lines...)
		s.Services[0].Spec.Type = corev1.ServiceTypeLoadBalancer
		if tc.address != "" {
			s.Services[0].Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: tc.address}}
		}
		if g := brief(Scan(s).Current("shop/web")); g != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, g, tc.want)
		}
	}
}

func TestScanReadsConditions(t *testing.T) {
	s := world(nil)
	s.Services[0].Status.Conditions = []metav1.Condition{{Type: "Ready", Status: metav1.ConditionFalse, Reason: "Denied", Message: quota, LastTransitionTime: metav1.NewTime(clock("10:00:00"))}}
	if g := brief(Scan(s).Current("shop/web")); g != "shop/web Quota/full ×1" {
		t.Errorf("got %q", g)
	}
}

func TestScanIgnoresOtherObjectsWithoutAnARMError(t *testing.T) {
	node := event("10:00:00", "NodeNotReady", "Node is not ready")
	node.Kind, node.Component, node.Name = "Node", "node-controller", "n1"
	denied := node
	denied.Message = quota
	lost := node
	lost.Component, lost.Message = "azure-cloud-provider", "failed to find a lb for node n1"
	e := Scan(world([]snapshot.Event{node, denied, lost}))
	if g := brief(e.All); g != " Quota/full ×1;  /failed to find a lb for node n1 ×1" {
		t.Errorf("got %q", g)
	}
}

// TestSince counts the tries after the last success: a failure that went well in between
// does not last.
func TestSince(t *testing.T) {
	failed := "Error syncing load balancer: failed to ensure load balancer: " + quota
	retry := "controller.go:302 error processing service shop/web (retrying with exponential backoff): failed to ensure load balancer: " + quota
	counted := event("10:30:00", "SyncLoadBalancerFailed", failed)
	counted.First, counted.Count = clock("10:00:00"), 9
	for _, tc := range []struct {
		name   string
		events []snapshot.Event
		lines  []string
		tries  int
		first  string
	}{
		{name: "no success is known", events: []snapshot.Event{counted}, tries: 9, first: "10:00:00"},
		{name: "all after it", events: []snapshot.Event{event("09:00:00", "EnsuredLoadBalancer", ""), counted}, tries: 9, first: "10:00:00"},
		{name: "counted across it", events: []snapshot.Event{event("10:20:00", "EnsuredLoadBalancer", ""), counted}, tries: 1, first: "10:30:00"},
		{name: "lines on both sides, an event and a line of one try", events: []snapshot.Event{event("10:20:00", "EnsuredLoadBalancer", ""), event("10:30:00", "SyncLoadBalancerFailed", failed)},
			lines: []string{"E 10:10:00.1 " + retry, "E 10:25:00.1 " + retry, "E 10:30:00.1 " + retry}, tries: 2, first: "10:25:00.1"},
		{name: "before it", events: []snapshot.Event{counted, event("10:40:00", "EnsuredLoadBalancer", "")}},
	} {
		got := Scan(world(tc.events, tc.lines...))
		tries, first := got.Since(got.Of("shop/web")[0])
		if want := tc.first; tries != tc.tries || want != "" && !first.Equal(clock(want)) {
			t.Errorf("%s: %d tries since %v, want %d since %s", tc.name, tries, first, tc.tries, want)
		}
	}
}
