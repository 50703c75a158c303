package bundle

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var someContent = map[string]string{
	"k8s/services.yaml": "items: []\nkind: List\n",
	"azure/g/lb.json":   strings.Repeat("[{}]\n", 400),
	"logs/empty.log":    "",
}

// someManifest is a manifest with every field filled.
func someManifest() *Manifest {
	at := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	return &Manifest{MinReader: 1, Tool: Tool{"azlb-collect", "v0", "abc"}, Started: at, Finished: at.Add(time.Minute), Redaction: "secrets",
		Cluster: Cluster{Context: "prod", UID: "u", Subscriptions: []string{"s"}, ResourceGroups: []string{"g"}, Region: "westeurope", Managed: true},
		Entries: []Entry{
			{Evidence: "services", Path: "k8s/services.yaml", Argv: []string{"kubectl", "get"}, Status: StatusOK, Started: at, Millis: 12},
			{Evidence: "controller-log", Path: "logs/empty.log", Status: StatusEmpty, Started: at},
			{Evidence: "nsgs", Scope: map[string]string{"group": "g"}, Status: StatusDenied, Reason: "no right", Costs: "nothing is known", Exit: 1, Stderr: "AuthorizationFailed", Started: at},
			{Evidence: "load-balancers", Path: "azure/g/lb.json", Status: StatusOK, Started: at},
		}}
}

func fromContent(e Entry) (io.ReadCloser, error) {
	body, ok := someContent[e.Path]
	if !ok {
		return nil, fmt.Errorf("no content for %s", e.Path)
	}
	return io.NopCloser(strings.NewReader(body)), nil
}

func TestCreateAndReadBack(t *testing.T) {
	dir := t.TempDir()
	p, q := filepath.Join(dir, "a.tgz"), filepath.Join(dir, "b.tgz")
	other := someManifest()
	slices.Reverse(other.Entries)
	for path, m := range map[string]*Manifest{p: someManifest(), q: other} {
		if err := Create(path, m, fromContent, Beside{}); err != nil {
			t.Fatal(err)
		}
	}
	a, _ := os.ReadFile(p)
	b, _ := os.ReadFile(q)
	if len(a) == 0 || !bytes.Equal(a, b) {
		t.Error("the same evidence in another order must give the same bytes")
	}
	got := hear(t, defaultLimits, nil, p)
	if len(got.Files) != 3 || len(got.Faults) != 0 || got.Partial != "" || !strings.HasPrefix(got.Files[0], "azure/g/lb.json*=") {
		t.Errorf("read back: %+v", got)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
	if info, err := os.Stat(p); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("mode %v (%v): only its owner may read a bundle", info.Mode(), err)
	}
	for i := 1; i <= 20; i++ {
		for bit := byte(1); bit != 0; bit <<= 1 {
			changed := slices.Clone(a)
			changed[len(a)-i] ^= bit
			if opened, err := Open([]string{write(t, "x.tgz", changed)}, nil); err == nil {
				if got := listen(t, opened); got.Partial == "" && len(got.Faults) == 0 {
					t.Errorf("bit %#x of byte -%d changed, and nothing is said", bit, i)
				}
			}
		}
		if opened, err := Open([]string{write(t, "x.tgz", a[:len(a)-i])}, nil); err == nil {
			if got := listen(t, opened); got.Partial == "" && len(got.Faults) == 0 {
				t.Errorf("last %d bytes cut, and nothing is said", i)
			}
		}
	}
}

// fullDisk is a file on a disk with room for so many bytes more. How it says so
// differs: at the write, at the sync, at the close, or not at all.
type fullDisk struct {
	*os.File
	room int
	when string
	full bool
}

var errFull = errors.New("no space left on device")

func (f *fullDisk) Write(p []byte) (int, error) {
	fits := min(len(p), f.room)
	f.room -= fits
	n, err := f.File.Write(p[:fits])
	if err != nil || fits == len(p) {
		return n, err
	}
	f.full = true
	if f.when == "write" {
		return n, errFull
	}
	return len(p), nil // the system has only taken the bytes into its cache
}

func (f *fullDisk) Sync() error {
	if f.full && f.when == "sync" {
		return errFull
	}
	return nil // thousands of real ones would only take time
}

func (f *fullDisk) Close() error {
	err := f.File.Close()
	if f.full && f.when == "close" {
		return errFull
	}
	return err
}

func TestFullDiskLeavesNoBundle(t *testing.T) {
	dir := t.TempDir()
	p := filepath.Join(dir, "b.tgz")
	if err := Create(p, someManifest(), fromContent, Beside{}); err != nil {
		t.Fatal(err)
	}
	whole, _ := os.ReadFile(p)
	os.Remove(p)
	for _, when := range []string{"write", "sync", "close", "never"} {
		for room := range len(whole) {
			err := create(p, someManifest(), fromContent, Beside{}, func(dir, pattern string) (file, error) {
				f, err := os.CreateTemp(dir, pattern)
				return &fullDisk{File: f, room: room, when: when}, err
			})
			if err == nil {
				t.Fatalf("room for %d of %d bytes, error at %s: Create returned nil", room, len(whole), when)
			}
			if left, _ := os.ReadDir(dir); len(left) != 0 {
				t.Fatalf("room for %d of %d bytes, error at %s: left behind %v", room, len(whole), when, left)
			}
		}
	}
}

func TestCreateRefuses(t *testing.T) {
	calls := 0
	for name, c := range map[string]struct {
		paths []string
		open  Source
		want  string
	}{
		"a name out of the bundle": {[]string{"../x"}, fromContent, "refuse its name"},
		"the manifest's own name":  {[]string{ManifestName}, fromContent, "another entry of that name"},
		"a name twice":             {[]string{"logs/empty.log", "logs/empty.log"}, fromContent, "another entry"},
		"a source that fails":      {[]string{"none"}, fromContent, "reading the entry none"},
		"a last entry that shrinks": {[]string{"x"}, func(Entry) (io.ReadCloser, error) {
			calls++
			return io.NopCloser(strings.NewReader(strings.Repeat("x", 3-calls))), nil
		}, "writing the bundle"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			m := &Manifest{}
			for _, p := range c.paths {
				m.Entries = append(m.Entries, Entry{Evidence: "services", Path: p, Status: StatusOK})
			}
			if err := Create(filepath.Join(dir, "b.tgz"), m, c.open, Beside{}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if left, _ := os.ReadDir(dir); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
	if err := Create(filepath.Join(t.TempDir(), "none", "b.tgz"), someManifest(), fromContent, Beside{}); err == nil || !strings.Contains(err.Error(), "choose a folder") {
		t.Errorf("a folder that does not exist: %v", err)
	}
}
