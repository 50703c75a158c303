package redact

import (
	"bytes"
	"encoding/base64"
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

	Environment Shape = "environment"
	Argument    Shape = "argument"
	LastApplied Shape = "last-applied-configuration"
	Content     Shape = "secret-or-configmap-data"
	HTTPHeaders Shape = "http-headers"
	VMSecret    Shape = "vm-secret"
	UserName    Shape = "user-name"
	ConfigKey   Shape = "config-key"
)

// detector finds one shape in a line. The last group of re that matched is what is
// replaced; real refuses a match that only looks like a secret.
type detector struct {
	shape Shape
	hints []string // lower case; a line without any of them is not searched; see assignmentHints
	re    *regexp.Regexp
	real  func(line []byte, value string, at int) bool
}

// The value of an assignment ends where text, URLs, forms, JSON and Go's %+v end it.
const (
	strongName = `(?:client[_-]?secret|client[_-]?assertion|password|passwd|passphrase|pwd|access[_-]?token|refresh[_-]?token|id[_-]?token|account[_-]?key|shared[_-]?access[_-]?key|shared[_-]?key|api[_-]?key|storage[_-]?key|connection[_-]?string)`
	weakName   = `(?:secret|token|credential)`
	quoted     = `(?:\\*"((?:[^"\\]|\\[^"])+)\\*"|'([^']+)')`
	bare       = `([^\s"'\\&,;<>(){}\[\]]+)`
)

var detectors = []detector{
	{JWT, []string{"eyj"}, regexp.MustCompile(`(eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?)`), nil},
	{Header, []string{"authorization"}, regexp.MustCompile(`(?i)authorization["'\\]*\s*[:=]\s*["'\\\[]*\s*(?:basic|bearer|negotiate|digest|sharedkey(?:lite)?)\s+([^\s"'\\,\]]+)`), notMarked},
	{Bearer, []string{"bearer"}, regexp.MustCompile(`(?i)\bbearer\s+([A-Za-z0-9._~+/=-]{16,})`), mixed},
	{SAS, []string{"sig="}, regexp.MustCompile(`(?i)\bsig=([A-Za-z0-9%+/=_-]{20,})`), nil},
	{AADSecret, []string{"q~"}, regexp.MustCompile(`([A-Za-z0-9._~-]{3}[0-9]Q~[A-Za-z0-9._~-]{28,34})`), nil},
	{StorageKey, []string{"=="}, regexp.MustCompile(`([A-Za-z0-9+/]{86,}==)`), func(_ []byte, v string, _ int) bool { return len(v) == 88 }},
	{PrivateKey, []string{"ls0tls1crudjti"}, regexp.MustCompile(`(LS0tLS1CRUdJTi[A-Za-z0-9+/=]{20,})`), encodedKey},
	{GitHubToken, []string{"ghp_", "gho_", "ghu_", "ghs_", "ghr_"}, regexp.MustCompile(`(gh[pousr]_[A-Za-z0-9]{36,})`), nil},
	{URLPassword, []string{"://"}, regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*://[^\s/:@"'\\]*:([^\s/@"'\\]+)@`), notMarked},
	{Assignment, nil, regexp.MustCompile(`(?i)` + strongName + `["'\\]*\s*(?:=|:=|:)\s*` + quoted), configured},
	{Assignment, nil, regexp.MustCompile(`(?i)` + strongName + `["']?=` + bare), configured},
	{Assignment, nil, regexp.MustCompile(`(?i)` + strongName + `:` + bare), attached},
	{Assignment, nil, regexp.MustCompile(`(?i)` + strongName + `:\s+` + bare + `\s*$`), random},
	{Assignment, nil, regexp.MustCompile(`(?i)` + weakName + `["'\\]*\s*(?:=|:=|:)\s*` + quoted), random},
	{Assignment, nil, regexp.MustCompile(`(?i)` + weakName + `=` + bare), random},
}

// assignmentHints are the hints of all detectors of assignments, looked for once.
var assignmentHints = []string{"secret", "assertion", "passw", "passphrase", "pwd", "token", "key", "credential", "connection"}

// notMarked accepts everything that was not removed before.
func notMarked(_ []byte, v string, _ int) bool { return !marked(v) && !masked(v) }

// masked reports what others wrote in place of a secret.
func masked(v string) bool {
	return strings.Trim(v, "*x.-<>[]") == "" || strings.EqualFold(strings.Trim(v, "<>[]*"), "masked") || strings.EqualFold(strings.Trim(v, "<>[]*"), "redacted")
}

// mixed asks for a digit: "Bearer authorization_uri=" and prose have none.
func mixed(_ []byte, v string, _ int) bool { return strings.ContainsAny(v, "0123456789") }

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

// encodedKey reports whether base64 of a PEM block is that of a private key.
func encodedKey(_ []byte, v string, _ int) bool {
	head, _ := base64.RawStdEncoding.DecodeString(v[:min(len(v), 64)/4*4])
	return bytes.Contains(head, []byte("PRIVATE KEY"))
}
