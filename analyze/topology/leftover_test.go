package topology_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"azlb/analyze/rule/ruletest"
	"azlb/analyze/topology"
)

const (
	deadPrefix = "a5003ba9551354db7a2b911cc31897bb"
	inLab      = "/subscriptions/6f5a8a52-3c1e-4d0f-9b5e-2f6d7c8a9b10/resourceGroups/rg-lab1/providers/Microsoft.Network"
)

// edited is the graph of the sample healthy after some edits.
func edited(t *testing.T, edits ...ruletest.Edit) *topology.Graph {
	t.Helper()
	files, err := ruletest.Load("../../samples/healthy/bundle")
	if err != nil {
		t.Fatal(err)
	}
	if err := files.Apply(edits); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "bundle")
	if err := files.Write(dir); err != nil {
		t.Fatal(err)
	}
	return files.World(t).Graph
}

func address(name, ip string, tags map[string]any, frontend string) map[string]any {
	out := map[string]any{"id": inLab + "/publicIPAddresses/" + name, "name": name, "type": "Microsoft.Network/publicIPAddresses", "ipAddress": ip, "tags": tags, "sku": map[string]any{"name": "Standard"}}
	if frontend != "" {
		out["ipConfiguration"] = map[string]any{"id": frontend}
	}
	return out
}

// TestLeftovers: each public IP of a dead Service is told once, with the frontend that
// refers to it and the rules on that one, in the same order every time.
func TestLeftovers(t *testing.T) {
	four, six := "kubernetes-"+deadPrefix, "kubernetes-"+deadPrefix+"-IPv6"
	front := func(name, pip string) any {
		return map[string]any{"name": name, "id": inLab + "/loadBalancers/kubernetes/frontendIPConfigurations/" + name, "publicIPAddress": map[string]any{"id": inLab + "/publicIPAddresses/" + pip}}
	}
	rule := func(name, frontend string) any {
		return map[string]any{"name": name, "protocol": "Tcp", "frontendPort": 80, "frontendIPConfiguration": map[string]any{"id": inLab + "/loadBalancers/kubernetes/frontendIPConfigurations/" + frontend}}
	}
	tags := map[string]any{"k8s-azure-service": "x/y"}
	pips := func(four6 ...any) ruletest.Edit { return ruletest.Edit{In: "public-ips", Add: four6} }
	fronts := func(list ...any) []ruletest.Edit {
		var out []ruletest.Edit
		for _, f := range list {
			at := "/frontendIPConfigurations/-"
			if _, ok := f.(map[string]any)["protocol"]; ok {
				at = "/loadBalancingRules/-"
			}
			out = append(out, ruletest.Edit{In: "load-balancers kubernetes", Set: map[string]any{at: f}})
		}
		return out
	}
	for _, c := range []struct {
		name  string
		edits []ruletest.Edit
		want  []string
	}{
		{"two addresses of one Service", []ruletest.Edit{pips(address(four, "20.9.9.9", tags, ""), address(six, "2603:1020::9", tags, ""))},
			[]string{"x/y " + four, "x/y " + six}},
		{"only one of them is tagged, and the other's frontend is there", append(fronts(front(deadPrefix, four)), pips(address(six, "2603:1020::9", tags, ""), address(four, "20.9.9.9", nil, ""))),
			[]string{"x/y " + four + " on " + deadPrefix, "x/y " + six}},
		{"two frontends with a rule each", append(fronts(front(deadPrefix+"-IPv6", six), front(deadPrefix, four), rule(deadPrefix+"-TCP-80", deadPrefix), rule(deadPrefix+"-TCP-80-IPv6", deadPrefix+"-IPv6")),
			pips(address(four, "20.9.9.9", tags, ""), address(six, "2603:1020::9", tags, ""))),
			[]string{"x/y " + four + " on " + deadPrefix + " with " + deadPrefix + "-TCP-80", "x/y " + six + " on " + deadPrefix + "-IPv6 with " + deadPrefix + "-TCP-80-IPv6"}},
		{"it serves another load balancer", []ruletest.Edit{pips(address(four, "20.9.9.9", nil, strings.Replace(inLab, "rg-lab1", "mc_other", 1)+"/loadBalancers/kubernetes/frontendIPConfigurations/"+deadPrefix))}, nil},
		{"it serves a machine", []ruletest.Edit{pips(address(four, "20.9.9.9", nil, inLab+"/networkInterfaces/nic/ipConfigurations/one"))}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			for range 5 { // nothing hangs on the order of a map
				var got []string
				for _, l := range edited(t, c.edits...).Leftovers {
					text := l.Service
					if l.PublicIP != nil {
						text += " " + l.PublicIP.Name
					}
					if l.Frontend != nil {
						text += " on " + l.Frontend.Name
					}
					for _, r := range l.Rules {
						text += " with " + r.Name
					}
					got = append(got, text)
				}
				if d := cmp.Diff(c.want, got); d != "" {
					t.Fatalf("-want +got:\n%s", d)
				}
			}
		})
	}
}

// TestClusterName: only what stands in Azure for a Service of the bundle tells the name.
func TestClusterName(t *testing.T) {
	const storefront = "a596a2662264f4a86ae3959f9a844a26"
	pool := map[string]any{"id": inLab + "/loadBalancers/kubernetes-internal/backendAddressPools/prod"}
	log := ruletest.Edit{In: "controller-log", Drop: "denied"}
	config := ruletest.Edit{In: "cloud-config", Drop: "denied"}
	internal := ruletest.Edit{In: "Service shop/storefront", Remove: true}
	bare := ruletest.Edit{In: "public-ips kubernetes-" + storefront, Remove: true}
	for _, c := range []struct {
		name  string
		edits []ruletest.Edit
		want  string
		sure  bool
	}{
		{"the controller's flag", []ruletest.Edit{{In: "public-ips", Add: []any{address("alpha-"+storefront, "20.9.9.9", nil, "")}}}, "kubernetes", true},
		{"an address of another cluster", []ruletest.Edit{log, {In: "public-ips", Text: "[]"}, {In: "public-ips", Add: []any{
			address("alpha-"+deadPrefix, "20.9.9.9", map[string]any{"k8s-azure-cluster-name": "alpha", "k8s-azure-service": "x/y"}, ""), address("Prod-"+storefront, "20.9.9.8", nil, "")}}}, "Prod", true},
		{"the pool of a rule", []ruletest.Edit{log, config, bare, internal, {In: "load-balancers kubernetes-internal", Set: map[string]any{"/loadBalancingRules/0/backendAddressPool": pool, "/loadBalancingRules/0/backendAddressPools": []any{pool}}}}, "prod", true},
		{"two names", []ruletest.Edit{log, {In: "public-ips", Add: []any{address("alpha-"+storefront, "20.9.9.9", nil, "")}}}, "alpha", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if g := edited(t, c.edits...); g.ClusterName != c.want || g.NameSure() != c.sure || g.NameBecause == "" {
				t.Errorf("%q because of %s, sure %t (%s), want %q", g.ClusterName, g.NameBecause, g.NameSure(), g.NameUnknown, c.want)
			}
		})
	}
}
