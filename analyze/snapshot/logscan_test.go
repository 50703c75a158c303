package snapshot

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// rec is what a test looks at of a record: place, level, source, first line,
// last line and time.
func rec(r Record) string {
	lines := strings.Split(r.Text, "\n")
	s := fmt.Sprintf("%d %c %s %s", r.Line, max(r.Level, '0'), r.Source, firstRunes(lines[0]))
	if len(lines) > 1 {
		s += " … " + firstRunes(lines[len(lines)-1])
	}
	if !r.Time.IsZero() {
		s += " @" + r.Time.Format("2006-01-02T15:04:05.999999999")
	}
	return s
}

func firstRunes(s string) string { return s[:min(len(s), 40)] }

func TestScanLogForms(t *testing.T) {
	for _, tc := range []struct {
		file, version string
		kind          LogKind
		lines         int
		records       []string
	}{
		{"glog-1.8.log", "v1.8.4", KubeController, 6, []string{
			"1 I controllermanager.go:108 Version: v1.8.4 @0000-03-12T08:15:00.000001",
			"4 I event.go:218 Event(v1.ObjectReference{Kind:\"Service\", @0000-03-12T08:15:03",
			"5 E service_controller.go:218 Failed to process service. Retrying in 5 @0000-03-12T08:15:04",
			"6 I azure_loadbalancer.go:300 delete(default/old): FINISH @0000-03-12T08:15:09",
		}},
		{"klog-multiline.log", "v1.36.5", CloudController, 23, []string{
			"3 I controllermanager.go:353 \"Version\" logger=\"Run\" version=\"v1.36.5\" @0000-11-23T09:36:28.7",
			"4 W azure_loadbalancer_repo.go:148 LoadbalancerClient.CreateOrUpdate(kubern … , LoadBalancer request: {\"name\":\"kuberne @0000-11-23T09:39:16.840369",
			"17 E azure_loadbalancer.go:2092 \"abort backoff - updating\" err=< …  > logger=\"reconcileLoadBalancer\" servic @0000-11-23T09:39:16.840472",
			"22 I leaderelection.go:285 failed to renew lease kube-system/cloud- @0000-11-23T09:39:18",
			"23 F controllermanager.go:300 leaderelection lost @0000-11-23T09:39:19",
		}},
		{"timestamps.log", "", CloudController, 5, []string{
			"1 E azure_loadbalancer.go:143 \"Failed to reconcile LoadBalancer\" err=< …  > logger=\"reconcileService\" @2026-11-23T09:39:16.840472123",
			"4 E azure_loadbalancer.go:276 \"Finished with error\" err=\"rate limit re @2026-11-23T09:39:17",
		}},
		{"slog.log", "", CloudController, 4, []string{
			"1 I azure_loadbalancer.go:139 \"Start reconciling Service\" lb=\"a4f1c\" l",
			"3 E azure_loadbalancer.go:276 \"Finished with error\" err=< …  > service=\"payments/gateway\"",
			"4 E controllermanager.go:7 \"Failed\" err=\"boom\" @2025-11-29T09:49:36.8405",
		}},
		{"aks-export.log", "", CloudController, 3, []string{
			"1 E azure_loadbalancer.go:143 reconcileLoadBalancer(default/web) faile @2024-03-12T08:15:02.5",
			"2 W azure.go:1 throttled @2024-03-12T08:15:03",
			"3 E controller.go:1 error processing service default/web (wi @2024-03-12T08:15:04.1",
		}},
		{"journal.log", "", Kubelet, 5, []string{
			"2 E server.go:149 failed to run Kubelet: could not init cl … goroutine 1 [running]: @0000-03-12T08:15:02",
			"5 F server.go:150 exit @2024-03-12T08:15:05",
		}},
	} {
		t.Run(tc.file, func(t *testing.T) {
			f, err := os.Open(filepath.Join("testdata", "logs", tc.file))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			log, records, err := scanLog(tc.file, f)
			if err != nil {
				t.Fatal(err)
			}
			if log.Kind != tc.kind || log.Version != tc.version || log.Lines != tc.lines {
				t.Errorf("kind %q version %q lines %d, want %q %q %d", log.Kind, log.Version, log.Lines, tc.kind, tc.version, tc.lines)
			}
			var got []string
			for _, r := range records {
				got = append(got, rec(r))
			}
			if d := cmp.Diff(tc.records, got); d != "" {
				t.Errorf("records (-want +got):\n%s", d)
			}
		})
	}
}

func TestScanLogSpanAndFlags(t *testing.T) {
	log, _, err := scanLog("x", strings.NewReader("I1231 23:59:59.000000 1 flags.go:64] FLAG: --cluster-name=\"kubernetes\"\nI0101 00:00:01.000000 1 x.go:1] y\n"))
	if err != nil {
		t.Fatal(err)
	}
	if log.Flags["cluster-name"] != "kubernetes" {
		t.Errorf("flags %v", log.Flags)
	}
	if want := time.Date(0, 12, 31, 23, 59, 59, 0, time.UTC); !log.First.Equal(want) {
		t.Errorf("first %v, want %v", log.First, want)
	}
	if want := time.Date(0, 1, 1, 0, 0, 1, 0, time.UTC); !log.Last.Equal(want) {
		t.Errorf("last %v, want %v: the span follows the lines, not the stamps", log.Last, want)
	}
}

func TestScanLogCapsARecordButKeepsItsLastLine(t *testing.T) {
	in := "E0101 00:00:01.000000 1 azure.go:1] \"x\" err=<\n" + strings.Repeat("\tAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", 2000) + " > service=\"a/b\"\n"
	_, records, _ := scanLog("x", strings.NewReader(in))
	if len(records) != 1 || len(records[0].Text) > recordCap || !strings.HasSuffix(records[0].Text, `service="a/b"`) {
		t.Fatalf("%d records, the first of %d bytes", len(records), len(records[0].Text))
	}
	in = "E0101 00:00:01.000000 1 azure.go:1] " + strings.Repeat("x", 1<<20) + "\nE0101 00:00:02.000000 1 azure.go:1] next\n"
	log, records, _ := scanLog("x", strings.NewReader(in))
	if len(records) != 2 || len(records[0].Text) != recordCap || records[1].Line != 2 || log.Lines != 2 {
		t.Fatalf("a line beyond the buffer: %d records, %d lines", len(records), log.Lines)
	}
}

func TestScanLogKeepsTheFirstAndTheNewest(t *testing.T) {
	var b bytes.Buffer
	const n = keepRecords + 60000
	for i := range n {
		fmt.Fprintf(&b, "E0101 00:00:01.000000 1 azure.go:1] e%d\n", i)
	}
	log, records, err := scanLog("x", &b)
	if err != nil || len(records) != keepRecords || log.Dropped != 60000 {
		t.Fatalf("%d records, %d dropped, %v", len(records), log.Dropped, err)
	}
	for _, want := range []struct{ i, line int }{{0, 1}, {keepFirst - 1, keepFirst}, {keepFirst, 60000 + keepFirst + 1}, {keepRecords - 1, n}} {
		if records[want.i].Line != want.line {
			t.Errorf("record %d is of line %d, want %d", want.i, records[want.i].Line, want.line)
		}
	}
}

func BenchmarkScanLog(b *testing.B) {
	data, err := os.ReadFile("../../samples/healthy/bundle/logs/cloud-controller-manager-cp-0.cloud-controller-manager.log")
	if err != nil {
		b.Fatal(err)
	}
	data = bytes.Repeat(data, 1+(4<<20)/len(data)) // as large as a log of some hours
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, _, err := scanLog("ccm.log", bytes.NewReader(data)); err != nil {
			b.Fatal(err)
		}
	}
}
