package bundle

import (
	"bufio"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// PlainText gives a file as UTF-8 without a byte order mark: Windows
// PowerShell 5 writes what `>` catches as UTF-16, and Notepad puts a mark first.
func PlainText(r io.Reader) io.Reader {
	b := bufio.NewReader(r)
	mark, _ := b.Peek(3) // an error is met again by the first Read
	switch {
	case len(mark) == 3 && string(mark) == "\xef\xbb\xbf":
		b.Discard(3) // cannot fail: they are in the buffer
	case len(mark) >= 2 && string(mark[:2]) == "\xff\xfe":
		b.Discard(2)
		return &utf16Reader{r: b, low: 0, high: 1}
	case len(mark) >= 2 && string(mark[:2]) == "\xfe\xff":
		b.Discard(2)
		return &utf16Reader{r: b, low: 1, high: 0}
	}
	return b
}

// utf16Reader turns UTF-16 into UTF-8. A half pair becomes U+FFFD.
type utf16Reader struct {
	r         *bufio.Reader
	low, high int    // which byte of a unit is which
	ready     []byte // UTF-8 not yet given
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	for len(u.ready) < len(p) {
		char, err := u.unit(true)
		if err != nil && len(u.ready) == 0 {
			return 0, err
		}
		if err != nil {
			break // it is met again by the next Read
		}
		if utf16.IsSurrogate(char) {
			second, err := u.unit(false)
			if pair := utf16.DecodeRune(char, second); err == nil && pair != utf8.RuneError {
				u.r.Discard(2) // cannot fail: unit has looked at them
				char = pair
			}
		}
		u.ready = utf8.AppendRune(u.ready, char)
	}
	n := copy(p, u.ready)
	u.ready = u.ready[:copy(u.ready, u.ready[n:])]
	return n, nil
}

// unit is the next 16-bit unit; it stays to be read unless take is set.
func (u *utf16Reader) unit(take bool) (rune, error) {
	b, err := u.r.Peek(2)
	switch {
	case len(b) == 2:
	case len(b) == 1 && err == io.EOF:
		u.r.Discard(1) // cannot fail: it is in the buffer
		return utf8.RuneError, nil
	default:
		return 0, err
	}
	char := rune(b[u.low]) | rune(b[u.high])<<8
	if take {
		u.r.Discard(2)
	}
	return char, nil
}
