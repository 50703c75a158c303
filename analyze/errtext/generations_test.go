package errtext

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// generations wrap one error as each era of the provider and of the service
// controller did.
var generations = []struct {
	name string
	wrap func(e Error) string
}{
	{"autorest", func(e Error) string {
		return fmt.Sprintf("Error creating load balancer (will retry): failed to ensure load balancer for service default/web: network.LoadBalancersClient#CreateOrUpdate: Failure responding to request: StatusCode=%d -- Original Error: autorest/azure: Service returned an error. %s", e.Status, autorestText(e))
	}},
	{"autorest quoted in a list", func(e Error) string {
		return fmt.Sprintf("failed to ensure load balancer for service default/web: [ensure(default/web): lb(kubernetes) - failed to ensure host in pool: %q]", autorestText(e))
	}},
	{"autorest quoted twice", func(e Error) string { return "[" + strconv.Quote(strconv.Quote(autorestText(e))) + "]" }},
	{"retry", func(e Error) string { return retryText(e.Status) + compact(e) }},
	{"retry doubled", func(e Error) string { return retryText(e.Status) + retryText(e.Status) + compact(e) }},
	{"retry with outer status 0", func(e Error) string { return retryText(0) + retryText(e.Status) + compact(e) }},
	{"retry pretty", func(e Error) string {
		b, _ := json.MarshalIndent(body(e), "", "  ")
		return "Error syncing load balancer: failed to ensure load balancer: " + retryText(e.Status) + string(b)
	}},
	{"retry in capitals", func(e Error) string {
		b, _ := json.Marshal(map[string]any{"Error": map[string]any{"Details": []any{map[string]any{"Code": e.Code, "Message": e.Message}}}})
		return retryText(e.Status) + string(b)
	}},
	{"retry quoted", func(e Error) string { return strconv.Quote(retryText(e.Status) + compact(e)) }},
	{"azcore", azcoreText},
	{"azcore in a controller's line", func(e Error) string {
		return "error processing service default/web (retrying with exponential backoff): failed to ensure load balancer: " + azcoreText(e)
	}},
	{"azcore quoted", func(e Error) string { return strconv.Quote(azcoreText(e)) }},
	{"azcore with the request", func(e Error) string {
		return "LoadbalancerClient.CreateOrUpdate(kubernetes) failed: " + azcoreText(e) + `, LoadBalancer request: {"name":"kubernetes"}`
	}},
}

func autorestText(e Error) string {
	return fmt.Sprintf("Status=%d Code=%q Message=%q Details=[]", e.Status, e.Code, e.Message)
}

func retryText(status int) string {
	return fmt.Sprintf("Retriable: false, RetryAfter: 0s, HTTPStatusCode: %d, RawError: ", status)
}

func body(e Error) map[string]any {
	return map[string]any{"error": map[string]any{"code": e.Code, "message": e.Message, "details": []any{}}}
}

func compact(e Error) string {
	b, _ := json.Marshal(body(e))
	return string(b)
}

func azcoreText(e Error) string {
	line := strings.Repeat("-", 80)
	b, _ := json.MarshalIndent(body(e), "", "  ")
	return fmt.Sprintf("PUT https://management.azure.com%s\n%s\nRESPONSE %d: %d X\nERROR CODE: %s\n%s\n%s\n%s\n", e.Target, line, e.Status, e.Status, e.Code, line, b, line)
}

// TestEveryGenerationSaysTheSame wraps random errors in each generation: whatever
// the wrapper, the same error comes out.
func TestEveryGenerationSaysTheSame(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		want := randomError(r)
		for _, g := range generations {
			text := g.wrap(want)
			found := unwrap(text)
			if len(found) != 1 {
				t.Fatalf("%s: %d failures in %s", g.name, len(found), text)
			}
			if d := cmp.Diff(fields(want), fields(found[0])); d != "" {
				t.Fatalf("%s: %s\n(-want +got):\n%s", g.name, text, d)
			}
		}
	}
}

func randomError(r *rand.Rand) Error {
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	res := fmt.Sprintf("/subscriptions/%08x/resourceGroups/rg-%d/providers/Microsoft.Network/%s/x%d", r.Uint32(), r.IntN(9), pick("loadBalancers", "publicIPAddresses"), r.IntN(99))
	if r.IntN(2) == 0 {
		e := Error{
			Code: "AuthorizationFailed", Status: 403, Target: res, Scope: res, Action: "Microsoft.Network/" + pick("a/read", "b/write"),
			ClientID: fmt.Sprintf("%08x", r.Uint32()), ObjectID: fmt.Sprintf("%08x", r.Uint32()),
		}
		e.Message = fmt.Sprintf("The client '%s' with object id '%s' does not have authorization to perform action '%s' over scope '%s' or the scope is invalid.", e.ClientID, e.ObjectID, e.Action, e.Scope)
		return e
	}
	sub := fmt.Sprintf("/subscriptions/s/subnets/%d", r.IntN(99))
	e := Error{
		Code: "LinkedAuthorizationFailed", Status: 403, Target: res, Scope: res, Action: "Microsoft.Network/loadBalancers/write",
		LinkedAction: "Microsoft.Network/virtualNetworks/subnets/join/action", LinkedScope: sub, ClientID: "c", ObjectID: "o",
	}
	e.Message = fmt.Sprintf(`The client 'c' with object id 'o' has permission to perform action '%s' on scope '%s'; however, it does not have permission to perform action(s) '%s' on the linked scope(s) '%s' or the "linked" scope(s) <%d> are invalid.`, e.Action, e.Scope, e.LinkedAction, sub, r.IntN(9))
	return e
}

// FuzzUnwrap: no text breaks unwrap, and a message that it made is left alone.
func FuzzUnwrap(f *testing.F) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, g := range generations {
		f.Add(g.wrap(randomError(r)))
	}
	for _, s := range []string{"", `"`, `[]`, `["a"]`, `\u00`, `{"error":{"message":"{\"error\":{\"message\":\"x\"}}"}}`, "AADSTS1: a Trace ID: b", `{"Error":{"Details":[{"Code":"X","Me sage":"y"}]}}`, `Code="X" Message="a\xacb"`, "[[x]]", `"\"x\""`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, e := range unwrap(text) {
			again := unwrap(e.Message)
			if e.Message != "" && (len(again) == 0 || again[0].Message != e.Message) {
				t.Fatalf("message %q becomes %q", e.Message, fields(again[0]))
			}
		}
	})
}
