package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// issuer is whom the API server's tokens name.
const issuer = "https://127.0.0.1"

// cluster is an API server with its etcd, and the control plane's way to the kubelets.
type cluster struct {
	dir     string
	address string // https://127.0.0.1:PORT
	ca      *authority
	tokens  *tokenKey
	admin   *api
	audit   string // file
	tunnel  *tunnel
}

// auditPolicy lets the API server write down who asked for what.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
`

// egress sends what the API server asks of kubelets through our tunnel, as konnectivity
// does; so the nodes keep the addresses of their world.
const egress = `apiVersion: apiserver.k8s.io/v1beta1
kind: EgressSelectorConfiguration
egressSelections:
- name: cluster
  connection:
    proxyProtocol: HTTPConnect
    transport:
      uds:
        udsName: %s
`

// startCluster starts an empty cluster on free ports of loopback.
func startCluster(t *testing.T) *cluster {
	t.Helper()
	// A socket's name must be short.
	dir, err := os.MkdirTemp("", "e2e")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	c := &cluster{dir: dir, ca: newAuthority(t, dir, "cluster-ca"), tokens: newTokenKey(t, dir), audit: filepath.Join(dir, "audit.log")}
	etcd, peer, secure := freePort(t), freePort(t), freePort(t)
	c.address = fmt.Sprintf("https://127.0.0.1:%d", secure)
	client, peers := fmt.Sprintf("http://127.0.0.1:%d", etcd), fmt.Sprintf("http://127.0.0.1:%d", peer)
	start(t, dir, "etcd", "--name", "e2e", "--data-dir", filepath.Join(dir, "etcd"),
		"--listen-client-urls", client, "--advertise-client-urls", client,
		"--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers, "--initial-cluster", "e2e="+peers)
	wait(t, "etcd", filepath.Join(dir, "etcd.log"), func() error { return healthy(http.DefaultClient, client+"/health") })
	c.tunnel = startTunnel(t, dir)
	must(t, os.WriteFile(filepath.Join(dir, "audit.yaml"), []byte(auditPolicy), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "egress.yaml"), fmt.Appendf(nil, egress, c.tunnel.socket), 0o600))
	serving := c.ca.issue(t, "apiserver")
	start(t, dir, "kube-apiserver",
		"--etcd-servers", client, "--bind-address", "127.0.0.1", "--advertise-address", "192.0.2.1", "--endpoint-reconciler-type", "none",
		"--secure-port", fmt.Sprint(secure), "--tls-cert-file", serving.cert, "--tls-private-key-file", serving.key, "--client-ca-file", c.ca.file,
		"--authorization-mode", "RBAC", "--service-account-issuer", issuer, "--service-account-key-file", c.tokens.file, "--service-account-signing-key-file", c.tokens.file,
		"--service-cluster-ip-range", "10.0.0.0/16", "--allow-privileged=true",
		// The nodes and pods of a recorded world bring their taints and accounts along.
		"--disable-admission-plugins", "ServiceAccount,TaintNodesByCondition",
		"--audit-policy-file", filepath.Join(dir, "audit.yaml"), "--audit-log-path", c.audit,
		"--egress-selector-config-file", filepath.Join(dir, "egress.yaml"))
	c.admin = c.as(t, "admin", "system:masters")
	wait(t, "kube-apiserver", filepath.Join(dir, "kube-apiserver.log"), func() error { return healthy(c.admin.client, c.address+"/readyz") })
	return c
}

func healthy(client *http.Client, url string) error {
	r, err := client.Get(url)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, r.Status)
	}
	return nil
}
