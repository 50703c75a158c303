package bundle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"

	"github.com/klauspost/compress/zstd"
	"github.com/mholt/archiver/v4"
)

// Bundle is an opened input: our archive, a directory, a zip, or loose files.
type Bundle struct {
	Name     string    // base name of the first input, "-" for standard input
	Manifest *Manifest // nil where there is none: loose files
	// ManifestText is the manifest as it lies in the bundle, for who cites it.
	ManifestText []byte

	limits  limits
	inputs  []*input
	entries map[string]*Entry // of the manifest, by path
	seen    map[string]bool   // names delivered or refused
	read    int64             // bytes delivered so far
	faults  []Fault
	partial []string
	passed  bool
}

// File is one entry as it passes by; its Reader is valid only inside the visit.
// At the place where the entry is cut or damaged, Reader returns
// io.ErrUnexpectedEOF; what came before is good as far as anybody can know. A loose
// file in UTF-16 or with a byte order mark arrives as plain UTF-8.
type File struct {
	Name   string // slash-separated, relative
	Entry  *Entry // of the manifest; nil for loose files
	Size   int64  // as it lies there; -1: not known beforehand
	Reader io.Reader
}

// Fault is an entry that was refused or could not be read to its end.
type Fault struct {
	Name   string // of the entry; empty: the archive as a whole
	Reason string
}

// Open opens one bundle: a .tgz, .tar, .tar.zst or .zip file, a directory, "-"
// for an archive on standard input, or several loose files. It looks at the first
// bytes, never at the name. It fails where the input does not exist, is an archive
// of a kind that is not read, or needs a newer reader.
func Open(inputs []string, stdin io.Reader) (*Bundle, error) {
	return open(inputs, stdin, defaultLimits)
}

// Each visits every entry once, in the order of the archive (directories: sorted
// by name), without extracting anything. An error of visit ends the pass and is
// returned, unless it only passes on that File.Reader ended early: damage of the
// archive is not an error but a Fault.
func (b *Bundle) Each(visit func(File) error) error {
	if b.passed {
		return errors.New("reading the bundle: it was read already, and is read only once")
	}
	b.passed = true
	for _, in := range b.inputs {
		if err := b.pass(in, visit); err != nil {
			return err
		}
	}
	b.missing()
	return nil
}

// Faults returns, after Each, what was refused or damaged.
func (b *Bundle) Faults() []Fault { return b.faults }

// Partial returns, after Each, why the archive ended early; empty: it did not.
func (b *Bundle) Partial() string {
	switch len(b.partial) {
	case 0:
		return ""
	case 1:
		return b.partial[0]
	}
	return fmt.Sprintf("%s (and %d more inputs ended early)", b.partial[0], len(b.partial)-1)
}

// Close releases what Open holds.
func (b *Bundle) Close() error {
	var errs []error
	for _, in := range b.inputs {
		errs = append(errs, in.container.close())
	}
	return errors.Join(errs...)
}

// gunzip decompresses a gzip stream, several members included.
func gunzip(r io.Reader) (io.ReadCloser, error) { return archiver.Gz{}.OpenReader(r) }

// unzstd decompresses a Zstandard stream. The window is the memory that a
// stranger's file can claim; 128 MiB is what `zstd --long` needs.
func unzstd(r io.Reader) (io.ReadCloser, error) {
	return archiver.Zstd{DecoderOptions: []zstd.DOption{
		zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128 << 20),
	}}.OpenReader(r)
}

// untar lists the entries of a tar as they pass. The error is that of the archive
// and is read after the sequence has ended; an item can be opened only until the
// next one is asked for.
func untar(r io.Reader) (iter.Seq[item], *error) {
	var failed error
	return func(yield func(item) bool) {
		failed = archiver.Tar{}.Extract(context.Background(), r, func(_ context.Context, f archiver.FileInfo) error {
			it := item{name: f.NameInArchive, size: f.Size(), mode: f.Mode(), link: f.LinkTarget}
			it.open = func() (io.ReadCloser, error) { return f.Open() }
			if !yield(it) {
				return fs.SkipAll
			}
			return nil
		})
	}, &failed
}
