package snapshot

import (
	"bytes"
	"time"
)

// logHeader is what stands in front of a record's message. The slices point into
// the line or are constants.
type logHeader struct {
	level  byte // 'I', 'W', 'E', 'F'; 0: the line begins no record of a known form
	at     stamp
	source []byte // "azure_loadbalancer.go:143"; valid until the next line is read
}

// stamp is a time that is not yet parsed: most lines are dropped before theirs
// is needed.
type stamp struct {
	form stampForm
	raw  [40]byte
	n    int
	t    time.Time // for parsedStamp
}

type stampForm byte

const (
	noStamp     stampForm = iota
	klogStamp             // mmdd hh:mm:ss.uuuuuu
	rfcStamp              // RFC3339, with or without a colon in the zone
	parsedStamp           // t
)

func stampOf(form stampForm, raw []byte) stamp {
	s := stamp{form: form}
	s.n = copy(s.raw[:], raw)
	return s
}

// time is the stamp in UTC; zero when there is none or it is no time. Year 0
// means that the stamp had no year.
func (s *stamp) time() time.Time {
	switch s.form {
	case parsedStamp:
		return s.t
	case klogStamp:
		d := func(i int) int { return int(s.raw[i]-'0')*10 + int(s.raw[i+1]-'0') }
		micros := 0
		for _, c := range s.raw[14:20] {
			micros = micros*10 + int(c-'0')
		}
		return time.Date(0, time.Month(d(0)), d(2), d(5), d(8), d(11), micros*1000, time.UTC)
	case rfcStamp:
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700"} {
			if t, err := time.Parse(layout, string(s.raw[:s.n])); err == nil {
				return t.UTC()
			}
		}
	}
	return time.Time{}
}

// parseLine splits a line into header and message and names the program where a
// journal does. A line without a header of a known form comes back with level 0.
func parseLine(line []byte) (h logHeader, body []byte, program string) {
	var outer stamp
	body = line
	if token := rfcToken(body); token > 0 { // kubectl logs --timestamps, a container runtime's file, a journal
		outer = stampOf(rfcStamp, body[:token])
		body = trimStream(body[min(token+1, len(body)):])
		program, body = journalProgram(body)
	} else if len(body) > 16 && body[3] == ' ' && isMonth(body[:3]) && body[6] == ' ' && body[9] == ':' {
		rest := body[16:]
		if p, b := journalProgram(rest); p != "" {
			program, body = p, b
		}
	}
	switch {
	case klogHeader(body):
		h, body = parseKlog(body)
	case len(body) > 1 && body[0] == '{':
		if jh, text, ok := parseJSONLine(body); ok {
			h, body = jh, text
		}
	}
	if outer.form != noStamp && h.at.form != parsedStamp {
		h.at = outer
	}
	return h, body, program
}

// rfcToken is the length of an RFC3339 stamp at the beginning, 0 without one.
func rfcToken(b []byte) int {
	if len(b) < 20 || b[4] != '-' || b[7] != '-' || b[10] != 'T' || b[13] != ':' || !digits(b[:4]) {
		return 0
	}
	n := bytes.IndexByte(b, ' ')
	switch {
	case n < 0 && len(b) <= 40:
		return len(b)
	case n < 20 || n > 40:
		return 0
	}
	return n
}

// trimStream drops the stream and tag of a container runtime's log file.
func trimStream(b []byte) []byte {
	for _, p := range []string{"stderr F ", "stdout F ", "stderr P ", "stdout P "} {
		if bytes.HasPrefix(b, []byte(p)) {
			return b[len(p):]
		}
	}
	return b
}

// journalProgram splits "host kubelet[123]: message".
func journalProgram(b []byte) (string, []byte) {
	sp := bytes.IndexByte(b, ' ')
	if sp <= 0 || sp > 255 {
		return "", b
	}
	rest := b[sp+1:]
	end := bytes.Index(rest, []byte(": "))
	if end <= 0 || end > 64 || bytes.IndexByte(rest[:end], ' ') >= 0 || rest[end-1] != ']' {
		return "", b
	}
	name := rest[:end]
	if i := bytes.IndexByte(name, '['); i > 0 {
		name = name[:i]
	}
	return string(name), rest[end+2:]
}

func isMonth(b []byte) bool {
	return bytes.Contains([]byte("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"), b)
}

func digits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// klogHeader reports whether a line begins with "Lmmdd hh:mm:ss.uuuuuu ".
func klogHeader(b []byte) bool {
	if len(b) < 24 || b[5] != ' ' || b[8] != ':' || b[11] != ':' || b[14] != '.' || b[21] != ' ' {
		return false
	}
	switch b[0] {
	case 'I', 'W', 'E', 'F':
	default:
		return false
	}
	return digits(b[1:5]) && digits(b[6:8]) && digits(b[9:11]) && digits(b[12:14]) && digits(b[15:21])
}

// parseKlog takes "Lmmdd hh:mm:ss.uuuuuu threadid file:line] message" apart.
func parseKlog(b []byte) (logHeader, []byte) {
	h := logHeader{level: b[0], at: stampOf(klogStamp, b[1:21])}
	body := bytes.TrimLeft(b[22:], " ")
	if end := bytes.IndexByte(body, ']'); end > 0 && end < 120 {
		head := body[:end]
		if sp := bytes.LastIndexByte(head, ' '); sp >= 0 {
			head = head[sp+1:]
		}
		h.source = head
		body = bytes.TrimPrefix(body[end+1:], []byte(" "))
	}
	return h, body
}
