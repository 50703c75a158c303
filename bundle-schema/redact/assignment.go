package redact

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
)

// Names that only secrets have, and names that objects have as well. Letters only:
// "_" and "-" between them do not count. They may be the end of a longer name.
var (
	strongNames = []string{"clientsecret", "clientassertion", "password", "passwd", "passphrase", "pwd", "accesstoken", "refreshtoken",
		"idtoken", "accountkey", "sharedaccesskey", "sharedkey", "apikey", "storagekey", "connectionstring",
		"primarykey", "secondarykey", "subscriptionkey", "functionskey",
		"accesskey", "secretkey", "signingkey", "encryptionkey", "clientkeydata", "sastoken"}
	weakNames = []string{"secret", "token", "credential"}
)

// The value of an assignment ends where text, URLs, forms, JSON and Go's %+v end it.
const (
	quoted = `(?:\\*"((?:[^"\\]|\\[^"])+)\\*"|'([^']+)')`
	bare   = `([^\s"'\\&,;<>(){}\[\]]+)`
)

// ending is what may follow a name, as far as the end of the value.
type ending struct {
	re   *regexp.Regexp
	real func(line []byte, value string, at int) bool
}

var (
	strongEndings = []ending{
		{regexp.MustCompile(`^["'\\]*\s*(?:=|:=|:)\s*` + quoted), configured},
		{regexp.MustCompile(`^["']?=` + bare), configured},
		{regexp.MustCompile(`^:` + bare), attached},
		{regexp.MustCompile(`^:\s+` + bare + `\s*$`), random},
	}
	weakEndings = []ending{
		{regexp.MustCompile(`^["'\\]*\s*(?:=|:=|:)\s*` + quoted), random},
		{regexp.MustCompile(`^=` + bare), random},
		{regexp.MustCompile(`^:\s+` + bare + `\s*$`), random},
		{regexp.MustCompile(`^["'\\]*(?:\s*[:=])?\s*["'\\]*([a-z0-9]{6}\.[a-z0-9]{16})(?:["'\\,\s]|$)`), mixed}, // a bootstrap token
	}
	// flagEndings are those of a flag whose value is a word of its own.
	flagEndings = []ending{{regexp.MustCompile(`^ +["']?([^\s"'\\-][^\s"'\\]*)`), typed}}
)

// assignments finds values behind names of secrets. It begins at what separates the
// two, which is far rarer than what a name may begin with.
func assignments(line, _ []byte) []span {
	var found []span
	for at := 0; at < len(line); at++ {
		if c := line[at]; c != ':' && c != '=' && c != ' ' {
			continue
		}
		end := at
		if line[at] != ' ' {
			for end > 0 && strings.IndexByte(" \t\f\r", line[end-1]) >= 0 {
				end--
			}
			for end > 0 && strings.IndexByte(`"'\`, line[end-1]) >= 0 {
				end--
			}
		}
		endings := endingsOf(line, end, line[at] == ' ')
		for _, e := range endings {
			from, to := search(e.re, line, end)
			if to == 0 {
				continue
			}
			ok := e.real(line, string(line[from:to]), from)
			if ok {
				found = append(found, span{from: from, to: to})
			}
			if ok || to-from >= farthest { // in what is that long no other is looked for
				at = to - 1
				break
			}
		}
	}
	return found
}

// longestNameOf is how many letters of a name are looked at.
const longestNameOf = 16

// endingsOf are the endings to try behind line[:end]; nil: no name of a secret
// stands there. Behind a blank only flags count, and tokens.
func endingsOf(line []byte, end int, blank bool) []ending {
	var letters [longestNameOf]byte
	first, begin := len(letters), end
	for ; begin > 0; begin-- {
		c := line[begin-1]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c >= 'a' && c <= 'z' {
			if first > 0 {
				first--
				letters[first] = c
			}
		} else if c != '_' && c != '-' || begin == end {
			break
		}
		if !blank && first == 0 {
			break
		}
	}
	name := letters[first:]
	isOf := func(n string) bool { return bytes.HasSuffix(name, []byte(n)) }
	switch {
	case len(name) < len("pwd"):
		return nil
	case blank && isOf("token"):
		return weakEndings[len(weakEndings)-1:]
	case blank && !bytes.HasPrefix(line[begin:end], []byte("--")):
		return nil
	case slices.ContainsFunc(strongNames, isOf):
		if blank {
			return flagEndings
		}
		return strongEndings
	case !blank && slices.ContainsFunc(weakNames, isOf):
		return weakEndings
	}
	return nil
}

// configured accepts every value under a name that only secrets have, but not
// those which say that there is none.
func configured(_ []byte, v string, _ int) bool {
	switch strings.ToLower(v) {
	case "msi", "true", "false", "null", "nil", "none", "empty", "<nil>":
		return false
	}
	return len(v) >= 3 && !marked(v) && !masked(v)
}

// attached accepts what stands directly behind a colon, as Go's %+v writes it.
func attached(line []byte, v string, at int) bool { return len(v) >= 6 && configured(line, v, at) }

// typed accepts the value of a flag, but no plain word: a usage text has those.
func typed(line []byte, v string, at int) bool {
	return strings.Trim(v, "abcdefghijklmnopqrstuvwxyz.:|<>[]") != "" && configured(line, v, at)
}

// kubeName is the grammar of Kubernetes names, "namespace/name" and paths: what a
// log calls a secret or a token is mostly the name of an object.
var kubeName = regexp.MustCompile(`^[a-z0-9/]([a-z0-9./]*[-./:])+[a-z0-9./-]*$`)

// random accepts a value that looks made by a machine: letters and digits, long,
// and neither the name of an object nor an error code followed by its text.
func random(line []byte, v string, at int) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	if len(v) < 12 || strings.ContainsAny(v, " ") || !strings.ContainsAny(v, "0123456789") || !strings.ContainsAny(v, letters) {
		return false
	}
	name := kubeName.MatchString(v) && !guid.MatchString(v)
	return !name && !pageToken.Match(line[max(0, at-24):at]) && !strings.HasPrefix(v, "AADSTS") && configured(line, v, at)
}

var (
	guid      = regexp.MustCompile(`^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`)
	pageToken = regexp.MustCompile(`(?i)(?:skip|continue|next|page|lock)_?token["'\\:=\s]*$`)
)
