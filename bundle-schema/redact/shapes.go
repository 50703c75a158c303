package redact

import (
	"bytes"
	"regexp"
	"strings"
)

// Shape is a kind of secret that can be told by its form.
type Shape string

// The shapes of text, then those of documents.
const (
	PrivateKey  Shape = "private-key"
	JWT         Shape = "jwt"
	Bearer      Shape = "bearer"
	Header      Shape = "authorization-header"
	SAS         Shape = "sas-signature"
	StorageKey  Shape = "storage-key"
	AADSecret   Shape = "aad-client-secret"
	URLPassword Shape = "url-password"
	Assignment  Shape = "assignment"
	GitHubToken Shape = "github-token"
	GitLabToken Shape = "gitlab-token"
	SlackToken  Shape = "slack-token"
	AWSKey      Shape = "aws-key"
	BasicAuth   Shape = "basic-auth"
	DockerAuth  Shape = "registry-login"
	Cookie      Shape = "cookie"

	Environment Shape = "environment"
	Argument    Shape = "argument"
	LastApplied Shape = "last-applied-configuration"
	Content     Shape = "secret-or-configmap-data"
	HTTPHeaders Shape = "http-headers"
	VMSecret    Shape = "vm-secret"
	UserName    Shape = "user-name"
	ConfigKey   Shape = "config-key"

	// Name is what --redact all replaced.
	Name Shape = "name"
)

// detector finds one shape in a line.
type detector struct {
	shape Shape
	// hints are looked for first, in lower case: an expression is tried only where
	// one stands, because most lines have none and expressions are slow.
	hints []string
	back  int  // how many bytes before the hint the expression begins
	word  bool // the hint begins a word
	// re is anchored at its beginning; its last group that matched is the secret.
	re *regexp.Regexp
	// real refuses a match that only looks like a secret.
	real func(line []byte, value string, at int) bool
	// find takes the place of all that where a line is better searched by hand.
	find func(line, lower []byte) []span
	// within does so for what is hidden in an encoding; decode tells what was hidden.
	within func(s *scrubber, line []byte) []span
	decode func(line []byte) []byte
}

// span is line[from:to].
type span struct {
	from, to int
	shape    Shape // of what is encoded there; empty: that of the detector
}

var detectors = []detector{
	{shape: JWT, find: tokens},
	{shape: Header, hints: []string{"authorization"}, re: regexp.MustCompile(`(?i)^authorization["'\\]*\s*[:=]\s*["'\\\[]*\s*(?:basic|bearer|negotiate|digest|sharedkey(?:lite)?)\s+([^\s"'\\,\]]+)`), real: notMarked},
	{shape: Bearer, hints: []string{"bearer"}, word: true, re: regexp.MustCompile(`(?i)^bearer\s+([A-Za-z0-9._~+/=-]{16,})`), real: mixed},
	{shape: BasicAuth, hints: []string{"basic"}, re: regexp.MustCompile(`(?i)^basic\s+([A-Za-z0-9+/_-]{8,}={0,2})`), real: userAndPassword},
	{shape: DockerAuth, hints: []string{"auth"}, re: regexp.MustCompile(`(?i)^auth["'\\]*\s*[:=]\s*["'\\]*([A-Za-z0-9+/_-]{8,}={0,2})`), real: userAndPassword},
	{shape: Cookie, hints: []string{"cookie"}, re: regexp.MustCompile(`(?i)^cookie["'\\]*\s*:\s*["'\\\[]*\s*([^\s"'\\;=]+=[^\r\n"'\\\]]*)`), real: filledCookie},
	{shape: SAS, hints: []string{"sig=", "sig%3d"}, re: regexp.MustCompile(`(?i)^sig(?:=|%3d)([A-Za-z0-9%+/=_-]{20,})`), real: ownParameter},
	{shape: AADSecret, hints: []string{"q~"}, back: 4, re: regexp.MustCompile(`^([A-Za-z0-9._~-]{3}[0-9]Q~[A-Za-z0-9._~-]{28,34})`)},
	{shape: StorageKey, find: storageKeys},
	{shape: PrivateKey, find: bareKeys},
	{shape: GitHubToken, hints: []string{"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"}, re: regexp.MustCompile(`^(gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})`)},
	{shape: GitLabToken, hints: []string{"glpat-"}, word: true, re: regexp.MustCompile(`^(glpat-[A-Za-z0-9_-]{20,})`)},
	{shape: SlackToken, hints: []string{"xox", "hooks.slack.com/services/"}, re: regexp.MustCompile(`^(?:(xox[abeoprs]-[A-Za-z0-9-]{10,})|hooks\.slack\.com/services/(T\w{6,}/B\w{6,}/\w{16,}))`)},
	{shape: AWSKey, hints: []string{"akia", "asia"}, word: true, re: regexp.MustCompile(`^((?:AKIA|ASIA)[0-9A-Z]{16})(?:[^0-9A-Za-z]|$)`)},
	{shape: URLPassword, hints: []string{"://"}, back: 1, re: regexp.MustCompile(`(?i)^[a-z0-9+.-]://[^\s/:@"'\\]*:([^\s/@"'\\]+)@`), real: notMarked},
	{shape: Assignment, find: assignments},
}

// What is hidden in an encoding is looked for with all of the above, and comes last.
func init() {
	detectors = append(detectors,
		detector{shape: "in base64", within: inBase64, decode: everyText},
		detector{shape: "in a URL", within: inWords('%', unescaped), decode: unescaped},
		detector{shape: "in JSON", within: inWords('\\', unquoted), decode: unquoted})
}

// matches are the places of a shape in a line, from left to right; lower is the
// line in lower case.
func (d *detector) matches(s *scrubber, line, lower []byte) []span {
	if d.within != nil {
		return d.within(s, line)
	}
	if d.find != nil {
		return d.find(line, lower)
	}
	var found []span
	for _, hint := range d.hints {
		for at := 0; ; {
			next := bytes.Index(lower[at:], []byte(hint))
			if next < 0 {
				break
			}
			begin := at + next - d.back
			at += next + 1
			if begin < 0 || d.word && begin > 0 && wordByte(line[begin-1]) {
				continue
			}
			if to := d.match(line, begin, &found); to > at {
				at = to
			}
		}
	}
	return found
}

// match tries the expression at one place, and returns where what it found ends.
func (d *detector) match(line []byte, begin int, found *[]span) int {
	from, to := search(d.re, line, begin)
	if to == 0 {
		return 0
	}
	if d.real != nil && !d.real(line, string(line[from:to]), from) {
		return 0
	}
	*found = append(*found, span{from: from, to: to})
	return to
}

// farthest is how far behind its beginning an expression looks; without an end a
// hostile line would take quadratic time.
const farthest = 1 << 10

// search tries an anchored expression at one place and returns the secret; to is 0:
// there is none. A secret that goes on behind what was looked at is taken whole.
func search(re *regexp.Regexp, line []byte, begin int) (from, to int) {
	near := line[begin:min(len(line), begin+farthest)]
	m := re.FindSubmatchIndex(near)
	if m == nil {
		return 0, 0
	}
	from, to = group(m)
	from, to = begin+from, begin+to
	if to == begin+farthest {
		for to < len(line) && strings.IndexByte(" \t\r\n\"'\\&,;<>(){}[]", line[to]) < 0 {
			to++
		}
	}
	return from, to
}

// group is the last group that took part in a match.
func group(at []int) (from, to int) {
	for i := len(at) - 2; i > 0; i -= 2 {
		if at[i] >= 0 {
			return at[i], at[i+1]
		}
	}
	return at[0], at[1]
}

func wordByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func base64Byte(c byte) bool { return c == '+' || c == '/' || c != '_' && wordByte(c) }

// tokens finds JSON web tokens: header, payload and perhaps a signature, joined by dots.
func tokens(line, _ []byte) []span {
	const shortestPart = 8
	part := func(at int) int {
		for at < len(line) && (wordByte(line[at]) || line[at] == '-') {
			at++
		}
		return at
	}
	var found []span
	for at := 0; ; {
		next := bytes.Index(line[at:], []byte("eyJ"))
		if next < 0 {
			return found
		}
		begin := at + next
		at = part(begin) // what begins inside of it ends here too
		if at-begin < len("eyJ")+shortestPart || at == len(line) || line[at] != '.' {
			continue
		}
		end := part(at + 1)
		if end-at <= shortestPart {
			continue
		}
		if end < len(line) && line[end] == '.' {
			end = part(end + 1)
		}
		found, at = append(found, span{from: begin, to: end}), end
	}
}

// storageKeys finds 64 bytes in base64, which end in "==".
func storageKeys(line, _ []byte) []span {
	var found []span
	for at := 0; ; {
		next := bytes.Index(line[at:], []byte("=="))
		if next < 0 {
			return found
		}
		end := at + next
		at = end + 2
		begin := end
		for begin > 0 && end-begin <= 86 && base64Byte(line[begin-1]) {
			begin--
		}
		if end-begin == 86 {
			found = append(found, span{from: begin, to: end + 2})
		}
	}
}

// notMarked accepts everything that was not removed before.
func notMarked(_ []byte, v string, _ int) bool { return !marked(v) && !masked(v) }

// masked reports what others wrote in place of a secret.
func masked(v string) bool {
	return strings.Trim(v, "*x.-<>[]") == "" || strings.EqualFold(strings.Trim(v, "<>[]*"), "masked") || strings.EqualFold(strings.Trim(v, "<>[]*"), "redacted")
}

// userAndPassword accepts base64 of a user's name and password, joined by a colon.
func userAndPassword(_ []byte, v string, _ int) bool {
	text := plain([]byte(strings.TrimRight(v, "=")))
	at := bytes.IndexByte(text, ':')
	return at > 0 && at+1 < len(text)
}

// filledCookie refuses cookies whose values were removed before.
func filledCookie(_ []byte, v string, _ int) bool {
	for part := range strings.SplitSeq(v, ";") {
		if _, value, _ := strings.Cut(part, "="); len(strings.TrimSpace(value)) >= 8 && notMarked(nil, strings.TrimSpace(value), 0) {
			return true
		}
	}
	return false
}

// ownParameter refuses the end of another parameter's name.
func ownParameter(line []byte, v string, at int) bool {
	before := bytes.ToLower(line[:at])
	before = before[:max(0, bytes.LastIndex(before, []byte("sig")))]
	return notMarked(nil, v, 0) && (len(before) == 0 || !wordByte(before[len(before)-1]) || bytes.HasSuffix(before, []byte("%26")) || bytes.HasSuffix(before, []byte("%3f")))
}

// mixed asks for a digit: "Bearer authorization_uri=" and prose have none.
func mixed(_ []byte, v string, _ int) bool { return strings.ContainsAny(v, "0123456789") }
