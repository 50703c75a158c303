package topology

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"azlb/analyze/snapshot"
)

// TestProxyOf judges the pods that one node has.
func TestProxyOf(t *testing.T) {
	pod := func(ready corev1.ConditionStatus, phase corev1.PodPhase, change func(*corev1.Pod)) *snapshot.Pod {
		p := &snapshot.Pod{}
		p.Name, p.Status.Phase = "kube-proxy-x", phase
		if ready != "" {
			p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionTrue}, {Type: corev1.PodReady, Status: ready}}
		}
		if change != nil {
			change(&p.Pod)
		}
		return p
	}
	ends := func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{} }
	pulls := func(p *corev1.Pod) {
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff"}}}}
	}
	runs := func(args ...string) func(*corev1.Pod) {
		return func(p *corev1.Pod) { p.Spec.Containers = []corev1.Container{{Command: args}} }
	}
	now := time.Date(2026, 11, 23, 9, 55, 0, 0, time.UTC)
	since := func(ago time.Duration, also func(*corev1.Pod)) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Status.Conditions[1].LastTransitionTime = metav1.NewTime(now.Add(-ago))
			if also != nil {
				also(p)
			}
		}
	}
	for _, c := range []struct {
		name string
		pods []*snapshot.Pod
		want ProxyState
		mode string
	}{
		{"one that runs", []*snapshot.Pod{pod("True", corev1.PodRunning, nil)}, ProxyRunning, ""},
		{"its mode", []*snapshot.Pod{pod("True", corev1.PodRunning, runs("kube-proxy", "--proxy-mode=ipvs"))}, ProxyRunning, "ipvs"},
		{"its mode in two words", []*snapshot.Pod{pod("True", corev1.PodRunning, runs("kube-proxy", "--proxy-mode", "nftables"))}, ProxyRunning, "nftables"},
		{"its mode in a script", []*snapshot.Pod{pod("True", corev1.PodRunning, runs("sh", "-c", "kube-proxy --v=2 --proxy-mode=iptables 1>>/var/log/x"))}, ProxyRunning, "iptables"},
		{"one that does not come up", []*snapshot.Pod{pod("False", corev1.PodRunning, since(5*time.Minute, nil))}, ProxyDown, ""},
		{"one of which no time is known", []*snapshot.Pod{pod("False", corev1.PodRunning, nil)}, ProxyDown, ""},
		{"one that restarts", []*snapshot.Pod{pod("False", corev1.PodRunning, since(5*time.Second, nil))}, ProxyUnknown, ""},
		{"one that restarts and cannot", []*snapshot.Pod{pod("False", corev1.PodRunning, since(5*time.Second, pulls))}, ProxyDown, ""},
		{"one that ends", []*snapshot.Pod{pod("False", corev1.PodRunning, ends)}, ProxyUnknown, ""},
		{"one that is new", []*snapshot.Pod{pod("False", corev1.PodPending, nil)}, ProxyUnknown, ""},
		{"one whose image is not there", []*snapshot.Pod{pod("False", corev1.PodPending, pulls)}, ProxyDown, ""},
		{"the old one beside the new", []*snapshot.Pod{pod("False", corev1.PodFailed, nil), pod("True", corev1.PodRunning, nil)}, ProxyRunning, ""},
		{"one without conditions", []*snapshot.Pod{pod("", corev1.PodRunning, nil)}, ProxyUnknown, ""},
	} {
		got := proxyOf("kube-proxy", c.pods, now)
		if got.State != c.want || got.Mode != c.mode {
			t.Errorf("%s: %q %q, want %q %q", c.name, got.State, got.Mode, c.want, c.mode)
		}
	}
}

func TestIsKubeProxy(t *testing.T) {
	for _, c := range []struct {
		namespace, name, key, value string
		want                        bool
	}{
		{"kube-system", "kube-proxy-abcde", "k8s-app", "kube-proxy", true},
		{"kube-system", "kube-proxy-windows-abcde", "k8s-app", "kube-proxy-windows", true},
		{"kube-system", "proxy", "component", "kube-proxy", true},
		{"kube-system", "kube-proxy-node-1", "", "", true},
		{"kube-system", "coredns-1", "k8s-app", "kube-dns", false},
		{"shop", "kube-proxy-abcde", "k8s-app", "kube-proxy", false},
	} {
		p := &snapshot.Pod{}
		p.Namespace, p.Name, p.Labels = c.namespace, c.name, map[string]string{c.key: c.value}
		if got := IsKubeProxy(p); got != c.want {
			t.Errorf("%s/%s: %v", c.namespace, c.name, got)
		}
	}
}
