package snapshot

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"
	"regexp"
	"strings"
	"unicode/utf16"
)

// form is what the first bytes of a file look like.
type form int

const (
	formText form = iota
	formYAML
	formJSON
	formBinary
	formEmpty
)

// peekSize is how much of a file decides its form.
const peekSize = 64 << 10

// utf8Reader returns the text as UTF-8 without a byte order mark: Windows
// PowerShell writes UTF-16 when output is redirected to a file.
func utf8Reader(head []byte, r io.Reader) io.Reader {
	switch {
	case bytes.HasPrefix(head, []byte{0xEF, 0xBB, 0xBF}):
		io.CopyN(io.Discard, r, 3) // at least these bytes were peeked
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}):
		return &utf16Reader{r: r, order: binary.LittleEndian}
	case bytes.HasPrefix(head, []byte{0xFE, 0xFF}):
		return &utf16Reader{r: r, order: binary.BigEndian}
	}
	return r
}

// utf16Reader turns UTF-16 into UTF-8 as it passes.
type utf16Reader struct {
	r     io.Reader
	order binary.ByteOrder
	rest  []byte // of an incomplete unit or pair
	out   []byte
	begun bool
	err   error
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	for len(u.out) == 0 {
		if u.err != nil {
			return 0, u.err
		}
		u.fill()
	}
	n := copy(p, u.out)
	u.out = u.out[n:]
	return n, nil
}

func (u *utf16Reader) fill() {
	buf := make([]byte, 32<<10)
	n, err := u.r.Read(buf)
	u.err = err
	in := append(u.rest, buf[:n]...)
	units := make([]uint16, 0, len(in)/2)
	for ; len(in) >= 2; in = in[2:] {
		units = append(units, u.order.Uint16(in))
	}
	if !u.begun && len(units) > 0 {
		u.begun = true
		units = units[1:] // the byte order mark
	}
	if k := len(units); err == nil && k > 0 && utf16.IsSurrogate(rune(units[k-1])) && units[k-1] < 0xDC00 {
		last := make([]byte, 2, 3)
		u.order.PutUint16(last, units[k-1])
		in, units = append(last, in...), units[:k-1]
	}
	u.rest = append([]byte(nil), in...)
	u.out = []byte(string(utf16.Decode(units)))
}

// blankWarnings overwrites what kubectl and az put before their output when it
// was saved together with stderr. Lines and offsets stay.
func blankWarnings(text []byte) {
	for start := 0; start < len(text); {
		end := start + lineEnd(text[start:])
		line := bytes.TrimSpace(text[start:end])
		if len(line) > 0 && !bytes.HasPrefix(bytes.ToLower(line), []byte("warning:")) {
			return
		}
		for i := start; i < end; i++ {
			if text[i] != '\n' && text[i] != '\r' {
				text[i] = ' '
			}
		}
		start = end
	}
}

// lineEnd is the length of the first line with its line feed.
func lineEnd(text []byte) int {
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		return i + 1
	}
	return len(text)
}

var (
	yamlKey    = regexp.MustCompile(`^(- +)*["']?[A-Za-z][\w./-]*["']?:(\s|$)`)
	yamlObject = regexp.MustCompile(`(?m)^(- |  )?(apiVersion|kind|items):(\s|$)`)
	logKeys    = []string{"msg", "message", "log", "level", "severity", "ts", "time", "timestamp", "category"}
)

// formOf looks at the first bytes of a file.
func formOf(head []byte) form {
	head = append([]byte(nil), head...)
	blankWarnings(head)
	body := bytes.TrimSpace(head)
	switch {
	case len(body) == 0:
		return formEmpty
	case bytes.IndexByte(head, 0) >= 0:
		return formBinary
	case body[0] == '{' || body[0] == '[':
		if isJSON(body) {
			return formJSON
		}
		return formText
	}
	for line := range bytes.Lines(body) {
		line = bytes.TrimRight(line, " \r\n")
		if len(line) == 0 || line[0] == '#' || line[0] == '%' || bytes.Equal(line, []byte("---")) {
			continue
		}
		if bytes.HasPrefix(line, []byte("--- ")) {
			line = line[4:]
		}
		if yamlKey.Match(line) && (yamlObject.Match(head) || isConfigText(head) || bytes.HasPrefix(line, []byte("clientVersion:"))) {
			return formYAML
		}
		return formText
	}
	return formText
}

// isJSON tells a JSON document from a log that begins with a bracket and from
// lines of JSON log records.
func isJSON(body []byte) bool {
	d := json.NewDecoder(bytes.NewReader(body))
	if _, err := d.Token(); err != nil {
		return false
	}
	if body[0] == '[' {
		next, err := d.Token()
		return err == io.EOF || err == nil && (next == json.Delim('{') || next == json.Delim(']') || next == json.Delim('['))
	}
	if next, err := d.Token(); err == io.EOF {
		return true
	} else if _, isKey := next.(string); err != nil || !isKey && next != json.Delim('}') {
		return false
	}
	line := bytes.TrimSpace(body[:lineEnd(body)])
	var object map[string]json.RawMessage
	if json.Unmarshal(line, &object) != nil {
		return true // it goes on below: a document, not a record
	}
	record := false
	for k := range object {
		switch k = strings.ToLower(k); k {
		case "kind", "apiversion", "id", "serverversion", "azure-cli":
			return true
		default:
			record = record || contains(logKeys, k)
		}
	}
	return !record
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
