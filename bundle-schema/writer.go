package bundle

import (
	"errors"
	"io"
)

// Source opens the bytes of an entry that has a Path.
type Source func(Entry) (io.ReadCloser, error)

// Create writes a bundle to path: manifest first, entries sorted by path, fixed
// times and owners. It writes under a temporary name beside path, reads the
// finished file back against the checksums of the manifest and renames it; on any
// error nothing is left. The same manifest and bytes give the same archive.
func Create(path string, m *Manifest, open Source) error { return errors.New("not implemented") }
