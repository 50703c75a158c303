package bundle

import (
	"bytes"
	"errors"
)

// flushes is how often the writer flushes before it closes. The first flush ends
// on a byte, so that the blocks of the others begin on one.
const flushes = 3

// tailLength is how much of the end of a gzip stream checkTail looks at: the blocks
// of three flushes, the first without its header, the final block (2 bytes), and
// checksum and length (8 bytes).
const tailLength = 4 + 5 + 5 + 2 + 8

// checkTail looks at the end of a gzip stream for the one damage that no
// decompressor sees: padding bits. Our writer's streams end in blocks that are
// empty and begin at a byte, so that every bit of them is known. A stream that ends
// otherwise has nothing to compare with.
func checkTail(tail []byte) error {
	empty := []byte{0x00, 0x00, 0xff, 0xff} // an empty stored block behind its header
	if len(tail) < tailLength {
		return nil
	}
	t := tail[len(tail)-tailLength:]
	if !bytes.Equal(t[:4], empty) || !bytes.Equal(t[5:9], empty) || !bytes.Equal(t[10:14], empty) {
		return nil
	}
	if t[4] != 0 || t[9] != 0 || t[14] != 0x03 || t[15] != 0 {
		return errors.New("bytes near its end were changed")
	}
	return nil
}
