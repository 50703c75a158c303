package collect

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/redact"
)

// spool keeps redacted answers in a private temporary folder until the bundle is
// packed, so that memory stays flat and a killed run leaves no secret behind.
type spool struct {
	dir     string
	learned redact.Learned // what was removed; the second pass looks for it
	mu      sync.Mutex
	parts   map[string][]string // path in the bundle → the files that hold it, in order
	files   int                 // made so far
}

func newSpool(parent string) (*spool, error) {
	dir, err := os.MkdirTemp(parent, "azlb-collect-") // 0700
	if err != nil {
		return nil, fmt.Errorf("making a temporary folder: %w", err)
	}
	return &spool{dir: dir, parts: map[string][]string{}}, nil
}

func (s *spool) close() { os.RemoveAll(s.dir) }

// errPartial says that only a part of an answer is kept.
var errPartial = errors.New("partly kept")

// keep redacts an answer, writes it and completes its entry. It fails closed: what
// the redaction cannot read is left out (errPartial).
func (s *spool) keep(e *bundle.Evidence, path string, raw []byte, entry *bundle.Entry) error {
	clean, _, partial := s.learned.Document(e.Redaction, raw)
	if partial != nil && len(bytes.TrimSpace(clean)) == 0 {
		return fmt.Errorf("removing secrets from %s: %w", path, partial)
	}
	file := s.newFile()
	if err := os.WriteFile(file, clean, 0o600); err != nil {
		return fmt.Errorf("writing %s to the temporary folder: %w", path, err)
	}
	if err := s.hold(path, []string{file}, entry); err != nil {
		return err
	}
	if partial != nil {
		return fmt.Errorf("%w: %w", errPartial, partial)
	}
	return nil
}

// newFile is the name of a file that is not there yet.
func (s *spool) newFile() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files++
	return filepath.Join(s.dir, strconv.Itoa(s.files))
}

// hold makes files the answer that lies at a path of the bundle.
func (s *spool) hold(path string, files []string, entry *bundle.Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.parts[path]; taken { // two entries of one name would cost the whole bundle
		return fmt.Errorf("keeping %s: another answer lies there already", path)
	}
	s.parts[path], entry.Path = files, path
	return nil
}

// drop takes an answer out again.
func (s *spool) drop(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, file := range s.parts[path] {
		os.Remove(file) // close removes what is left
	}
	delete(s.parts, path)
}

// keepFault is the status of an answer that was not kept as a whole.
func keepFault(err error) bundle.Status {
	if errors.Is(err, errPartial) {
		return bundle.StatusTruncated
	}
	return bundle.StatusFailed
}

// sentence removes secrets from what programs say of themselves.
func sentence(s string) string {
	clean, _ := redact.Text([]byte(s))
	return string(clean)
}

// open is the bundle writer's source.
func (s *spool) open(entry bundle.Entry) (io.ReadCloser, error) {
	s.mu.Lock()
	files, ok := s.parts[entry.Path]
	s.mu.Unlock()
	if !ok {
		return nil, fmt.Errorf("opening %s: it was never collected", entry.Path)
	}
	all := &joined{}
	var readers []io.Reader
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("opening %s: %w", entry.Path, err), all.Close())
		}
		all.files, readers = append(all.files, f), append(readers, f)
	}
	all.Reader = io.MultiReader(readers...)
	return all, nil
}

// joined reads several files as one.
type joined struct {
	io.Reader
	files []*os.File
}

func (j *joined) Close() error {
	var errs []error
	for _, f := range j.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// read returns what lies at a path of the bundle; nil where nothing does.
func (s *spool) read(path string) []byte {
	raw, err := s.readAll(path)
	if err != nil {
		return nil
	}
	return raw
}

// readAll is the same where it must be known that it is all.
func (s *spool) readAll(path string) ([]byte, error) {
	r, err := s.open(bundle.Entry{Path: path})
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(r)
	return raw, errors.Join(err, r.Close())
}

// exchange puts another text, under another name, in the place of an answer.
func (s *spool) exchange(path, to string, with []byte) error {
	if _, taken := s.parts[to]; taken && to != path {
		return fmt.Errorf("another answer lies at %s already", to)
	}
	file := s.newFile()
	if err := os.WriteFile(file, with, 0o600); err != nil {
		return fmt.Errorf("writing to the temporary folder: %w", err)
	}
	s.drop(path)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parts[to] = []string{file}
	return nil
}
