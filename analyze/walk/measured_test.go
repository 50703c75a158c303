package walk_test

import (
	"fmt"
	"strings"
	"testing"

	"azlb/analyze/rule/ruletest"
	"azlb/analyze/walk"
	"azlb/report"
)

// healthOf is Azure's metric of the probes of port 80 of shop/storefront: a value for each
// of the five members, the last of three buckets at a clock time.
func healthOf(clock string, port int, values ...string) ruletest.Edit {
	var series []string
	for i, v := range values {
		series = append(series, fmt.Sprintf(`{"metadatavalues": [{"name": {"value": "backendipaddress"}, "value": "10.224.0.%d"}, {"name": {"value": "frontendipaddress"}, "value": "20.61.100.11"}, {"name": {"value": "frontendport"}, "value": "%d"}, {"name": {"value": "backendport"}, "value": "%d"}],
 "data": [{"timeStamp": "2026-11-23T09:00:00Z", "average": 50}, {"timeStamp": "2026-11-23T%s:00Z"%s}, {"timeStamp": "2026-11-23T09:56:00Z"}]}`, 5+i, port, port, clock, v))
	}
	return ruletest.Edit{In: "probe-metrics", Text: `{"cost": 59, "interval": "PT5M", "namespace": "Microsoft.Network/loadBalancers", "value": [
{"id": "/subscriptions/6f5a8a52-3c1e-4d0f-9b5e-2f6d7c8a9b10/resourceGroups/rg-lab1/providers/Microsoft.Network/loadBalancers/kubernetes/providers/Microsoft.Insights/metrics/DipAvailability",
 "errorCode": "Success", "name": {"value": "DipAvailability"}, "timeseries": [` + strings.Join(series, ",\n") + "]}]}\n"}
}

// TestMeasured has what Azure itself saw of the probes go before what follows from the
// objects, where it is fresh and about the same port.
func TestMeasured(t *testing.T) {
	const up, down, half, none = `, "average": 100`, `, "average": 0`, `, "average": 60`, ``
	http := ruletest.Edit{In: "load-balancers kubernetes", Set: map[string]any{"/probes/0/protocol": "Http", "/probes/0/requestPath": "/"}}
	for _, c := range []struct {
		name    string
		edits   []ruletest.Edit
		verdict report.HopVerdict
		says    string
		state   walk.ProbeState
	}{
		{"no metric", nil, report.Passes, "5 of 5 members should answer", walk.ProbeUnknown},
		{"no metric, and only the pods know", []ruletest.Edit{http}, report.VerdictUnknown, "", walk.ProbeUnknown},
		{"all answer", []ruletest.Edit{http, healthOf("09:55", 80, up, up, up, up, up)}, report.Passes, "5 of 5 members should answer", walk.ProbeUp},
		{"one answers", []ruletest.Edit{http, healthOf("09:55", 80, down, down, up, down, down)}, report.Passes, "1 of 5 members should answer", walk.ProbeUp},
		{"nobody answers", []ruletest.Edit{http, healthOf("09:55", 80, down, down, down, down, down)}, report.Blocks, "DipAvailability) was 0 at 09:55", walk.ProbeDown},
		{"nobody answers though kube-proxy should", []ruletest.Edit{healthOf("09:55", 80, down, down, down, down, down)}, report.Blocks, "0 of 5 members", walk.ProbeDown},
		{"one is not measured", []ruletest.Edit{http, healthOf("09:55", 80, down, down, down, down, none)}, report.VerdictUnknown, "", walk.ProbeUnknown},
		{"some probes are answered", []ruletest.Edit{http, healthOf("09:55", 80, half, half, half, half, half)}, report.VerdictUnknown, "", walk.ProbeUnknown},
		{"an old value", []ruletest.Edit{healthOf("09:20", 80, down, down, down, down, down)}, report.Passes, "5 of 5", walk.ProbeUnknown},
		{"a value from before the nodes were Ready", []ruletest.Edit{healthOf("09:50", 80, down, down, down, down, down)}, report.Passes, "5 of 5", walk.ProbeUnknown},
		{"another port", []ruletest.Edit{healthOf("09:55", 443, down, down, down, down, down)}, report.Passes, "5 of 5", walk.ProbeUnknown},
		{"nobody answers as no pod is ready", []ruletest.Edit{
			{In: "EndpointSlice shop/storefront-5rg85", Set: map[string]any{"/endpoints": []any{}}}, healthOf("09:55", 80, down, down, down, down, down)}, report.Passes, "0 of 5", walk.ProbeDown},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := worldOf(t, traceCase{Edits: c.edits})
			x := w.Walks.Of("shop/storefront")[0]
			h := x.Hop(walk.Probe)
			if h.Verdict != c.verdict || !strings.Contains(h.Say, c.says) {
				t.Errorf("%s: %s; want %s: %s", h.Verdict, h.Say, c.verdict, c.says)
			}
			state, cites := x.Measured()
			if state != c.state || (len(cites) > 0) != (state != walk.ProbeUnknown) {
				t.Errorf("measured %q with %v, want %q", state, cites, c.state)
			}
		})
	}
}
