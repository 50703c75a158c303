package snapshot

import (
	"bytes"
	"strings"
)

// logVotes counts the source files that the headers name: they tell whose log it
// is where no flags were logged.
type logVotes struct {
	kubelet, kubeController, azure, service int
}

func (v *logVotes) count(source []byte, program string) {
	if program == "kubelet" || bytes.HasPrefix(source, []byte("kubelet")) || bytes.HasPrefix(source, []byte("kuberuntime_")) {
		v.kubelet++
		return
	}
	name, _, _ := bytes.Cut(source, []byte(":"))
	switch {
	case bytes.HasPrefix(name, []byte("azure")):
		v.azure++
		return
	case bytes.HasPrefix(name, []byte("resource_quota_")):
		v.kubeController++
		return
	}
	switch string(name) {
	case "service_controller.go": // in-tree, and the first out-of-tree releases that vendored it
		v.kubeController++
	case "replica_set.go", "deployment_controller.go", "garbagecollector.go", "garbage_collector.go",
		"endpointslice_controller.go", "endpoints_controller.go", "namespace_controller.go", "job_controller.go",
		"disruption.go", "horizontal.go", "pv_controller.go", "taint_manager.go", "taint_eviction.go", "graph_builder.go":
		v.kubeController++
	case "controller.go":
		v.service++
	}
}

// kind decides by the flags first: they name the program's own lease and files.
func (v *logVotes) kind(flags map[string]string) LogKind {
	has := func(name string) bool { _, ok := flags[name]; return ok }
	switch {
	case has("cloud-config-secret-name"), has("enable-dynamic-reloading"),
		strings.Contains(flags["leader-elect-resource-name"], "cloud-controller-manager"):
		return CloudController
	case has("service-account-private-key-file"), has("pv-recycler-pod-template-filepath-nfs"),
		strings.Contains(flags["leader-elect-resource-name"], "kube-controller-manager"):
		return KubeController
	case has("pod-manifest-path"), has("container-runtime-endpoint"), has("cgroup-driver"):
		return Kubelet
	case v.kubeController > 0:
		return KubeController
	case v.kubelet > 0:
		return Kubelet
	case v.azure > 0:
		return CloudController
	}
	return OtherLog
}
