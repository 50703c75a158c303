package collect

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// longestPart is how long one object of a list may be; the API server stores none of
// a tenth of it.
const longestPart = 16 << 20

var errLongPart = fmt.Errorf("it is longer than %d MiB", longestPart>>20)

// cut reads a List as kubectl prints it, part by part: what stands around the items
// (the frame, its line "items:" included), and each item. It holds one part at a time.
func cut(r *bufio.Reader, visit func(part []byte, item bool) error) error {
	var part bytes.Buffer
	inside, item, long := false, false, false
	flush := func() error {
		defer part.Reset()
		switch {
		case long:
			long = false
			return visit(nil, item)
		case part.Len() == 0:
			return nil
		}
		return visit(part.Bytes(), item)
	}
	begins := true // a line does
	for {
		line, err := r.ReadSlice('\n')
		if begins && len(line) > 0 {
			dash := bytes.HasPrefix(line, []byte("- "))
			if inside && (dash || !strings.ContainsRune(" \t#\r\n", rune(line[0]))) {
				if err := flush(); err != nil {
					return err
				}
				inside, item = dash, dash
			}
		}
		if long = long || part.Len()+len(line) > longestPart; !long {
			part.Write(line)
		}
		if begins && !inside && isItems(line) {
			if err := flush(); err != nil {
				return err
			}
			inside = true
		}
		begins = err == nil
		switch {
		case err == io.EOF:
			return flush()
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return fmt.Errorf("reading a list: %w", err)
		}
	}
}

// isItems reports the line behind which the items of a list begin.
func isItems(line []byte) bool {
	return bytes.HasPrefix(line, []byte("items:")) && len(bytes.TrimSpace(line)) == len("items:")
}

// listHead reads what stands before the first item. Not ok is an answer in another
// layout than that of kubectl; head is then its beginning.
func listHead(r *bufio.Reader) (head []byte, ok bool) {
	for len(head) < 4<<10 {
		line, err := r.ReadSlice('\n')
		head = append(head, line...)
		if err != nil || !strings.ContainsRune("aikm", rune(line[0])) { // apiVersion, items, kind, metadata
			return head, false
		}
		if isItems(line) {
			next, _ := r.Peek(2) // without a second byte it is no item
			return head, string(next) == "- "
		}
	}
	return head, false
}
