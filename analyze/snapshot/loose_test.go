package snapshot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	bundle "azlb/bundle-schema"
)

const lbID = "/subscriptions/s1/resourceGroups/%s/providers/Microsoft.Network/loadBalancers/%s"

func node(name, providerID string) file {
	return file{name: name + ".yaml", text: "apiVersion: v1\nkind: NodeList\nitems:\n- metadata: {name: " + name + "}\n  spec: {providerID: \"" + providerID + "\"}\n"}
}

const instance = "azure:///subscriptions/s1/resourceGroups/mc_a/providers/Microsoft.Compute/virtualMachineScaleSets/pool1/virtualMachines/0"

// TestHowFarListsReach has one list in each case, and a cluster whose nodes are in
// the group MC_a, in scale set pool1.
func TestHowFarListsReach(t *testing.T) {
	service := func(ns, name string) string {
		return `{"kind": "Service", "apiVersion": "v1", "metadata": {"namespace": "` + ns + `", "name": "` + name + `"}}`
	}
	list := func(items ...string) string {
		return `{"apiVersion": "v1", "kind": "List", "items": [` + strings.Join(items, ",") + `]}`
	}
	lb := func(group string) string { return fmt.Sprintf(`{"id": "`+lbID+`", "name": "lb"}`, group, "lb") }
	vmssVM := func(set string) string {
		return `{"id": "/subscriptions/s1/resourceGroups/MC_A/providers/Microsoft.Compute/virtualMachineScaleSets/` + set + `/virtualMachines/0", "instanceId": "0"}`
	}
	for _, tc := range []struct {
		name     string
		file     file
		evidence *bundle.Evidence
		group    string
		want     [2]bool // have, complete
	}{
		{"list of the nodes' group", file{text: "[" + lb("MC_A") + "]"}, &bundle.LoadBalancers, "mc_a", [2]bool{true, true}},
		{"single object", file{text: lb("MC_A")}, &bundle.LoadBalancers, "mc_a", [2]bool{true, false}},
		{"list of another group", file{text: "[" + lb("other") + "]"}, &bundle.LoadBalancers, "mc_a", [2]bool{true, false}},
		{"list of another group, asked for that", file{text: "[" + lb("other") + "]"}, &bundle.LoadBalancers, "OTHER", [2]bool{true, true}},
		{"list of another group, asked for all", file{text: "[" + lb("other") + "]"}, &bundle.LoadBalancers, "", [2]bool{true, false}},
		{"empty list", file{name: "lb.json", text: "[]"}, &bundle.LoadBalancers, "", [2]bool{true, true}},
		{"one page", file{text: `{"value": [` + lb("mc_a") + `], "nextLink": "https://x"}`}, &bundle.LoadBalancers, "mc_a", [2]bool{true, false}},
		{"list with a bad item", file{text: "[" + lb("mc_a") + `, {"id": "` + fmt.Sprintf(lbID, "mc_a", "b") + `", "sku": 3}]`}, &bundle.LoadBalancers, "mc_a", [2]bool{true, false}},
		{"list with masked ids", file{text: `[{"id": "***", "frontendIPConfigurations": []}]`}, &bundle.LoadBalancers, "", [2]bool{true, false}},
		{"list with masked ids and a type", file{text: `[{"id": "***", "type": "Microsoft.Network/loadBalancers"}]`}, &bundle.LoadBalancers, "", [2]bool{true, false}},
		{"instances of every scale set", file{text: "[" + vmssVM("POOL1") + "]"}, &bundle.ScaleSetInstances, "mc_a", [2]bool{true, true}},
		{"instances of another scale set", file{text: "[" + vmssVM("pool2") + "]"}, &bundle.ScaleSetInstances, "mc_a", [2]bool{true, false}},
		{"no instances, the scale set in the name", file{name: "vmss-instances-pool1.json", text: "[]"}, &bundle.ScaleSetInstances, "mc_a", [2]bool{true, true}},
		{"no instances, no scale set in the name", file{name: "vmss-instances.json", text: "[]"}, &bundle.ScaleSetInstances, "mc_a", [2]bool{true, false}},
		{"Services of two namespaces", file{text: list(service("a", "x"), service("b", "x"))}, &bundle.Services, "", [2]bool{true, true}},
		{"Services with the API server's", file{text: list(service("default", "kubernetes"))}, &bundle.Services, "", [2]bool{true, true}},
		{"Services of one namespace", file{text: list(service("a", "x"), service("a", "y"))}, &bundle.Services, "", [2]bool{true, false}},
		{"one Service", file{text: service("default", "kubernetes")}, &bundle.Services, "", [2]bool{true, false}},
		{"empty list of Services", file{text: `{"apiVersion": "v1", "kind": "ServiceList", "items": []}`}, &bundle.Services, "", [2]bool{true, false}},
		{"empty list of nodes", file{text: `{"apiVersion": "v1", "kind": "NodeList", "items": []}`}, &bundle.Nodes, "", [2]bool{true, true}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.file.name == "" {
				tc.file.name = "f.json"
			}
			s := loaded(nil, node("n1", instance), tc.file)
			if got := [2]bool{s.Have(tc.evidence), s.Complete(tc.evidence, tc.group)}; got != tc.want {
				t.Errorf("have, complete = %v, want %v; files %+v, gaps %v", got, tc.want, s.Files, gapsOf(s))
			}
		})
	}
}

func TestGapsOfLooseFiles(t *testing.T) {
	s := loaded(nil, node("n1", strings.Replace(instance, "mc_a", "MC_(a)", 1)), file{name: "svc.yaml", text: "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata:\n    name: a\n    namespace: shop\nkind: List\n"},
		file{name: "lb.json", text: "[" + fmt.Sprintf(`{"id": "`+lbID+`"}`, "other", "lb") + "]"})
	want := []string{
		"events map[] skipped: not given", "kube-version map[] skipped: not given",
		"services map[] truncated: svc.yaml has one namespace only",
		"endpointslices map[] skipped: not given", "controller-pods map[] skipped: not given", "pods map[] skipped: not given",
		"controller-log map[] skipped: not given", "cloud-config map[] skipped: not given", "account map[] skipped: not given",
		"load-balancers map[group:MC_(a)] skipped: not given for resource group MC_(a)",
		"public-ips map[] skipped: not given", "nsgs map[] skipped: not given", "vnets map[] skipped: not given", "route-tables map[] skipped: not given",
		"private-link-services map[] skipped: not given", "scale-sets map[] skipped: not given", "scale-set-instances map[] skipped: not given", "scale-set-nics map[] skipped: not given",
	}
	if d := cmp.Diff(want, gapsOf(s)); d != "" {
		t.Errorf("gaps (-want +got):\n%s", d)
	}
	if got := s.Gaps[9].Supply; got != "az network lb list --resource-group 'MC_(a)' --subscription s1 --output json" {
		t.Errorf("supply %q", got)
	}
}

func TestMachinesOfTwoCommandsAreOne(t *testing.T) {
	const id = "/subscriptions/s1/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm0"
	s := loaded(nil, file{name: "a.json", text: `[{"id": "` + id + `", "name": "vm0", "hardwareProfile": {"vmSize": "x"}}]`},
		file{name: "b.json", text: `{"id": "` + strings.ToUpper(id) + `", "name": "vm0", "instanceView": {"statuses": [{"code": "PowerState/running"}]}}`},
		file{name: "c.json", text: `[{"id": "***", "name": "x", "hardwareProfile": {}, "instanceId": "1"}, {"id": "***", "name": "x", "instanceId": "2"}]`})
	if len(s.VMs) != 3 || s.VMs[2].InstanceView == nil {
		t.Errorf("machines %+v", s.VMs)
	}
}

func TestCloudConfig(t *testing.T) {
	const secret = "Sup3r~Secret"
	for _, tc := range []struct{ name, text, invalid, group string }{
		{"json", `{"aadClientId": "c", "AADClientSecret": "` + secret + `", "resourceGroup": "g", "useInstanceMetadata": true}`, "", "g"},
		{"yaml", "aadClientId: c\naadClientSecret: " + secret + "\nresourceGroup: g\n", "", "g"},
		{"a block", "aadClientId: c\naadClientSecret: |\n  " + secret + "\nresourceGroup: g\n", "", "g"},
		{"escaped", `{"aadClientId": "c", "aadClientSecret": "a\"` + secret + `", "aadClientCertPassword": "` + secret + `", "resourceGroup": "g"}`, "", "g"},
		{"a missing comma", `{"aadClientId": "c", "aadClientSecret": "` + secret + `" "resourceGroup": "g"}`, "did not find expected", ""},
		{"a wrong type", `{"aadClientId": "c", "aadClientSecret": "` + secret + `", "useManagedIdentityExtension": "yes"}`, "useManagedIdentityExtension of type bool", ""},
		{"a masked value of another type", `{"aadClientId": "***", "aadClientSecret": "` + secret + `", "useManagedIdentityExtension": "***", "cloudProviderRateLimitQPS": "<qps>", "resourceGroup": "g"}`, "", "g"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := loaded(nil, file{name: "x", text: tc.text})
			c := s.Config
			if c == nil || !c.HasSecret || c.ResourceGroup != tc.group || !strings.Contains(c.Invalid, tc.invalid) || (c.Invalid == "") != (tc.invalid == "") {
				t.Fatalf("config %+v, files %+v", c, s.Files)
			}
			if all, err := json.Marshal(s); err != nil || bytes.Contains(all, []byte("Sup3r")) || bytes.Contains(c.Doc.Raw, []byte("Sup3r")) {
				t.Errorf("the secret is kept: %v %s", err, c.Doc.Raw)
			}
			if c.Invalid == "" {
				cited(t, c.Doc.Cite("/resourceGroup"), tc.text)
			}
		})
	}
	if s := loaded(nil, file{name: "x", text: `{"useManagedIdentityExtension": true, "aadClientSecret": "", "resourceGroup": "g"}`}); s.Config == nil || s.Config.HasSecret {
		t.Errorf("an empty secret is none: %+v", s.Config)
	}
	s := loaded(nil, file{name: "a", text: `{"aadClientId": 3`}, file{name: "b", text: `{"aadClientId": "c", "resourceGroup": "g"}`})
	if s.Config == nil || s.Config.ResourceGroup != "g" || s.Files[1].Note == "" {
		t.Errorf("the first valid one counts: %+v, files %+v", s.Config, s.Files)
	}
}

// TestCiteInEveryShape cites the same value in az's and in ARM's shape.
func TestCiteInEveryShape(t *testing.T) {
	flat := "[\n  {\n    \"frontendIpConfigurations\": [\n      {\n        \"name\": \"f\",\n        \"privateIPAddress\": \"10.0.0.4\"\n      }\n    ],\n    \"id\": \"" + fmt.Sprintf(lbID, "g", "lb") + "\",\n    \"sku\": {\n      \"name\": \"Standard\"\n    }\n  }\n]\n"
	arm := "{\n  \"value\": [\n    {\n      \"id\": \"" + fmt.Sprintf(lbID, "g", "lb") + "\",\n      \"properties\": {\n        \"frontendIPConfigurations\": [\n          {\n            \"name\": \"f\",\n            \"properties\": {\n              \"privateIPAddress\": \"10.0.0.4\"\n            }\n          }\n        ]\n      },\n      \"sku\": {\"name\": \"Standard\"}\n    }\n  ]\n}\n"
	one := strings.Join(strings.Fields(arm), " ")
	for name, text := range map[string]string{"flat": flat, "arm": arm, "one line": one} {
		s := loaded(nil, file{name: "lb.json", text: text})
		lb := s.Loads[0]
		for pointer, want := range map[string]string{
			lb.At + "/sku/name": `"name": "Standard"`,
			lb.At + "/frontendIPConfigurations/0/privateipaddress": `"privateIPAddress": "10.0.0.4"`,
			lb.Frontends[0].At + "/privateIPAddress":               `"privateIPAddress": "10.0.0.4"`,
			lb.Frontends[0].At:                                     `"name": "f"`,
			lb.Frontends[0].At + "/nothing/here":                   `"name": "f"`,
		} {
			c := lb.Doc.Cite(pointer)
			if c.Quote != want {
				t.Errorf("%s: %s quotes %q (%s), want %q", name, pointer, c.Quote, c.Pointer, want)
			}
			cited(t, c, text)
		}
		if name == "arm" {
			if c := lb.Doc.Cite("/value/0/frontendipconfigurations/0/privateipaddress"); c.Pointer != "/value/0/properties/frontendIPConfigurations/0/properties/privateIPAddress" || c.Line != 10 {
				t.Errorf("pointer %q line %d", c.Pointer, c.Line)
			}
		}
	}
}

func TestMerge(t *testing.T) {
	load := func(name, uid, nodeName, sub string, more ...file) *Snapshot {
		files := append([]file{{name: "ns.yaml", text: strings.Replace(clockFile, "uid: u,", "uid: "+uid+",", 1)}, node(nodeName, strings.Replace(instance, "s1", sub, 1))}, more...)
		s := loaded(nil, files...)
		s.Name = name
		return s
	}
	svc := func(version string) file {
		return file{name: "svc.yaml", text: "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: x, uid: u, resourceVersion: \"" + version + "\"}\n"}
	}
	log := file{name: "ccm.log", text: "I1123 08:00:00.000000       1 flags.go:1] FLAG: --v=\"2\"\nE1123 09:00:00.000000       1 azure_loadbalancer.go:1] a\n"}
	s, err := Merge(load("one", `""`, "n1", "s1", svc("1"), log), load("two", `""`, "n1", "s1", svc("2"), file{name: "lb.json", text: "[]"}))
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Services) != 1 || s.Services[0].ResourceVersion != "2" || s.Services[0].Doc.File != "two:svc.yaml" || len(s.Nodes) != 1 || len(s.Files) != 8 {
		t.Errorf("services %+v, %d nodes, files %+v", s.Services, len(s.Nodes), s.Files)
	}
	if len(s.Records) != 1 || s.Records[0].Log != &s.Logs[0] || !s.Complete(&bundle.LoadBalancers, "mc_a") || s.Now.IsZero() {
		t.Errorf("records %+v, logs %+v, now %v", s.Records, s.Logs, s.Now)
	}
	for _, g := range s.Gaps {
		if g.Evidence == &bundle.LoadBalancers || g.Evidence == &bundle.ControllerLog {
			t.Errorf("gap %v, which the other bundle fills", g)
		}
	}
	for _, tc := range []struct {
		name string
		b    *Snapshot
		ok   bool
		say  string
	}{
		{"other uid", load("two", "v", "n1", "s1"), false, "kube-system u, subscription s1, resource group mc_a, nodes n1; two: kube-system v"},
		{"same uid, other nodes", load("two", "u", "n2", "s1"), true, ""},
		{"no uid, other nodes", load("two", `""`, "n2", "s1"), false, "nodes n2"},
		{"no uid, other subscription", load("two", `""`, "n1", "s2"), false, "subscription s2"},
		{"masked subscription", load("two", `""`, "n1", "***"), true, ""},
		{"nothing in common, nothing against", loaded(nil, log), true, ""},
	} {
		_, err := Merge(load("one", "u", "n1", "s1"), tc.b)
		if (err == nil) != tc.ok || err != nil && !strings.Contains(err.Error(), tc.say) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

// FuzzLoad gives one loose file of any content: there is always a snapshot, it is
// always the same, and every cite names a line that exists.
func FuzzLoad(f *testing.F) {
	names, err := filepath.Glob(filepath.Join("testdata", "loose", "*"))
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte(`{"value": [{"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/loadBalancers/l", "properties": {"probes": [{"name": "p"}]}}]}`))
	f.Add([]byte(`{"aadClientId": "c", "aadClientSecret": "s"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		load := func() *Snapshot {
			return loaded(nil, file{name: "f.json", text: string(raw)})
		}
		s, again := load(), load()
		if len(s.Files) != 1 || len(s.Services) != len(again.Services) || len(s.Gaps) != len(again.Gaps) {
			t.Fatalf("two readings differ: %+v and %+v", s.Files, again.Files)
		}
		lines := bytes.Count(raw, []byte("\n")) + 1
		for d := range s.docs() {
			for _, p := range []string{"", "/metadata/name", "/0/name", "/value/0/x~1y", "x", "/"} {
				if c := d.Cite(p); c.Line < 1 || c.Line > lines+1 {
					t.Errorf("cite %+v in a file of %d lines", c, lines)
				}
			}
		}
	})
}

// BenchmarkLoad loads a cluster of 500 nodes and 2,000 Services.
func BenchmarkLoad(b *testing.B) {
	var nodes, services, lb strings.Builder
	nodes.WriteString("apiVersion: v1\nitems:\n")
	for i := range 500 {
		fmt.Fprintf(&nodes, "- apiVersion: v1\n  kind: Node\n  metadata:\n    creationTimestamp: \"2026-11-23T09:54:24Z\"\n    labels:\n      kubernetes.io/os: linux\n      topology.kubernetes.io/zone: westeurope-1\n    name: n%d\n  spec:\n    providerID: %s%d\n  status:\n    conditions:\n    - lastHeartbeatTime: \"2026-11-23T09:54:24Z\"\n      status: \"True\"\n      type: Ready\n", i, instance, i)
	}
	nodes.WriteString("kind: List\n")
	services.WriteString("apiVersion: v1\nitems:\n")
	lb.WriteString(`[{"id": "` + fmt.Sprintf(lbID, "mc_a", "kubernetes") + `", "loadBalancingRules": [`)
	for i := range 2000 {
		fmt.Fprintf(&services, "- apiVersion: v1\n  kind: Service\n  metadata:\n    annotations:\n      service.beta.kubernetes.io/azure-load-balancer-internal: \"true\"\n    name: s%d\n    namespace: shop\n    uid: u%d\n  spec:\n    ports:\n    - name: http\n      nodePort: 30080\n      port: 80\n      protocol: TCP\n      targetPort: 8080\n    selector:\n      app: web\n    type: LoadBalancer\n  status:\n    loadBalancer:\n      ingress:\n      - ip: 10.0.0.%d\n", i, i, i%255)
		fmt.Fprintf(&lb, `{"id": "%s/loadBalancingRules/r%d", "name": "r%d", "frontendPort": 80, "backendPort": 80, "protocol": "Tcp", "probe": {"id": "x"}},`, fmt.Sprintf(lbID, "mc_a", "kubernetes"), i, i)
	}
	services.WriteString("kind: List\n")
	lb.WriteString(`{"name": "last"}]}]`)
	files := []file{{name: "nodes.yaml", text: nodes.String()}, {name: "services.yaml", text: services.String()}, {name: "lb.json", text: lb.String()}}
	rand.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
	size := 0
	for _, f := range files {
		size += len(f.text)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		if s := loaded(nil, files...); len(s.Services) != 2000 || len(s.Nodes) != 500 || len(s.Loads[0].Rules) != 2001 {
			b.Fatal("something was lost")
		}
	}
}
