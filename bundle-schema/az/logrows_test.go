package az

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLogRows reads the log in both forms of the table, as ARM's API answers and as az's
// extension prints it, oldest row first whatever the order of the answer.
func TestLogRows(t *testing.T) {
	say := func(raw string) []string {
		rows, ok := LogRows([]byte(raw))
		if !ok {
			return nil
		}
		out := []string{}
		for _, r := range rows {
			out = append(out, fmt.Sprintf("%d %s %s %s %s %s", r.Line, r.Time.Format("15:04:05.999"), r.Category, r.Pod, r.Level, r.Text))
		}
		return out
	}
	const dedicated = `{
  "tables": [
    {
      "columns": [
        {"name": "TimeGenerated", "type": "datetime"}, {"name": "Category", "type": "string"}, {"name": "PodName"}, {"name": "Level"}, {"name": "Message"}
      ],
      "name": "PrimaryResult",
      "rows": [
        ["2026-11-26T07:00:01Z", "cloud-controller-manager", "ccm-0", "ERROR", "third"],
        ["2026-11-26T07:00:00.5Z", "cloud-controller-manager", "ccm-0", "INFO",
          "second"],
        ["2026-11-26T07:00:00.5Z", "cloud-controller-manager", "ccm-0", "INFO", "first"],
        [null, "cloud-controller-manager", "ccm-0", "INFO", "of no time"]
      ]
    }
  ]
}`
	for name, tt := range map[string]struct {
		raw  string
		want []string
	}{
		"AKSControlPlane": {dedicated, []string{
			"12 07:00:00.5 cloud-controller-manager ccm-0 INFO first", "11 07:00:00.5 cloud-controller-manager ccm-0 INFO second", "9 07:00:01 cloud-controller-manager ccm-0 ERROR third"}},
		"cut": {dedicated[:strings.Index(dedicated, `"INFO", "first"`)], []string{
			"11 07:00:00.5 cloud-controller-manager ccm-0 INFO second", "9 07:00:01 cloud-controller-manager ccm-0 ERROR third"}},
		"AzureDiagnostics": {`{"tables":[{"name":"PrimaryResult","columns":[{"name":"TimeGenerated"},{"name":"Category"},{"name":"pod_s"},{"name":"log_s"}],"rows":[["2026-11-26T07:00:00Z","c","p","a"]]}]}`,
			[]string{"1 07:00:00 c p  a"}},
		"extension": {`[
  {"Category": "c", "TableName": "PrimaryResult", "TimeGenerated": "2026-11-26T07:00:00.123Z", "log_s": "a", "pod_s": "p"},
  {"Category": "c", "TableName": "PrimaryResult", "TimeGenerated": "2026-11-26T07:00:01Z", "log_s": "b", "pod_s": "p"}
]`, []string{"2 07:00:00.123 c p  a", "3 07:00:01 c p  b"}},
		"no row":      {`{"tables":[{"name":"PrimaryResult","columns":[{"name":"TimeGenerated"},{"name":"Message"}],"rows":[]}]}`, []string{}},
		"another":     {`{"tables":[{"name":"PrimaryResult","columns":[{"name":"TimeGenerated"},{"name":"count_"}],"rows":[["2026-11-26T07:00:00Z",3]]}]}`, nil},
		"no document": {`{"tables": "TimeGenerated"`, nil},
		"a list":      {`["TimeGenerated", 1]`, nil},
	} {
		if diff := cmp.Diff(tt.want, say(tt.raw)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
