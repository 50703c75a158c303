package generation

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"azlb/analyze/errtext"
)

// dialect is how the provider passed on an answer.
type dialect struct {
	answer, token func(*errtext.Error) string
	target, wait  bool // it names the resource, and how long to wait
}

var (
	autorest = dialect{answer: func(e *errtext.Error) string {
		return fmt.Sprintf("network.LoadBalancersClient#CreateOrUpdate: Failure responding to request: StatusCode=%d -- Original Error: autorest/azure: Service returned an error. Status=%d %s", e.Status, e.Status, codeMessage(e))
	}, token: adal}
	autorestSending = dialect{answer: func(e *errtext.Error) string {
		return fmt.Sprintf("network.LoadBalancersClient#CreateOrUpdate: Failure sending request: StatusCode=%d -- Original Error: %s", e.Status, codeMessage(e))
	}, token: adal}
	autorestExternal = dialect{answer: func(e *errtext.Error) string {
		return "External error while updating load balancer: " + autorest.answer(e)
	}, token: adal}
	retry         = dialect{answer: func(e *errtext.Error) string { return retried(e, e.Status) + compact(e) }, token: retriedToken, wait: true}
	retryDoubled  = dialect{answer: func(e *errtext.Error) string { return retried(e, e.Status) + retry.answer(e) }, token: retriedToken, wait: true}
	retryOuter0   = dialect{answer: func(e *errtext.Error) string { return retried(&errtext.Error{}, 0) + retry.answer(e) }, token: retriedToken, wait: true}
	retryPretty   = dialect{answer: func(e *errtext.Error) string { return retried(e, e.Status) + pretty(body(e)) }, token: retriedToken, wait: true}
	retryCapitals = dialect{answer: func(e *errtext.Error) string {
		return retried(e, e.Status) + line(map[string]any{"Error": map[string]any{"Details": []any{capitals(inside(e))}}})
	}, token: retriedToken, wait: true}
	azcore = dialect{answer: func(e *errtext.Error) string {
		return blocks("PUT https://management.azure.com"+e.Target+"?api-version=2022-07-01", fmt.Sprintf("RESPONSE %d: %d X\nERROR CODE: %s", e.Status, e.Status, e.Code), pretty(body(e)))
	}, token: azidentity, target: true}
)

// codeMessage is autorest's rendering of a body.
func codeMessage(e *errtext.Error) string {
	return fmt.Sprintf("Code=%q Message=%q Details=%s", e.Code, e.Message, line(details(e)))
}

func retried(e *errtext.Error, status int) string {
	return fmt.Sprintf("Retriable: %t, RetryAfter: %ds, HTTPStatusCode: %d, RawError: ", e.RetryAfter > 0, e.RetryAfter, status)
}

// body is ARM's, and inside what stands in it.
func body(e *errtext.Error) map[string]any { return map[string]any{"error": inside(e)} }

func inside(e *errtext.Error) map[string]any {
	return map[string]any{"code": e.Code, "message": e.Message, "details": details(e)}
}

// details hold the inner codes, and what a throttled call says of the limits.
func details(e *errtext.Error) []any {
	list := []any{}
	for i, code := range e.Inner {
		d := map[string]any{"code": code, "message": ""}
		if i == 0 {
			d["message"] = e.Detail
		}
		if i == 0 && e.OperationGroup != "" {
			d["target"] = e.OperationGroup
			d["message"] = fmt.Sprintf(`{"operationGroup":%q,"startTime":"2026-11-23T09:36:00.1234567+00:00","endTime":"2026-11-23T09:39:00+00:00","allowedRequestCount":%d,"measuredRequestCount":%d}`, e.OperationGroup, e.Allowed, e.Measured)
		}
		list = append(list, d)
	}
	return list
}

// capitals spells the keys of an object and of those in it as the network provider does inside.
func capitals(m map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		if list, ok := v.([]any); ok {
			all := make([]any, len(list))
			for i, x := range list {
				all[i] = capitals(x.(map[string]any))
			}
			v = all
		}
		out[strings.ToUpper(k[:1])+k[1:]] = v
	}
	return out
}

func compact(e *errtext.Error) string { return line(body(e)) }

func line(v any) string { return strings.TrimSpace(encoded(v, "")) }

func pretty(v any) string { return strings.TrimSpace(encoded(v, "  ")) }

// encoded is JSON without the escapes for HTML, which Azure does not write.
func encoded(v any, indent string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		panic(err) // strings, numbers, maps and lists always encode
	}
	return b.String()
}

// blocks are azcore's: parts with lines of dashes between and behind them.
func blocks(parts ...string) string {
	dashes := "\n" + strings.Repeat("-", 80) + "\n"
	return strings.Join(parts, dashes) + dashes
}

// refusal is what the token endpoint answers.
func refusal(e *errtext.Error) map[string]any {
	word, said := e.Code, e.Message
	if strings.HasPrefix(e.Code, "AADSTS") {
		word = "invalid_client"
		if len(e.Inner) > 0 {
			word = e.Inner[0]
		}
		said += " Trace ID: 3b9a-1 Correlation ID: 6c2d-2 Timestamp: 2026-11-23 09:36:14Z"
	}
	return map[string]any{"error": word, "error_description": said, "correlation_id": "6c2d-2"}
}

func adal(e *errtext.Error) string {
	status := cmp.Or(e.Status, 401)
	return fmt.Sprintf("azure.BearerAuthorizer#WithAuthorization: Failed to refresh the Token for request to https://management.azure.com/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/loadBalancers?api-version=2019-06-01: StatusCode=%d -- Original Error: adal: Refresh request failed. Status Code = '%d'. Response body: %s", status, status, line(refusal(e)))
}

func retriedToken(e *errtext.Error) string { return retried(&errtext.Error{}, 0) + adal(e) }

func azidentity(e *errtext.Error) string {
	request := "GET http://169.254.169.254/metadata/identity/oauth2/token"
	if strings.HasPrefix(e.Code, "AADSTS") {
		request = "POST https://login.microsoftonline.com/t/oauth2/v2.0/token"
	}
	status := cmp.Or(e.Status, 401)
	return blocks(credential(e)+" authentication failed.\n"+request, fmt.Sprintf("RESPONSE %d: %d X", status, status), pretty(refusal(e)))
}

// credential is the kind of credential that was refused: the text's, or the one that is
// answered so.
func credential(e *errtext.Error) string {
	if e.Credential == "" && strings.HasPrefix(e.Code, "AADSTS") {
		return "ClientSecretCredential"
	}
	return cmp.Or(e.Credential, "ManagedIdentityCredential")
}
