//go:build unix

package main

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	bundle "azlb/bundle-schema"
)

var kills = flag.Int("kill.runs", 4, "how many collections TestKilled kills")

// canary is a secret that the slow cluster of TestKilled answers with.
const canary = "Kill3d~Canary_0123456789abcdef"

// TestKilled: SIGKILL at any moment leaves either no bundle or a whole one, and nothing on
// the disk that was not redacted.
func TestKilled(t *testing.T) {
	begin := time.Now()
	if !collectAndKill(t, time.Hour, false) {
		t.Fatal("without being killed it wrote no bundle")
	}
	whole := time.Since(begin)
	seed := uint64(begin.UnixNano())
	moments := rand.New(rand.NewPCG(seed, 0))
	written := 0
	for i := range *kills {
		// Every other one while it packs, which is short.
		packs := i%2 == 1
		after := time.Duration(moments.Float64() * 1.1 * float64(whole))
		if packs {
			after = time.Duration(moments.IntN(60)) * time.Millisecond
		}
		if collectAndKill(t, after, packs) {
			written++
		}
		if t.Failed() {
			break
		}
	}
	t.Logf("seed %d: %d of %d killed collections had written their bundle, a whole one takes %v", seed, written, *kills, whole)
}

// collectAndKill kills a collection after some time, from its beginning or that of its
// packing, looks at what it left, and reports whether there is a bundle.
func collectAndKill(t *testing.T, after time.Duration, packs bool) bool {
	t.Helper()
	dir := t.TempDir()
	fake, temp := filepath.Join(dir, "fake"), filepath.Join(dir, "temp")
	if err := os.CopyFS(fake, os.DirFS("testdata/cluster")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(temp, 0o700); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	for range 4000 { // it packs badly, so that packing takes its time
		fmt.Fprintf(&log, "I1123 10:00:00.000000 1 x.go:1] %016x%016x using password=%s now\n", rand.Uint64(), rand.Uint64(), canary)
	}
	if err := os.WriteFile(filepath.Join(fake, "controller.log"), log.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("azlb-collect", "--output", filepath.Join(dir, "b.tgz"))
	cmd.Env = append(os.Environ(), "FAKE="+fake, "FAKE_SLOW=1", "TMPDIR="+temp, "GORACE=atexit_sleep_ms=0")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		cmd.Wait()
	}()
	if packs {
		awaitFile(filepath.Join(dir, "*b.tgz*"), ended)
	}
	select {
	case <-time.After(after):
		cmd.Process.Kill()
	case <-ended:
	}
	<-ended
	os.RemoveAll(fake) // the secret stands there as it is
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			holdsNoSecret(t, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "b.tgz")
	if _, err := os.Stat(path); err != nil {
		return false
	}
	b, err := bundle.Open([]string{path}, nil)
	if err != nil {
		t.Fatalf("killed after %v: %v", after, err)
	}
	defer b.Close()
	if err := b.Each(func(f bundle.File) error { _, err := io.Copy(io.Discard, f.Reader); return err }); err != nil || b.Partial() != "" || len(b.Faults()) > 0 || b.Manifest == nil {
		t.Errorf("killed after %v: the bundle is not whole: %v %s %v", after, err, b.Partial(), b.Faults())
	}
	return true
}

// awaitFile waits until a file matches, hidden ones too, or the collection ended.
func awaitFile(pattern string, ended <-chan struct{}) {
	for {
		select {
		case <-ended:
			return
		case <-time.After(time.Millisecond):
		}
		for _, p := range []string{pattern, filepath.Join(filepath.Dir(pattern), "."+filepath.Base(pattern))} {
			if found, _ := filepath.Glob(p); len(found) > 0 {
				return
			}
		}
	}
}

// holdsNoSecret looks into a file as it lies there, and packed as far as it can be unpacked.
func holdsNoSecret(t *testing.T, path string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if unpacked, err := gzip.NewReader(bytes.NewReader(raw)); err == nil {
		text, _ := io.ReadAll(unpacked) // of a file that ends early as much as there is
		raw = append(raw, text...)
	}
	if bytes.Contains(raw, []byte(canary)) {
		t.Errorf("%s holds the secret", path)
	}
}
