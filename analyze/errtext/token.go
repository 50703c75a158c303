package errtext

import (
	"regexp"
	"strings"
)

var (
	aadsts     = regexp.MustCompile(`\b(AADSTS\d+)`)
	credKind   = regexp.MustCompile(`\b(\w+Credential) authentication failed`)
	tokenWords = regexp.MustCompile(`Failed to refresh the Token|adal: Refresh request failed|\w+Credential authentication failed|No credentials provided for AAD application|/oauth2/(?:v2\.0/)?token`)
	// refusal is AADSTS's own sentence; the identifiers of the single request after
	// it are cut off, or no two would be equal.
	refusal = regexp.MustCompile(`^(?s:.*?)(\bAADSTS\d+: .*?)\s*(?:(?:Trace ID|Correlation ID|Timestamp): .*)?$`)
)

// tokenBody reads an answer of the token endpoint: an OAuth word and a
// description that begins with the AADSTS code.
func tokenBody(word string, m map[string]any) armBody {
	b := armBody{token: true}
	b.message, _ = m["error_description"].(string)
	if b.message == "" {
		b.message = word
	}
	if code := firstGroup(aadsts, b.message); code != "" {
		b.code, b.inner = code, []string{word}
	} else {
		b.code = word
	}
	return b
}

// credential marks failures to get a token.
func credential(e *Error, text string) {
	e.Credential = firstGroup(credKind, text)
	if code := firstGroup(aadsts, e.Message); code != "" && e.Code == "" {
		e.Code = code
	}
	e.Token = e.Token || strings.HasPrefix(e.Code, "AADSTS") || e.Target == "" && tokenWords.MatchString(text)
}
