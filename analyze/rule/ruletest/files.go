// Package ruletest is the one harness for rules: a case is a short text that says
// how its world differs from a complete recorded cluster and what a rule must say
// of it, silence included.
package ruletest

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	bundle "azlb/bundle-schema"
)

// Files is a bundle as a plain directory, in memory.
type Files struct {
	Manifest bundle.Manifest
	Content  map[string][]byte // by path in the bundle

	open map[string]any // files that edits have decoded, of which Content is behind
}

// Load reads a bundle directory.
func Load(dir string) (*Files, error) {
	raw, err := os.ReadFile(filepath.Join(dir, bundle.ManifestName))
	if err != nil {
		return nil, fmt.Errorf("reading the manifest of %s: %w", dir, err)
	}
	f := &Files{Content: map[string][]byte{}}
	if err := json.Unmarshal(raw, &f.Manifest); err != nil {
		return nil, fmt.Errorf("reading the manifest of %s: %w", dir, err)
	}
	for _, e := range f.Manifest.Entries {
		if e.Path == "" {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(e.Path)))
		if err != nil {
			return nil, fmt.Errorf("reading evidence: %w", err)
		}
		f.Content[e.Path] = b
	}
	return f, nil
}

// Clone is an independent copy.
func (f *Files) Clone() *Files {
	out := &Files{Manifest: f.Manifest, Content: map[string][]byte{}}
	out.Manifest.Entries = slices.Clone(f.Manifest.Entries)
	for p, b := range f.Content {
		out.Content[p] = bytes.Clone(b)
	}
	return out
}

// Paths lists the files, sorted.
func (f *Files) Paths() []string {
	var out []string
	for p := range f.Content {
		out = append(out, p)
	}
	slices.Sort(out)
	return out
}

// Entry returns the manifest's entry of a path, added if there is none.
func (f *Files) Entry(path string) *bundle.Entry {
	for i := range f.Manifest.Entries {
		if f.Manifest.Entries[i].Path == path {
			return &f.Manifest.Entries[i]
		}
	}
	f.Manifest.Entries = append(f.Manifest.Entries, bundle.Entry{Path: path})
	return &f.Manifest.Entries[len(f.Manifest.Entries)-1]
}

// Seal makes sizes and checksums of the manifest anew.
func (f *Files) Seal() {
	for _, p := range f.Paths() {
		sum := sha256.Sum256(f.Content[p])
		e := f.Entry(p)
		e.Bytes, e.SHA256 = int64(len(f.Content[p])), hex.EncodeToString(sum[:])
	}
}

// sealed are all files, the manifest too, whose sizes and checksums are made anew.
func (f *Files) sealed() (map[string][]byte, error) {
	f.Seal()
	raw, err := f.Manifest.Marshal()
	if err != nil {
		return nil, err
	}
	all := maps.Clone(f.Content)
	all[bundle.ManifestName] = raw
	return all, nil
}

// Write seals the bundle and lays it down as a directory.
func (f *Files) Write(dir string) error {
	all, err := f.sealed()
	if err != nil {
		return err
	}
	for p, b := range all {
		full := filepath.Join(dir, filepath.FromSlash(p))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(full, b, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// archive seals the bundle and packs it, the manifest first.
func (f *Files) archive() (io.Reader, error) {
	all, err := f.sealed()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, p := range append([]string{bundle.ManifestName}, f.Paths()...) {
		if err := w.WriteHeader(&tar.Header{Name: p, Mode: 0o644, Size: int64(len(all[p]))}); err != nil {
			return nil, err
		}
		if _, err := w.Write(all[p]); err != nil {
			return nil, err
		}
	}
	return &b, w.Close()
}
