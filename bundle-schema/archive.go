package bundle

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strconv"
	"strings"
)

// magic is how the kinds of files begin that are no plain text.
var magic = []struct {
	begins string
	kind   string
}{
	{"\x1f\x8b", "gzip"},
	{"\x28\xb5\x2f\xfd", "zstd"},
	{"PK\x03\x04", "zip"},
	{"PK\x05\x06", "zip"},
	{"7z\xbc\xaf\x27\x1c", "7z"},
	{"Rar!\x1a\x07", "rar"},
	{"\xfd7zXZ\x00", "xz"},
	{"BZh", "bzip2"},
}

// kindOf names the kind of file that begins with these bytes; empty: none known.
func kindOf(begin []byte) string {
	for _, m := range magic {
		if bytes.HasPrefix(begin, []byte(m.begins)) {
			return m.kind
		}
	}
	if isTar(begin) {
		return "tar"
	}
	return ""
}

// isTar reports whether a block is the header of a tar entry, or its end mark.
func isTar(block []byte) bool {
	const blockSize, sumAt, sumLen, magicAt = 512, 148, 8, 257
	if len(block) < blockSize {
		return false
	}
	block = block[:blockSize]
	if bytes.HasPrefix(block[magicAt:], []byte("ustar")) {
		return true
	}
	var sum int64
	for i, c := range block {
		if i >= sumAt && i < sumAt+sumLen {
			c = ' '
		}
		sum += int64(c)
	}
	if sum == sumLen*' ' {
		return true // nothing but zeros
	}
	// Tars from before POSIX have no magic, only the checksum.
	want, err := strconv.ParseInt(strings.Trim(string(block[sumAt:sumAt+sumLen]), " \x00"), 8, 64)
	return err == nil && want == sum
}

// openFile opens one input that is not a directory. label is what the report
// calls it if it is a loose document.
func openFile(name, label string, l limits) (container, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", name, cause(err))
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening %s: %w", name, cause(err)), f.Close())
	}
	var c container
	if info.Mode().IsRegular() {
		c, err = openSeekable(name, label, f, info.Size(), l)
	} else {
		c, err = openStream(name, label, f, -1, f.Close, l) // a pipe: <(ssh host cat bundle.tgz)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return c, nil
}

// openSeekable opens a regular file: other than a stream it can be read again,
// and its index can be found if it is a zip.
func openSeekable(name, label string, f *os.File, n int64, l limits) (container, error) {
	begin := make([]byte, 8)
	k, err := f.ReadAt(begin, 0)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("reading %s: %w", name, cause(err))
	}
	if kindOf(begin[:k]) == "zip" {
		return openZip(name, f, l)
	}
	c, err := openStream(name, label, f, n, f.Close, l)
	if t, ok := c.(*tarball); ok {
		t.rewind = func() error {
			if _, err := f.Seek(0, io.SeekStart); err != nil {
				return fmt.Errorf("reading %s: %w", name, cause(err))
			}
			again, err := openStream(name, label, f, n, f.Close, l)
			if err != nil {
				return err
			}
			fresh, ok := again.(*tarball)
			if !ok {
				return fmt.Errorf("reading %s: it changed while it was read", name)
			}
			t.stream, t.pull, t.stop, t.failed, t.unpack = fresh.stream, fresh.pull, fresh.stop, fresh.failed, fresh.unpack
			return nil
		}
	}
	return c, err
}

// openStream opens bytes that pass only once. name is what errors call it, label
// what a loose document is called in the report.
func openStream(name, label string, r io.Reader, n int64, done func() error, l limits) (container, error) {
	packed := &meter{r: r}
	buffered := bufio.NewReaderSize(packed, 64<<10)
	begin, err := buffered.Peek(512)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("reading %s: %w", name, cause(err))
	}
	var unpack io.ReadCloser
	switch kind := kindOf(begin); kind {
	case "":
		return newDocument(label, n, buffered, done), nil
	case "tar":
		return newTarball(&gauge{r: buffered, limits: l}, nil, done), nil
	case "zip":
		return nil, fmt.Errorf("reading %s: it is a zip, whose index comes last and cannot be reached in a stream: save it as a file and give its name", name)
	case "gzip":
		unpack, err = gunzip(buffered)
	case "zstd":
		unpack, err = unzstd(buffered)
	default:
		return nil, fmt.Errorf("reading %s: %s archives are not read: unpack it and give the directory, or pack it as .tgz", name, kind)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: it is cut or damaged at its beginning (%w): send it again", name, err)
	}
	unpacked := bufio.NewReaderSize(unpack, 64<<10)
	begin, err = unpacked.Peek(512)
	if len(begin) == 0 && err != nil && err != io.EOF {
		return nil, errors.Join(fmt.Errorf("reading %s: nothing of it can be unpacked (%w): send it again", name, err), unpack.Close())
	}
	stream := &gauge{r: unpacked, packed: packed, limits: l}
	if !isTar(begin) {
		label = strings.TrimSuffix(strings.TrimSuffix(label, ".gz"), ".zst")
		return newDocument(label, -1, stream, func() error { unpack.Close(); return done() }), nil
	}
	return newTarball(stream, unpack, done), nil
}

// tarball is a tar, packed or not, as it passes.
type tarball struct {
	stream *gauge
	pull   func() (item, bool)
	stop   func()
	failed *error
	unpack io.Closer
	done   func() error
	rewind func() error // nil: the bytes pass only once
}

func newTarball(stream *gauge, unpack io.Closer, done func() error) *tarball {
	t := &tarball{stream: stream, unpack: unpack, done: done}
	items, failed := untar(stream)
	t.failed = failed
	t.pull, t.stop = iter.Pull(items)
	return t
}

func (t *tarball) next() (item, error) {
	it, ok := t.pull()
	if ok {
		return it, nil
	}
	if *t.failed != nil {
		return item{}, *t.failed
	}
	return item{}, t.end()
}

// end reads what follows the end mark: only there does the decompressor compare
// its checksum.
func (t *tarball) end() error {
	mark, content := t.stream.n, t.stream.nonzero
	if _, err := io.Copy(io.Discard, t.stream); err != nil {
		return err
	}
	switch {
	case t.stream.nonzero > content:
		return fmt.Errorf("further data follows the end mark at byte %d, and was not read", mark)
	case t.stream.n-t.stream.nonzero < 512:
		return errors.New("its end mark is missing")
	case t.stream.packed != nil && checkTail(t.stream.packed.tail) != nil:
		return checkTail(t.stream.packed.tail)
	}
	return io.EOF
}

func (t *tarball) rewinds() bool { return t.rewind != nil }

func (t *tarball) reset() error {
	t.halt()
	return t.rewind()
}

func (t *tarball) halt() {
	t.stop()
	if t.unpack != nil {
		t.unpack.Close() // it repeats the damage that was reported while reading
	}
}

func (t *tarball) close() error {
	t.halt()
	return t.done()
}
