package redact

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// forms are the ways in which a secret may stand in a text without being decoded: as
// it is, as JSON and URLs spell it, in hexadecimal digits, and in the middle of
// something longer in base64.
func forms(secret string) []string {
	quoted, _ := json.Marshal(secret) // of a string never fails
	query, path := url.QueryEscape(secret), url.PathEscape(secret)
	hexed := hex.EncodeToString([]byte(secret))
	all := []string{secret, string(quoted[1 : len(quoted)-1]), query, lowerEscapes(query), path, lowerEscapes(path), hexed, strings.ToUpper(hexed)}
	for before := range 3 {
		all = append(all, insideBase64(base64.StdEncoding, secret, before), insideBase64(base64.URLEncoding, secret, before))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

var escape = regexp.MustCompile(`%[0-9A-F]{2}`)

// lowerEscapes is percent-encoded text with %2f in place of %2F.
func lowerEscapes(s string) string { return escape.ReplaceAllStringFunc(s, strings.ToLower) }

// insideBase64 is what is sure to stand in the base64 of a text that has the secret
// behind so many bytes modulo three, whatever is before and behind it: the letters
// that hold six bits of the secret each.
func insideBase64(e *base64.Encoding, secret string, before int) string {
	coded := e.EncodeToString([]byte("\x00\x00"[:before] + secret))
	first := (before*8 + 5) / 6
	last := (before + len(secret)) * 8 / 6
	return coded[first:last]
}

// encodedByte reports the letters of both alphabets of base64.
var encodedByte = func() (in [256]bool) {
	for c := range in {
		in[c] = base64Byte(byte(c)) || c == '-' || c == '_'
	}
	return in
}()

// sextet is what six bits a letter of base64 stands for, in both alphabets.
var sextet = func() (of [256]byte) {
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		of[c] = byte(i)
	}
	of['-'], of['_'] = 62, 63
	return of
}()

// shortestRun is how many letters of base64 in a row are worth decoding.
const shortestRun = 24

// encodedRuns are the runs of letters of base64 that are long enough, from left to
// right. It looks at every 24th byte first: a run has a letter there.
func encodedRuns(text []byte, visit func(from, to int)) {
	for at := 0; at+shortestRun <= len(text); {
		last := at + shortestRun - 1
		for last >= at && encodedByte[text[last]] {
			last--
		}
		if last >= at {
			at = last + 1
			continue
		}
		end := at + shortestRun
		for end < len(text) && encodedByte[text[end]] {
			end++
		}
		visit(at, end)
		at = end + 1
	}
}

// decoded are the texts that a run of base64 may stand for: the run may begin in the
// middle of four letters, where it was cut, and a path may lead to it.
func decoded(run []byte, visit func([]byte)) {
	const most = 6 // texts of one run, so that a hostile one costs no more
	n := 0
	try := func(part []byte) {
		if text := plain(part); text != nil && n < most {
			n++
			visit(text)
		}
	}
	for offset := range min(4, len(run)) {
		try(run[offset:])
	}
	for at := 3; at+shortestRun <= len(run) && n < most; at++ {
		if c := run[at]; c == '/' || c == '-' || c == '_' || c == '+' {
			try(run[at+1:])
		}
	}
}

// plain decodes base64; nil: it is no text. UTF-16, which PowerShell encodes, becomes ASCII.
func plain(run []byte) []byte {
	const enough = 12 // letters at the beginning that tell a text
	if len(run) < enough {
		return nil
	}
	var head [enough / 4 * 3]byte
	start := decode(head[:0], run[:4])
	wide := start[1] == 0
	for i := 0; i < len(start); i++ {
		switch c := start[i]; {
		case wide && i%2 == 1 && c == 0:
		case (c < ' ' || c > '~') && c != '\n' && c != '\r' && c != '\t', wide && i%2 == 1:
			return nil
		}
		if i == 2 { // most are no text, and need no more than that
			start = decode(start, run[4:enough])
		}
	}
	text := decode(make([]byte, 0, len(run)*3/4), run)
	if wide {
		text = slices.DeleteFunc(text, func(c byte) bool { return c == 0 })
	}
	return text
}

// decode appends what letters of base64 stand for; up to three at the end of a cut
// run give what they hold.
func decode(to, run []byte) []byte {
	for len(run) >= 4 {
		v := uint32(sextet[run[0]])<<18 | uint32(sextet[run[1]])<<12 | uint32(sextet[run[2]])<<6 | uint32(sextet[run[3]])
		to = append(to, byte(v>>16), byte(v>>8), byte(v))
		run = run[4:]
	}
	if len(run) >= 2 {
		to = append(to, sextet[run[0]]<<2|sextet[run[1]]>>4)
	}
	if len(run) == 3 {
		to = append(to, sextet[run[1]]<<4|sextet[run[2]]>>2)
	}
	return to
}

// encodedPrivateKey reports whether base64 is that of a private key without the lines
// around it: a sequence that begins with version 0 or 1, where a certificate has
// another sequence.
func encodedPrivateKey(run []byte) bool {
	if len(run) < 60 || run[0] != 'M' {
		return false
	}
	var head [9]byte
	b := decode(head[:0], run[:12])
	long := 0
	if b[0] != 0x30 {
		return false
	}
	if b[1] >= 0x80 {
		long = int(b[1] - 0x80)
	}
	if long > 2 {
		return false
	}
	v := b[2+long:]
	return v[0] == 2 && v[1] == 1 && v[2] <= 1 && (v[3] == 0x02 || v[3] == 0x04 || v[3] == 0x30)
}

// unescaped is a text without percent-encoding; nil: it has none.
func unescaped(text []byte) []byte {
	var out []byte
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			var b [1]byte
			if _, err := hex.Decode(b[:], text[i+1:i+3]); err == nil {
				if out == nil {
					out = append(make([]byte, 0, len(text)), text[:i]...)
				}
				out = append(out, b[0])
				i += 2
				continue
			}
		}
		if out != nil {
			out = append(out, text[i])
		}
	}
	return out
}

// unquoted is a text without the escapes of JSON, at any depth of quoting; nil: it has none.
func unquoted(text []byte) []byte {
	var out []byte
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			if out != nil {
				out = append(out, text[i])
			}
			continue
		}
		if out == nil {
			out = append(make([]byte, 0, len(text)), text[:i]...)
		}
		for i+1 < len(text) && text[i+1] == '\\' {
			i++
		}
		if i+1 == len(text) {
			break
		}
		i++
		switch c := text[i]; c {
		case 'n', 'r':
			out = append(out, '\n')
		case 't':
			out = append(out, '\t')
		case 'u':
			var b [2]byte
			if i+4 < len(text) {
				if _, err := hex.Decode(b[:], text[i+1:i+5]); err == nil && b[0] == 0 && b[1] < 0x80 {
					out = append(out, b[1])
					i += 4
					continue
				}
			}
			out = append(out, c)
		case '\n', '\r':
			out = append(out, c) // the end of the line stays one
		default:
			out = append(out, c)
		}
	}
	return out
}
