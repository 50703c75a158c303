package errtext

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// armBody is ARM's or the token endpoint's answer, whatever its capitals.
type armBody struct {
	code, message, target string
	detail                string // the first message of an inner error
	inner                 []string
	token                 bool
}

// bodyStart is where a JSON error may begin in a text.
var bodyStart = regexp.MustCompile(`(?i)\{\s*"(?:error|odata\.error|code|status|error_description|error_codes|correlation_id|trace_id)"\s*:`)

// errorBody decodes the JSON value at the beginning of a text. It returns the
// bytes that the value took; ok is false when it is no error.
func errorBody(t string) (b armBody, n int, ok bool) {
	if !strings.HasPrefix(t, "{") {
		return b, 0, false
	}
	dec := json.NewDecoder(strings.NewReader(t))
	var v map[string]any
	if dec.Decode(&v) != nil {
		return b, 0, false
	}
	b, ok = readBody(v)
	return b, int(dec.InputOffset()), ok
}

func readBody(v map[string]any) (armBody, bool) {
	m := lowerKeys(v)
	if word, ok := m["error"].(string); ok {
		return tokenBody(word, m), true
	}
	for _, k := range []string{"error", "odata.error"} {
		if inner, ok := m[k].(map[string]any); ok {
			return readError(lowerKeys(inner)), true
		}
	}
	if _, ok := m["code"].(string); ok {
		return readError(m), true
	}
	return armBody{}, false
}

func readError(m map[string]any) armBody {
	b := armBody{}
	b.code, _ = m["code"].(string)
	b.target, _ = m["target"].(string)
	switch msg := m["message"].(type) {
	case string:
		b.message = msg
	case map[string]any: // {"lang":…,"value":…}
		b.message, _ = lowerKeys(msg)["value"].(string)
	}
	details, _ := m["details"].([]any)
	for _, d := range details {
		if dm, ok := d.(map[string]any); ok {
			b.nest(readError(lowerKeys(dm)))
		}
	}
	if in, ok := m["innererror"].(map[string]any); ok {
		b.nest(readError(lowerKeys(in)))
	}
	// A message may be the JSON of the error that it reports.
	if nested, _, ok := errorBody(strings.TrimSpace(b.message)); ok && nested.message != "" {
		b.message = nested.message
		b.nest(nested)
	}
	return b
}

// nest adds an inner error. One without an outer code is the error itself
// ({"Error":{"Details":[{"Code":…}]}}).
func (b *armBody) nest(in armBody) {
	if b.code == "" {
		b.code = in.code
	} else if in.code != "" {
		b.inner = append(b.inner, in.code)
	}
	if b.message == "" {
		b.message = in.message
	} else if b.detail == "" && in.message != b.message {
		b.detail = in.message
	}
	b.detail = cmp.Or(b.detail, in.detail)
	if b.target == "" {
		b.target = in.target
	}
	b.inner = append(b.inner, in.inner...)
}

func lowerKeys(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[strings.ToLower(k)] = v
	}
	return out
}

// take adds what a body says to what the wrapper around it said.
func (e *Error) take(b armBody) {
	switch {
	case e.Code == "":
		e.Code = b.code
	case b.code != "" && !strings.EqualFold(e.Code, b.code):
		e.addInner(b.code)
	}
	if b.message != "" {
		e.Message = b.message
	}
	if e.Target == "" && strings.HasPrefix(b.target, "/subscriptions/") {
		e.Target = b.target
	}
	e.Token = e.Token || b.token
	e.addDetail(b.detail)
	for _, c := range b.inner {
		e.addInner(c)
	}
}

// addDetail takes the words of an inner error, unless they are no words.
func (e *Error) addDetail(text string) {
	if text = oneLine(text); e.Detail == "" && !strings.HasPrefix(text, "{") {
		e.Detail = text
	}
}

func (e *Error) addInner(code string) {
	if code != "" && !e.Has(code) {
		e.Inner = append(e.Inner, code)
	}
}

// addDetails reads autorest's Details=[{…}] for inner codes.
func (e *Error) addDetails(t string) {
	var v any
	if json.NewDecoder(strings.NewReader(t)).Decode(&v) != nil {
		return
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	for _, d := range list {
		dm, ok := d.(map[string]any)
		if !ok {
			continue
		}
		b := readError(lowerKeys(dm))
		e.addInner(b.code)
		for _, c := range b.inner {
			e.addInner(c)
		}
		if e.Message == "" {
			e.Message = b.message
		} else {
			e.addDetail(b.message)
		}
		e.addDetail(b.detail)
	}
}

var (
	clientID     = regexp.MustCompile(`(?i)\bclient '([^']+)'|added to app '([^']+)'|application with identifier '([^']+)'`)
	objectID     = regexp.MustCompile(`(?i)object id '([^']+)'`)
	action       = regexp.MustCompile(`perform action(?:\(s\))? '([^']+)'`)
	scope        = regexp.MustCompile(`\b(?:over|on) scope(?:\(s\))? '([^']+)'`)
	linkedAction = regexp.MustCompile(`not have (?:the )?permission to perform action(?:\(s\))? '([^']+)'`)
	linkedScope  = regexp.MustCompile(`linked scope(?:\(s\))? '([^']+)'`)
	locked       = regexp.MustCompile(`The scope '([^']*)' cannot perform (\w+) operation because following scope\(s\) are locked: '([^']*)'`)
	nodeName     = regexp.MustCompile(`(?:Unable to find node|find a lb for node|with node name|nodeName=|\bnode=|vmname=) ?"?([A-Za-z0-9][A-Za-z0-9.-]*[A-Za-z0-9])"?`)
)

// identify fills what a message says of actions, scopes and the identity.
func identify(e *Error) {
	e.ClientID, e.ObjectID = firstGroup(clientID, e.Message), firstGroup(objectID, e.Message)
	if m := locked.FindStringSubmatch(e.Message); m != nil {
		e.Action, e.Scope = m[2], m[3]
		if e.Target == "" {
			e.Target = m[1]
		}
		return
	}
	e.Action, e.Scope = firstGroup(action, e.Message), firstGroup(scope, e.Message)
	if e.Has("LinkedAuthorizationFailed") {
		e.LinkedAction, e.LinkedScope, e.Linked = links(firstGroup(linkedAction, e.Message), firstGroup(linkedScope, e.Message))
		if e.Action == e.LinkedAction && e.Scope == "" { // a message that names only the linked half
			e.Action = ""
		}
	}
	if e.Target == "" && strings.HasPrefix(e.Scope, "/subscriptions/") {
		e.Target = e.Scope
	}
}

// links takes lists of actions and scopes apart, which belong to each other in their order.
// A single action goes with every scope.
func links(actions, scopes string) (action, scope string, all []Link) {
	list := func(s string) []string {
		return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ';' || r == ' ' })
	}
	as, ss := list(actions), list(scopes)
	if len(as) < 2 && len(ss) < 2 {
		return actions, scopes, nil
	}
	for i := range max(len(as), len(ss)) {
		var l Link
		if len(as) > 0 {
			l.Action = as[min(i, len(as)-1)]
		}
		if len(ss) > 0 {
			l.Scope = ss[min(i, len(ss)-1)]
		}
		all = append(all, l)
	}
	return all[0].Action, all[0].Scope, all
}

// armID is the resource of a request's address; empty for the token endpoints.
func armID(url string) string {
	_, rest, ok := strings.Cut(url, "://")
	if !ok {
		return ""
	}
	_, path, ok := strings.Cut(rest, "/")
	if !ok || !strings.HasPrefix(strings.ToLower(path), "subscriptions/") {
		return ""
	}
	path, _, _ = strings.Cut(path, "?")
	return "/" + strings.TrimRight(path, "/:")
}

// retried are the codes that the provider tries again by itself
// (cloudprovider.md 6.4; failures.md SYNC-01, SYNC-02).
var retried = []string{
	"preconditionfailed", "preconditionfailedetagmismatch", "etagmismatch", "canceledandsupersededduetoanotheroperation", "canceled",
	"operationpreempted", "anotheroperationinprogress", "retryableerror", "retryableerrorduetoanotheroperation",
	"conflict", "alreadyexists", "internalservererror", "internalerror", "gatewaytimeout", "servertimeout", "gatewayerror",
	"badgateway", "badgatewayconnection", "serviceunavailable",
}

var retriedTexts = []string{
	"fail to lock azure resources",
	"conflict with a concurrent request",
	"execution has been preempted by a more recent operation",
	"canceledandsupersededduetoanotheroperation",
}

func transient(e *Error) bool {
	if slices.Contains(retried, strings.ToLower(e.Code)) || e.Status == 412 || e.Status >= 500 {
		return true
	}
	for _, c := range e.Inner {
		if slices.Contains(retried, strings.ToLower(c)) {
			return true
		}
	}
	m := strings.ToLower(e.Message)
	return slices.ContainsFunc(retriedTexts, func(t string) bool { return strings.Contains(m, t) })
}
