package redact

import (
	"strings"
	"testing"
)

// TestKubeProxy: the settings on the list stay and nothing else, whatever the ConfigMap
// holds; a second time changes nothing.
func TestKubeProxy(t *testing.T) {
	const in = `apiVersion: v1
data:
  config.conf: |-
    apiVersion: kubeproxy.config.k8s.io/v1alpha1
    bindAddress: 0.0.0.0
    clientConnection:
      kubeconfig: /var/lib/kube-proxy/kubeconfig.conf
      token: TopSecretTopSecret
    clusterCIDR: 10.244.0.0/16,fd00::/48
    configSyncPeriod: 0s
    featureGates:
      AllAlpha: false
    ipvs:
      excludeCIDRs: null
      strictARP: true
      tcpTimeout: TopSecret
    kind: KubeProxyConfiguration
    mode: ipvs
    nodePortAddresses:
    - 10.0.0.0/8
    hostnameOverride: TopSecret
    healthzBindAddress: "password: TopSecret"
  kubeconfig.conf: |
    users:
    - user:
        token: TopSecret
kind: ConfigMap
metadata:
  annotations:
    kubeadm.kubernetes.io/component-config.hash: sha256:1
  name: kube-proxy
  namespace: kube-system
`
	const want = `apiVersion: v1
data:
  config.conf: |
    apiVersion: kubeproxy.config.k8s.io/v1alpha1
    bindAddress: 0.0.0.0
    clusterCIDR: 10.244.0.0/16,fd00::/48
    featureGates:
      AllAlpha: false
    ipvs:
      excludeCIDRs: null
      strictARP: true
    kind: KubeProxyConfiguration
    mode: ipvs
    nodePortAddresses:
      - 10.0.0.0/8
kind: ConfigMap
metadata:
  name: kube-proxy
  namespace: kube-system
`
	got, counts, err := KubeProxy([]byte(in))
	if err != nil || string(got) != want || counts[Content] == 0 {
		t.Fatalf("%v, %v\n%s", err, counts, got)
	}
	again, _, err := KubeProxy(got)
	if err != nil || string(again) != string(got) {
		t.Errorf("a second time: %v\n%s", err, again)
	}
	for _, other := range []string{"", "kind: Secret\ndata:\n  a: b\n", "apiVersion: v1\nitems: []\nkind: List\n", "kind: ConfigMap\ndata: TopSecret\n", "- x: [", "Error: no"} {
		if got, _, err := KubeProxy([]byte(other)); err == nil || len(got) > 0 {
			t.Errorf("%q: %s is kept (%v)", other, got, err)
		}
	}
}

// TestRows: a secret in a cell goes, whatever JSON makes of its quotes, and the answer
// stays one.
func TestRows(t *testing.T) {
	const in = `{"tables": [{"name": "PrimaryResult", "columns": [{"name": "TimeGenerated", "type": "datetime"}, {"name": "Message", "type": "string"}],
 "rows": [["2026-11-26T07:00:00Z", "E1126 07:00:00.000000 1 azure.go:1] {\"client_secret\":\"8Q~abcdefghijklmnopqrstuvwxyz0123456789\"}"], ["2026-11-26T07:00:01Z", "a <b> & c"]]}]}`
	got, counts, err := Rows([]byte(in))
	if err != nil || len(counts) == 0 || strings.Contains(string(got), "8Q~") || !strings.Contains(string(got), `"a <b> & c"`) || !strings.Contains(string(got), "azure.go:1") {
		t.Fatalf("%v, %v\n%s", err, counts, got)
	}
	again, counts, err := Rows(got)
	if err != nil || len(counts) > 0 || string(again) != string(got) {
		t.Errorf("a second time: %v, %v\n%s", err, counts, again)
	}
}
