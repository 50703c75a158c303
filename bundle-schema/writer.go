package bundle

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/mholt/archiver/v4"
)

// Source opens the bytes of an entry that has a Path. Create opens each twice,
// and both times it must give the same bytes.
type Source func(Entry) (io.ReadCloser, error)

// Beside is what a bundle has and does beside its evidence.
type Beside struct {
	Companions []Companion
	// Inspect sees everything of the finished archive as it is read back, the manifest
	// first. Any error of it means that there is no bundle; it sees the other files
	// all the same.
	Inspect func(File) error
}

// Create writes a bundle to path: manifest first, entries and companions sorted by
// path, fixed times and owners. It fills Schema, Bytes and SHA256 of the manifest. It
// writes under a temporary name beside path, reads the finished file back against the
// checksums of the manifest and renames it; on any error nothing is left. The same
// manifest and bytes give the same archive.
func Create(path string, m *Manifest, open Source, beside Beside) error {
	return create(path, m, open, beside, func(dir, pattern string) (file, error) { return os.CreateTemp(dir, pattern) })
}

// file is what create needs of the file it writes; a test gives one whose disk is
// full.
type file interface {
	io.WriteCloser
	Name() string
	Sync() error
}

func create(path string, m *Manifest, open Source, beside Beside, newFile func(dir, pattern string) (file, error)) error {
	m.Schema = SchemaVersion
	m.MinReader = max(m.MinReader, 1)
	entries, err := digest(m, open)
	if err != nil {
		return err
	}
	manifest, err := m.Marshal()
	if err != nil {
		return err
	}
	f, err := newFile(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return fmt.Errorf("creating the bundle %s: %w: choose a folder that can be written to", path, cause(err))
	}
	err = pack(f, manifest, entries, open, beside.Companions)
	if err == nil {
		err = readBack(f.Name(), manifest, beside.Inspect)
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if at := (*fs.PathError)(nil); errors.As(err, &at) && at.Path == f.Name() {
		err = fmt.Errorf("%w: make room there, or choose another folder", at.Err)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("writing the bundle %s: %w", path, err), os.Remove(f.Name()))
	}
	return nil
}

// digest fills bytes and checksums of the manifest and returns its entries that
// have bytes, sorted by path.
func digest(m *Manifest, open Source) ([]Entry, error) {
	var entries []Entry
	taken := map[string]bool{ManifestName: true}
	for i := range m.Entries {
		e := &m.Entries[i]
		if e.Path == "" {
			continue
		}
		name, refusal := entryName(e.Path)
		switch {
		case refusal != "" || name != e.Path:
			return nil, fmt.Errorf("packing the entry %s: a reader would refuse its name", printable(e.Path))
		case isCompanion(e.Path):
			return nil, fmt.Errorf("packing the entry %s: the bundle says something about itself there", e.Path)
		case taken[e.Path]:
			return nil, fmt.Errorf("packing the entry %s: there is another entry of that name", e.Path)
		}
		taken[e.Path] = true
		sum := sha256.New()
		r, err := open(*e)
		if err == nil {
			e.Bytes, err = io.Copy(sum, r)
			err = errors.Join(err, r.Close())
		}
		if err != nil {
			return nil, fmt.Errorf("reading the entry %s: %w", e.Path, err)
		}
		e.SHA256 = hex.EncodeToString(sum.Sum(nil))
		entries = append(entries, *e)
	}
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
	return entries, nil
}

// pack writes and closes f. The archiver drops the errors of its own Close, so
// the compressor and what lies under it are ours.
func pack(f file, manifest []byte, entries []Entry, open Source, companions []Companion) error {
	under := &faithful{w: f}
	packer, err := archiver.Gz{CompressionLevel: 6}.OpenWriter(under)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	held := func(name string, body []byte) archiver.FileInfo {
		return member(name, int64(len(body)), func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil })
	}
	files := []archiver.FileInfo{held(ManifestName, manifest)}
	for _, e := range entries {
		files = append(files, member(e.Path, e.Bytes, func() (io.ReadCloser, error) { return open(e) }))
	}
	for _, c := range companions {
		files = append(files, held(c.Name, c.Body))
	}
	slices.SortFunc(files[1:], func(a, b archiver.FileInfo) int { return strings.Compare(a.NameInArchive, b.NameInArchive) })
	err = archiver.Tar{}.Archive(context.Background(), packer, files)
	if flusher, ok := packer.(interface{ Flush() error }); ok && err == nil {
		for range flushes {
			err = errors.Join(err, flusher.Flush()) // see checkTail
		}
	}
	if closed := packer.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = under.err
	}
	if synced := f.Sync(); err == nil {
		err = synced
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// readBack reads a finished bundle as the analysis will, and lets inspect see it.
func readBack(path string, manifest []byte, inspect func(File) error) error {
	if inspect == nil {
		inspect = func(File) error { return nil }
	}
	b, err := Open([]string{path}, nil)
	if err != nil {
		return fmt.Errorf("reading it back: %w", err)
	}
	defer b.Close()
	objections := inspect(File{Name: ManifestName, Size: int64(len(b.ManifestText)), Reader: bytes.NewReader(b.ManifestText)})
	if err := b.Each(func(f File) error {
		objections = errors.Join(objections, inspect(f))
		return nil
	}); err != nil {
		return fmt.Errorf("reading it back: %w", err)
	}
	if b.Partial() != "" {
		return fmt.Errorf("reading it back: %s", b.Partial())
	}
	for _, f := range b.Faults() {
		return fmt.Errorf("reading it back: %s: %s", f.Name, f.Reason)
	}
	if b.Manifest == nil {
		return errors.New("reading it back: its manifest is missing")
	}
	if again, err := b.Manifest.Marshal(); err != nil || !bytes.Equal(again, manifest) {
		return errors.New("reading it back: its manifest is another one")
	}
	return objections
}

// faithful remembers the first error of a writer, and writes no more after it.
type faithful struct {
	w   io.Writer
	err error
}

func (f *faithful) Write(p []byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	n, err := f.w.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	f.err = err
	return n, err
}

// member is an entry of the archive: no owner, a fixed time.
func member(name string, n int64, open func() (io.ReadCloser, error)) archiver.FileInfo {
	info := stat{name: name, size: n}
	return archiver.FileInfo{FileInfo: info, NameInArchive: name, Open: func() (fs.File, error) {
		r, err := open()
		return opened{ReadCloser: r, stat: info}, err
	}}
}

// stat describes a member. Sys is nil: otherwise the header would carry the user
// and group of who collected.
type stat struct {
	name string
	size int64
}

func (s stat) Name() string     { return filepath.Base(s.name) }
func (s stat) Size() int64      { return s.size }
func (stat) Mode() fs.FileMode  { return 0o644 }
func (stat) ModTime() time.Time { return time.Unix(0, 0).UTC() }
func (stat) IsDir() bool        { return false }
func (stat) Sys() any           { return nil }

// opened is a member's content.
type opened struct {
	io.ReadCloser
	stat stat
}

func (o opened) Stat() (fs.FileInfo, error) { return o.stat, nil }
