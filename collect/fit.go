package collect

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	bundle "azlb/bundle-schema"
)

// shortestLog is how much of each log stays while other evidence could go.
const shortestLog = 1 << 20

// fit makes room where the evidence is larger than the bundle may be (Options.MaxSize). What
// goes first, until the rest fits:
//
//  1. the oldest lines of the logs, of the longest log first, down to 1 MiB of each;
//  2. the logs from before a restart;
//  3. the other logs;
//  4. evidence that came later into the catalogue, from its end;
//  5. the other evidence, from the end of the catalogue.
//
// Each entry says what is missing of it.
func (s *session) fit() error {
	over := -s.o.MaxSize
	if s.o.MaxSize <= 0 {
		return nil
	}
	var logs []*bundle.Entry
	var all []*bundle.Entry
	for i := range s.entries {
		e := &s.entries[i]
		if e.Path == "" {
			continue
		}
		over += s.spool.size(e.Path)
		all = append(all, e)
		if shrinks(e) {
			logs = append(logs, e)
		}
	}
	if over <= 0 {
		return nil
	}
	most := s.logLimit(logs, over)
	for _, e := range logs {
		size := s.spool.size(e.Path)
		if size <= most {
			continue
		}
		lost, err := s.spool.shorten(e.Path, most)
		if err != nil {
			return fmt.Errorf("making room for the bundle in %s: %w", e.Path, err)
		}
		over -= lost.bytes
		s.cut(e, fmt.Sprintf("its oldest %d lines (%s) are not kept", lost.lines, Size(lost.bytes)))
	}
	slices.SortStableFunc(all, func(a, b *bundle.Entry) int { return dropped(b) - dropped(a) })
	for _, e := range all {
		if over <= 0 {
			return nil
		}
		size := s.spool.size(e.Path)
		s.spool.drop(e.Path)
		over -= size
		e.Path = ""
		s.cut(e, fmt.Sprintf("all of it (%s) is left out", Size(size)))
	}
	return nil
}

// cut records that an entry lost something for the size of the bundle.
func (s *session) cut(e *bundle.Entry, what string) {
	reason := fmt.Sprintf("the evidence is larger than --max-size (%s): %s", Size(s.o.MaxSize), what)
	if e.Status == bundle.StatusTruncated {
		reason = e.Reason + "; " + reason
	}
	e.Status, e.Reason = bundle.StatusTruncated, reason
}

// shrinks reports whether an entry is a log, of which the newest lines count.
func shrinks(e *bundle.Entry) bool {
	evidence := bundle.ByID(e.Evidence)
	return evidence.Format == bundle.Log && evidence != &bundle.KubeContext
}

// dropped orders what goes first by a higher number.
func dropped(e *bundle.Entry) int {
	n := weight(bundle.ByID(e.Evidence))
	switch {
	case e.Evidence == bundle.ControllerLogPrevious.ID:
		return n + 4*len(bundle.Catalogue)
	case shrinks(e):
		return n + 2*len(bundle.Catalogue)
	}
	return n
}

// logLimit is how long a log may be, so that all of them together lose so many bytes.
func (s *session) logLimit(logs []*bundle.Entry, over int64) int64 {
	var sizes []int64
	for _, e := range logs {
		sizes = append(sizes, s.spool.size(e.Path))
	}
	slices.Sort(sizes)
	slices.Reverse(sizes)
	sum := int64(0)
	for i, size := range sizes {
		sum += size
		// The first i+1 logs are cut to the same length, which is no less than the next one's.
		most := (sum - over) / int64(i+1)
		if i+1 == len(sizes) || most >= sizes[i+1] {
			return max(most, shortestLog)
		}
	}
	return shortestLog
}

// size is how many bytes lie at a path of the bundle.
func (s *spool) size(path string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := int64(0)
	for _, file := range s.parts[path] {
		if info, err := os.Stat(file); err == nil {
			n += info.Size()
		}
	}
	return n
}

// shorten keeps the newest whole lines at a path, at most so many bytes, and returns what
// is gone.
func (s *spool) shorten(path string, most int64) (lost part, err error) {
	r, err := s.open(bundle.Entry{Path: path})
	if err != nil {
		return lost, err
	}
	defer r.Close()
	lines := bufio.NewReader(r)
	for excess := s.size(path) - most; lost.bytes < excess; {
		line, err := lines.ReadSlice('\n')
		lost.bytes += int64(len(line))
		lost.lines += bytes.Count(line, []byte("\n"))
		if errors.Is(err, bufio.ErrBufferFull) {
			excess = max(excess, lost.bytes+1) // up to the end of the line
			continue
		}
		if err != nil {
			break // io.EOF: nothing is left
		}
	}
	file := s.newFile()
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return lost, full(err)
	}
	_, err = io.Copy(f, lines)
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(file)
		return lost, full(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, old := range s.parts[path] {
		os.Remove(old) // close removes what is left
	}
	s.parts[path] = []string{file}
	return lost, nil
}
