package redact

import (
	"bytes"
	"regexp"
)

// pemBlock is where a private key is that goes on over several lines.
type pemBlock struct {
	left   int  // lines of the key that may follow at most; 0: no key is open
	fields int  // words that a log puts before each line of the key
	apart  bool // a line that is none of the key stood between
}

// longestKey is how many lines of a private key are expected at most; one of 16384
// bits has about 200.
const longestKey = 250

var (
	keyBegin = regexp.MustCompile(`-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----`)
	keyEnd   = regexp.MustCompile(`-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----`)
	keyLine  = regexp.MustCompile(`^\s*(?:\S*\d:\d\S*\s+(?:std(?:out|err) [FP] )?)?["']?([A-Za-z0-9+/]{1,100}={0,2})["',]*\s*$`) // behind a timestamp, if any
	keyWord  = regexp.MustCompile(`["'|\s]([A-Za-z0-9+/]{1,100}={0,2})["',]*\s*$`)                                               // behind anything
	keyInfo  = regexp.MustCompile(`(?:Proc-Type|DEK-Info|Version|Comment): .*$`)
)

// surelyKey is the length from which a word of base64 is taken for a line of the
// key although lines of another writer stand between: they come in 64 and 76.
const surelyKey = 40

// privateKey removes a PEM block, which may go on over many lines, each behind a
// prefix that a log put before it.
func (s *scrubber) privateKey(line []byte) []byte {
	if s.key.left > 0 {
		s.key.left--
		if at := keyEnd.FindIndex(line); at != nil {
			s.key = pemBlock{}
			return s.splice(line, at[0], at[1], Mark)
		}
		if from, to := s.key.body(line); to > 0 {
			return s.splice(line, from, to, Mark)
		}
		if !keyInfo.Match(line) && len(bytes.TrimSpace(line)) > 0 {
			s.key.apart = true
		}
	}
	for from := 0; ; {
		if !bytes.Contains(line[from:], []byte("-----BEGIN ")) {
			return line
		}
		at := keyBegin.FindIndex(line[from:])
		if at == nil {
			return line
		}
		begin := from + at[0]
		s.found(PrivateKey, begin)
		end := keyEnd.FindIndex(line[begin:])
		if end == nil { // it goes on in the next line
			s.key = pemBlock{left: longestKey, fields: len(bytes.Fields(line[:begin]))}
			return s.splice(line, begin, len(bytes.TrimRight(line, "\r\n")), Mark)
		}
		if s.scan {
			from = begin + end[1]
			continue
		}
		line = s.splice(line, begin, begin+end[1], Mark)
		from = begin
	}
}

// body is the part of a line that belongs to the open key; to is 0: none does.
func (k *pemBlock) body(line []byte) (from, to int) {
	at := keyLine.FindSubmatchIndex(line)
	if at == nil || k.apart {
		if at = keyWord.FindSubmatchIndex(line); at == nil {
			if at = keyLine.FindSubmatchIndex(line); at == nil {
				return 0, 0
			}
		}
		word := line[at[2]:at[3]]
		inPlace := !k.apart && len(bytes.Fields(line[:at[2]])) == k.fields
		if !inPlace && (len(word) < surelyKey || word[0] == '/' || !mixedCase(word)) {
			return 0, 0
		}
	}
	if string(line[at[2]:at[3]]) == Mark {
		return 0, 0
	}
	return at[2], at[3]
}

// mixedCase tells base64 from hexadecimal digits.
func mixedCase(word []byte) bool {
	return bytes.ContainsAny(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") && bytes.ContainsAny(word, "ghijklmnopqrstuvwxyz")
}
