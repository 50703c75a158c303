package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
)

// pass visits the entries of one input.
func (b *Bundle) pass(in *input, visit func(File) error) error {
	last := ""
	for n := 0; ; n++ {
		it, err := in.next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			b.early(in, last, err)
			return nil
		case n == b.limits.Entries:
			b.early(in, last, fmt.Errorf("it holds more than %d entries", n))
			return nil
		}
		if it.mode.IsDir() {
			continue
		}
		last = printable(it.name)
		if err := b.take(in, it, visit); err != nil {
			return err
		}
		if b.read > b.limits.Total {
			b.early(in, last, fmt.Errorf("it unpacks to more than %s", size(b.limits.Total)))
			return nil
		}
	}
}

// next is the item that was looked at already, or the container's next one.
func (in *input) next() (item, error) {
	if it := in.pending; it != nil {
		in.pending = nil
		return *it, nil
	}
	return in.container.next()
}

// early records that an input ended before its end.
func (b *Bundle) early(in *input, last string, err error) {
	at := "at its beginning"
	if last != "" {
		at = "after " + last
	}
	b.partial = append(b.partial, fmt.Sprintf("%s could not be read further %s: %s", in.name, at, damage(err)))
}

const twice = "there is an entry of that name already, and only the first is read"

// take judges one item and delivers it.
func (b *Bundle) take(in *input, it item, visit func(File) error) error {
	name, refusal := entryName(it.name)
	if refusal == "" {
		isManifest := in.manifest != "" && name == in.manifest
		if droppings(name) || isManifest && !in.passed {
			in.passed = in.passed || isManifest
			return nil
		}
		if refusal = it.refused(b.limits); isManifest && refusal == "" {
			refusal = twice
		}
	}
	var entry *Entry
	if rest, inside := in.inBundle(name); inside {
		name, entry = rest, b.entries[rest]
	}
	name = in.prefix + name
	if refusal == "" && b.seen[name] {
		refusal = twice
	}
	b.seen[name] = true
	if refusal != "" {
		b.fault(name, refusal)
		return nil
	}
	return b.deliver(name, entry, it, visit)
}

// inBundle strips the folder in which the manifest lies.
func (in *input) inBundle(name string) (string, bool) {
	if in.manifest == "" {
		return name, false
	}
	return strings.CutPrefix(name, strings.TrimSuffix(in.manifest, ManifestName))
}

func (b *Bundle) fault(name, reason string) {
	b.faults = append(b.faults, Fault{Name: name, Reason: reason})
}

// deliver lets visit read an item, reads what visit left, and compares the whole
// with the manifest.
func (b *Bundle) deliver(name string, entry *Entry, it item, visit func(File) error) error {
	r, err := it.open()
	if err != nil {
		b.fault(name, "it cannot be opened: "+damage(err))
		return nil
	}
	body := &body{b: b, r: r}
	if entry != nil && entry.SHA256 != "" {
		body.sum = sha256.New()
	}
	text := io.Reader(body)
	if entry == nil {
		text = PlainText(body)
	}
	err = visit(File{Name: name, Entry: entry, Size: it.size, Reader: text})
	if err != nil && !(body.damage != "" && errors.Is(err, io.ErrUnexpectedEOF)) {
		r.Close() // the visit's own error is the one that counts
		return err
	}
	io.Copy(io.Discard, body) // its errors stand in body.damage
	if err := r.Close(); err != nil && body.damage == "" {
		body.damage = damage(err)
	}
	switch {
	case body.damage != "":
		b.fault(name, fmt.Sprintf("only its first %d bytes could be read: %s", body.n, body.damage))
	case body.sum != nil && hex.EncodeToString(body.sum.Sum(nil)) != strings.ToLower(entry.SHA256):
		b.fault(name, fmt.Sprintf("it does not match the manifest's checksum (%d bytes here, %d in the manifest): it was changed after it was collected", body.n, entry.Bytes))
	}
	return nil
}

// missing reports what the manifest names and no input held.
func (b *Bundle) missing() {
	if b.Manifest == nil {
		return
	}
	for _, e := range b.Manifest.Entries {
		if e.Path != "" && !b.seen[e.Path] {
			b.seen[e.Path] = true
			b.fault(printable(e.Path), "the manifest names it, but the bundle does not hold it")
		}
	}
}

// body is the content of an entry: counted, bounded and summed.
type body struct {
	b      *Bundle
	r      io.Reader
	sum    hash.Hash // nil: nothing to compare with
	n      int64
	damage string // why it ended before its end
	end    error
}

func (c *body) Read(p []byte) (int, error) {
	if c.end != nil || len(p) == 0 {
		return 0, c.end
	}
	left := min(c.b.limits.Entry-c.n, c.b.limits.Total-c.b.read)
	if int64(len(p)) > left+1 {
		p = p[:left+1]
	}
	n, err := c.r.Read(p)
	c.b.read += int64(n)
	switch {
	case int64(n) > left:
		n = int(left)
		c.damage, c.end = "it is larger than the limit", io.ErrUnexpectedEOF
	case err == io.EOF:
		c.end = io.EOF
	case err != nil:
		c.damage, c.end = damage(err), io.ErrUnexpectedEOF
	}
	c.n += int64(n)
	if c.sum != nil {
		c.sum.Write(p[:n])
	}
	return n, c.end
}

// damage says in words what the decompressors say in their own.
func damage(err error) string {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return "it was cut there (unexpected end of the data)"
	}
	return cause(err).Error()
}
