package collect

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/pseudonym"
)

// replayed are the options of a recorded collection without names.
func replayed(t *testing.T) Options {
	t.Helper()
	recording, err := OpenRecording(filepath.Join("..", "samples", "demo", "recording"))
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Since: time.Hour, Timeout: time.Minute, CommandTimeout: time.Minute, Progress: Silent{}, HideNames: true, Output: filepath.Join(t.TempDir(), "b.tgz")}
	recording.Apply(&o)
	return o
}

// opened is everything in a bundle, by name.
func opened(t *testing.T, path string) (*bundle.Manifest, map[string]string) {
	t.Helper()
	b, err := bundle.Open([]string{path}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	all := map[string]string{}
	if err := b.Each(func(f bundle.File) error {
		raw, err := io.ReadAll(f.Reader)
		all[f.Name] = string(raw)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	raw, err := b.Manifest.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	all[bundle.ManifestName] = string(raw)
	return b.Manifest, all
}

// TestHideNames: no name of the cluster is in the bundle, its map lies beside it for its
// owner only, and the customer's own terminal has the real names.
func TestHideNames(t *testing.T) {
	o := replayed(t)
	o.Progress = Silent{}
	r, err := Collect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	m, all := opened(t, r.Path)
	for name, text := range all {
		for _, original := range []string{"lab1", "storefront", "payments", "k8s-pool1-vmss", "6f5a8a52-3c1e-4d0f-9b5e-2f6d7c8a9b10", "20.61.100.12", "596a2662"} {
			if strings.Contains(strings.ToLower(name+"\n"+text), original) {
				t.Errorf("%s holds %s", name, original)
			}
		}
		if strings.Contains(name, "names.json") {
			t.Errorf("the map is in the bundle: %s", name)
		}
	}
	raw, err := os.ReadFile(r.Map)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pseudonym.Read(raw)
	if err != nil {
		t.Fatal(err)
	}
	if m.Redaction != bundle.RedactionAll || m.Names != names.ID() {
		t.Errorf("the manifest says %q of map %q, and the map is %q", m.Redaction, m.Names, names.ID())
	}
	if got := names.Restore(m.Cluster.Context + " " + strings.Join(m.Cluster.ResourceGroups, " ")); got != "lab1 rg-lab1" {
		t.Errorf("put back, the cluster is %s", got)
	}
	if info, err := os.Stat(r.Map); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the map: %v, %v", info.Mode(), err)
	}
	if r.Map != mapPath(o.Output) || !strings.Contains(string(raw), `"storefront"`) {
		t.Errorf("the map %s does not hold what was replaced", r.Map)
	}
}

// TestMapIsNotLost: another file is not replaced, and a map that is none is said before
// anything runs; with --names the same names get the same pseudonyms.
func TestMapIsNotLost(t *testing.T) {
	o := replayed(t)
	taken := mapPath(o.Output)
	if err := os.WriteFile(taken, []byte("notes"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Collect(t.Context(), o); !errors.Is(err, ErrMapExists) {
		t.Errorf("over another file: %v", err)
	}
	if raw, _ := os.ReadFile(taken); string(raw) != "notes" {
		t.Error("the other file is lost")
	}
	if _, err := os.Stat(o.Output); err == nil {
		t.Error("there is a bundle without its map")
	}
	o.Names = taken
	if _, err := Collect(t.Context(), o); err == nil || !strings.Contains(err.Error(), "no map of names") {
		t.Errorf("with notes for a map: %v", err)
	}
	first := replayed(t)
	r, err := Collect(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	second := replayed(t)
	second.Names = r.Map
	again, err := Collect(t.Context(), second)
	if err != nil {
		t.Fatal(err)
	}
	if again.Map != r.Map {
		t.Errorf("the map is continued in %s", again.Map)
	}
	_, a := opened(t, r.Path)
	_, b := opened(t, again.Path)
	for name := range a {
		if name != bundle.ManifestName && a[name] != b[name] {
			t.Errorf("%s differs in a second collection with the same map", name)
		}
	}
}

// TestNoBundleNoMap: where the bundle cannot be written, its map goes too.
func TestNoBundleNoMap(t *testing.T) {
	o := replayed(t)
	if err := os.Mkdir(o.Output, 0o755); err != nil {
		t.Fatal(err)
	}
	o.Force = true
	if _, err := Collect(t.Context(), o); err == nil {
		t.Fatal("a bundle replaced a folder")
	}
	if _, err := os.Stat(mapPath(o.Output)); err == nil {
		t.Error("a map without a bundle is left")
	}
}
