package pseudonym

import (
	"bytes"
	"strings"
	"testing"

	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/azname"
)

const services = `apiVersion: v1
items:
- apiVersion: v1
  kind: Service
  metadata:
    annotations:
      service.beta.kubernetes.io/azure-allowed-ip-ranges: 198.51.100.0/24,203.0.113.7/32
      service.beta.kubernetes.io/azure-dns-label-name: payments-prod
      service.beta.kubernetes.io/azure-load-balancer-internal-subnet: subnet-of-the-payments-department-in-westeurope
      contoso.com/owner: 'Jane Doe, Treasury
        and Fraud'
    name: checkout
    namespace: payments
    uid: 596a2662-264f-4a86-ae39-59f9a844a262
  spec:
    ports:
    - name: http
      nodePort: 32644
      port: 80
      protocol: TCP
    - name: https
      nodePort: 32586
      port: 443
      protocol: TCP
    selector:
      app: checkout
kind: List
`

// names of a small cluster.
func names(t *testing.T) *Names {
	t.Helper()
	n := New(fixedKey)
	n.Learn(&bundle.Services, []byte(services))
	n.Learn(&bundle.Nodes, []byte(`apiVersion: v1
items:
- apiVersion: v1
  kind: Node
  metadata:
    name: aks-blue-12345678-vmss00000a
  spec:
    podCIDR: 10.244.3.0/24
    providerID: azure:///subscriptions/6f5a8a52-3c1e-4d0f-9b5e-2f6d7c8a9b10/resourceGroups/mc_RG-Treasury_Fraud_westeurope/providers/Microsoft.Compute/virtualMachineScaleSets/aks-blue-12345678-vmss/virtualMachines/10
kind: List
`))
	n.Settle()
	return n
}

// TestDerivedNames: what the provider, Azure and Kubernetes derive is made again out of
// the pseudonyms of the parts.
func TestDerivedNames(t *testing.T) {
	n := names(t)
	const uid, subnet = "596a2662-264f-4a86-ae39-59f9a844a262", "subnet-of-the-payments-department-in-westeurope"
	v, err := azname.ParseVersion("1.31.0", false)
	if err != nil {
		t.Fatal(err)
	}
	prefix, hidden := azname.Prefix(uid), azname.Prefix(n.Text(uid))
	set, node := n.Text("aks-blue-12345678-vmss"), n.Text("aks-blue-12345678-vmss00000a")
	for what, c := range map[string][2]string{
		"frontend":           {azname.Frontend(v, prefix, subnet, false), azname.Frontend(v, hidden, n.Text(subnet), false)},
		"frontend, IPv6":     {azname.Frontend(v, prefix, subnet, true), azname.Frontend(v, hidden, n.Text(subnet), true)},
		"rule":               {azname.Rule(v, prefix, "", "TCP", 80, false), azname.Rule(v, hidden, "", "TCP", 80, false)},
		"rule of a subnet":   {azname.Rule(v, prefix, subnet, "TCP", 80, true), azname.Rule(v, hidden, n.Text(subnet), "TCP", 80, true)},
		"public IP":          {azname.PublicIP(v, "kubernetes", prefix, "", false), azname.PublicIP(v, "kubernetes", hidden, "", false)},
		"local pool":         {azname.LocalPool("payments/checkout", false), azname.LocalPool(n.Text("payments/checkout"), false)},
		"old security rule":  {azname.OldSecurityRule(v, prefix, "TCP", 80, "198.51.100.0/24", false), azname.OldSecurityRule(v, hidden, "TCP", 80, n.Text("198.51.100.0/24"), false)},
		"security rule":      {azname.AllowRule("IPv4", "Tcp", []string{"198.51.100.0/24", "203.0.113.7/32"}, []string{"443", "80"}), azname.AllowRule("IPv4", "Tcp", strings.Split(n.Text("198.51.100.0/24,203.0.113.7/32"), ","), []string{"443", "80"})},
		"rule for everybody": {azname.AllowRule("IPv4", "Tcp", []string{"Internet"}, []string{"443", "80"}), azname.AllowRule("IPv4", "Tcp", []string{"Internet"}, []string{"443", "80"})},
		"instance":           {"aks-blue-12345678-vmss_10", set + "_10"},
		"host name":          {"aks-blue-12345678-vmss00000a", set + "00000a"},
		"route":              {"aks-blue-12345678-vmss00000a____102443024", node + "____" + squeeze(n.networks.prefixOf(mustPrefix("10.244.3.0/24")))},
		"pod":                {"checkout-7c9d8b6f5-x2x4z", n.Text("checkout") + "-7c9d8b6f5-x2x4z"},
		"event":              {"checkout.18eaa3f2c764f3dc", n.Text("checkout") + ".18eaa3f2c764f3dc"},
		"domain name":        {"payments-prod.westeurope.cloudapp.azure.com", n.Text("payments-prod") + ".westeurope.cloudapp.azure.com"},
		"machine":            {"ip-10-244-3-7", "ip-" + strings.ReplaceAll(n.Text("10.244.3.7"), ".", "-")},
		"file":               {"logs/checkout-x2x4z.app.log", "logs/" + n.Text("checkout") + "-x2x4z.app.log"},
	} {
		if got := n.Text(c[0]); got != c[1] {
			t.Errorf("%s: %s became %s, want %s", what, c[0], got, c[1])
		}
		if back := n.Restore(c[1]); back != c[0] {
			t.Errorf("%s: %s, put back, is %s, want %s", what, c[1], back, c[0])
		}
	}
	if got := n.Text("subnet"); got != "subnet" || len(n.Text(subnet)) != len(subnet) {
		t.Errorf("a long name does not keep its length: %s", n.Text(subnet))
	}
}

// TestWords: what the pseudonyms do to texts.
func TestWords(t *testing.T) {
	n := names(t)
	ns, svc, group := n.Text("payments"), n.Text("checkout"), n.Text("RG-Treasury_Fraud")
	if !strings.HasPrefix(ns, "ns-") || !strings.HasPrefix(svc, "svc-") || !strings.HasPrefix(strings.ToLower(group), "rg-") {
		t.Errorf("pseudonyms do not tell their kind: %s, %s, %s", ns, svc, group)
	}
	for _, c := range [][2]string{
		{`Service payments/checkout: error syncing load balancer`, `Service ` + ns + `/` + svc + `: error syncing load balancer`},
		{`{"m":"a\npayments\tb \"checkout\""}`, `{"m":"a\n` + ns + `\tb \"` + svc + `\""}`},
		{`%2Fpayments%2Fcheckout`, `%2F` + ns + `%2F` + svc},
		{`repayments and checkouts`, `repayments and checkouts`},
		{`payments.`, ns + `.`},
		{`[fd00:10:244::1]:80 10.244.3.7:10250`, `[` + n.Text("fd00:10:244::1") + `]:80 ` + n.Text("10.244.3.7") + `:10250`},
		{`at 09:54:24 of v1.27.3`, `at 09:54:24 of v1.27.3`},
		{`Microsoft.Network/loadBalancers/kubernetes-internal in kube-system`, `Microsoft.Network/loadBalancers/kubernetes-internal in kube-system`},
		{`/subscriptions/00000000-0000-0000-0000-000000000000/providers/Microsoft.Authorization/roleDefinitions/4d97b98b-1d4f-4787-a291-c67834d212e7`, `/subscriptions/00000000-0000-0000-0000-000000000000/providers/Microsoft.Authorization/roleDefinitions/4d97b98b-1d4f-4787-a291-c67834d212e7`},
		{`MC_RG-Treasury_Fraud_westeurope`, `MC_` + group + `_westeurope`},
	} {
		if got := n.Text(c[0]); got != c[1] {
			t.Errorf("%s\nbecame %s\nwant   %s", c[0], got, c[1])
		}
	}
	if lower, upper := n.Text("rg-treasury_fraud"), n.Text("RG-TREASURY_FRAUD"); lower == upper || !strings.EqualFold(lower, upper) || !strings.EqualFold(lower, group) {
		t.Errorf("casings of one name: %s, %s, %s", lower, upper, group)
	}
	for _, word := range []string{"Jane", "Treasury", "Fraud", "contoso"} {
		if strings.Contains(string(n.Rewrite([]byte(services))), word) {
			t.Errorf("%s is left in an annotation", word)
		}
	}
}

// TestLabelKeepsItsFault: a DNS label that Azure refuses is refused with its pseudonym too.
func TestLabelKeepsItsFault(t *testing.T) {
	for _, label := range []string{"1payments", "Payments", "pay_ments", "payments-" + strings.Repeat("x", 60)} {
		n := New(fixedKey)
		n.learn(Label, label)
		got := n.Text(label)
		if got == label || labelled(strings.ToLower(label)) != labelled(strings.ToLower(got)) || len(label) > 63 && len(got) <= 63 ||
			(label == strings.ToLower(label)) != (got == strings.ToLower(got)) {
			t.Errorf("%s became %s", label, got)
		}
	}
}

// TestFile: a map that was written and read gives the same pseudonyms, and the way back;
// what the next run learns more is replaced along with it.
func TestFile(t *testing.T) {
	n := names(t)
	text := "payments/checkout on aks-blue-12345678-vmss00000a at 10.244.3.7 of 596a2662-264f-4a86-ae39-59f9a844a262"
	want := n.Text(text)
	raw, err := n.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Read(raw)
	if err != nil {
		t.Fatal(err)
	}
	if back := again.Restore(want); back != text {
		t.Errorf("put back: %s", back)
	}
	again.Learn(&bundle.Services, []byte("apiVersion: v1\nkind: Service\nmetadata:\n  name: refunds\n  namespace: payments\n"))
	if got := again.Text(text); got != want {
		t.Errorf("the same map gives\n%s\nand gave\n%s", got, want)
	}
	if got := again.Text("payments/refunds"); !strings.HasPrefix(got, again.Text("payments")+"/svc-") {
		t.Errorf("a new name became %s", got)
	}
	for name, b := range map[string][]byte{"no JSON": []byte("x"), "another JSON": []byte("{}"), "another key": bytes.Replace(raw, []byte(`"id": "`), []byte(`"id": "0`), 1), "a later version": bytes.Replace(raw, []byte(`"version": 1`), []byte(`"version": 9`), 1)} {
		if _, err := Read(b); err == nil {
			t.Errorf("%s is taken for a map", name)
		}
	}
}

// TestKeys: another key gives other pseudonyms, and another id.
func TestKeys(t *testing.T) {
	a, b := New(fixedKey), New(bytes.Repeat([]byte{1}, keySize))
	for _, n := range []*Names{a, b} {
		n.learn(Namespace, "payments")
	}
	for _, s := range []string{"payments", "10.1.2.3", "20.61.100.11", "596a2662-264f-4a86-ae39-59f9a844a262"} {
		if a.Text(s) == b.Text(s) && s != "10.1.2.3" || a.Text(s) == s {
			t.Errorf("%s: %s and %s", s, a.Text(s), b.Text(s))
		}
	}
	if a.ID() == b.ID() {
		t.Error("two keys have one id")
	}
	if got := a.Text("596A2662-264F-4A86-AE39-59F9A844A262"); got != strings.ToUpper(a.Text("596a2662-264f-4a86-ae39-59f9a844a262")) {
		t.Errorf("in capitals: %s", got)
	}
}
