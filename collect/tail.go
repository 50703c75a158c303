package collect

import (
	"bufio"
	"bytes"
	"cmp"
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
	spool   *spool
	max     int64 // bytes kept at most
	parts   []part
	f       *os.File
	w       *bufio.Writer
	lost    part          // what was removed at the beginning: its bytes and lines
	skipped int64         // bytes at the beginning that were never read
	text    bool          // something but blanks was written
	counts  redact.Counts // what was taken out
	fault   error         // why the temporary folder did not take it
}

// part is one file of a log.
type part struct {
	file  string
	bytes int64
	lines int
}

// Write takes whole lines, as redact.Stream writes them: a part ends between two.
func (t *tail) Write(p []byte) (n int, err error) {
	defer func() { t.fault = cmp.Or(t.fault, err) }()
	if t.f == nil || t.newest().bytes > 0 && t.newest().bytes+int64(len(p)) > t.max/tailParts {
		if err := t.next(); err != nil {
			return 0, err
		}
	}
	t.text = t.text || len(bytes.TrimSpace(p)) > 0
	n, err = t.w.Write(p)
	t.newest().bytes += int64(n)
	t.newest().lines += bytes.Count(p, []byte("\n"))
	return n, err
}

func (t *tail) newest() *part { return &t.parts[len(t.parts)-1] }

// next begins another part, and removes the oldest where there are enough.
func (t *tail) next() error {
	if err := t.end(); err != nil {
		return err
	}
	if len(t.parts) == tailParts {
		oldest := t.parts[0]
		if err := os.Remove(oldest.file); err != nil {
			return err
		}
		t.parts = t.parts[1:]
		t.lost.bytes += oldest.bytes
		t.lost.lines += oldest.lines
	}
	f, err := os.OpenFile(t.spool.newFile(), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	t.parts, t.f, t.w = append(t.parts, part{file: f.Name()}), f, bufio.NewWriter(f)
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

// lines is how many lines came.
func (t *tail) lines() int {
	n := t.lost.lines
	for _, p := range t.parts {
		n += p.lines
	}
	return n
}

// stream redacts a log as it comes and keeps its end, most bytes at most. It takes all of
// r, whatever happens to the log: a process must not wait for its reader.
func (s *spool) stream(most int64, r io.Reader) (*tail, error) {
	t := &tail{spool: s, max: most}
	counts, err := s.learned.Stream(t, r)
	t.counts = counts
	t.fault = cmp.Or(t.fault, t.end())
	if err == nil && t.fault == nil {
		return t, nil
	}
	io.Copy(io.Discard, r)
	for _, p := range t.parts {
		os.Remove(p.file) // half of it; close removes what is left
	}
	if t.fault != nil {
		return t, full(t.fault)
	}
	return t, fmt.Errorf("reading the log: %w", err)
}

// keep makes the log the answer at a path, and says what its ending is.
func (t *tail) keep(path string, entry *bundle.Entry, end *ending) {
	switch {
	case t.skipped > 0:
		*end = ending{Status: bundle.StatusTruncated, Reason: fmt.Sprintf("it is longer than %s: its oldest %s are not kept", Size(t.max), Size(t.skipped+t.lost.bytes))}
	case t.lost.lines > 0:
		*end = ending{Status: bundle.StatusTruncated, Reason: fmt.Sprintf("it is longer than %s: its oldest %d lines (%s) are not kept", Size(t.max), t.lost.lines, Size(t.lost.bytes))}
	case end.Status == bundle.StatusOK && !t.text:
		end.Status = bundle.StatusEmpty
	}
	var files []string
	for _, p := range t.parts {
		files = append(files, p.file)
	}
	if err := t.spool.hold(path, files, t.counts, entry); err != nil {
		*end = ending{Status: bundle.StatusFailed, Reason: err.Error()}
	}
}
