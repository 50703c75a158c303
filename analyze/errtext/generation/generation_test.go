package generation_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"azlb/analyze/errtext"
	. "azlb/analyze/errtext/generation"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
)

// told is one error and the text in which its Service's evidence tells it.
type told struct {
	service, uid string
	err          errtext.Error
	text         string
}

// carriers write a text where evidence has it. Each returns the object, or the lines of a
// log, that tell it of a Service.
var carriers = []struct {
	name  string
	where errtext.Where
	write func(w *world, x told)
}{
	{"event", errtext.InEvent, func(w *world, x told) {
		w.events = append(w.events, map[string]any{"apiVersion": "v1", "kind": "Event", "type": "Warning", "reason": "SyncLoadBalancerFailed", "message": x.text, "count": 1,
			"metadata": map[string]any{"namespace": "shop", "name": x.service + ".1"}, "involvedObject": map[string]any{"kind": "Service", "namespace": "shop", "name": x.service, "uid": x.uid},
			"source": map[string]any{"component": "service-controller"}, "firstTimestamp": "2026-11-23T09:36:30Z", "lastTimestamp": "2026-11-23T09:36:30Z"})
	}},
	{"condition", errtext.InCondition, func(w *world, x told) {
		w.condition[x.service] = map[string]any{"type": "Ready", "status": "False", "reason": "SyncLoadBalancerFailed", "message": x.text, "lastTransitionTime": "2026-11-23T09:36:30Z"}
	}},
	{"glog", errtext.InLog, func(w *world, x told) {
		w.line("E", "service_controller.go:219", "error processing service shop/"+x.service+" (will retry): "+x.text)
	}},
	{"glog, old", errtext.InLog, func(w *world, x told) {
		w.line("E", "servicecontroller.go:760", "Failed to process service shop/"+x.service+". Retrying in 5s: "+x.text)
	}},
	{"glog of the event", errtext.InLog, func(w *world, x told) {
		w.line("I", "event.go:258", fmt.Sprintf(`Event(v1.ObjectReference{Kind:"Service", Namespace:"shop", Name:%q, UID:%q, APIVersion:"v1", ResourceVersion:"7", FieldPath:""}): type: 'Warning' reason: 'SyncLoadBalancerFailed' %s`, x.service, x.uid, x.text))
	}},
	{"klog of the event", errtext.InLog, func(w *world, x told) {
		w.line("I", "event.go:389", fmt.Sprintf(`"Event occurred" object="shop/%s" fieldPath="" kind="Service" apiVersion="v1" type="Warning" reason="SyncLoadBalancerFailed" message=%s`, x.service, klogValue(x.text)))
	}},
	{"klog, quoted", errtext.InLog, func(w *world, x told) {
		w.line("E", "azure_loadbalancer.go:276", fmt.Sprintf(`"Finished with error" err=%q service="shop/%s" logger="EnsureLoadBalancer"`, x.text, x.service))
	}},
	{"klog, of several lines", errtext.InLog, func(w *world, x told) {
		w.line("E", "azure_loadbalancer.go:276", fmt.Sprintf("\"Finished with error\" err=%s service=\"shop/%s\"", klogValue(x.text+"\n"), x.service))
	}},
	{"JSON", errtext.InLog, func(w *world, x told) {
		raw, err := json.Marshal(map[string]any{"ts": 1795426590123.4, "caller": "provider/azure_loadbalancer.go:276", "msg": "Finished with error", "err": x.text, "service": map[string]string{"name": x.service, "namespace": "shop"}})
		if err != nil {
			panic(err)
		}
		w.log.WriteString(strings.Replace(string(raw), `{"name":"`+x.service+`","namespace":"shop"}`, `"shop/`+x.service+`"`, 1) + "\n")
	}},
}

// klogValue is a value as klog writes it: quoted, or in lines of its own.
func klogValue(s string) string {
	if !strings.Contains(s, "\n") {
		return strconv.Quote(s)
	}
	return "<\n\t" + strings.ReplaceAll(s, "\n", "\n\t") + "\n >"
}

// world is what is told of several Services at once.
type world struct {
	services, events, activities []any
	condition                    map[string]any
	log                          strings.Builder
}

func (w *world) line(level, source, text string) {
	fmt.Fprintf(&w.log, "%s1123 09:36:30.123456       1 %s] %s\n", level, source, text)
}

// scan reads the world as loose files.
func (w *world) scan(t *testing.T, list []told) *errtext.Errors {
	t.Helper()
	for _, x := range list {
		status := map[string]any{"loadBalancer": map[string]any{}}
		if c := w.condition[x.service]; c != nil {
			status["conditions"] = []any{c}
		}
		w.services = append(w.services, map[string]any{"apiVersion": "v1", "kind": "Service", "metadata": map[string]any{"namespace": "shop", "name": x.service, "uid": x.uid, "creationTimestamp": "2026-11-23T09:00:00Z"},
			"spec": map[string]any{"type": "LoadBalancer"}, "status": status})
	}
	dir := t.TempDir()
	for name, items := range map[string][]any{"services.json": w.services, "events.json": w.events} {
		put(t, filepath.Join(dir, name), map[string]any{"apiVersion": "v1", "kind": "List", "items": items})
	}
	if len(w.activities) > 0 {
		put(t, filepath.Join(dir, "activity-log.json"), w.activities)
	}
	if err := os.WriteFile(filepath.Join(dir, "ccm.log"), []byte("I1123 09:36:00.000001       1 azure.go:1] begin\n"+w.log.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Open([]string{dir}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	s, err := snapshot.Load(b)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Services) != len(list) {
		t.Fatalf("%d Services were read of %d", len(s.Services), len(list))
	}
	return errtext.Scan(s)
}

func put(t *testing.T, path string, v any) {
	t.Helper()
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

// place are the fields that say where and when, and not what.
var place = cmpopts.IgnoreFields(errtext.Error{}, "UID", "Reason", "Raw", "First", "Last", "Count", "FromLog", "Where", "Order", "Cites")

// TestRoundTrip: an error that is wrapped in any generation and laid down in any carrier
// comes out as it went in.
func TestRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, g := range All {
		for _, c := range carriers {
			t.Run(fmt.Sprint(g.Era, " ", g.Name, ", ", c.name), func(t *testing.T) { roundTrip(t, r, g, c.where, c.write) })
		}
	}
}

func roundTrip(t *testing.T, r *rand.Rand, g Generation, where errtext.Where, write func(*world, told)) {
	w := &world{condition: map[string]any{}}
	var list []told
	for i, make := range kinds {
		x := told{service: "web" + strconv.Itoa(i), uid: fmt.Sprintf("%08x-8b57-4823-8a12-25c96157d9%02d", r.Uint32(), i)}
		x.err = make(r)
		x.err.Service = "shop/" + x.service
		var ok bool
		if x.text, ok = g.Wrap(x.err); !ok {
			t.Fatalf("it does not hold %+v", x.err)
		}
		write(w, x)
		list = append(list, x)
	}
	e := w.scan(t, list)
	for _, x := range list {
		check(t, e, x, g.Kept(x.err), where)
	}
	if len(e.All) != len(list) {
		t.Errorf("%d errors of %d Services", len(e.All), len(list))
	}
}

func check(t *testing.T, e *errtext.Errors, x told, want errtext.Error, where errtext.Where) {
	t.Helper()
	got := e.Current(want.Service)
	if len(got) != 1 {
		t.Fatalf("%d errors of %s, want one: %s", len(got), want.Service, x.text)
	}
	if d := cmp.Diff(want, *got[0], place, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(errtext.Error{})); d != "" {
		t.Fatalf("%s\n(-want +got):\n%s", x.text, d)
	}
	if e := got[0]; e.Count != 1 || len(e.Where) != 1 || e.Where[0] != where || !e.First.Equal(e.Last) || e.Last.UTC().Format(time.TimeOnly) != "09:36:30" || len(e.Cites) != 1 {
		t.Errorf("%d times, in %v, from %v to %v, %d cites", e.Count, e.Where, e.First, e.Last, len(e.Cites))
	}
}

// TestRoundTripOfTheActivityLog: the same for the bodies in the activity log, which has no
// wrapper but JSON around JSON.
func TestRoundTripOfTheActivityLog(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	azcore := All[len(All)-1]
	for name, wrap := range map[string]func(string) string{
		"body":    func(s string) string { return s },
		"twice":   strconv.Quote,
		"outcome": func(s string) string { return `{"status":"Failed",` + s[1:] },
	} {
		t.Run(name, func(t *testing.T) {
			w := &world{condition: map[string]any{}}
			var list []told
			for i, make := range kinds {
				x := told{service: "web" + strconv.Itoa(i), uid: fmt.Sprintf("%08x-8b57-4823-8a12-25c96157d9%02d", r.Uint32(), i), err: make(r)}
				if x.err.Token || x.err.Code == "" {
					continue
				}
				x.err.Service = "shop/" + x.service
				whole, _ := azcore.Wrap(x.err)
				body := whole[strings.Index(whole, "{"):]
				d := json.NewDecoder(strings.NewReader(body))
				var v json.RawMessage
				if err := d.Decode(&v); err != nil {
					t.Fatal(err)
				}
				x.text = wrap(string(v))
				x.err.Target = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/publicIPAddresses/kubernetes-a" + strings.ReplaceAll(x.uid, "-", "")[:31]
				w.activities = append(w.activities, map[string]any{"caller": "5e6f7a8b-0000-4000-8000-00000000c0de", "eventTimestamp": "2026-11-23T09:36:30Z", "resourceId": x.err.Target,
					"operationName": map[string]any{"value": "Microsoft.Network/publicIPAddresses/write"}, "status": map[string]any{"value": "Failed"},
					"properties": map[string]any{"statusCode": words[x.err.Status], "statusMessage": x.text}})
				list = append(list, x)
			}
			e := w.scan(t, list)
			for _, x := range list {
				want := azcore.Kept(x.err)
				want.Target = x.err.Target
				check(t, e, x, want, errtext.InActivityLog)
			}
		})
	}
}

var words = map[int]string{400: "BadRequest", 403: "Forbidden", 409: "Conflict", 412: "PreconditionFailed", 429: "TooManyRequests", 500: "InternalServerError"}
