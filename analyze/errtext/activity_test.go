package errtext

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"azlb/analyze/snapshot"
	"azlb/bundle-schema/az"
)

const (
	network    = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/"
	webAddress = network + "publicIPAddresses/kubernetes-a006fadae8b5748238a1225c96157d97"
	balancer   = network + "loadBalancers/kubernetes"
	identity   = "5e6f7a8b-0000-4000-8000-00000000c0de"
	quotaBody  = `{"error":{"code":"Quota","message":"full"}}`
	waited     = "Error creating load balancer (will retry): failed to ensure load balancer for service shop/web: timed out waiting for the condition"
)

// did is one event of the activity log: "10:00:00 Failed write".
func did(what, resource, caller, message string) snapshot.Activity {
	f := strings.Fields(what)
	id, _ := az.ParseID(resource)
	return snapshot.Activity{Activity: az.Activity{Time: clock(f[0]), Status: f[1], Operation: id.Provider + "/" + strings.Join(id.Types, "/") + "/" + f[2], ResourceID: resource, Caller: caller, StatusCode: "BadRequest", Message: message},
		Doc: &snapshot.Doc{File: "activity-log.json"}}
}

// TestActivityLog: a failure of the activity log counts where it proves, or explains, what
// fails for a Service, and nowhere else.
func TestActivityLog(t *testing.T) {
	failed := "Error syncing load balancer: failed to ensure load balancer: " + quota
	timeout := event("10:00:05", "CreatingLoadBalancerFailed", waited)
	for _, tc := range []struct {
		name   string
		events []snapshot.Event
		lines  []string
		acts   []snapshot.Activity
		edit   func(*snapshot.Service)
		want   string // of shop/web
		where  []Where
		target string
	}{
		{name: "a further proof", events: []snapshot.Event{event("10:00:05", "SyncLoadBalancerFailed", failed)}, acts: []snapshot.Activity{did("10:00:04 Failed write", balancer, identity, quotaBody)},
			want: "shop/web Quota/full ×1", where: []Where{InActivityLog, InEvent}, target: balancer},
		{name: "the same of another time", events: []snapshot.Event{event("10:00:05", "SyncLoadBalancerFailed", failed)}, acts: []snapshot.Activity{did("09:30:00 Failed write", balancer, identity, quotaBody)},
			want: "shop/web Quota/full ×1", where: []Where{InEvent}},
		{name: "another error", events: []snapshot.Event{event("10:00:05", "SyncLoadBalancerFailed", failed)}, acts: []snapshot.Activity{did("10:00:04 Failed write", balancer, identity, `{"error":{"code":"Other","message":"x"}}`)},
			want: "shop/web Quota/full ×1", where: []Where{InEvent}},
		{name: "a waiting Service's own address", acts: []snapshot.Activity{did("10:00:04 Failed write", webAddress, identity, quotaBody), did("10:00:09 Failed write", webAddress, identity, strconv.Quote(quotaBody))},
			want: "shop/web Quota/full ×2", where: []Where{InActivityLog}, target: webAddress},
		{name: "wrapped once more", acts: []snapshot.Activity{did("10:00:04 Failed write", webAddress, identity, `{"status":"Failed","error":{"code":"Quota","message":"full","details":[]}}`)},
			want: "shop/web Quota/full ×1", where: []Where{InActivityLog}, target: webAddress},
		{name: "a success after it", acts: []snapshot.Activity{did("10:00:04 Failed write", webAddress, identity, quotaBody), did("10:00:30 Succeeded write", strings.ToUpper(webAddress), identity, "")}},
		{name: "a success of the Service after it", acts: []snapshot.Activity{did("10:00:04 Failed write", webAddress, identity, quotaBody)}, events: []snapshot.Event{event("10:00:09", "EnsuredLoadBalancer", "")}},
		{name: "a Service that has its address", acts: []snapshot.Activity{did("10:00:04 Failed write", webAddress, identity, quotaBody)}, edit: func(s *snapshot.Service) {
			s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "20.0.0.1"}}
		}},
		{name: "long ago", acts: []snapshot.Activity{did("08:00:04 Failed write", webAddress, identity, quotaBody)}},
		{name: "a user", acts: []snapshot.Activity{did("10:00:04 Failed write", webAddress, "jane@example.com", quotaBody)}},
		{name: "somebody deletes the address of a living Service", acts: []snapshot.Activity{did("10:00:04 Failed delete", webAddress, identity, quotaBody)}},
		{name: "a deleted Service", acts: []snapshot.Activity{did("10:00:04 Failed delete", webAddress, identity, quotaBody)}, edit: func(s *snapshot.Service) { s.DeletionTimestamp = &metav1.Time{Time: clock("10:00:00")} },
			want: "shop/web Quota/full ×1", where: []Where{InActivityLog}, target: webAddress},
		{name: "no Service's", acts: []snapshot.Activity{did("10:00:04 Failed write", balancer, identity, quotaBody)}},
		{name: "what a timeout hides", events: []snapshot.Event{timeout}, acts: []snapshot.Activity{did("09:58:00 Failed write", balancer, identity, quotaBody)},
			want: "shop/web Quota/full ×1", where: []Where{InActivityLog}, target: balancer},
		{name: "a timeout long after", events: []snapshot.Event{timeout}, acts: []snapshot.Activity{did("09:30:00 Failed write", balancer, identity, quotaBody)},
			want: "shop/web /timed out waiting for the condition ×1", where: []Where{InEvent}},
		{name: "a timeout, and what a user failed at", events: []snapshot.Event{timeout}, acts: []snapshot.Activity{did("09:58:00 Failed write", balancer, "jane@example.com", quotaBody)},
			want: "shop/web /timed out waiting for the condition ×1", where: []Where{InEvent}},
		{name: "a user meets the same at the same time", events: []snapshot.Event{event("10:00:05", "SyncLoadBalancerFailed", failed)}, acts: []snapshot.Activity{did("10:00:04 Failed write", network+"publicIPAddresses/jane", "jane@example.com", quotaBody)},
			want: "shop/web Quota/full ×1", where: []Where{InEvent}},
		{name: "a timeout, and what an identity failed at that writes no load balancers", events: []snapshot.Event{timeout}, acts: []snapshot.Activity{did("09:57:00 Succeeded write", balancer, identity, ""), did("09:58:00 Failed write", network+"publicIPAddresses/theirs", "0a1b2c3d-0000-4000-8000-000000000001", quotaBody)},
			want: "shop/web /timed out waiting for the condition ×1", where: []Where{InEvent}},
		{name: "a timeout, and somebody's machine", events: []snapshot.Event{timeout}, acts: []snapshot.Activity{did("09:58:00 Failed write", "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/build", identity, quotaBody)},
			want: "shop/web /timed out waiting for the condition ×1", where: []Where{InEvent}},
		{name: "a timeout, and a disk", events: []snapshot.Event{timeout}, acts: []snapshot.Activity{did("09:58:00 Failed write", "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/disks/d", identity, quotaBody)},
			want: "shop/web /timed out waiting for the condition ×1", where: []Where{InEvent}},
		{name: "a timeout, and another Service's address", events: []snapshot.Event{timeout}, acts: []snapshot.Activity{did("09:58:00 Failed write", network+"publicIPAddresses/kubernetes-a116fadae8b5748238a1225c96157d97", identity, quotaBody)},
			want: "shop/web /timed out waiting for the condition ×1", where: []Where{InEvent}},
		{name: "a timeout, and two causes", events: []snapshot.Event{timeout}, acts: []snapshot.Activity{did("09:58:00 Failed write", balancer, identity, quotaBody), did("09:58:00 Failed write", network+"networkSecurityGroups/n", identity, `{"error":{"code":"Other","message":"x"}}`)},
			want: "shop/web /timed out waiting for the condition ×1", where: []Where{InEvent}},
		{name: "the log knows what the timeout hides", events: []snapshot.Event{timeout}, acts: []snapshot.Activity{did("09:58:00 Failed write", network+"networkSecurityGroups/n", identity, `{"error":{"code":"Other","message":"x"}}`)},
			lines: []string{"E 10:00:00.1 azure_backoff.go:701 processHTTPRetryResponse: backoff failure, will retry, err=network.LoadBalancersClient#CreateOrUpdate: Failure sending request: StatusCode=400 -- Original Error: Code=\"Quota\" Message=\"full\"", "E 10:00:05.1 service_controller.go:234 error processing service shop/web (will retry): failed to ensure load balancer for service shop/web: timed out waiting for the condition"},
			want:  "shop/web Quota/full ×1", where: []Where{InLog}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := world(tc.events, tc.lines...)
			s.Now = clock("10:10:00")
			for i := range s.Services {
				s.Services[i].Spec.Type = corev1.ServiceTypeLoadBalancer
			}
			s.Services[1].Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "20.0.0.2"}}
			if tc.edit != nil {
				tc.edit(&s.Services[0])
			}
			s.Activities = tc.acts
			e := Scan(s)
			got := e.Current("shop/web")
			if g := brief(got); g != tc.want {
				t.Fatalf("got %q, want %q", g, tc.want)
			}
			if len(got) > 0 && (!slices.Equal(got[0].Where, tc.where) || got[0].Target != tc.target || got[0].Code == "Quota" && got[0].Status != 400) {
				t.Errorf("where %v, target %q, status %d", got[0].Where, got[0].Target, got[0].Status)
			}
			if others := len(e.Current("")) + len(e.Current("shop/api")); others > 0 {
				t.Errorf("%d errors of others: %s", others, brief(e.All))
			}
		})
	}
}

// TestShells: what the controller's log has before the line that tells nothing but a
// timeout is the Service's.
func TestShells(t *testing.T) {
	answer := func(at, code string) string {
		return "E " + at + ` azure_backoff.go:701 processHTTPRetryResponse: backoff failure, will retry, err=network.LoadBalancersClient#CreateOrUpdate: Failure sending request: StatusCode=403 -- Original Error: Code="` + code + `" Message="no"`
	}
	end := func(at, service string) string {
		return "E " + at + " service_controller.go:234 error processing service " + service + " (will retry): failed to ensure load balancer for service " + service + ": timed out waiting for the condition"
	}
	const bare = "/timed out waiting for the condition"
	for _, tc := range []struct {
		name             string
		lines            []string
		flag, command    string
		web, api, nobody string
	}{
		{name: "one answer", lines: []string{answer("10:00:00.1", "A"), end("10:00:01.1", "shop/web")}, web: "shop/web A/no ×1"},
		{name: "each Service its own", lines: []string{answer("10:00:00.1", "A"), answer("10:00:00.2", "A"), end("10:00:01.1", "shop/web"), answer("10:00:02.1", "B"), end("10:00:03.1", "shop/api")}, web: "shop/web A/no ×2", api: "shop/api B/no ×1"},
		{name: "after the line", lines: []string{end("10:00:01.1", "shop/web"), answer("10:00:02.1", "A")}, web: "shop/web " + bare + " ×1", nobody: " A/no ×1"},
		{name: "of the sync before", lines: []string{answer("10:00:00.1", "A"), "E 10:00:01.1 service_controller.go:234 error processing service shop/api (will retry): failed to ensure load balancer for service shop/api: " + quota, end("10:00:03.1", "shop/web")},
			web: "shop/web " + bare + " ×1", api: "shop/api Quota/full ×1", nobody: " A/no ×1"},
		{name: "several syncs at once", lines: []string{answer("10:00:00.1", "A"), end("10:00:01.1", "shop/web")}, flag: "3", web: "shop/web " + bare + " ×1", nobody: " A/no ×1"},
		{name: "several syncs at once, and a log without its beginning", lines: []string{answer("10:00:00.1", "A"), end("10:00:01.1", "shop/web")}, command: "--concurrent-service-syncs=3", web: "shop/web " + bare + " ×1", nobody: " A/no ×1"},
		{name: "routes", lines: []string{strings.Replace(answer("10:00:00.1", "A"), "azure_backoff.go", "azure_routes.go", 1), end("10:00:01.1", "shop/web")}, web: "shop/web " + bare + " ×1", nobody: " A/no ×1"},
		{name: "the answer is history, the timeout is not", lines: []string{answer("10:00:00.1", "A"), end("10:00:01.1", "shop/web"), `I 10:00:02.1 event.go:389 "Event occurred" object="shop/web" fieldPath="" kind="Service" apiVersion="v1" type="Normal" reason="EnsuredLoadBalancer" message="Ensured load balancer"`, end("10:00:09.1", "shop/web")},
			web: "shop/web " + bare + " ×2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := world(nil, tc.lines...)
			s.Records[0].Log.Flags = map[string]string{"concurrent-service-syncs": tc.flag}
			s.Pods = []snapshot.Pod{{Pod: corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system"}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Command: []string{"cloud-controller-manager", tc.command}}}}}}}
			e := Scan(s)
			for service, want := range map[string]string{"shop/web": tc.web, "shop/api": tc.api, "": tc.nobody} {
				if g := brief(e.Current(service)); g != want {
					t.Errorf("%q: got %q, want %q", service, g, want)
				}
			}
		})
	}
}
