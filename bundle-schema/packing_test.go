package bundle

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// entry is one entry of a test's archive.
type entry struct {
	name, body string
	kind       byte   // of a tar, 0: a regular file
	link       string // target of a link
}

func tarOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: 0o644, Size: int64(len(e.body)), Typeflag: e.kind, Linkname: e.link}
		if e.kind == 0 {
			h.Typeflag = tar.TypeReg
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func gz(t testing.TB, b []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func zst(t testing.TB, b []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(b, nil)
}

func zipOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		if e.kind == tar.TypeSymlink {
			h.SetMode(os.ModeSymlink | 0o777)
		}
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, e.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// manifestOf is a manifest that names these entries with their checksums.
func manifestOf(t testing.TB, entries ...entry) entry {
	t.Helper()
	m := Manifest{Schema: SchemaVersion, MinReader: 1, Entries: []Entry{}}
	for _, e := range entries {
		sum := sha256.Sum256([]byte(e.body))
		m.Entries = append(m.Entries, Entry{Evidence: "services", Path: e.name, Status: StatusOK, Bytes: int64(len(e.body)), SHA256: hex.EncodeToString(sum[:])})
	}
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return entry{name: ManifestName, body: string(b)}
}

func write(t testing.TB, name string, b []byte) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(p, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

// heard is all that a pass said.
type heard struct {
	Files   []string // name, "*" where the manifest names it, "=" and the body, "!" where it was cut
	Faults  []string
	Partial string
}

func listen(t testing.TB, b *Bundle) heard {
	t.Helper()
	var h heard
	if err := b.Each(func(f File) error {
		body, err := io.ReadAll(f.Reader)
		line := f.Name
		if f.Entry != nil {
			line += "*"
		}
		line += "=" + string(body)
		if err != nil {
			if err != io.ErrUnexpectedEOF {
				t.Errorf("%s: the reader ended with %v, want io.ErrUnexpectedEOF", f.Name, err)
			}
			line += "!"
		}
		h.Files = append(h.Files, line)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for _, f := range b.Faults() {
		h.Faults = append(h.Faults, f.Name+": "+f.Reason)
	}
	h.Partial = b.Partial()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	return h
}

func hear(t testing.TB, l limits, stdin []byte, inputs ...string) heard {
	t.Helper()
	b, err := open(inputs, bytes.NewReader(stdin), l)
	if err != nil {
		t.Fatal(err)
	}
	return listen(t, b)
}
