package collect

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/redact"
)

const listBegin, listEnd = "apiVersion: v1\nitems:\n", "kind: List\nmetadata:\n  resourceVersion: \"\"\n"

// TestControllersPassTheCap: among the pods of thousands of nodes the controllers stay,
// however many bytes came before them.
func TestControllersPassTheCap(t *testing.T) {
	e := bundle.ControllerPods
	e.Cap = 2 << 10
	var text strings.Builder
	text.WriteString(listBegin)
	for i := range 100 {
		fmt.Fprintf(&text, "- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: kube-proxy-%04d\n    namespace: kube-system\n", i)
	}
	text.WriteString("- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: cloud-controller-manager-cp-0\n    namespace: kube-system\n" + listEnd)
	s := holding(t, nil)
	l := &listing{spool: s.spool, e: &e, ever: ofController, removed: redact.Counts{}}
	if err := l.take(strings.NewReader(text.String())); err != nil {
		t.Fatal(err)
	}
	entry, end := bundle.Entry{}, ending{Status: bundle.StatusOK}
	l.keep(Command{Evidence: &e, Path: e.Path}, &entry, &end)
	kept := string(s.spool.read(e.Path))
	if !strings.Contains(kept, "cloud-controller-manager-cp-0") || strings.Contains(kept, "kube-proxy-0099") {
		t.Errorf("kept is\n%s", kept)
	}
	if end.Status != bundle.StatusTruncated || !strings.Contains(end.Reason, "of 101 are not kept") {
		t.Errorf("it ends as %s: %s", end.Status, end.Reason)
	}
}

// BenchmarkList lets the EndpointSlices of a large cluster, 20,000, pass as they come from
// kubectl; x-gzip is its time against `gzip -dc` of the same bytes, MiB-heap what is held
// at the end.
func BenchmarkList(b *testing.B) {
	var text bytes.Buffer
	text.WriteString(listBegin)
	for i := range 20_000 {
		fmt.Fprintf(&text, "- addressType: IPv4\n  apiVersion: discovery.k8s.io/v1\n  endpoints:\n")
		for n := range 10 {
			fmt.Fprintf(&text, "  - addresses:\n    - 10.%d.%d.%d\n    conditions:\n      ready: true\n    nodeName: aks-pool-vmss%06d\n", i>>8, i&255, n, i%5000)
		}
		fmt.Fprintf(&text, "  kind: EndpointSlice\n  metadata:\n    labels:\n      kubernetes.io/service-name: svc-%d\n    name: svc-%d-abcde\n    namespace: ns-%d\n", i, i, i%300)
	}
	text.WriteString(listEnd)
	packed := filepath.Join(b.TempDir(), "x.gz")
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	if _, err := w.Write(text.Bytes()); err != nil || w.Close() != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(packed, zipped.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	spool, err := newSpool(b.TempDir(), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer spool.close()
	b.SetBytes(int64(text.Len()))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var ours, theirs time.Duration
	for b.Loop() {
		start := time.Now()
		l := &listing{spool: spool, e: &bundle.EndpointSlices, removed: redact.Counts{}}
		if err := l.take(bytes.NewReader(text.Bytes())); err != nil || l.kept != 20_000 {
			b.Fatal(l.kept, err)
		}
		ours += time.Since(start)
		runtime.GC()
		runtime.ReadMemStats(&after)
		l.drop()
		start = time.Now()
		cmd := exec.Command("gzip", "-dc", packed)
		cmd.Stdout = io.Discard
		if err := cmd.Run(); err != nil {
			b.Skipf("no gzip to compare with: %v", err)
		}
		theirs += time.Since(start)
	}
	b.ReportMetric(float64(ours)/float64(theirs), "x-gzip")
	b.ReportMetric((float64(after.HeapAlloc)-float64(before.HeapAlloc))/(1<<20), "MiB-heap")
}
