package redact

import (
	"bytes"
	"encoding/base64"
	"regexp"
	"strings"
)

// sentinel is a known shape as the second pass looks for it.
type sentinel struct {
	shape Shape
	hint  string // in lower case, 4 bytes at least: a place is looked at where one stands
	back  int    // how far before the hint the expression begins
	// re is anchored at its beginning; its last group that matched is the secret.
	re   *regexp.Regexp
	real func(before []byte, value string) bool // nil: every value
}

// The endings of an assignment and of a flag: narrower than those of the first pass,
// which takes what may be a secret. Here a hit costs the whole entry.
const (
	assigned = `(?:["'\\]*\s*(?:=|:=|:)\s*(?:\\*"([^"\\\s]{6,})\\*"|'([^'\s]{6,})')|["']?=([^\s"'\\&,;<>(){}\[\]]{6,}))`
	flagged  = ` +["']?([^\s"'\\-][^\s"'\\]{5,})`
)

// secretNames are names that only secrets have, by their first letters.
var secretNames = map[string]string{
	"clie": `client[_-]?(?:secret|assertion|key[_-]?data)`,
	"pass": `pass(?:word|wd|phrase)`,
	"acco": `account[_-]?key`,
	"shar": `shared[_-]?access[_-]?key`,
	"acce": `access[_-]?token`,
	"refr": `refresh[_-]?token`,
	"apik": `apikey`, "api_": `api_key`, "api-": `api-key`,
	"conn": `connection[_-]?string`,
	"secr": `secret[_-]?access[_-]?key`,
}

// watchlist are the shapes by name, so that the log of this list is short to read.
var watchlist = func() []sentinel {
	list := []sentinel{
		{Bearer, "bearer", 0, regexp.MustCompile(`(?i)^bearer\s+([A-Za-z0-9._~+/=-]{20,})`), wordWithDigit},
		{Header, "authorization", 0, regexp.MustCompile(`(?i)^authorization["'\\]*\s*[:=]\s*["'\\\[]*\s*(?:basic|bearer|sharedkey(?:lite)?)\s+([^\s"'\\,\]]{8,})`), given},
		{BasicAuth, "basic", 0, regexp.MustCompile(`(?i)^basic\s+([A-Za-z0-9+/]{12,}={0,2})`), login},
		{DockerAuth, `auth"`, 0, regexp.MustCompile(`(?i)^auth"\s*:\s*"([A-Za-z0-9+/]{12,}={0,2})"`), login},
		{SAS, "sig=", 0, regexp.MustCompile(`(?i)^sig=([A-Za-z0-9%+/_-]{40,})`), parameter},
		{SAS, "sig%3d", 0, regexp.MustCompile(`(?i)^sig%3d([A-Za-z0-9%+/_-]{40,})`), parameter},
		{PrivateKey, "begin ", 5, regexp.MustCompile(`^-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----`), nil},
		{GitHubToken, "github_pat_", 0, regexp.MustCompile(`^github_pat_[A-Za-z0-9_]{40,}`), nil},
		{GitLabToken, "glpat-", 0, regexp.MustCompile(`^glpat-[A-Za-z0-9_-]{20,}`), wordBegins},
		{SlackToken, "hooks.slack.com/services/", 0, regexp.MustCompile(`^hooks\.slack\.com/services/(T\w{6,}/B\w{6,}/\w{16,})`), nil},
		{AWSKey, "akia", 0, regexp.MustCompile(`^AKIA[0-9A-Z]{16}(?:[^0-9A-Za-z]|$)`), wordBegins},
		{AWSKey, "asia", 0, regexp.MustCompile(`^ASIA[0-9A-Z]{16}(?:[^0-9A-Za-z]|$)`), wordBegins},
		{Cookie, "cookie", 0, regexp.MustCompile(`(?i)^cookie["'\\]*\s*:\s*["'\\\[]*\s*[^\s"'\\;=]+=([^\s"'\\;,]{8,})`), given},
		{Assignment, "token", 0, regexp.MustCompile(`(?i)^token["'\\]*(?:\s*[:=])?\s*["'\\]*([a-z0-9]{6}\.[a-z0-9]{16})(?:["'\\,\s]|$)`), wordWithDigit},
	}
	for _, name := range []string{"token", "secret"} { // objects are called so as well
		list = append(list, sentinel{Assignment, name, 0, regexp.MustCompile(`(?i)^` + name + `(?:=([A-Za-z0-9_.~+/-]{20,})|["'\\]*\s*(?:=|:=|:)\s*\\*"([^"\\\s/:]{20,})\\*")`), machineMade})
	}
	for _, kind := range "pousr" {
		list = append(list, sentinel{GitHubToken, "gh" + string(kind) + "_", 0, regexp.MustCompile(`^gh[pousr]_[A-Za-z0-9]{36,}`), nil})
	}
	for _, kind := range "abeoprs" {
		list = append(list, sentinel{SlackToken, "xox" + string(kind), 0, regexp.MustCompile(`^xox[abeoprs]-[A-Za-z0-9-]{10,}`), wordBegins})
	}
	for begin, name := range secretNames {
		list = append(list, sentinel{Assignment, begin, 0, regexp.MustCompile(`(?i)^` + name + assigned), given},
			sentinel{Assignment, begin, 0, regexp.MustCompile(`(?i)^` + name + flagged), flagValue})
	}
	jwt := regexp.MustCompile(`^eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{4,}`)
	for _, c := range "hijklmnopqrstuvwxyz0123456" { // the first letter of a key of the header
		list = append(list, sentinel{JWT, "eyj" + string(c), 0, jwt, nil})
	}
	login := regexp.MustCompile(`(?i)^[a-z0-9+.-]://[^\s/:@"'\\]*:([^\s/@"'\\]{3,})@`)
	for _, c := range "abcdefghijklmnopqrstuvwxyz0123456789" { // the last letter of a scheme
		list = append(list, sentinel{URLPassword, string(c) + "://", 0, login, given})
	}
	return list
}()

// hinted are the sentinels by the first four bytes of their hints, and a bit for each
// hash of those.
var hinted, hintMarks = func() (map[uint32][]*sentinel, [1 << 9]uint64) {
	by, marks := map[uint32][]*sentinel{}, [1 << 9]uint64{}
	for i := range watchlist {
		key := four([]byte(watchlist[i].hint))
		by[key] = append(by[key], &watchlist[i])
		s := hintSlot(key)
		marks[s/64] |= 1 << (s % 64)
	}
	return by, marks
}()

func four(b []byte) uint32 {
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

func hintSlot(key uint32) uint32 { return key * 0x9e3779b1 >> (32 - 15) }

// watched returns the shape of a known secret in a text; lower is the text in lower case.
func watched(text, lower []byte) Shape {
	for at := 0; at+4 <= len(lower); at++ {
		key := four(lower[at:])
		if s := hintSlot(key); hintMarks[s/64]&(1<<(s%64)) == 0 {
			continue
		}
		for _, s := range hinted[key] {
			if bytes.HasPrefix(lower[at:], []byte(s.hint)) && s.at(text, at) {
				return s.shape
			}
		}
	}
	for at := 0; ; { // the client secrets of Entra ID
		next := bytes.IndexByte(text[at:], '~')
		if next < 0 {
			return ""
		}
		at += next + 1
		if begin := at - 6; begin >= 0 && text[at-2] == 'Q' && entraSecret.Match(text[begin:min(len(text), begin+48)]) {
			return AADSecret
		}
	}
}

var entraSecret = regexp.MustCompile(`^[A-Za-z0-9._~-]{3}[0-9]Q~[A-Za-z0-9._~-]{31,34}`)

// at tries the sentinel where its hint stands.
func (s *sentinel) at(text []byte, hint int) bool {
	begin := hint - s.back
	if begin < 0 {
		return false
	}
	m := s.re.FindSubmatchIndex(text[begin:min(len(text), begin+farthest)])
	if m == nil {
		return false
	}
	from, to := group(m)
	return s.real == nil || s.real(text[max(0, begin-40):begin], string(text[begin+from:begin+to]))
}

// watchedRun returns the shape of what a run of base64 is as it stands.
func watchedRun(text []byte, from, to int) Shape {
	run := text[from:to]
	if encodedPrivateKey(run) {
		return PrivateKey
	}
	for at, c := range run {
		if (c == '/' || c == '-' || c == '_') && encodedPrivateKey(run[at+1:]) {
			return PrivateKey
		}
	}
	const length = 86 // 64 bytes: the key of a storage account, before "=="
	if to-from < length || !bytes.HasPrefix(text[to:], []byte("==")) {
		return ""
	}
	begin := to
	for begin > from && text[begin-1] != '-' && text[begin-1] != '_' {
		begin--
	}
	if to-begin == length {
		return StorageKey
	}
	return ""
}

// given refuses marks, and what others put in place of a secret.
func given(_ []byte, v string) bool { return !marked(v) && !masked(v) }

// wordBegins refuses the end of a longer word.
func wordBegins(before []byte, _ string) bool {
	return len(before) == 0 || !wordByte(before[len(before)-1])
}

func wordWithDigit(before []byte, v string) bool {
	return wordBegins(before, v) && strings.ContainsAny(v, "0123456789")
}

// machineMade accepts what has digits and letters of both cases, behind no longer name.
func machineMade(before []byte, v string) bool {
	const small, large, digits = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
	if end := len(before) - 1; end >= 0 && (wordByte(before[end]) || before[end] == '-') {
		return false
	}
	return given(nil, v) && strings.ContainsAny(v, small) && strings.ContainsAny(v, large) && strings.ContainsAny(v, digits) && !strings.HasPrefix(v, "AADSTS")
}

// parameter accepts the beginning of a parameter, in a URL that may be encoded itself.
func parameter(before []byte, v string) bool {
	lower := strings.ToLower(string(before))
	return given(nil, v) && (wordBegins(before, v) || strings.HasSuffix(lower, "%26") || strings.HasSuffix(lower, "%3f"))
}

// flagValue accepts a value behind a name that is a flag, but no plain word.
func flagValue(before []byte, v string) bool {
	name := before[bytes.LastIndexAny(before, " \t\n\"'=")+1:]
	return bytes.HasPrefix(name, []byte("--")) && given(nil, v) && strings.Trim(v, "abcdefghijklmnopqrstuvwxyz.:|<>[]") != ""
}

// login accepts base64 of user:password.
func login(_ []byte, v string) bool {
	text, err := base64.StdEncoding.DecodeString(v)
	if err != nil {
		return false
	}
	for _, c := range text {
		if c < ' ' || c > '~' {
			return false
		}
	}
	at := bytes.IndexByte(text, ':')
	return at > 0 && at+3 < len(text)
}
