// Package generation writes an error as each generation of the provider and of the service
// controller did: it is what errtext undoes. Tests wrap what they know in all of them, so
// that nothing depends on the wrapper of one era.
package generation

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"azlb/analyze/errtext"
)

// Generation is one way in which an error reached events and logs.
type Generation struct {
	Era  int // the five of them, oldest first
	Name string
	// inner writes what the provider returns, and frame what is put around it.
	inner dialect
	frame func(e *errtext.Error, text string) string
}

// All are the generations with their variants, oldest first.
var All = []Generation{
	{1, "autorest", autorest, created},
	{1, "autorest, refused at once", autorestSending, created},
	{1, "autorest of another error", autorestExternal, created},
	{2, "autorest quoted in a list", autorest, listed},
	{2, "autorest quoted twice", autorest, quotedTwice},
	{2, "a line of the backoff", autorest, backoff},
	{3, "retry", retry, synced},
	{3, "retry doubled", retryDoubled, synced},
	{3, "retry with outer status 0", retryOuter0, synced},
	{3, "retry pretty", retryPretty, synced},
	{3, "retry in capitals", retryCapitals, synced},
	{3, "retry quoted in a list", retry, quotedList},
	{3, "retry of all hosts in a list", retryOuter0, bracketed},
	{4, "an event of the provider", retry, bare},
	{4, "an event of the provider, doubled", retryDoubled, bare},
	{5, "azcore", azcore, synced},
	{5, "azcore alone", azcore, bare},
	{5, "azcore quoted", azcore, quoted},
	{5, "azcore with the request", azcore, requested},
}

// Of are the variants of one era, 1 to 5.
func Of(era int) []Generation {
	var out []Generation
	for _, g := range All {
		if g.Era == era {
			out = append(out, g)
		}
	}
	return out
}

// Wrap writes the error as this generation tells it in a Service's event. The error needs
// what ARM, the token endpoint or the provider said; its Service is named where the
// generation names one. It is false for an error that is neither an answer with a code nor
// a text of the provider's own.
func (g Generation) Wrap(e errtext.Error) (string, bool) {
	e.Service = cmp.Or(e.Service, "default/web")
	var text string
	switch {
	case ownText(&e):
		text = e.Message
	case e.Code == "":
		return "", false
	case e.Token:
		text = g.inner.token(&e)
	default:
		e.Status = cmp.Or(e.Status, 400)
		text = g.inner.answer(&e)
	}
	return g.frame(&e, text), true
}

// Kept is what is left of the error in this generation: old ones name neither the resource
// of the request nor the kind of the credential, and only the third says how long to wait.
func (g Generation) Kept(e errtext.Error) errtext.Error {
	said := e.Target == e.Scope && e.Scope != "" || strings.HasPrefix(e.Message, "The scope '"+e.Target+"'")
	if !g.inner.target && !said || ownText(&e) || e.Token {
		e.Target = ""
	}
	if !g.inner.wait && !strings.Contains(e.Message, "again after") {
		e.RetryAfter = 0
	}
	if e.Credential = ""; e.Token && g.inner.target && !ownText(&e) {
		e.Credential = credential(&e)
	}
	return e
}

// ownText reports whether the provider said it itself: there is no answer, or none that it
// repeats.
func ownText(e *errtext.Error) bool {
	switch e.Code {
	case "":
		return e.Status == 0 || e.ClientSide || strings.Contains(e.Message, "throttled due to too many requests")
	case "Conflict", "AlreadyExists": // of the Kubernetes API
		return e.Status == 0
	}
	return false
}

// deletes reports whether the error was told of the deletion of a load balancer, which its
// wrapper goes on to say.
func deletes(e *errtext.Error) bool { return strings.Contains(strings.ToLower(e.Raw), "delet") }

func created(e *errtext.Error, text string) string {
	if deletes(e) {
		return fmt.Sprintf("Error deleting load balancer (will retry): error getting LB for service %s: %s", e.Service, text)
	}
	return fmt.Sprintf("Error creating load balancer (will retry): failed to ensure load balancer for service %s: %s", e.Service, text)
}

func listed(e *errtext.Error, text string) string {
	return created(e, fmt.Sprintf("[ensure(%s): lb(kubernetes) - failed to ensure host in pool: %q]", e.Service, text))
}

func quotedTwice(e *errtext.Error, text string) string {
	return created(e, "["+strconv.Quote(strconv.Quote(text))+"]")
}

func backoff(e *errtext.Error, text string) string {
	return created(e, "processHTTPRetryResponse: backoff failure, will retry, err="+text)
}

func synced(e *errtext.Error, text string) string {
	if deletes(e) {
		return "Error syncing load balancer: failed to delete load balancer: " + text
	}
	return "Error syncing load balancer: failed to ensure load balancer: " + text
}

func quotedList(e *errtext.Error, text string) string {
	return synced(e, "["+strconv.Quote(text)+"]")
}

func bracketed(e *errtext.Error, text string) string { return synced(e, "["+text+"]") }

func bare(e *errtext.Error, text string) string {
	if deletes(e) {
		return synced(e, text)
	}
	return text
}

func quoted(e *errtext.Error, text string) string { return synced(e, strconv.Quote(text)) }

// requested has the request behind an answer; of what was never asked there is none.
func requested(e *errtext.Error, text string) string {
	if ownText(e) {
		return synced(e, text)
	}
	return synced(e, "LoadBalancerClient.CreateOrUpdate(kubernetes) failed: "+text+`, LoadBalancer request: {"name":"kubernetes"}`)
}
