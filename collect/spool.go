package collect

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
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

	removed  map[string]redact.Counts // path in the bundle → what was taken out
	said     redact.Counts            // what was taken out of what programs said of themselves
	withheld []bundle.Withheld        // by the second pass

	abandoned <-chan struct{} // closed: nothing is read any more
}

func newSpool(parent string, abandoned <-chan struct{}) (*spool, error) {
	dir, err := os.MkdirTemp(parent, "azlb-collect-") // 0700
	if err != nil {
		return nil, fmt.Errorf("making a temporary folder in %s: %w: set %s to a folder that can be written to", cmp.Or(parent, os.TempDir()), cause(err), tempVariable)
	}
	return &spool{dir: dir, parts: map[string][]string{}, abandoned: abandoned, removed: map[string]redact.Counts{}, said: redact.Counts{}}, nil
}

// tempVariable says where the temporary folder lies.
var tempVariable = map[bool]string{false: "TMPDIR", true: "TEMP"}[runtime.GOOS == "windows"]

// full is what a fault of the temporary folder means.
func full(err error) error {
	return fmt.Errorf("the temporary folder did not take it: %w: make room there, or set %s to another folder", cause(err), tempVariable)
}

func (s *spool) close() { os.RemoveAll(s.dir) }

// errPartial says that only a part of an answer is kept.
var errPartial = errors.New("partly kept")

// keep redacts an answer, writes it and completes its entry. It fails closed: what
// the redaction cannot read is left out (errPartial).
func (s *spool) keep(e *bundle.Evidence, path string, raw []byte, entry *bundle.Entry) error {
	clean, counts, partial := s.learned.Document(e.Redaction, raw)
	if partial != nil && len(bytes.TrimSpace(clean)) == 0 {
		return fmt.Errorf("removing secrets from %s: %w", path, partial)
	}
	file := s.newFile()
	if err := os.WriteFile(file, clean, 0o600); err != nil {
		os.Remove(file) // half of it; close removes what is left
		return full(err)
	}
	if err := s.hold(path, []string{file}, counts, entry); err != nil {
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

// hold makes files the answer that lies at a path of the bundle; counts is what was
// taken out of them.
func (s *spool) hold(path string, files []string, counts redact.Counts, entry *bundle.Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.parts[path]; taken { // two entries of one name would cost the whole bundle
		return fmt.Errorf("keeping %s: another answer lies there already", path)
	}
	s.parts[path], s.removed[path], entry.Path = files, counts, path
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
	delete(s.removed, path)
}

// keepFault is the status of an answer that was not kept as a whole.
func keepFault(err error) bundle.Status {
	if errors.Is(err, errPartial) {
		return bundle.StatusTruncated
	}
	return bundle.StatusFailed
}

// stderr removes secrets from what a program says of itself, and remembers them.
func (s *spool) stderr(text string) string {
	clean, counts, _ := s.learned.Document(bundle.RedactText, []byte(text)) // a text never fails
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said.Add(counts)
	return string(clean)
}

// sentence removes secrets from a text of our own, which may quote what programs say.
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
	all := &joined{abandoned: s.abandoned}
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
	files     []*os.File
	abandoned <-chan struct{}
}

// ErrAbandoned ends the packing: no bundle is wanted any more.
var ErrAbandoned = errors.New("interrupted twice: no bundle is written")

func (j *joined) Read(p []byte) (int, error) {
	select {
	case <-j.abandoned:
		return 0, ErrAbandoned
	default:
		return j.Reader.Read(p)
	}
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
		return full(err)
	}
	counts := s.removed[path]
	s.drop(path)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parts[to], s.removed[to] = []string{file}, counts
	return nil
}
