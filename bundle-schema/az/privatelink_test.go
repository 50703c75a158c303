package az

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPrivateLinkService decodes one service as az prints it today and as ARM does.
func TestPrivateLinkService(t *testing.T) {
	want := []PrivateLinkService{{
		Resource:   Resource{ID: "/p", Name: "pls", ProvisioningState: "Succeeded", Tags: map[string]string{"k8s-azure-owner-service": "shop/web"}},
		Alias:      "pls.x",
		Frontends:  []Ref{{ID: "/f"}},
		Visibility: Subscriptions{[]string{"*"}}, AutoApproval: Subscriptions{[]string{"s1", "s2"}}, FQDNs: []string{"a.example.com"},
		IPConfigurations: []IPConfig{{Resource: Resource{Name: "c"}, Primary: true, PrivateIPAddress: "10.0.0.4", Allocation: "Static", Version: "IPv4", Subnet: &Ref{ID: "/s"}}},
		Connections:      []EndpointConnection{{Resource: Resource{Name: "pe.1"}, PrivateEndpoint: &Ref{ID: "/pe"}, State: ConnectionState{Status: "Pending"}}},
	}}
	for name, raw := range map[string]string{
		"az": `[{"alias": "pls.x", "autoApproval": {"subscriptions": ["s1", "s2"]}, "enableProxyProtocol": false, "fqdns": ["a.example.com"], "id": "/p", "name": "pls", "provisioningState": "Succeeded",
			"ipConfigurations": [{"name": "c", "primary": true, "privateIPAddress": "10.0.0.4", "privateIPAddressVersion": "IPv4", "privateIPAllocationMethod": "Static", "subnet": {"id": "/s"}}],
			"loadBalancerFrontendIpConfigurations": [{"id": "/f"}], "tags": {"k8s-azure-owner-service": "shop/web"}, "visibility": {"subscriptions": ["*"]},
			"privateEndpointConnections": [{"name": "pe.1", "privateEndpoint": {"id": "/pe"}, "privateLinkServiceConnectionState": {"status": "Pending", "description": ""}}]}]`,
		"ARM": `{"value": [{"id": "/p", "name": "pls", "tags": {"k8s-azure-owner-service": "shop/web"}, "properties": {"alias": "pls.x", "autoApproval": {"subscriptions": ["s1", "s2"]}, "fqdns": ["a.example.com"],
			"provisioningState": "Succeeded", "visibility": {"subscriptions": ["*"]}, "loadBalancerFrontendIpConfigurations": [{"id": "/f"}],
			"ipConfigurations": [{"name": "c", "properties": {"primary": true, "privateIPAddress": "10.0.0.4", "privateIPAddressVersion": "IPv4", "privateIPAllocationMethod": "Static", "subnet": {"id": "/s"}}}],
			"privateEndpointConnections": [{"name": "pe.1", "properties": {"privateEndpoint": {"id": "/pe"}, "privateLinkServiceConnectionState": {"status": "Pending"}}}]}}]}`,
	} {
		got, err := Decode[PrivateLinkService]([]byte(raw))
		if diff := cmp.Diff(want, got, withoutPlaces); diff != "" || err != nil {
			t.Errorf("%s: %v, -want +got:\n%s", name, err, diff)
		}
	}
}
