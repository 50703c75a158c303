package redact

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
)

// original is what must not appear, in one of its forms.
type original struct {
	text  string
	shape Shape
}

// table holds originals so that a text can be searched for all of them at once: most
// places of a text are told by two bits not to begin any. Its zero value is empty.
type table struct {
	by    map[uint64]*begun // by their first eight bytes
	n     int
	small [1 << 12]uint64 // a bit for each key of by, in what a processor has nearest
	marks []uint64        // another one, among so many that most places have none
	shift uint            // from a hash to one of those
}

// bitsEach is how many bits there are for each original at least.
const bitsEach = 16

// begun are the originals that begin with the same eight bytes: customers name a
// thousand things alike.
type begun struct {
	all     map[string]Shape
	lengths []int // of them, each once
}

// at returns the originals that stand at the beginning of a text.
func (b *begun) at(text []byte, found func(original) bool) Shape {
	for _, n := range b.lengths {
		if n > len(text) {
			continue
		}
		if shape, ok := b.all[string(text[:n])]; ok && found(original{string(text[:n]), shape}) {
			return shape
		}
	}
	return ""
}

func (t *table) add(o original) {
	if len(o.text) < shortest {
		return
	}
	begin := prefix(o.text)
	if t.by == nil {
		t.by = map[uint64]*begun{}
	}
	same := t.by[begin]
	if same == nil {
		same = &begun{all: map[string]Shape{}}
		t.by[begin] = same
	}
	if _, known := same.all[o.text]; known {
		return
	}
	same.all[o.text] = o.shape
	if !slices.Contains(same.lengths, len(o.text)) {
		same.lengths = append(same.lengths, len(o.text))
	}
	t.n++
	if t.n*bitsEach > len(t.marks)*64 {
		size := 1 << bits.Len(uint(t.n*bitsEach*2))
		t.marks, t.shift = make([]uint64, size/64), uint(64-bits.Len(uint(size-1)))
		for known := range t.by {
			t.mark(known)
		}
		return
	}
	t.mark(begin)
}

func (t *table) mark(begin uint64) {
	s := begin * firstHash >> smallShift
	t.small[s/64] |= 1 << (s % 64)
	s = begin * secondHash >> t.shift
	t.marks[s/64] |= 1 << (s % 64)
}

const smallShift = 64 - 18

const firstHash, secondHash = 0x9e3779b97f4a7c15, 0xc2b2ae3d27d4eb4f

func prefix[T string | []byte](text T) uint64 {
	var b [8]byte
	copy(b[:], text)
	return binary.LittleEndian.Uint64(b[:])
}

// next is the first place from at on where originals may begin, and which; -1: there
// is none.
func (t *table) next(text []byte, at int) (int, *begun) {
	if t.n == 0 {
		return -1, nil
	}
	marks, shift := t.marks, t.shift
	for ; at+shortest <= len(text); at++ {
		begin := binary.LittleEndian.Uint64(text[at:])
		if s := begin * firstHash >> smallShift; t.small[s/64]&(1<<(s%64)) == 0 {
			continue
		}
		if s := begin * secondHash >> shift; marks[s/64]&(1<<(s%64)) == 0 {
			continue
		}
		if o := t.by[begin]; o != nil {
			return at, o
		}
	}
	return -1, nil
}

// in returns the shape of an original that stands in a text; empty: none does.
func (t *table) in(text []byte) Shape {
	return t.search(text, func(int, int) bool { return true })
}

// words is in for originals that count as whole words only.
func (t *table) words(text []byte) Shape {
	letter := func(at int) bool { return at >= 0 && at < len(text) && text[at] != '_' && wordByte(text[at]) }
	return t.search(text, func(from, to int) bool { return !letter(from-1) && !letter(to) })
}

func (t *table) search(text []byte, accept func(from, to int) bool) Shape {
	for at := 0; ; at++ {
		var same *begun
		if at, same = t.next(text, at); at < 0 {
			return ""
		}
		if shape := same.at(text[at:], func(o original) bool { return accept(at, at+len(o.text)) }); shape != "" {
			return shape
		}
	}
}

// joined searches texts that follow each other as if they were one: a log breaks a
// secret into lines.
type joined struct {
	in   *table
	tail []byte     // the end of what went by, too short to tell what begins there
	open []original // what is left of originals that began before, and fit so far
}

// next searches the text that follows; empty: nothing ends in it.
func (j *joined) next(text []byte) Shape {
	open := j.open[:0]
	for _, o := range j.open {
		switch {
		case bytes.HasPrefix(text, []byte(o.text)):
			return o.shape
		case len(o.text) > len(text) && o.text[:len(text)] == string(text):
			open = append(open, original{o.text[len(text):], o.shape})
		}
	}
	j.open = open
	if len(j.tail) > 0 {
		seam := append(append(make([]byte, 0, 4*shortest), j.tail...), text[:min(len(text), shortest-1)]...)
		for at := 0; ; at++ {
			var same *begun
			if at, same = j.in.next(seam, at); at < 0 || at >= len(j.tail) {
				break
			}
			head := len(j.tail) - at // of the original, that went by
			for o, shape := range same.all {
				if j.fits(text, original{o[head:], shape}) {
					return shape
				}
			}
		}
	}
	for at := 0; ; at++ {
		var same *begun
		if at, same = j.in.next(text, at); at < 0 {
			break
		}
		if shape := same.at(text[at:], func(original) bool { return true }); shape != "" {
			return shape
		}
		if slices.Max(same.lengths) > len(text)-at {
			for o, shape := range same.all {
				j.fits(text[at:], original{o, shape})
			}
		}
	}
	j.tail = append(j.tail, text[max(0, len(text)-shortest+1):]...)
	j.tail = append(j.tail[:0], j.tail[max(0, len(j.tail)-shortest+1):]...)
	return ""
}

// fits reports whether an original stands at the beginning of a text, and keeps one
// that goes on behind it.
func (j *joined) fits(text []byte, o original) bool {
	if len(o.text) > len(text) && o.text[:len(text)] == string(text) {
		j.open = append(j.open, original{o.text[len(text):], o.shape})
	}
	return bytes.HasPrefix(text, []byte(o.text))
}
