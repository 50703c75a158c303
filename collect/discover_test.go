package collect

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func discovered(t *testing.T, nodes, services, pods string) *Discovered {
	t.Helper()
	d := &Discovered{}
	if _, err := items(strings.NewReader(nodes), func(n node) { d.addNode(n, false) }); err != nil {
		t.Fatal(err)
	}
	every := func(string, string) bool { return true }
	if _, err := items(strings.NewReader(services), func(s service) { d.addService(s, d.subscription(), every, false) }); err != nil {
		t.Fatal(err)
	}
	if _, err := items(strings.NewReader(pods), func(p pod) { d.addPod(p, false) }); err != nil {
		t.Fatal(err)
	}
	d.settle(d.subscription())
	return d
}

func nodeItem(name, providerID, ready string) string {
	return fmt.Sprintf("- kind: Node\n  metadata:\n    name: %s\n    labels:\n      topology.kubernetes.io/region: westeurope\n  spec:\n    providerID: %s\n  status:\n    conditions:\n    - type: Ready\n      status: %q\n", name, providerID, ready)
}

func TestDiscoverNodes(t *testing.T) {
	const compute = "/providers/Microsoft.Compute/"
	sub2 := strings.Replace(testSub, "6f5a", "7f5a", 1)
	nodes := "apiVersion: v1\nitems:\n" +
		nodeItem("a", "azure:///subscriptions/"+testSub+"/resourceGroups/MC_x"+compute+"virtualMachineScaleSets/ss1/virtualMachines/0", "True") +
		nodeItem("b", "azure:///subscriptions/"+strings.ToUpper(testSub)+"/resourceGroups/mc_X"+compute+"virtualMachineScaleSets/SS1/virtualMachines/1", "True") +
		nodeItem("c", "azure:///subscriptions/"+testSub+"/resourceGroups/MC_x"+compute+"virtualMachines/up", "True") +
		nodeItem("d", "azure:///subscriptions/"+testSub+"/resourceGroups/MC_x"+compute+"virtualMachines/down", "False") +
		nodeItem("e", "azure:///subscriptions/"+sub2+"/resourceGroups/MC_x"+compute+"virtualMachines/other", "True") +
		nodeItem("f", "azure:///subscriptions/x/nonsense", "True") +
		nodeItem("g", "azure:///subscriptions/"+testSub+"/resourceGroups/x&calc"+compute+"virtualMachines/v", "True") +
		nodeItem("h", "kind://docker/kind/kind-worker", "True") +
		"- kind: Node\n  metadata: [broken\n" +
		"kind: List\n"
	d := discovered(t, nodes, "", "")
	var got []string
	for _, g := range d.Groups {
		got = append(got, g.Subscription+" "+g.Name)
	}
	for _, s := range d.ScaleSets {
		got = append(got, "scale set "+s.Name)
	}
	for _, v := range d.VMs {
		got = append(got, "vm "+v.Name)
	}
	for _, r := range d.Refused {
		got = append(got, fmt.Sprintf("refused %s from %s", r.Value, r.From))
	}
	want := []string{testSub + " MC_x", sub2 + " MC_x", "scale set ss1", "vm down", "vm up", "vm other",
		"refused azure:///subscriptions/x/nonsense from the providerID of node f", "refused x&calc from the providerID of node g"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if d.Nodes != 8 || d.AzureNodes != 6 || d.Region != "westeurope" {
		t.Errorf("nodes %d, azure %d, region %q", d.Nodes, d.AzureNodes, d.Region)
	}
}

func TestDiscoverAnnotations(t *testing.T) {
	services := "items:\n"
	values := []string{"shared-ips", " SHARED-IPS ", "", "-o", "x&calc", "%PATH%", "../..", "a b", `"a\nb"`}
	for i, v := range values {
		services += fmt.Sprintf("- metadata:\n    namespace: shop\n    name: s%d\n    annotations:\n      service.beta.kubernetes.io/azure-load-balancer-resource-group: %s\n  spec:\n    type: LoadBalancer\n", i, yamlString(v))
	}
	services += "- metadata:\n    namespace: quiet\n    name: c\n  spec:\n    type: ClusterIP\n"
	d := discovered(t, "", services, "")
	if len(d.Groups) != 1 || d.Groups[0].Name != "shared-ips" || d.Groups[0].From != "annotation azure-load-balancer-resource-group of Service shop/s0" {
		t.Errorf("groups = %+v", d.Groups)
	}
	var refused []string
	for _, r := range d.Refused {
		refused = append(refused, r.Value)
		if !strings.Contains(r.From, "Service shop/s") {
			t.Errorf("%q: the place is missing: %q", r.Value, r.From)
		}
	}
	if diff := cmp.Diff([]string{"-o", "x&calc", "%PATH%", "../..", "a b", "a\nb"}, refused); diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(d.Namespaces, []string{"shop"}) {
		t.Errorf("namespaces = %v", d.Namespaces)
	}
}

func yamlString(s string) string {
	if strings.HasPrefix(s, `"`) {
		return s
	}
	return "'" + s + "'"
}

func TestIsController(t *testing.T) {
	tests := []struct {
		name, label, value string
		want               bool
	}{
		{"kube-controller-manager-cp-0", "component", "kube-controller-manager", true}, // kubeadm, aks-engine
		{"x", "component", "cloud-controller-manager", true},                           // CAPZ
		{"y", "k8s-app", "cloud-controller-manager", true},
		{"cloud-controller-manager-7d9f-abc", "app", "whatever", true}, // Helm
		{"azure-cloud-controller-manager-x", "", "", true},
		{"cloud-node-manager-abcde", "k8s-app", "cloud-node-manager", false},
		{"coredns-x", "k8s-app", "kube-dns", false},
		{"my-cloud-controller-manager", "", "", false},
	}
	for _, tt := range tests {
		p := pod{Metadata: meta{Name: tt.name, Labels: map[string]string{tt.label: tt.value}}}
		if got := isController(p); got != tt.want {
			t.Errorf("isController(%s, %s=%s) = %v", tt.name, tt.label, tt.value, got)
		}
	}
}

func TestAddPodTakesTheController(t *testing.T) {
	d := discovered(t, "", "", "items:\n- metadata:\n    name: kube-controller-manager-0\n  spec:\n    containers:\n    - name: proxy\n    - name: kube-controller-manager\n"+
		"- metadata:\n    name: cloud-controller-manager-0\n  spec:\n    containers:\n    - name: manager\n")
	want := []Container{{"kube-system", "kube-controller-manager-0", "kube-controller-manager"}, {"kube-system", "cloud-controller-manager-0", "manager"}}
	if diff := cmp.Diff(want, d.Controllers); diff != "" {
		t.Error(diff)
	}
}

func TestAddConfig(t *testing.T) {
	d := &Discovered{}
	if err := d.addConfig([]byte(`{"subscriptionId": "`+testSub+`", "ResourceGroup": "rg", "vnetResourceGroup": "net", "securityGroupResourceGroup": "-x", "routeTableResourceGroup": "", "loadBalancerResourceGroup": "rg"}`), false); err != nil {
		t.Fatal(err)
	}
	if len(d.Groups) != 2 || d.Groups[0].Name != "rg" || d.Groups[1].Name != "net" || d.Groups[1].From != "vnetResourceGroup of azure.json" {
		t.Errorf("groups = %+v", d.Groups)
	}
	if len(d.Refused) != 1 || d.Refused[0].From != "securityGroupResourceGroup of azure.json" {
		t.Errorf("refused = %+v", d.Refused)
	}
}

func TestReferences(t *testing.T) {
	sub := "/subscriptions/" + testSub + "/resourceGroups/"
	net := "/providers/Microsoft.Network/"
	refs := &references{subnets: map[string]bool{}, read: map[string]bool{}}
	refs.scan([]byte(`[{"id": "`+sub+`MC/`+net+`loadBalancers/kubernetes", "tags": {"aks-managed-cluster-rg": "clusters"},
		"frontendIPConfigurations": [{"publicIPAddress": {"id": "`+sub+`ips`+net+`publicIPAddresses/p"}, "subnet": {"id": "`+sub+`hub`+net+`virtualNetworks/v/subnets/nodes"}}]}]`), testSub, "lb.json")
	refs.scanVNets([]byte(`[{"subnets": [
		{"id": "`+strings.ToLower(sub+"hub"+net+"virtualNetworks/v/subnets/nodes")+`", "routeTable": {"id": "`+sub+`tables`+net+`routeTables/r"}},
		{"id": "`+sub+`hub`+net+`virtualNetworks/v/subnets/others", "networkSecurityGroup": {"id": "`+sub+`strangers`+net+`networkSecurityGroups/n"}}],
		"virtualNetworkPeerings": [{"remoteVirtualNetwork": {"id": "`+sub+`far`+net+`virtualNetworks/w"}}]}]`), testSub, "vnet.json")
	refs.scan([]byte(`{"managedBy": "`+sub+`CLUSTERS/providers/Microsoft.ContainerService/managedClusters/c"}`), testSub, "group.json")
	var got []string
	for _, g := range refs.groups {
		got = append(got, g.Name)
	}
	if diff := cmp.Diff([]string{"ips", "hub", "clusters", "tables"}, got); diff != "" {
		t.Error(diff)
	}
	if !refs.aks {
		t.Error("AKS was not seen")
	}
}
