package redact

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	bundle "azlb/bundle-schema"
)

// BenchmarkSecondPass looks through the evidence of a sample, its log 64 times as long,
// with as many originals as a large cluster has names and secrets; x-gzip is its time
// against `gzip -dc` of the same bytes.
func BenchmarkSecondPass(b *testing.B) {
	var text bytes.Buffer
	for _, pattern := range []string{"k8s/*.yaml", "azure/*/*.json", "logs/*.log"} {
		files, _ := filepath.Glob(filepath.Join("..", "..", "samples", "healthy", "bundle", pattern))
		for _, name := range files {
			raw, err := os.ReadFile(name)
			if err != nil {
				b.Fatal(err)
			}
			times := 16
			if filepath.Ext(name) == ".log" {
				times = 64
			}
			text.Write(bytes.Repeat(raw, times))
		}
	}
	packed := filepath.Join(b.TempDir(), "x.gz")
	f, err := os.Create(packed)
	if err != nil {
		b.Fatal(err)
	}
	w := gzip.NewWriter(f)
	if _, err := w.Write(text.Bytes()); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{0, 10_000} {
		b.Run(fmt.Sprintf("%d originals", n), func(b *testing.B) {
			var l Learned
			for i := range n {
				l.add(ConfigKey, fmt.Sprintf("S3cret~%x.Value-%d", i*7919, i))
				l.Name(fmt.Sprintf("customer-%x-name-%d", i*7919, i))
			}
			b.SetBytes(int64(text.Len()))
			var ours, theirs time.Duration
			for b.Loop() {
				start := time.Now()
				if shape, err := l.Check(bundle.RedactText, bytes.NewReader(text.Bytes())); shape != "" || err != nil {
					b.Fatal(shape, err)
				}
				ours += time.Since(start)
				start = time.Now()
				cmd := exec.Command("gzip", "-dc", packed)
				cmd.Stdout = io.Discard
				if err := cmd.Run(); err != nil {
					b.Skipf("no gzip to compare with: %v", err)
				}
				theirs += time.Since(start)
			}
			b.ReportMetric(float64(ours)/float64(theirs), "x-gzip")
		})
	}
}
