package collect

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/pseudonym"
)

// shortestName is the shortest name, in bytes, that must stand nowhere in a bundle
// without names: a shorter one is found by chance.
const shortestName = 8

// nameMap is the private map of a collection without names.
type nameMap struct {
	*pseudonym.Names
	path string // of its file
	new  bool   // there was none before
}

// openNames reads the map that is continued, or makes a new one.
func openNames(path string) (*nameMap, error) {
	if path == "" {
		key, err := pseudonym.NewKey()
		if err != nil {
			return nil, err
		}
		return &nameMap{Names: pseudonym.New(key), new: true}, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the map of names: %w: leave --names out to begin a new one", err)
	}
	names, err := pseudonym.Read(raw)
	if err != nil {
		return nil, fmt.Errorf("reading the map of names %s: %w", path, err)
	}
	return &nameMap{Names: names, path: path}, nil
}

// mapPath is where the map of a bundle lies: beside it.
func mapPath(bundlePath string) string {
	return strings.TrimSuffix(bundlePath, ".tgz") + ".names.json"
}

// beside gives a new map its place, where no other file may lie.
func (n *nameMap) beside(bundlePath string, force bool) error {
	if !n.new {
		return nil
	}
	n.path = mapPath(bundlePath)
	if _, err := os.Lstat(n.path); !force && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("writing the map of names %s: %w", n.path, ErrMapExists)
	}
	return nil
}

// ErrMapExists says that the file of a map is already there.
var ErrMapExists = errors.New("the file exists; continue it with --names, choose another bundle with --output, or replace it with --force")

// save writes the map for its owner's eyes, under a temporary name first.
func (n *nameMap) save() (err error) {
	raw, err := n.Marshal()
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(n.path), "."+filepath.Base(n.path)+".*.tmp") // 0600
	if err != nil {
		return fmt.Errorf("writing the map of names: %w: choose a folder that can be written to", err)
	}
	_, err = f.Write(raw)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), n.path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("writing the map of names %s: %w", n.path, err), os.Remove(f.Name()))
	}
	return nil
}

// discard removes a new map of which there is no bundle.
func (n *nameMap) discard() error {
	if n == nil || !n.new {
		return nil
	}
	return os.Remove(n.path)
}

// hideNames replaces names, addresses and ids in everything that is to be packed. All
// answers are learned before the first is rewritten.
func (s *session) hideNames() error {
	m := s.manifest()
	s.names.LearnManifest(m)
	var paths []string
	for _, e := range s.entries {
		if e.Path == "" {
			continue
		}
		raw, err := s.spool.readAll(e.Path)
		if err != nil {
			return fmt.Errorf("finding the names in %s: %w", e.Path, err)
		}
		s.names.Learn(bundle.ByID(e.Evidence), raw)
		paths = append(paths, e.Path)
	}
	slices.Sort(paths)
	for _, path := range paths {
		raw, err := s.spool.readAll(path)
		if err == nil {
			err = s.spool.exchange(path, s.names.Text(path), s.names.Rewrite(raw))
		}
		if err != nil {
			return fmt.Errorf("replacing the names in %s: %w", path, err)
		}
	}
	s.names.Manifest(m)
	s.entries, s.hidden = m.Entries, &m.Cluster
	for _, name := range s.names.Originals(shortestName) {
		s.spool.learned.Name(name)
	}
	return nil
}

// shown are the entries with their real names, for the customer's own terminal.
func (s *session) shown() []bundle.Entry {
	if s.hidden == nil {
		return s.entries
	}
	out := slices.Clone(s.entries)
	for i := range out {
		s.names.RestoreEntry(&out[i])
	}
	return out
}
