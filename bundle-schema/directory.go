package bundle

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// openDirectory lists a directory. It holds an os.Root, so that nothing outside
// of it is opened, whatever changes below it meanwhile.
func openDirectory(name string, l limits) (container, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, fmt.Errorf("opening the directory %s: %w", name, cause(err))
	}
	var items []item
	err = fs.WalkDir(root.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		if p != "." && droppings(p) {
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if err != nil {
			items = append(items, item{name: p, refusal: "it cannot be read: " + cause(err).Error()})
			return nil
		}
		if d.IsDir() {
			return nil
		}
		if len(items) > l.Entries {
			return fs.SkipAll
		}
		items = append(items, directoryItem(root, p, d))
		return nil
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listing the directory %s: %w", name, cause(err)), root.Close())
	}
	return &listed{items: sorted(items), done: root.Close}, nil
}

// directoryItem describes one file of a directory.
func directoryItem(root *os.Root, p string, d fs.DirEntry) item {
	it := item{name: p, mode: d.Type()}
	info, err := d.Info()
	if err != nil {
		it.refusal = "it cannot be read: " + cause(err).Error()
		return it
	}
	it.size = info.Size()
	it.open = func() (io.ReadCloser, error) {
		f, err := root.Open(p)
		if err != nil {
			return nil, cause(err)
		}
		return f, nil
	}
	return it
}

// cause is the error without the operation and the path, which the caller names.
func cause(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}
