package az

import (
	"fmt"
	"testing"
	"time"
)

// TestActivity: the same event in every form that az and ARM give it.
func TestActivity(t *testing.T) {
	const lb = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/loadBalancers/kubernetes"
	want := Activity{Time: time.Date(2026, 11, 23, 9, 41, 2, 123456000, time.UTC), Caller: "jane@example.com", Operation: "Microsoft.Network/loadBalancers/write", ResourceID: lb, Status: "Succeeded", At: "/0"}
	for name, c := range map[string]struct{ at, raw string }{
		"az, selected": {"/0", `[{"authorization": null, "caller": "jane@example.com", "claims": null, "eventTimestamp": "2026-11-23T09:41:02.123456+00:00", "httpRequest": null, "id": null,
			"operationName": {"localizedValue": "Create or Update Load Balancer", "value": "Microsoft.Network/loadBalancers/write"}, "properties": null, "resourceId": "` + lb + `", "status": {"localizedValue": "Succeeded", "value": "Succeeded"}}]`},
		"ARM, whole": {"/value/0", `{"value": [{"id": "` + lb + `/events/e1/ticks/1", "caller": "jane@example.com", "eventTimestamp": "2026-11-23T09:41:02.123456Z", "resourceId": "` + lb + `",
			"operationName": {"value": "Microsoft.Network/loadBalancers/write"}, "status": {"value": "Succeeded"}, "properties": {"status": "Created", "statusCode": "Created", "caller": "x"}}]}`},
		"below properties": {"/value/0", `{"value": [{"id": "` + lb + `/events/e1/ticks/1", "properties": {"caller": "jane@example.com", "eventTimestamp": "2026-11-23T09:41:02.123456", "resourceId": "` + lb + `",
			"operationName": {"value": "Microsoft.Network/loadBalancers/write"}, "status": {"value": "Succeeded"}}}]}`},
		"plain words, no time but that of submission": {"/0", `[{"Caller": "jane@example.com", "SubmissionTimestamp": "2026-11-23T09:41:02.123456Z", "ResourceId": "` + lb + `", "OperationName": "Microsoft.Network/loadBalancers/write", "Status": "Succeeded"}]`},
	} {
		items, err := Items([]byte(c.raw))
		if err != nil || len(items) != 1 || !items[0].IsActivity() {
			t.Fatalf("%s: %v, %d items", name, err, len(items))
		}
		want.At = c.at
		if got, err := AsActivity(items[0]); err != nil || got != want {
			t.Errorf("%s: %v\n got %+v\nwant %+v", name, err, got, want)
		}
	}
	const refusal = `{"error":{"code":"X","message":"y"}}`
	for name, raw := range map[string]string{
		"az":   `[{"operationName": {"value": "x"}, "eventTimestamp": "2026-11-23T09:41:02Z", "status": {"value": "Failed"}, "subStatus": {"value": "BadRequest"}, "properties": {"statusCode": null, "statusMessage": %q}}]`,
		"deep": `[{"id": "/e", "properties": {"operationName": {"value": "x"}, "eventTimestamp": "2026-11-23T09:41:02Z", "status": {"value": "Failed"}, "properties": {"statusCode": "BadRequest", "statusMessage": %q}}}]`,
	} {
		items, err := Items(fmt.Appendf(nil, raw, refusal))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := AsActivity(items[0]); err != nil || got.StatusCode != "BadRequest" || got.Message != refusal {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	items, _ := Items([]byte(`[{"operationName": "x", "eventTimestamp": "yesterday"}]`))
	if _, err := AsActivity(items[0]); err == nil {
		t.Error("a time that is none was taken")
	}
}
