package collect

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrExists says that the bundle's file is already there.
var ErrExists = errors.New("the file exists; choose another with --output, or replace it with --force")

// checkOutput finds out before anything is asked whether the bundle can be written: a
// collection takes minutes. path may be empty, for a name of our own in this folder.
func checkOutput(path string, force bool) error {
	dir := filepath.Dir(path) // "." for ""
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fmt.Errorf("writing %s: the folder %s does not exist: make it, or choose another with --output", path, dir)
	}
	if err := free(path, force); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".azlb-collect.*.tmp")
	if err == nil {
		err = errors.Join(f.Close(), os.Remove(f.Name()))
	}
	if err != nil {
		return fmt.Errorf("writing the bundle in %s: %w: choose a folder that can be written to with --output", dir, cause(err))
	}
	return nil
}

// free reports why a bundle may not take a name; nil: it may.
func free(path string, force bool) error {
	info, err := os.Stat(path)
	switch {
	case err != nil: // also for ""
		return nil
	case info.IsDir():
		return fmt.Errorf("writing %s: it is a folder: name a file in it with --output", path)
	case !info.Mode().IsRegular():
		return fmt.Errorf("writing %s: it is no regular file: choose another with --output", path)
	case !force:
		return fmt.Errorf("writing %s: %w", path, ErrExists)
	}
	return nil
}

// cause is what the system says, without the name of a temporary file.
func cause(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
