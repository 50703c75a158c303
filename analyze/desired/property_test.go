package desired_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"sigs.k8s.io/yaml"

	"azlb/analyze/desired"
	"azlb/analyze/rule/ruletest"
	bundle "azlb/bundle-schema"
)

var (
	clusters = flag.Int("desired.clusters", 40, "random clusters of the property test")
	seed     = flag.Uint64("desired.seed", 1, "where its random numbers begin")
)

// The files of a sample that the test writes anew.
const (
	services  = "k8s/services.yaml"
	balancers = "azure/rg-lab1/lb.json"
	addresses = "azure/rg-lab1/public-ip.json"
	groups    = "azure/rg-lab1/nsg.json"
	networks  = "azure/rg-lab1/vnet.json"
	links     = "azure/rg-lab1/private-link-service.json"
	config    = "config/azure.json"
	system    = "k8s/pods-kube-system.yaml"
	nodes     = "k8s/nodes.yaml"
)

// TestProperty makes random Services, builds the Azure JSON from what they want,
// and compares: nothing differs; with one field changed exactly that field does.
func TestProperty(t *testing.T) {
	if raced {
		t.Skip("runs without the race detector")
	}
	base, err := ruletest.Load(filepath.Join("..", "..", "samples", "healthy", "bundle"))
	if err != nil {
		t.Fatal(err)
	}
	// Of the random Services no sync is recorded, so the nodes must be older than one.
	base.Content[nodes] = bytes.ReplaceAll(base.Content[nodes], []byte(`creationTimestamp: "2026-11-23T09:54:24Z"`), []byte(`creationTimestamp: "2026-11-23T08:54:24Z"`))
	fields := map[string]bool{}
	for n := range *clusters {
		r := rand.New(rand.NewPCG(*seed, uint64(n)))
		if !cluster(t, base.Clone(), r, fields) {
			t.Fatalf("cluster %d of seed %d", n, *seed)
		}
	}
	for _, hop := range desired.Hops {
		if !fields[hop] {
			t.Errorf("no field of the hop %s was changed in %d clusters", hop, *clusters)
		}
	}
}

// cluster tests one random cluster; false: something is wrong with it.
func cluster(t *testing.T, f *ruletest.Files, r *rand.Rand, fields map[string]bool) bool {
	members := membersOf(t, f.Content[balancers])
	version := releases[r.IntN(len(releases))]
	f.Content[system] = bytes.ReplaceAll(f.Content[system], []byte("registry.example.com/cloud-controller-manager:1.0"), []byte("mcr.microsoft.com/oss/kubernetes/azure-cloud-controller-manager:"+version))
	f.Content[config] = bytes.Replace(f.Content[config], []byte(`"disableOutboundSNAT": false`), fmt.Appendf(nil, `"disableOutboundSNAT": %v`, r.IntN(2) == 0), 1)
	if r.IntN(4) == 0 {
		f.Content[config] = bytes.Replace(f.Content[config], []byte("{"), []byte(`{"clusterServiceLoadBalancerHealthProbeMode": "shared",`), 1)
	}
	var list []any
	for i := range 1 + r.IntN(4) {
		list = append(list, randomService(r, i, version))
	}
	raw, err := yaml.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": list})
	if err != nil {
		t.Fatal(err)
	}
	f.Content[services] = bytes.Replace(raw, []byte("items:\n"), []byte("items:\n"+plain), 1)
	f.Content[networks] = bytes.ReplaceAll(f.Content[networks], []byte(`"privateLinkServiceNetworkPolicies": "Enabled"`), []byte(`"privateLinkServiceNetworkPolicies": "Disabled"`))
	w := ruletest.World(t, laid(t, f))
	a := render(t, w.Graph, w.Wants, members)
	// Without floating IP the security rules list the members of the pools: once more,
	// now that there are pools.
	w = ruletest.World(t, put(t, f, a))
	a = render(t, w.Graph, w.Wants, members)
	if d := drift(t, f, a); len(d) > 0 {
		t.Errorf("release %s: a difference although nothing was changed: %+v\n%s", version, d[0], f.Content[services])
		return false
	}
	for range 6 {
		m := a.mutations[r.IntN(len(a.mutations))]
		m.do()
		d := drift(t, f, a)
		m.undo()
		if len(d) != 1 || d[0].Hop != m.hop || d[0].Object != m.object || d[0].Field != m.field {
			t.Errorf("release %s: %s was changed, and %d differences are told:", version, m, len(d))
			for _, x := range d {
				t.Errorf("  %v %s %s %s: want %s, got %s, because %s", x.Services, x.Hop, x.Object, x.Field, x.Want, x.Got, x.Because)
			}
			t.Errorf("%s", f.Content[services])
			return false
		}
		fields[m.hop] = true
	}
	return true
}

// drift analyses the files with the objects in them.
func drift(t *testing.T, f *ruletest.Files, a *azure) []desired.Check {
	t.Helper()
	return ruletest.World(t, put(t, f, a)).Compared.Drift()
}

// put writes the objects into the files and lays them down.
func put(t *testing.T, f *ruletest.Files, a *azure) string {
	t.Helper()
	f.Content[balancers], f.Content[addresses], f.Content[links] = text(t, a.balancers), text(t, a.addresses), text(t, a.links)
	f.Entry(links).Status = bundle.StatusOK
	var group []map[string]any
	if err := json.Unmarshal(f.Content[groups], &group); err != nil {
		t.Fatal(err)
	}
	group[0]["securityRules"] = json.RawMessage(text(t, a.security))
	raw, err := json.Marshal(group)
	if err != nil {
		t.Fatal(err)
	}
	f.Content[groups] = raw
	return laid(t, f)
}

func laid(t *testing.T, f *ruletest.Files) string {
	t.Helper()
	dir := t.TempDir()
	if err := f.Write(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// membersOf are the IP configurations of all nodes.
func membersOf(t *testing.T, raw []byte) []any {
	t.Helper()
	var lbs []struct {
		Pools []struct {
			Members []any `json:"backendIPConfigurations"`
		} `json:"backendAddressPools"`
	}
	if err := json.Unmarshal(raw, &lbs); err != nil || len(lbs) == 0 || len(lbs[0].Pools) == 0 {
		t.Fatalf("the sample's pool: %v", err)
	}
	return lbs[0].Pools[0].Members
}

// releases of the provider, one on each side of what changed.
var releases = []string{"v1.36.5", "v1.36.0", "v1.34.1", "v1.32.6", "v1.31.0", "v1.30.3", "v1.29.2", "v1.28.9", "v1.28.2", "v1.27.9", "v1.27.2", "v1.26.20", "v1.26.3", "v1.25.7", "v1.24.0", "v1.23.12"}

// plain is the API server's own Service, by which a list is known to be whole.
const plain = `- apiVersion: v1
  kind: Service
  metadata: {name: kubernetes, namespace: default, uid: b8f92ad6-2fdc-4d6d-a610-726716a8b103}
  spec: {clusterIP: 10.0.0.1, ports: [{name: https, port: 443, protocol: TCP, targetPort: 443}], type: ClusterIP}
`
