package snapshot

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"time"
)

// Limits of one log. The text that is held is bounded as well as its records,
// so that a log of nothing but large errors stays within the memory too.
const (
	recordCap   = 16 << 10 // bytes of text of one record
	closingRoom = 1 << 10  // of these, kept free for the line that ends an `err=<` block: it names the Service
	keepFirst   = 1000     // records from the beginning
	keepRecords = 50000    // records in all
	keepBytes   = 48 << 20 // text of the newest records
)

// scanLog reads a log as it passes: it keeps the records that may matter and
// describes the file. It never holds the log. Times of text headers, which have
// neither year nor zone, come back in year 0, UTC: who knows the year sets it.
// Every record points to a copy of the LogFile that is returned. An error is the
// reader's; what was read before it is returned with it.
func scanLog(file string, r io.Reader) (LogFile, []Record, error) {
	s := newScan(file)
	err := s.lines(r)
	if err != nil {
		err = fmt.Errorf("reading log %s: %w", file, err)
	}
	log, records := s.end()
	return log, records, err
}

func newScan(file string) *logScan {
	return &logScan{log: &LogFile{File: file, Flags: map[string]string{}, FlagLines: map[string]int{}}}
}

// end is the log and its records, after the last line.
func (s *logScan) end() (LogFile, []Record) {
	s.flush()
	s.log.First, s.log.Last = s.first, s.last.time()
	s.log.Kind = s.votes.kind(s.log.Flags)
	return *s.log, s.kept.all()
}

// logScan is the state between two lines: the record that is still growing.
type logScan struct {
	log   *LogFile
	votes logVotes
	kept  recordRing
	first time.Time
	last  stamp // of the newest header; parsed only when it is needed

	open    bool // a record is growing
	head    logHeader
	line    int
	text    []byte
	program string // that a journal names as the writer of the growing record
}

// lines feeds the scan line by line. A line longer than the buffer is cut.
func (s *logScan) lines(r io.Reader) error {
	br := bufio.NewReaderSize(r, 256<<10)
	for {
		line, err := br.ReadSlice('\n')
		if len(line) > 0 {
			s.log.Lines++
			long := errors.Is(err, bufio.ErrBufferFull)
			s.add(trimEOL(line))
			for long {
				_, err = br.ReadSlice('\n')
				long = errors.Is(err, bufio.ErrBufferFull)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func trimEOL(line []byte) []byte {
	for len(line) > 0 && (line[len(line)-1] == '\n' || line[len(line)-1] == '\r') {
		line = line[:len(line)-1]
	}
	return line
}

// add takes one line: the head of a record, or the continuation of the one before.
func (s *logScan) add(line []byte) {
	h, body, prog := parseLine(line)
	switch {
	case h.level != 0:
		s.begin(h, body, prog)
	case prog != "" && (!s.open || prog != s.program):
		s.begin(h, body, prog)
	case s.open && len(body) > 0:
		s.grow(body)
	case len(body) > 0:
		s.begin(h, body, prog)
	case s.open && s.head.level == 0:
		s.flush() // an empty line ends loose text
	}
}

func (s *logScan) begin(h logHeader, body []byte, prog string) {
	s.flush()
	s.open, s.head, s.line, s.program = true, h, s.log.Lines, prog
	s.text = append(s.text[:0], body[:min(len(body), recordCap)]...)
	if h.at.form != noStamp {
		if s.first.IsZero() {
			s.first = h.at.time()
		}
		s.last = h.at
	}
	s.votes.count(h.source, prog)
}

// grow appends a continued line.
func (s *logScan) grow(body []byte) {
	room := recordCap - closingRoom
	if len(body) > 1 && body[0] == ' ' && body[1] == '>' {
		room = recordCap
	}
	free := room - len(s.text) - 1
	if free <= 0 {
		return
	}
	s.text = append(s.text, '\n')
	s.text = append(s.text, body[:min(len(body), free)]...)
}

// flush decides about the record that has ended.
func (s *logScan) flush() {
	if !s.open {
		return
	}
	s.open = false
	if s.head.level == 'I' {
		if name, value, ok := flagLine(s.text); ok {
			s.log.Flags[name], s.log.FlagLines[name] = value, s.line
			return
		}
		if v := versionOf(s.text); v != "" {
			s.log.Version = v
			s.keep()
			return
		}
	}
	if s.head.level == 'W' || s.head.level == 'E' || s.head.level == 'F' || matters(s.text) {
		s.keep()
	}
}

func (s *logScan) keep() {
	dropped := s.kept.add(Record{
		Log:    s.log,
		Line:   s.line,
		Time:   s.head.at.time(),
		Level:  s.head.level,
		Source: string(s.head.source),
		Text:   string(s.text),
	})
	s.log.Dropped += dropped
}

// recordRing keeps the first records and the newest ones.
type recordRing struct {
	first []Record
	rest  []Record // the newest; from head on
	head  int
	bytes int
}

// add keeps one more record and returns how many older ones had to go.
func (k *recordRing) add(r Record) (dropped int) {
	if len(k.first) < keepFirst {
		k.first = append(k.first, r)
		return 0
	}
	k.rest = append(k.rest, r)
	k.bytes += len(r.Text)
	for len(k.rest)-k.head > keepRecords-keepFirst || k.bytes > keepBytes {
		k.bytes -= len(k.rest[k.head].Text)
		k.rest[k.head] = Record{}
		k.head++
		dropped++
	}
	if k.head > keepRecords { // the dead part has grown as large as the living
		k.rest = append([]Record(nil), k.rest[k.head:]...)
		k.head = 0
	}
	return dropped
}

func (k *recordRing) all() []Record { return append(k.first, k.rest[k.head:]...) }
