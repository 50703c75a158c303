package collect

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/redact"
)

// tailParts is how many files a long log is kept in: the oldest is removed when
// they are full, so that at least all but one of them hold the newest lines.
const tailParts = 8

// tail keeps the end of a log, where the newest lines are, in files of the spool.
type tail struct {
	spool *spool
	max   int64 // bytes kept at most
	files []string
	f     *os.File
	w     *bufio.Writer
	size  int64 // of the newest file
	lost  bool  // the beginning is not there any more
	text  bool  // something but blanks was written

	counts redact.Counts // what was taken out
}

// Write takes whole lines, as redact.Stream writes them: a part ends between two.
func (t *tail) Write(p []byte) (int, error) {
	if t.f == nil || t.size > 0 && t.size+int64(len(p)) > t.max/tailParts {
		if err := t.next(); err != nil {
			return 0, err
		}
	}
	t.text = t.text || len(bytes.TrimSpace(p)) > 0
	n, err := t.w.Write(p)
	t.size += int64(n)
	return n, err
}

// next begins another part, and removes the oldest where there are enough.
func (t *tail) next() error {
	if err := t.end(); err != nil {
		return err
	}
	if len(t.files) == tailParts {
		if err := os.Remove(t.files[0]); err != nil {
			return err
		}
		t.files, t.lost = t.files[1:], true
	}
	f, err := os.OpenFile(t.spool.newFile(), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	t.files, t.f, t.w, t.size = append(t.files, f.Name()), f, bufio.NewWriter(f), 0
	return nil
}

// end closes the newest part.
func (t *tail) end() error {
	if t.f == nil {
		return nil
	}
	err := errors.Join(t.w.Flush(), t.f.Close())
	t.f = nil
	return err
}

// stream redacts a log as it comes and keeps its end. It takes all of r, whatever
// happens to the log: a process must not wait for its reader.
func (s *spool) stream(e *bundle.Evidence, r io.Reader) (*tail, error) {
	t := &tail{spool: s, max: e.Cap}
	counts, err := s.learned.Stream(t, r)
	t.counts = counts
	if err = errors.Join(err, t.end()); err != nil {
		io.Copy(io.Discard, r)
		return t, fmt.Errorf("keeping the log in the temporary folder: %w", err)
	}
	return t, nil
}

// keep makes the log the answer at a path, and says what its ending is.
func (t *tail) keep(e *bundle.Evidence, path string, entry *bundle.Entry, end *ending) {
	switch {
	case t.lost:
		*end = ending{Status: bundle.StatusTruncated, Reason: fmt.Sprintf("it is longer than %d MiB; its beginning is not kept", e.Cap>>20)}
	case end.Status == bundle.StatusOK && !t.text:
		end.Status = bundle.StatusEmpty
	}
	if err := t.spool.hold(path, t.files, t.counts, entry); err != nil {
		*end = ending{Status: bundle.StatusFailed, Reason: err.Error()}
	}
}
