package collect

import (
	"slices"
	"strings"
	"testing"

	bundle "azlb/bundle-schema"
)

// restOf are the addresses that a collection's fallbacks went to.
func restOf(a *answers) []string {
	var list []string
	for _, argv := range a.ran {
		if i := slices.Index(argv, "--url"); i > 0 {
			address := argv[i+1]
			list = append(list, address[:strings.Index(address, "/subscriptions/")])
		}
	}
	return slices.Compact(list)
}

// TestCloud: the fallback goes to the ARM of the cloud that az speaks to, and nowhere
// where az names no plain https address.
func TestCloud(t *testing.T) {
	tests := []struct {
		answer string
		want   []string
	}{
		{`{"name": "AzureCloud", "endpoints": {"resourceManager": "https://management.azure.com/"}}`, []string{publicCloud}},
		{`{"name": "AzureChinaCloud", "endpoints": {"resourceManager": "https://management.chinacloudapi.cn"}}`, []string{"https://management.chinacloudapi.cn"}},
		{`{"name": "Stack", "endpoints": {"resourceManager": "https://Management.local.azurestack.external/"}}`, []string{"https://management.local.azurestack.external"}},
		{`{"name": "Lab", "endpoints": {"resourceManager": "https://127.0.0.1:8443"}}`, []string{"https://127.0.0.1:8443"}},
		{`{"name": "Stack", "endpoints": {"resourceManager": "http://management.local.azurestack.external"}}`, nil},
		{`{"name": "Stack", "endpoints": {"resourceManager": "https://x@evil.example.com"}}`, nil},
		{`{"name": "Stack", "endpoints": {"resourceManager": "https://evil.example.com/arm"}}`, nil},
		{`{"name": "Stack", "endpoints": {"resourceManager": "https://evil.example.com?x=1"}}`, nil},
		{`{"name": "Stack", "endpoints": {"resourceManager": "https://a&calc"}}`, nil},
		{`{"name": "Stack", "endpoints": {}}`, nil},
		{`nonsense`, []string{publicCloud}},
	}
	for _, tt := range tests {
		a := cluster()
		a.by["az cloud show"] = says(tt.answer)
		a.by["az network lb list"] = func(int) (string, Outcome) {
			return "", Outcome{Exit: 1, Stderr: "ERROR: No module named 'azure.mgmt.network'"}
		}
		a.by["az rest"] = says(`{"value": []}`)
		manifestOf(t, options(t, a))
		if got := restOf(a); !slices.Equal(got, tt.want) {
			t.Errorf("%s\n fallbacks went to %q, want %q", tt.answer, got, tt.want)
		}
	}
}

// TestAllowedCloud: of a command the endpoint of az's own cloud is accepted exactly.
func TestAllowedCloud(t *testing.T) {
	const own = "https://management.local.azurestack.external"
	b := builder{endpoint: own}
	c, err := b.command(&bundle.Group, Values{"subscription": testSub, "group": "rg"})
	if err != nil {
		t.Fatal(err)
	}
	if c, err = b.restCommand(c, c.Evidence.RestVersion); err != nil {
		t.Fatal(err)
	}
	for arm, want := range map[string]bool{own: true, own + "/": true, "": false, own + ":443": false, "https://external": false, strings.Replace(own, "https", "http", 1): false} {
		c.ARM = arm
		if err := Allowed(c, false); (err == nil) != want {
			t.Errorf("with %q as az's endpoint: allowed = %v, want %v", arm, err == nil, want)
		}
	}
}
