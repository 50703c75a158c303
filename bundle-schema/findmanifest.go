package bundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// findManifest looks for the manifest of an input: the first entry of a bundle,
// or anywhere in the top folder of one that somebody unpacked and packed again.
// Of a stream, which passes only once, it looks at the first entry only.
func (b *Bundle) findManifest(in *input) error {
	passed := 0
	for passed <= b.limits.Entries {
		it, err := in.container.next()
		if err != nil {
			break // the pass meets it again, and reports it
		}
		name, refusal := entryName(it.name)
		if it.mode.IsDir() || refusal == "" && droppings(name) {
			continue
		}
		if refusal == "" && it.refused(b.limits) == "" && isManifestName(name) {
			var m *Manifest
			var text []byte
			if m, text, it, err = b.readManifest(name, it); err != nil {
				return fmt.Errorf("reading %s of %s: %w", name, in.name, err)
			}
			if m != nil {
				if in.passed = passed == 0; !in.passed {
					err = in.container.reset() // it goes by again
				}
				return errors.Join(err, b.adopt(in, name, m, text))
			}
		}
		if !in.container.rewinds() {
			in.pending = &it
			return nil
		}
		passed++
	}
	if in.container.rewinds() {
		return in.container.reset()
	}
	return nil
}

// isManifestName reports whether a manifest may have that name: at the top, or in
// a single top folder.
func isManifestName(name string) bool {
	_, rest, nested := strings.Cut(name, "/")
	return name == ManifestName || nested && rest == ManifestName
}

// readManifest reads a manifest, with its text. Where it is none of ours (many programs
// have a manifest.json) it returns nil and the item with its bytes put back.
func (b *Bundle) readManifest(name string, it item) (*Manifest, []byte, item, error) {
	r, err := it.open()
	if err != nil {
		return nil, nil, it, nil
	}
	data, readErr := io.ReadAll(io.LimitReader(r, b.limits.Manifest))
	m, err := parseManifest(data)
	if m != nil || err != nil {
		return m, data, it, errors.Join(err, r.Close())
	}
	if name == ManifestName && !json.Valid(data) {
		b.faults = append(b.faults, Fault{name, "it is damaged and does not parse, so the other entries are read as loose files"})
	}
	it.open = func() (io.ReadCloser, error) {
		rest := io.Reader(r)
		if readErr != nil {
			rest = failing{readErr}
		}
		return struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(data), rest), r}, nil
	}
	return nil, nil, it, nil
}

// failing is a reader that ends with an error met before.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// parseManifest decodes a manifest: nil where the bytes are none of ours, an error
// where they are and this program cannot read them.
func parseManifest(data []byte) (*Manifest, error) {
	var head struct {
		Schema, MinReader *int
		Entries           *json.RawMessage
	}
	if json.Unmarshal(data, &head) != nil || head.Schema == nil || head.MinReader == nil || head.Entries == nil {
		return nil, nil
	}
	if *head.MinReader > SchemaVersion {
		return nil, fmt.Errorf("the bundle needs a reader of schema %d and this program reads up to %d: install a newer azlb-analyze", *head.MinReader, SchemaVersion)
	}
	m := &Manifest{}
	if err := json.Unmarshal(data, m); err != nil {
		return nil, fmt.Errorf("it does not follow schema %d (%w): remove it to have the other files read as loose files", SchemaVersion, err)
	}
	return m, nil
}

// adopt makes the manifest of an input that of the bundle.
func (b *Bundle) adopt(in *input, name string, m *Manifest, text []byte) error {
	if b.Manifest != nil {
		return fmt.Errorf("%s and an input before it are both bundles (%s; %s): analyse each alone", in.name, b.Manifest.Cluster.identity(), m.Cluster.identity())
	}
	b.Manifest, b.ManifestText, in.manifest = m, text, name
	for i := range m.Entries {
		e := &m.Entries[i]
		if _, twice := b.entries[e.Path]; e.Path != "" && !twice {
			b.entries[e.Path] = e
		}
	}
	return nil
}

// identity says in an error which cluster a bundle came from.
func (c Cluster) identity() string {
	if c.Context == "" && c.UID == "" {
		return "an unknown cluster"
	}
	return fmt.Sprintf("context %q, kube-system %q", c.Context, c.UID)
}
