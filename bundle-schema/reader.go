package bundle

import (
	"errors"
	"io"
)

// Bundle is an opened input: our archive, a directory, a zip, or loose files.
type Bundle struct {
	Name     string    // base name of the first input, "-" for standard input
	Manifest *Manifest // nil where there is none: loose files
}

// File is one entry as it passes by; its Reader is valid only inside the visit.
type File struct {
	Name   string // slash-separated, relative
	Entry  *Entry // of the manifest; nil for loose files
	Size   int64  // -1: not known beforehand
	Reader io.Reader
}

// Fault is an entry that was refused or could not be read to its end.
type Fault struct {
	Name   string // of the entry; empty: the archive as a whole
	Reason string
}

// Open opens one bundle: a .tgz, .tar, .tar.zst or .zip file, a directory, "-"
// for an archive on standard input, or several loose files. It fails where the
// input does not exist, is no archive, or needs a newer reader.
func Open(inputs []string, stdin io.Reader) (*Bundle, error) {
	return nil, errors.New("not implemented")
}

// Each visits every entry once, in the order of the archive (directories: sorted
// by name), without extracting anything. An error of visit ends the pass and is
// returned; damage of the archive is not an error but a Fault.
func (b *Bundle) Each(visit func(File) error) error { return nil }

// Faults returns, after Each, what was refused or damaged.
func (b *Bundle) Faults() []Fault { return nil }

// Partial returns, after Each, why the archive ended early; empty: it did not.
func (b *Bundle) Partial() string { return "" }

// Close releases what Open holds.
func (b *Bundle) Close() error { return nil }
