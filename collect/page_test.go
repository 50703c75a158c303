package collect

import (
	"slices"
	"testing"

	bundle "azlb/bundle-schema"
)

// TestNextPage: a link of ARM's answer leads on only to the same list on the same
// endpoint, and adds nothing but a paging token.
func TestNextPage(t *testing.T) {
	const path = "/subscriptions/" + testSub + "/resourceGroups/rg/providers/Microsoft.Network/loadBalancers"
	const version = "?api-version=2024-05-01"
	tests := []struct {
		link string
		want bool
	}{
		{"https://management.azure.com" + path + version + "&$skipToken=abc%3D", true},
		{"https://Management.Azure.com" + path + version, true},
		{"https://evil.example.com" + path + version, false},
		{"https://management.azure.com.evil.example.com" + path + version, false},
		{"https://management.azure.com:8443" + path + version, false},
		{"https://management.azure.com@evil.example.com" + path + version, false},
		{"https://user:x@management.azure.com" + path + version, false},
		{"https://management.usgovcloudapi.net" + path + version, false}, // not the cloud of this login
		{"http://management.azure.com" + path + version, false},
		{"//management.azure.com" + path + version, false},
		{path + version, false},
		{"https://management.azure.com" + path + "/x/listKeys" + version, false},
		{"https://management.azure.com" + path + version + "&--body=x", false},
		{"https://management.azure.com" + path + version + "&$filter=x", false},
		{"https://management.azure.com" + path + version + "&$skipToken=@/etc/passwd", false}, // az would read the file
		{"https://management.azure.com" + path + version + "&$skipToken=a%20b", false},
		{"https://management.azure.com" + path + version + "&$skipToken=a%0Ab", false},
	}
	s, err := newSpool(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	x := &executor{builder: builder{endpoint: publicCloud}, spool: s}
	first, err := x.command(&bundle.LoadBalancers, Values{"subscription": testSub, "group": "rg"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		c, err := x.pageCommand(first, tt.link, 2)
		if (err == nil) != tt.want {
			t.Errorf("%s\n followed = %v (%v), want %v", tt.link, err == nil, err, tt.want)
		}
		if err == nil && !slices.Contains(c.Args, "https://management.azure.com"+path) {
			t.Errorf("%s\n leads to %v", tt.link, c.Args)
		}
	}
}
