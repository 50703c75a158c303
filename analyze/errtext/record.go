package errtext

import (
	"cmp"
	"strconv"
	"strings"

	"azlb/analyze/snapshot"
)

// line is a log record taken apart: the text of the error in it, and the event
// that it repeats when a controller logged the event as it sent it.
type line struct {
	text    string // the value of err, error or message; else the whole
	message string // of a structured line, what stands before the values
	service string
	uid     string
	reason  string // of the event, "" otherwise
	kind    string // of the event's object
	warning bool   // the event's type
}

// parseRecord takes a record apart.
func parseRecord(r snapshot.Record, n names) line {
	t := r.Text
	if m := glogEvent.FindStringSubmatchIndex(t); m != nil {
		g := func(i int) string { return t[m[2*i]:m[2*i+1]] }
		l := line{text: t[m[1]:], kind: g(1), uid: g(4), warning: g(5) == "Warning", reason: g(6)}
		if l.kind == "Service" {
			l.service = g(2) + "/" + g(3)
		}
		return l
	}
	l := line{text: t}
	if strings.HasPrefix(t, `"`) {
		if q, err := strconv.QuotedPrefix(t); err == nil {
			l.message, _ = strconv.Unquote(q) // a quoted prefix unquotes
		}
		l.text = value(t)
	}
	if m := klogEvent.FindStringSubmatch(t); m != nil {
		l.kind, l.warning, l.reason = m[2], m[3] == "Warning", m[4]
		if l.kind == "Service" {
			l.service = m[1]
		}
		return l
	}
	if l.message != "" { // its values may follow a dump
		l.service = keyed(t)
	}
	l.service = cmp.Or(l.service, n.inText(withoutDumps(t)))
	return l
}

// withoutDumps cuts the objects that the provider prints whole: a request body
// and the Service's spec name whatever they like.
func withoutDumps(t string) string {
	if loc := requestDump.FindStringIndex(t); loc != nil {
		t = t[:loc[0]]
	}
	if i := strings.Index(t, " service-spec="); i >= 0 {
		t = t[:i]
	}
	return t
}

// value returns the err, error or message of a structured line: quoted, or in
// tab-indented lines between `=<` and ` >`. Without one it returns the message.
func value(t string) string {
	for _, key := range []string{" err=", " error=", " message="} {
		i := strings.Index(t, key)
		if i < 0 {
			continue
		}
		v := t[i+len(key):]
		if block, ok := strings.CutPrefix(v, "<\n"); ok {
			if end := strings.Index(block, "\n >"); end >= 0 {
				block = block[:end]
			}
			return strings.ReplaceAll(strings.TrimPrefix(block, "\t"), "\n\t", "\n")
		}
		if q, err := strconv.QuotedPrefix(v); err == nil {
			u, _ := strconv.Unquote(q) // a quoted prefix unquotes
			return u
		}
	}
	return withoutDumps(t)
}

// ofProvider reports whether a record's source is a file of the Azure provider.
func ofProvider(source string) bool {
	for _, p := range []string{"azure", "accesscontrol.go", "securitygroup.go"} {
		if strings.HasPrefix(source, p) {
			return true
		}
	}
	return false
}

// failuresIn returns the failures that a record tells of, none for the noise of a
// healthy cluster. What holds an ARM code, a status of 400 or more or a refusal of
// the limiter always is one. A text without is one when the provider or the
// service controller logs it as an error, or when it is a text of the provider's
// that always means failure.
func failuresIn(r snapshot.Record, l line, unwrap func(string) []Error) []Error {
	if l.reason != "" && (!l.warning || l.kind != "Service") {
		return nil
	}
	found := unwrap(l.text)
	for i := range found {
		e := &found[i]
		kubernetesCode(e)
		e.Advisory = r.Level == 'W' && e.Code == "" && e.Status == 0 && !e.ClientSide || mentions(r.Text, advisory)
	}
	switch {
	case len(found) == 0:
		return nil
	case found[0].Code != "" || found[0].Status >= 400 || found[0].ClientSide:
		return found
	case l.reason != "":
		return found
	case r.Level == 'E' || r.Level == 'F':
		fromProvider := ofProvider(r.Source) && (l.service != "" || strings.Contains(r.Text, "ail"))
		if fromProvider || serviceRetry(r.Text) || mentions(l.text, known) || mentions(l.message, known) {
			return found
		}
	case r.Level == 'W' && ofProvider(r.Source), r.Level == 0:
		if mentions(l.text, known) {
			return found
		}
	}
	return nil
}

// serviceRetry reports whether a line is the service controller's about a sync
// that failed.
func serviceRetry(t string) bool {
	return strings.Contains(t, "error processing service ") || strings.Contains(t, "ailed to process service")
}
