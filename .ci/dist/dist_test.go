package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

var every = flag.Bool("dist.every", false, "make every platform, the second time with an empty build cache")

// TestDist makes a release twice, of two clones in different places, and wants the same
// bytes. It is also what builds both programs for Windows and macOS.
func TestDist(t *testing.T) {
	made := platforms
	if !*every {
		made = []platform{{"darwin", "arm64"}, {"windows", "amd64"}}
	}
	first := released(t, filepath.Join(t.TempDir(), "here"), made)
	if *every {
		t.Setenv("GOCACHE", t.TempDir())
	}
	second := released(t, filepath.Join(t.TempDir(), "quite", "another", "place"), made)
	names := slices.Sorted(maps.Keys(first))
	if len(names) != len(made)+2 || !slices.Equal(names, slices.Sorted(maps.Keys(second))) {
		t.Fatalf("the releases hold %v", names)
	}
	for _, name := range names {
		if !bytes.Equal(first[name], second[name]) {
			t.Errorf("%s differs between two builds", name)
		}
	}
	checkSums(t, first)
	checkManifest(t, first, made)
}

// released makes a release from a clone of this tree in a folder, and reads it. Only in
// the long run the clone's own programs print the pages: those of this tree are compiled.
func released(t *testing.T, dir string, made []platform) map[string][]byte {
	t.Helper()
	clone(t, dir)
	out := filepath.Join(dir, "out", "dist")
	r := release{root: dir, pages: "../..", out: out, base: "https://example.com/azlb", platforms: made}
	if *every {
		r.pages = dir
	}
	if err := r.make(); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, e := range must(os.ReadDir(out))(t) {
		files[e.Name()] = must(os.ReadFile(filepath.Join(out, e.Name())))(t)
		for name, content := range unpack(t, e.Name(), files[e.Name()]) {
			if bytes.Contains(content, []byte(filepath.ToSlash(dir))) {
				t.Errorf("%s in %s names the folder where it was built", name, e.Name())
			}
		}
	}
	return files
}

// clone copies this tree, changes and all, and commits it under a tag.
func clone(t *testing.T, dir string) {
	t.Helper()
	const root = "../.."
	err := filepath.WalkDir(root, func(from string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, from)
		if d.IsDir() {
			if slices.Contains([]string{".git", "bin", "out", "samples", "testdata"}, d.Name()) {
				return filepath.SkipDir
			}
			return os.MkdirAll(filepath.Join(dir, rel), 0o755)
		}
		if d.Name() == ".git" { // of a worktree
			return nil
		}
		return os.WriteFile(filepath.Join(dir, rel), must(os.ReadFile(from))(t), 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"init -q", "add -A", "commit -q -m release", "tag v0.9.0"} {
		cmd := exec.Command("git", strings.Fields(line)...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
			"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_AUTHOR_DATE=2026-11-26T08:00:00Z",
			"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com", "GIT_COMMITTER_DATE=2026-11-26T08:00:00Z")
		if said, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", line, err, said)
		}
	}
}

// unpack reads an archive by the ending of its name; what is none holds nothing.
func unpack(t *testing.T, name string, raw []byte) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	switch path.Ext(name) {
	case ".zip":
		for _, f := range must(zip.NewReader(bytes.NewReader(raw), int64(len(raw))))(t).File {
			files[f.Name] = must(io.ReadAll(must(f.Open())(t)))(t)
		}
	case ".gz":
		r := tar.NewReader(must(gzip.NewReader(bytes.NewReader(raw)))(t))
		for {
			h, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if runs := h.Mode&0o111 != 0; runs != strings.HasPrefix(path.Base(h.Name), "azlb-") && path.Ext(h.Name) == "" || h.Uname != "" || h.Uid != 0 {
				t.Errorf("%s: mode %o of %q", h.Name, h.Mode, h.Uname)
			}
			files[h.Name] = must(io.ReadAll(r))(t)
		}
	}
	return files
}

func checkSums(t *testing.T, files map[string][]byte) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(string(files["SHA256SUMS"])), "\n")
	if len(lines) != len(files)-2 {
		t.Errorf("%d sums of %d archives", len(lines), len(files)-2)
	}
	for _, line := range lines {
		sum, name, _ := strings.Cut(line, "  ")
		if sum != fmt.Sprintf("%x", sha256.Sum256(files[name])) {
			t.Errorf("the sum of %s is wrong", name)
		}
	}
}

// krewManifest is what krew reads. It refuses no unknown field; this test does.
type krewManifest struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Version          string `json:"version"`
		ShortDescription string `json:"shortDescription"`
		Description      string `json:"description"`
		Platforms        []struct {
			Selector struct {
				MatchLabels map[string]string `json:"matchLabels"`
			} `json:"selector"`
			URI    string `json:"uri"`
			SHA256 string `json:"sha256"`
			Files  []struct {
				From string `json:"from"`
				To   string `json:"to"`
			} `json:"files"`
			Bin string `json:"bin"`
		} `json:"platforms"`
	} `json:"spec"`
}

// checkManifest holds the manifest to krew's rules (its validate-krew-manifest and its
// naming guide): the fields, the sums, and files that the archives hold.
func checkManifest(t *testing.T, files map[string][]byte, made []platform) {
	t.Helper()
	var m krewManifest
	if err := yaml.UnmarshalStrict(files["azlb-collect.yaml"], &m); err != nil {
		t.Fatal(err)
	}
	if m.APIVersion != "krew.googlecontainertools.github.com/v1alpha2" || m.Kind != "Plugin" || m.Metadata.Name != "azlb-collect" {
		t.Errorf("the manifest is %s %s %s", m.APIVersion, m.Kind, m.Metadata.Name)
	}
	if m.Spec.Version != "v0.9.0" || len(m.Spec.ShortDescription) > 60 || strings.ContainsAny(m.Spec.ShortDescription, "\n") || m.Spec.ShortDescription == "" || m.Spec.Description == "" {
		t.Errorf("the manifest says %+v", m.Spec)
	}
	if len(m.Spec.Platforms) != len(made) {
		t.Fatalf("the manifest has %d platforms", len(m.Spec.Platforms))
	}
	for i, p := range m.Spec.Platforms {
		if labels := p.Selector.MatchLabels; len(labels) != 2 || labels["os"] != made[i].os || labels["arch"] != made[i].arch {
			t.Errorf("platform %d selects %v, want %v", i, labels, made[i])
		}
		name, below := strings.CutPrefix(p.URI, "https://example.com/azlb/")
		raw, ok := files[name]
		if !below || !ok || !regexp.MustCompile(`^[a-f0-9]{64}$`).MatchString(p.SHA256) || p.SHA256 != fmt.Sprintf("%x", sha256.Sum256(raw)) {
			t.Errorf("platform %d: %s has not the sum %s", i, p.URI, p.SHA256)
		}
		inside, kept := unpack(t, name, raw), []string{}
		for _, f := range p.Files {
			if len(inside[f.From]) == 0 || f.To != "." {
				t.Errorf("platform %d: %s to %s is not in %s", i, f.From, f.To, name)
			}
			kept = append(kept, path.Base(f.From))
		}
		if !slices.Contains(kept, p.Bin) || !slices.Contains(kept, "LICENSE") {
			t.Errorf("platform %d: %s and LICENSE are not all among %v", i, p.Bin, kept)
		}
		for _, want := range []string{"README.md", "man/man1/azlb-collect.1", "man/man1/azlb-analyze.1", "completion/azlb-collect.bash", "completion/_azlb-analyze"} {
			if len(inside[strings.TrimSuffix(strings.TrimSuffix(name, ".zip"), ".tar.gz")+"/"+want]) == 0 {
				t.Errorf("%s has no %s", name, want)
			}
		}
	}
}

// must takes an error away, or ends the test with it.
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
