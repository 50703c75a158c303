package rule_test

import (
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/rule/ruletest"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// any error, told as an error that is certain of all Services that it names: what is left
// of that is the engine's doing.
var said = &rule.Rule{
	ID: "AZLB-TEST01", Severity: report.Error, Doc: report.Doc{Title: "said"}, Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.Events, &bundle.ControllerLog}},
	Check: func(p *rule.Pass) {
		errs := p.Current(func(e *errtext.Error) bool { return e.Code == "Quota" })
		if len(errs) == 0 {
			return
		}
		told := rule.Tell(errs)
		p.Find(rule.Finding{Subject: report.Object{Kind: "X", Name: "x"}, Services: told.Services, Errors: errs, Cites: told.Cites})
	},
}

const (
	failing  = `Error syncing load balancer: failed to ensure load balancer: Retriable: false, RetryAfter: 0s, HTTPStatusCode: 400, RawError: {\"error\":{\"code\":\"Quota\",\"message\":\"full\"}}`
	pending  = `{in: Service shop/storefront, unset: [/status/loadBalancer/ingress]}`
	noEvents = `{in: events, drop: denied}`
	noLog    = `{in: controller-log, drop: denied}`
	onlyLog  = `{in: controller-log, text: "LOG"}`
	ensured  = `{in: Service shop/storefront, event: {type: Normal, reason: EnsuredLoadBalancer, message: Ensured load balancer, ago: 1s}}`
	forget   = `{in: events, text: "apiVersion: v1\nitems: []\nkind: List\n"}` // the success of the healthy cluster
)

func failed(ago string) string {
	return `{in: Service shop/storefront, event: {reason: SyncLoadBalancerFailed, ago: ` + ago + `, message: "` + failing + `"}}`
}

func deleting(ago string) string {
	return strings.Replace(failed(ago), "failed to ensure load balancer", "failed to delete load balancer", 1)
}

// log is a controller's log that ends with a failure and, where given, other lines.
func log(at string, more ...string) string {
	lines := append([]string{"2026-11-23T" + at + `Z E1123 ` + at + `.000000 1 controller.go:302] error processing service shop/storefront (retrying with exponential backoff): failed to ensure load balancer: Retriable: false, RetryAfter: 0s, HTTPStatusCode: 400, RawError: {"error":{"code":"Quota","message":"full"}}`}, more...)
	quoted := strings.ReplaceAll(strings.Join(lines, "\n")+"\n", `"`, `\"`)
	return strings.Replace(onlyLog, "LOG", strings.ReplaceAll(quoted, "\n", `\n`), 1)
}

// TestErrorsInTime: an error is news only until a success, which is also a state; and where
// neither tells, it is no error. The collection ends at 09:55:25.
func TestErrorsInTime(t *testing.T) {
	const alive = "2026-11-23T09:55:20Z I1123 09:55:20.000000 1 route_controller.go:506] nothing"
	for _, c := range []struct {
		name       string
		edits      []string
		severity   report.Severity // empty: nothing is told
		confidence report.Confidence
		why        string
	}{
		{name: "the Service waits", edits: []string{pending, failed("10s")}, severity: report.Error, confidence: report.Certain},
		{name: "a success followed", edits: []string{pending, failed("10s"), ensured}},
		{name: "the Service has what it asks for, and nothing else tells of the success", edits: []string{forget, noLog, failed("30m")}, severity: report.Warning, confidence: report.Possible, why: "may be history"},
		{name: "the same, a minute ago", edits: []string{forget, noLog, failed("1m")}, severity: report.Warning, confidence: report.Certain},
		{name: "the Service works, and is not as it asks for", edits: []string{forget, noLog, failed("30m"), `{in: load-balancers kubernetes, set: {/probes/0/intervalInSeconds: 11}}`}, severity: report.Warning, confidence: report.Certain},
		{name: "its rules are gone", edits: []string{forget, noLog, failed("10s"), `{in: load-balancers kubernetes, set: {/loadBalancingRules: []}}`}, severity: report.Error, confidence: report.Certain},
		{name: "it waits, and the error is older than a failing sync is silent", edits: []string{pending, forget, noLog, failed("30m")}, severity: report.Error, confidence: report.Certain},
		{name: "it waits, and the log that tells it ends long before the collection", edits: []string{pending, noEvents, log("09:15:00")}, severity: report.Error, confidence: report.Likely, why: "what came after the error is not in the bundle"},
		{name: "it waits, and the log reaches to the end", edits: []string{pending, noEvents, log("09:50:00", alive)}, severity: report.Error, confidence: report.Certain},
		{name: "no Service is in the bundle, and the log was cut", edits: []string{noEvents, log("09:15:00"), `{in: services, drop: denied}`}, severity: report.Warning, confidence: report.Possible, why: "it may be over"},
		{name: "no Service is in the bundle, and the log reaches to the end", edits: []string{noEvents, log("09:50:00", alive), `{in: services, drop: denied}`}, severity: report.Warning, confidence: report.Likely, why: "whether one still lacks something"},
		{name: "no Service is in the bundle, and the event may have been followed by one that expired", edits: []string{noLog, forget, failed("61m"), `{in: services, drop: denied}`}, severity: report.Warning, confidence: report.Possible, why: "it may be over"},
		{name: "the Service is gone, and its deletion failed just now", edits: []string{forget, noLog, deleting("1m"), `{in: Service shop/storefront, remove: true}`}, severity: report.Error, confidence: report.Certain},
		{name: "the Service is gone, and its deletion was told of no more", edits: []string{forget, noLog, deleting("30m"), `{in: Service shop/storefront, remove: true}`}, severity: report.Warning, confidence: report.Possible, why: "may be history"},
		{name: "lines of one log go by their place", edits: []string{pending, noEvents, log("09:50:00", `2026-11-23T09:40:00Z I1123 09:40:00.000000 1 event.go:389] "Event occurred" object="shop/storefront" fieldPath="" kind="Service" apiVersion="v1" type="Normal" reason="EnsuredLoadBalancer" message="Ensured load balancer"`)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			files, err := ruletest.Load(filepath.Join("..", "..", "samples", "healthy", "bundle"))
			if err != nil {
				t.Fatal(err)
			}
			var edits []ruletest.Edit
			if err := yaml.UnmarshalStrict([]byte("- "+strings.Join(c.edits, "\n- ")), &edits); err != nil {
				t.Fatal(err)
			}
			if err := files.Apply(edits); err != nil {
				t.Fatal(err)
			}
			out := rule.Evaluate(files.World(t), []*rule.Rule{said})
			if c.severity == "" {
				if len(out.Findings) != 0 {
					t.Fatalf("want nothing, got %v", out.Findings)
				}
				return
			}
			if len(out.Findings) != 1 {
				t.Fatalf("%d findings", len(out.Findings))
			}
			if f := out.Findings[0]; f.Severity != c.severity || f.Confidence != c.confidence || !strings.Contains(f.Why, c.why) {
				t.Errorf("%s %s (%s), want %s %s (%s)", f.Severity, f.Confidence, f.Why, c.severity, c.confidence, c.why)
			}
		})
	}
}
