package bundle

import (
	"bytes"
	"errors"
)

// emptyBlock is the length of an empty stored block of deflate and how it ends,
// once the header's three bits and the padding of its first byte are past.
var emptyBlock = []byte{0x00, 0x00, 0xff, 0xff}

// tailLength is how much of the end of a gzip stream checkTail looks at: two
// flushed blocks, the final one and the eight bytes of checksum and length.
const tailLength = 22

// checkTail looks at the end of a gzip stream for the one damage that no
// decompressor sees: padding bits. The writer flushes twice before it closes, so
// that the stream ends in blocks that are empty and begin at a byte, and every bit
// of them is known. A stream that ends otherwise has nothing to compare with.
func checkTail(tail []byte) error {
	if len(tail) < tailLength {
		return nil
	}
	blocks := tail[len(tail)-tailLength : len(tail)-8] // 4 bytes of the first, then 5 and 5
	if !bytes.Equal(blocks[:4], emptyBlock) || !bytes.Equal(blocks[5:9], emptyBlock) || !bytes.Equal(blocks[10:], emptyBlock) {
		return nil
	}
	if blocks[4] != 0x00 || blocks[9] != 0x01 {
		return errors.New("bytes near its end were changed")
	}
	return nil
}
