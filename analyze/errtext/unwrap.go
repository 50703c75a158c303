package errtext

import (
	"regexp"
	"strconv"
	"strings"

	"azlb/analyze/snapshot"
)

// logged is the head of a line of a controller's log: level, date, time, thread, source.
var logged = regexp.MustCompile(`^(?:\S+Z )?([IWEF])\d{4} \S+ +\d+ ([\w.-]+:\d+)\] (?s:(.*))$`)

// Read returns the failures that one text tells, a message of an event or a line of a log,
// without what only its place would add: Service, times, citations. A line with its head
// tells what it would tell in a log, which for the noise of a healthy cluster is nothing;
// of any other text the place is open.
func Read(text string) []Error {
	if m := logged.FindStringSubmatch(text); m != nil {
		r := snapshot.Record{Level: m[1][0], Source: m[2], Text: m[3]}
		found := failuresIn(r, parseRecord(r, names{}), unwrap)
		for i := range found {
			found[i].Raw, found[i].Where = cut(m[3]), []Where{InLog}
		}
		return found
	}
	found := unwrap(text)
	for i := range found {
		kubernetesCode(&found[i])
		found[i].Raw, found[i].Where = cut(text), []Where{InEvent, InCondition, InLog}
	}
	return found
}

// unwrap takes a text apart into the failures that it tells, at least one for a
// text that is not empty. Wrappers of five generations are removed; what is left
// without a code is the provider's own text. Aggregates of several calls give one
// failure each. A text that was escaped on its way is read at the first level of
// escaping that holds a failure in a known form; only when no level does, codes
// are picked out of what may be cut or damaged.
func unwrap(text string) []Error {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	text = strings.ToValidUTF8(text, "?")
	found, at := readers(text)
	if len(found) == 0 {
		found, at = []Error{{}}, text
	}
	for i := range found {
		if strings.TrimSpace(found[i].Message) == "" {
			found[i].Message = text
		}
	}
	return finish(found, at)
}

// readers returns the failures in a known form, and the level of escaping of the
// text at which they stood.
func readers(text string) ([]Error, string) {
	for _, read := range []func(string) []Error{azcore, autorest, bodies, fragments} {
		for t, more := text, true; more; t, more = unescape(t) {
			if found := read(t); len(found) > 0 {
				return found, t
			}
		}
	}
	return nil, text
}

// finish completes failures that came out of one text.
func finish(found []Error, text string) []Error {
	for i := range found {
		e := &found[i]
		e.Message = settle(e.Message)
		identify(e)
		throttling(e, text)
		credential(e, text)
		e.Node = firstGroup(nodeName, text)
		e.Transient = e.Transient || transient(e)
	}
	return found
}

// settle brings a message to one line without wrappers, so that unwrapping it
// again changes nothing: each step must make it shorter.
func settle(message string) string {
	m := oneLine(message)
	for {
		n := oneLine(stripWrappers(m))
		if n == "" || len(n) >= len(m) {
			found, _ := readers(m)
			if len(found) == 0 {
				return m
			}
			n = oneLine(found[0].Message)
		}
		if n == "" || len(n) >= len(m) {
			return m
		}
		m = n
	}
}

// oneLine never makes a text longer; settle counts on it.
func oneLine(s string) string {
	return strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " ")
}

// unescape removes one level of backslashes, as quoting with %q or as a JSON
// string put them there. It reports whether there was anything to remove.
func unescape(s string) (string, bool) {
	if !strings.Contains(s, `\`) {
		return s, false
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case '"', '\\', '/':
			b.WriteByte(s[i])
		case 'u':
			if n, err := strconv.ParseUint(s[i+1:min(i+5, len(s))], 16, 16); err == nil && i+5 <= len(s) {
				b.WriteRune(rune(n))
				i += 4
				continue
			}
			b.WriteString(`\u`)
		default:
			b.WriteByte('\\')
			b.WriteByte(s[i])
		}
	}
	return b.String(), b.Len() < len(s)
}

var (
	// request is the first line of an azcore error (1.32+; the NSG client earlier).
	request      = regexp.MustCompile(`\b(GET|HEAD|PUT|POST|PATCH|DELETE) (https?://\S+)[ \t]*\r?\n`)
	response     = regexp.MustCompile(`RESPONSE (\d{3})(: [^\n]*)?`)
	errorCode    = regexp.MustCompile(`ERROR CODE: (\w+)`)
	codeMessage  = regexp.MustCompile(`\bCode="(\w*)" Message="((?:[^"\\]|\\.)*)"`)
	codeAlone    = regexp.MustCompile(`\bCode="(\w+)"`)
	detailsStart = regexp.MustCompile(`^\s*(?:Target="[^"]*"\s*)?(?:Details|InnerError)=([\[{])`)
	jsonCode     = regexp.MustCompile(`(?i)"code"\s*:\s*"(\w+)"`)
	jsonMessage  = regexp.MustCompile(`(?i)"message"\s*:\s*"((?:[^"\\]|\\.)*)`)
	httpStatus   = regexp.MustCompile(`(?:HTTPStatusCode: ?|StatusCode[=:] ?|\bStatus=|RESPONSE |Status Code = '|failed with |HTTP response )([45]\d\d)\b`)
)

// azcore reads the blocks of several lines: request, RESPONSE, ERROR CODE, body.
func azcore(t string) []Error {
	at := request.FindAllStringSubmatchIndex(t, -1)
	var out []Error
	for i, m := range at {
		end := len(t)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		block := t[m[1]:end]
		answer := response.FindStringSubmatchIndex(block)
		if answer == nil {
			continue
		}
		e := Error{Target: armID(t[m[4]:m[5]])}
		e.Status, _ = strconv.Atoi(block[answer[2]:answer[3]]) // three digits
		if e.Status < 400 {
			continue
		}
		e.Code = firstGroup(errorCode, block)
		if e.Code == "UNAVAILABLE" {
			e.Code = ""
		}
		if body := strings.IndexByte(block[answer[1]:], '{'); body >= 0 {
			if b, _, ok := errorBody(block[answer[1]+body:]); ok {
				e.take(b)
			} else {
				e.Message = unquoteJSON(firstGroup(jsonMessage, block))
			}
		}
		if e.Message == "" {
			e.Message = strings.TrimSpace(block[answer[0]:answer[1]])
		}
		out = append(out, e)
	}
	return out
}

// autorest reads `Status=403 Code="…" Message="…" Details=[…]` (to 1.31).
func autorest(t string) []Error {
	var out []Error
	from := 0
	for _, m := range codeMessage.FindAllStringSubmatchIndex(t, -1) {
		e := Error{Status: lastStatus(t[from:m[0]]), Code: t[m[2]:m[3]], RetryAfter: lastRetryAfter(t[from:m[0]])}
		e.Message = unquoteJSON(t[m[4]:m[5]])
		from = m[1]
		if d := detailsStart.FindStringSubmatchIndex(t[m[1]:]); d != nil {
			e.addDetails(t[m[1]+d[2]:])
		}
		if nested, _, ok := errorBody(e.Message); ok {
			e.take(nested)
		}
		if e.Code != "" || e.Message != "" {
			out = append(out, e)
		}
	}
	return out
}

// bodies reads `HTTPStatusCode: 403, RawError: {…}` and any other text with ARM's
// or the token endpoint's JSON in it.
func bodies(t string) []Error {
	var out []Error
	from := 0
	for from < len(t) {
		m := bodyStart.FindStringIndex(t[from:])
		if m == nil {
			break
		}
		at := from + m[0]
		b, n, ok := errorBody(t[at:])
		if !ok {
			from = at + 1
			continue
		}
		e := Error{Status: lastStatus(t[from:at]), RetryAfter: lastRetryAfter(t[from:at])}
		e.take(b)
		out = append(out, e)
		from = at + n
	}
	return out
}

// fragments picks codes out of text that is cut, damaged or in no known form.
func fragments(t string) []Error {
	e := Error{Status: lastStatus(t), RetryAfter: lastRetryAfter(t)}
	for _, re := range []*regexp.Regexp{errorCode, jsonCode, codeAlone, aadsts} {
		if e.Code = firstGroup(re, t); e.Code != "" {
			break
		}
	}
	if e.Code == "" && e.Status == 0 {
		return nil
	}
	e.Target = armID(firstGroup(requestInLine, t))
	e.Message = unquoteJSON(firstGroup(jsonMessage, t))
	if e.Message == "" {
		e.Message = t
	}
	return []Error{e}
}

var requestInLine = regexp.MustCompile(`\b(?:GET|PUT|POST|PATCH|DELETE) (https?://[^\s\\]+)`)

// lastStatus is the innermost HTTP status of a failure that a wrapper names.
func lastStatus(t string) int {
	all := httpStatus.FindAllStringSubmatch(t, -1)
	if len(all) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(all[len(all)-1][1]) // three digits
	return n
}

func firstGroup(re *regexp.Regexp, t string) string {
	m := re.FindStringSubmatch(t)
	if m == nil {
		return ""
	}
	for _, g := range m[1:] {
		if g != "" {
			return g
		}
	}
	return ""
}

// unquoteJSON undoes the escapes of the inside of a JSON or Go string.
func unquoteJSON(s string) string {
	if u, err := strconv.Unquote(`"` + s + `"`); err == nil {
		return u
	}
	u, _ := unescape(s)
	return u
}
