package snapshot

import (
	"bufio"
)

// text takes a loose file that is neither YAML nor JSON.
func (l *loader) text(f *reading, head []byte, r *bufio.Reader) {
	l.log(f, r, nil)
}
