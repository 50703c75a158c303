package collect

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bundle "azlb/bundle-schema"
)

// TestOutputIsCheckedFirst: a bundle that could not be written is told before anything is
// asked.
func TestOutputIsCheckedFirst(t *testing.T) {
	dir := t.TempDir()
	there := filepath.Join(dir, "there")
	if err := os.WriteFile(there, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	// Never the device itself: where the check is broken, a bundle takes its place.
	device := filepath.Join(dir, "device")
	noLinks := os.Symlink(os.DevNull, device)
	tests := map[string]struct {
		path  string
		force bool
		says  string // empty: it is taken
	}{
		"new":               {filepath.Join(dir, "b.tgz"), false, ""},
		"there":             {there, false, "choose another with --output"},
		"there, forced":     {there, true, ""},
		"a folder":          {dir, true, "it is a folder"},
		"no folder":         {filepath.Join(dir, "no", "b.tgz"), true, "does not exist"},
		"a file as folder":  {filepath.Join(there, "b.tgz"), true, "does not exist"},
		"a device, forced":  {device, true, "no regular file"},
		"not to be written": {"/proc/b.tgz", true, "choose a folder that can be written to"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if info, err := os.Stat(filepath.Dir(tt.path)); strings.HasPrefix(tt.path, "/proc") && (err != nil || !info.IsDir()) {
				t.Skip("this system has no such folder")
			}
			if tt.path == device && noLinks != nil {
				t.Skip("this system gives us no link")
			}
			a := cluster()
			o := options(t, a)
			o.Output, o.Force = tt.path, tt.force
			_, err := Collect(t.Context(), o)
			if (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want %q", err, tt.says)
			}
			if err != nil && len(a.ran) > 0 {
				t.Errorf("%d commands ran before", len(a.ran))
			}
		})
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// TestAbandoned: the second Ctrl-C leaves no bundle, no half of one and nothing in the
// temporary folder.
func TestAbandoned(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	ctx, cancel := context.WithCancelCause(t.Context())
	a, abandoned := cluster(), make(chan struct{})
	a.by["az version"] = func(int) (string, Outcome) {
		cancel(ErrInterrupted)
		close(abandoned)
		return "{}", Outcome{}
	}
	o := options(t, a)
	o.Abandoned = abandoned
	if _, err := Collect(ctx, o); !errors.Is(err, ErrAbandoned) {
		t.Errorf("error %v", err)
	}
	for _, dir := range []string{os.TempDir(), filepath.Dir(o.Output)} {
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}

// TestTemporaryFolderVanishes: what was answered is lost, so there is an error and no file.
func TestTemporaryFolderVanishes(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	a := cluster()
	a.by["az version"] = func(int) (string, Outcome) {
		left, _ := filepath.Glob(filepath.Join(os.TempDir(), "*"))
		for _, dir := range left {
			os.RemoveAll(dir)
		}
		return "{}", Outcome{}
	}
	o := options(t, a)
	_, err := Collect(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), bundle.Nodes.Path) && !strings.Contains(err.Error(), "opening") {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(o.Output); err == nil {
		t.Error("there is a file")
	}
}
