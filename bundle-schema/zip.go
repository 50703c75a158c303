package bundle

import (
	"archive/zip"
	"errors"
	"fmt"
	"os"
	"strings"
)

// openZip lists a zip, in the order of its index.
func openZip(name string, f *os.File, l limits) (container, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", name, cause(err))
	}
	z, err := zip.NewReader(f, info.Size())
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, fmt.Errorf("opening %s: the index at the end of the zip cannot be read, so the file was cut or damaged (%w): send it again", name, err)
	}
	c := &listed{done: f.Close}
	var packed, unpacked uint64
	for _, e := range z.File {
		// Windows PowerShell 5 and old .NET write "folder\file".
		it := item{name: strings.ReplaceAll(e.Name, `\`, "/"), size: int64(min(e.UncompressedSize64, 1<<62)), mode: e.Mode(), open: e.Open}
		if strings.HasSuffix(it.name, "/") {
			continue
		}
		if e.Flags&1 != 0 {
			it.refusal = "it is encrypted: unpack the zip and give the directory"
		}
		packed, unpacked = packed+e.CompressedSize64, unpacked+e.UncompressedSize64
		if unpacked > uint64(l.RatioFloor) && unpacked/uint64(l.Ratio) > packed {
			it.refusal = fmt.Sprintf("the zip unpacks to more than %d times its size, which real evidence does not", l.Ratio)
		}
		c.items = append(c.items, it)
	}
	return c, nil
}
