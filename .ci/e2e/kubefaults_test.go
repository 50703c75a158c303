package e2e

import (
	"net"
	"testing"
	"time"
)

// TestKubernetesFaults injects what goes wrong between kubectl and a cluster. There is
// no az, which is one of the faults.
func TestKubernetesFaults(t *testing.T) {
	c := startCluster(t)
	load(t, c, "nsg-deny")
	sound := customer{kubectl: true, kubeconfig: c.kubeconfig(t, "reader", c.address, c.admin.user, "")}
	const noService = "no Service can be judged at all"

	t.Run("no az", func(t *testing.T) {
		o := sound.collect(t)
		o.expect(t, "services", "", "ok", "")
		o.expect(t, "load-balancers", "", "skipped", "az is not installed or not on the PATH")
		o.lacks(t, "nsgs", "whether a network security group blocks the traffic is not known", "AZLB-NSG01")
		if o.rootCause("payments/gateway") != "" {
			t.Errorf("a root cause without Azure: %s", o.rootCause("payments/gateway"))
		}
	})
	t.Run("tunnel closed", func(t *testing.T) {
		c.tunnel.closed.Store(true)
		defer c.tunnel.closed.Store(false)
		o := sound.collect(t)
		o.expect(t, "services", "", "ok", "")
		o.expect(t, "controller-log", "", "failed", "the API server cannot reach the node's kubelet")
		o.lacks(t, "controller-log", "errors that no event shows, or that are older than an hour, are not seen", "")
	})
	t.Run("API server gone", func(t *testing.T) {
		who := sound
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		who.kubeconfig = c.kubeconfig(t, "gone", "https://"+l.Addr().String(), c.admin.user, "")
		l.Close()
		o := who.collect(t)
		o.expect(t, "services", "", "failed", "the cluster's API server could not be reached")
		o.expect(t, "kube-system", "", "skipped", "not asked, because the first reads failed")
		o.unreachable(t, noService)
	})
	t.Run("API server hangs", func(t *testing.T) {
		who := sound
		who.kubeconfig = c.kubeconfig(t, "hanging", "https://"+hangs(t), c.admin.user, "")
		who.flags = []string{"--command-timeout", "5s"}
		o := who.collect(t)
		o.expect(t, "services", "", "timeout", "kubectl gave no answer within 5s")
		o.expect(t, "kube-system", "", "skipped", "not asked, because the first reads failed")
		o.unreachable(t, noService)
		if o.took > time.Minute {
			t.Errorf("it took %v, want one timeout", o.took)
		}
	})
	t.Run("token expired", func(t *testing.T) {
		who := sound
		who.kubeconfig = c.kubeconfig(t, "expired", c.address, pair{}, c.tokens.token(t, "someone", time.Now().Add(-time.Hour)))
		o := who.collect(t)
		o.expect(t, "services", "", "denied", "the cluster does not accept kubectl's login")
		o.unreachable(t, noService)
	})
	t.Run("wrong authority", func(t *testing.T) {
		who := sound
		other := &cluster{dir: t.TempDir(), ca: newAuthority(t, t.TempDir(), "other-ca")}
		who.kubeconfig = other.kubeconfig(t, "other", c.address, c.admin.user, "")
		o := who.collect(t)
		o.expect(t, "services", "", "failed", "the cluster's API server could not be reached")
		o.unreachable(t, noService)
	})
}

// unreachable asserts a diagnosis without a cluster: a bundle that says that nothing
// can be judged, and no finding out of nothing.
func (o *outcome) unreachable(t *testing.T, without string) {
	t.Helper()
	o.lacks(t, "services", without, "AZLB-DATA04")
	if o.exit != 4 || len(o.errors()) > 0 {
		t.Errorf("azlb-analyze: exit %d with %v, want 4: nothing could be evaluated", o.exit, o.findings())
	}
}

// hangs is the address of a proxy that takes connections and never answers.
func hangs(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	done := make(chan struct{})
	t.Cleanup(func() {
		close(done)
		l.Close()
	})
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed
			}
			go func() {
				<-done
				c.Close()
			}()
		}
	}()
	return l.Addr().String()
}
