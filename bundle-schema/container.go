package bundle

import (
	"io"
	"io/fs"
	"slices"
	"strings"
)

// container is what entries come from: a tar, a zip, a directory, one document.
type container interface {
	// next returns the entry after the last one, io.EOF at the end, or the damage
	// that ends the container early. An item ends when the next one is asked for.
	next() (item, error)
	// rewinds reports whether reset, which begins anew, is possible.
	rewinds() bool
	reset() error
	close() error
}

// item is an entry as its container describes it, before it is judged.
type item struct {
	name string
	size int64 // -1: not known beforehand
	mode fs.FileMode
	link string // where a link leads
	// refusal is what only the container can know against it, else empty.
	refusal string
	open    func() (io.ReadCloser, error)
}

// refused says why an item is not read, empty where it may be.
func (it item) refused(l limits) string {
	switch {
	case it.refusal != "":
		return it.refusal
	case it.mode&fs.ModeSymlink != 0:
		return "it is a symbolic link, and a bundle holds plain files only"
	case it.link != "":
		return "it is a hard link, and a bundle holds plain files only"
	case !it.mode.IsRegular():
		return "it is a device, a pipe or another special file, and a bundle holds plain files only"
	case it.size > l.Entry:
		return "it is larger than " + size(l.Entry)
	}
	return ""
}

// listed is a container whose entries are known beforehand.
type listed struct {
	items []item
	at    int
	done  func() error
}

func (c *listed) next() (item, error) {
	if c.at == len(c.items) {
		return item{}, io.EOF
	}
	c.at++
	return c.items[c.at-1], nil
}

func (c *listed) rewinds() bool { return true }

func (c *listed) reset() error {
	c.at = 0
	return nil
}

func (c *listed) close() error {
	if c.done == nil {
		return nil
	}
	return c.done()
}

// document is a container that holds one loose file and never a manifest.
type document struct{ listed }

func newDocument(name string, n int64, r io.Reader, done func() error) container {
	open := func() (io.ReadCloser, error) { return io.NopCloser(r), nil }
	return &document{listed{items: []item{{name: name, size: n, open: open}}, done: done}}
}

// sorted puts items in the order of their names.
func sorted(items []item) []item {
	slices.SortStableFunc(items, func(a, b item) int { return strings.Compare(a.name, b.name) })
	return items
}
