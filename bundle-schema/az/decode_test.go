package az

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// withoutPlaces compares objects without their pointers, which differ by shape.
var withoutPlaces = cmp.FilterPath(func(p cmp.Path) bool {
	f, ok := p.Last().(cmp.StructField)
	return ok && f.Name() == "At"
}, cmp.Ignore())

func read(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func decode[T any](t *testing.T, name string) []T {
	t.Helper()
	out, err := Decode[T](read(t, name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if len(out) == 0 {
		t.Fatalf("%s: nothing was decoded", name)
	}
	return out
}

// TestShapesAgree decodes one object as az of five eras, ARM and Resource Graph print it.
func TestShapesAgree(t *testing.T) {
	lbs := decode[LoadBalancer](t, "lb-aaz.json")
	if lb := lbs[0]; len(lb.Frontends) == 0 || len(lb.Rules) == 0 || len(lb.Pools) == 0 || lb.Rules[0].Frontend == nil || lb.Rules[0].FrontendPort == 0 || lb.SKU.Name != "Standard" {
		t.Fatalf("lb-aaz.json lost something: %+v", lb)
	}
	lbs[0].Probes[0].ProbeThreshold = 0 // the API version of the SDK era does not have it
	for _, name := range []string{"lb-sdk.json", "lb-arm.json", "lb-graph.json"} {
		got := decode[LoadBalancer](t, name)
		got[0].Probes[0].ProbeThreshold = 0
		if diff := cmp.Diff(lbs, got, withoutPlaces, cmp.FilterPath(isType, cmp.Comparer(strings.EqualFold))); diff != "" {
			t.Errorf("%s differs from lb-aaz.json (-aaz +this):\n%s", name, diff)
		}
	}
	nsgs := decode[NSG](t, "nsg-aaz.json")
	for _, name := range []string{"nsg-sdk.json", "nsg-hybrid.json"} {
		if diff := cmp.Diff(nsgs, decode[NSG](t, name), withoutPlaces, cmp.FilterPath(isType, cmp.Ignore())); diff != "" {
			t.Errorf("%s differs from nsg-aaz.json:\n%s", name, diff)
		}
	}
}

// isType filters Resource.Type, which Resource Graph prints in lower case and the
// oldest API versions leave out.
func isType(p cmp.Path) bool {
	f, ok := p.Last().(cmp.StructField)
	return ok && f.Name() == "Type"
}

// TestPlaces follows the pointer of every rule back into the document.
func TestPlaces(t *testing.T) {
	for name, want := range map[string]string{
		"lb-aaz.json":   "/0/loadBalancingRules/0",
		"lb-sdk.json":   "/0/loadBalancingRules/0",
		"lb-arm.json":   "/value/0/properties/loadBalancingRules/0",
		"lb-graph.json": "/data/0/properties/loadBalancingRules/0",
	} {
		rule := decode[LoadBalancer](t, name)[0].Rules[0]
		if rule.At != want {
			t.Errorf("%s: rule at %q, want %q", name, rule.At, want)
		}
		for _, at := range []string{rule.At, rule.Frontend.At, rule.Pool.At, rule.Probe.At} {
			var doc any
			if err := json.Unmarshal(read(t, name), &doc); err != nil {
				t.Fatal(err)
			}
			for _, key := range strings.Split(at, "/")[1:] {
				switch x := doc.(type) {
				case map[string]any:
					doc = x[key]
				case []any:
					doc = x[int(key[0]-'0')]
				}
			}
			if o, ok := doc.(map[string]any); !ok || o["id"] == nil {
				t.Errorf("%s: %s leads to %v, not to an object with an id", name, at, doc)
			}
		}
	}
}

func TestDecodeShapes(t *testing.T) {
	const id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/publicIPAddresses/p"
	tests := []struct {
		name, raw string
		want      []PublicIP
		err       []string // parts of the error
	}{
		{name: "null", raw: `null`},
		{name: "empty list", raw: `[]`},
		{name: "empty envelope", raw: `{"value": [], "nextLink": null}`},
		{name: "null envelope", raw: `{"value": null}`},
		{name: "bare object", raw: `{"NAME": "p", "ipaddress": "1.2.3.4"}`,
			want: []PublicIP{{Resource: Resource{Name: "p"}, IPAddress: "1.2.3.4"}}},
		{name: "properties under an object with a name only", raw: `[{"name": "p", "properties": {"ipAddress": "1.2.3.4"}}]`,
			want: []PublicIP{{Resource: Resource{Name: "p", At: "/0"}, IPAddress: "1.2.3.4"}}},
		{name: "the parent wins on its name, the properties on the rest", raw: `[{"name": "p", "ipAddress": "9.9.9.9", "properties": {"name": "q", "ipAddress": "1.2.3.4"}}]`,
			want: []PublicIP{{Resource: Resource{Name: "p", At: "/0"}, IPAddress: "1.2.3.4"}}},
		{name: "null does not win", raw: `[{"id": "` + id + `", "name": null, "ipAddress": "1.2.3.4", "properties": {"name": "q", "ipAddress": null}}]`,
			want: []PublicIP{{Resource: Resource{ID: id, Name: "q", At: "/0"}, IPAddress: "1.2.3.4"}}},
		{name: "models full of nulls are absent", raw: `[{"name": "p", "dnsSettings": {"fqdn": null, "domainNameLabel": null}, "ipConfiguration": {"id": null, "subnet": {"id": null}}, "zones": []}]`,
			want: []PublicIP{{Resource: Resource{Name: "p", At: "/0"}}}},
		{name: "tag keys are data", raw: `[{"name": "p", "tags": {"K8s-Azure-Service": "shop/web", "n": 1, "none": null}}]`,
			want: []PublicIP{{Resource: Resource{Name: "p", At: "/0", Tags: map[string]string{"K8s-Azure-Service": "shop/web", "n": "1", "none": ""}}}}},
		{name: "numbers as text and text as numbers", raw: `[{"name": 7, "zones": [1, "2"], "sku": {"name": "Standard", "capacity": "3"}}]`,
			want: []PublicIP{{Resource: Resource{Name: "7", At: "/0", Zones: []string{"1", "2"}, SKU: SKU{Name: "Standard", Capacity: 3}}}}},
		{name: "masked values are absent where no text is expected", raw: `[{"name": "***", "sku": {"capacity": "***"}, "tags": "<removed>", "dnsSettings": "xxxx", "zones": "***"}]`,
			want: []PublicIP{{Resource: Resource{Name: "***", At: "/0"}}}},
		{name: "a bad item leaves its neighbours", raw: `[{"name": "a"}, {"name": "b", "sku": 1}, null, {"name": "c"}, "d"]`,
			want: []PublicIP{{Resource: Resource{Name: "a", At: "/0"}}, {Resource: Resource{Name: "c", At: "/3"}}},
			err:  []string{"/1/sku", "/4"}},
		{name: "a list that ends early", raw: `[{"name": "a"}, {"name": "b"`,
			want: []PublicIP{{Resource: Resource{Name: "a", At: "/0"}}}, err: []string{"ends early"}},
		{name: "an envelope that ends early", raw: `{"count": 2, "value": [{"name": "a"}, {"na`,
			want: []PublicIP{{Resource: Resource{Name: "a", At: "/value/0"}}}, err: []string{"ends early"}},
		{name: "the answer of a failed call", raw: `{"error": {"code": "AuthorizationFailed", "message": "no"}}`,
			err: []string{"AuthorizationFailed: no"}},
		{name: "no JSON", raw: `ERROR: Please run 'az login'`, err: []string{"decoding JSON"}},
		{name: "nothing", raw: ``, err: []string{"empty"}},
		{name: "a scalar", raw: `3`, err: []string{"a list or an object is expected, found a number"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Decode[PublicIP]([]byte(tt.raw))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if (err != nil) != (len(tt.err) > 0) {
				t.Fatalf("error %v, want parts %q", err, tt.err)
			}
			for _, part := range tt.err {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q does not say %q", err, part)
				}
			}
		})
	}
}

// TestSpellings has the keys whose casing changed between the eras of az.
func TestSpellings(t *testing.T) {
	for _, raw := range []string{
		`[{"name": "r", "enableFloatingIP": true, "frontendIPConfiguration": {"id": "f"}, "backendAddressPools": null}]`,
		`[{"name": "r", "enableFloatingIp": true, "frontendIpConfiguration": {"id": "f", "name": null, "resourceGroup": "g"}}]`,
		`{"value": [{"name": "r", "properties": {"enableFloatingIP": "True", "frontendIPConfiguration": {"id": "f"}}}]}`,
	} {
		got, err := Decode[LBRule]([]byte(raw))
		if err != nil || len(got) != 1 || !got[0].EnableFloatingIP || got[0].Frontend == nil || got[0].Frontend.ID != "f" {
			t.Errorf("%s: %+v, %v", raw, got, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, name := range []string{"lb-sdk.json", "lb-graph.json"} {
		raw, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte(`{"value": [{"name": "a", "frontendIPConfigurations": [{"id": "` + vmNIC + `", "zones": [1]}`))
	f.Add([]byte(`[{"name": "a"}, {"properties": {"properties": {}}}]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, errA := Decode[LoadBalancer](raw)
		b, errB := Decode[LoadBalancer](raw)
		if !reflect.DeepEqual(a, b) || (errA == nil) != (errB == nil) {
			t.Errorf("two readings differ: %+v and %+v", a, b)
		}
	})
}
