package snapshot

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// TestProof keeps what went wrong in the quotation of a long error.
func TestProof(t *testing.T) {
	const wrapper = "message: Error syncing load balancer: failed to ensure load balancer: "
	request := wrapper + "PUT https://management.azure.com/subscriptions/6f5a8a52-3c1e-4d0f-9b5e-2f6d7c8a9b10/resourceGroups/rg-lab1/providers/Microsoft.Network/loadBalancers/kubernetes\n" +
		strings.Repeat("-", 80) + "\nRESPONSE 400: 400 Bad Request\nERROR CODE: SubnetIsFull\n" + strings.Repeat("-", 80) + "\n"
	for _, c := range []struct{ name, text, want string }{
		{"a short text", wrapper + "no", wrapper + "no"},
		{"the body of an answer", request + `{"error": {"code": "SubnetIsFull", "message": "Subnet tiny has no address"}}`, wrapper + `PUT … "code": "SubnetIsFull", "message": "Subnet tiny has no address"}}`},
		{"a body between quotes", request + `{\"error\": {\"code\": \"SubnetIsFull\"}}`, wrapper + `PUT … \"code\": \"SubnetIsFull\"}}`},
		{"an answer without a body", request, wrapper + "PUT … ERROR CODE: SubnetIsFull …"},
		{"the last of many wrappers", wrapper + strings.Repeat("failed again: ", 20) + "no subnet", ": no subnet"},
		{"one word", strings.Repeat("x", 400), "x"},
		{"letters of several bytes", strings.Repeat("ü", 400), "ü"},
	} {
		got := proof(c.text)
		if !strings.HasSuffix(got, c.want) || !strings.HasPrefix(c.text, got[:5]) {
			t.Errorf("%s: quoted as %q, want …%q", c.name, got, c.want)
		}
		if n := utf8.RuneCountInString(got); n > quoteLimit || !utf8.ValidString(got) {
			t.Errorf("%s: the quotation has %d letters: %q", c.name, n, got)
		}
	}
}
