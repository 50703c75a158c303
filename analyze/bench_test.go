package analyze

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"azlb/analyze/rule/ruletest"
	bundle "azlb/bundle-schema"
)

// BenchmarkBundle analyses a large bundle and reports the time as a ratio to
// `gzip -dc` of the same file, and the memory that the process took at most. The
// bundle is a sample whose log was made 64 times as long.
func BenchmarkBundle(b *testing.B) {
	path, size := largeBundle(b)
	var ours, theirs time.Duration
	for b.Loop() {
		start := time.Now()
		in, err := bundle.Open([]string{path}, nil)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := Bundle(in, "bench"); err != nil {
			b.Fatal(err)
		}
		if err := in.Close(); err != nil {
			b.Fatal(err)
		}
		ours += time.Since(start)

		start = time.Now()
		cmd := exec.Command("gzip", "-dc", path)
		cmd.Stdout = io.Discard
		if err := cmd.Run(); err != nil {
			b.Skipf("no gzip to compare with: %v", err)
		}
		theirs += time.Since(start)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(ours)/float64(theirs), "x-gzip")
	b.ReportMetric(float64(m.Sys)/(1<<20), "MiB-peak")
	b.ReportMetric(float64(size)/(1<<20)/(ours.Seconds()/float64(b.N)), "MB/s")
}

// largeBundle writes the bundle and returns its path and its size unpacked.
func largeBundle(b *testing.B) (string, int) {
	b.Helper()
	files, err := ruletest.Load(filepath.Join("..", "samples", "healthy", "bundle"))
	if err != nil {
		b.Fatal(err)
	}
	size := 0
	for i := range files.Manifest.Entries {
		e := &files.Manifest.Entries[i]
		if e.Evidence == bundle.ControllerLog.ID {
			files.Content[e.Path] = bytes.Repeat(files.Content[e.Path], 64)
		}
		size += len(files.Content[e.Path])
	}
	path := filepath.Join(b.TempDir(), "large.tgz")
	err = bundle.Create(path, &files.Manifest, func(e bundle.Entry) (io.ReadCloser, error) {
		c, ok := files.Content[e.Path]
		if !ok {
			return nil, fmt.Errorf("reading %s: %w", e.Path, os.ErrNotExist)
		}
		return io.NopCloser(bytes.NewReader(c)), nil
	}, bundle.Beside{})
	if err != nil {
		b.Fatal(err)
	}
	return path, size
}
