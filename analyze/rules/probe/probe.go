// Package probe holds the rules about health probes and the pods that answer them.
package probe

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
)

// Rules of this topic, in the order in which a packet meets them.
var Rules = []*rule.Rule{PROBE10, PROBE11, PROBE05, PROBE09, PROBE06, PROBE02, PROBE08, PROBE07, PROBE01, PROBE03, PROBE04}

// selecting are the Services whose pods a selector names and that the provider serves.
func selecting(p *rule.Pass) []*topology.Service {
	return slices.DeleteFunc(p.Graph.Served(), func(s *topology.Service) bool { return len(s.Spec.Selector) == 0 })
}

// living are a Service's pods that have not ended and are not about to.
func living(s *topology.Service) []*snapshot.Pod {
	var out []*snapshot.Pod
	for _, pod := range s.Pods {
		if pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed && pod.DeletionTimestamp == nil {
			out = append(out, pod)
		}
	}
	return out
}

// ready are those of a Service's living pods that take traffic.
func ready(s *topology.Service) []*snapshot.Pod {
	return slices.DeleteFunc(living(s), func(pod *snapshot.Pod) bool { return !isReady(pod) })
}

func isReady(pod *snapshot.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// proxies are the sidecars of service meshes. They take every inbound connection of
// the pod, whichever ports its other containers declare.
var proxies = []string{"istio-proxy", "linkerd-proxy", "envoy-sidecar", "kuma-sidecar", "consul-dataplane"}

func isProxy(name string) bool { return slices.Contains(proxies, name) }

// inMesh reports whether a mesh's sidecar, also one that is an init container, is in the pod.
func inMesh(pod *snapshot.Pod) bool {
	return slices.ContainsFunc(slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers), func(c corev1.Container) bool { return isProxy(c.Name) })
}

// aside reports whether a port is named after something that no client is meant to reach.
func aside(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"metric", "prom", "health", "probe", "admin", "debug", "status", "monitor", "pprof"},
		func(word string) bool { return strings.Contains(name, word) })
}
