package e2e

import (
	"net"
	"testing"
	"time"
)

// TestAzureLogin: where no command of az can succeed, one is tried and not forty.
func TestAzureLogin(t *testing.T) {
	l := newLab(t)
	tests := []struct {
		name   string
		faults []*fault
		change func(*customer)
		reason string
	}{
		{name: "not logged in", change: func(c *customer) { c.config = t.TempDir() }, reason: "az is not logged in"},
		{name: "token refused by ARM", reason: "Azure refused az's access token", faults: []*fault{{path: "/subscriptions/", status: 401,
			headers: map[string]string{"WWW-Authenticate": `Bearer authorization_uri="https://login.example.com/", error="invalid_token"`},
			body:    `{"error":{"code":"ExpiredAuthenticationToken","message":"The access token expiry UTC time is earlier than current UTC time."}}`}}},
		{name: "secret expired", reason: "the service principal that az is logged in with was refused", faults: []*fault{{path: "/adfs/oauth2/token", status: 401,
			body: `{"error":"invalid_client","error_description":"AADSTS7000222: The provided client secret keys for app 'e2e' are expired."}`}}},
		{name: "certificate not trusted", change: func(c *customer) { c.trust = "" }, reason: "az does not trust the certificate"},
		{name: "connection refused", change: func(c *customer) { c.config = seed(t, "https://"+closed(t)) }, reason: "az cannot reach Azure"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l.stub.inject(tt.faults...)
			// Each has a folder of its own, because az keeps its tokens.
			who := l.whole
			who.config = seed(t, l.stub.URL)
			if tt.change != nil {
				tt.change(&who)
			}
			o := who.collect(t)
			o.expect(t, "nsgs", "", "skipped", tt.reason)
			o.noAzure(t, "skipped")
			failed := 0
			for _, e := range o.entries {
				if len(e.Argv) > 0 && e.Argv[0] == "az" && e.Status == "failed" {
					failed++
				}
			}
			if failed > 3 || o.took > 5*time.Minute {
				t.Errorf("%d commands of az failed one after the other, in %v", failed, o.took)
			}
		})
	}
}

// closed is an address of loopback where nobody listens.
func closed(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().String()
}
