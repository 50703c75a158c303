package topology

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/snapshot"
)

// DeclaredPort is a port that a container declares, with its JSON pointer in the pod.
type DeclaredPort struct {
	corev1.ContainerPort
	At string
}

// DeclaredPorts are those that a pod's containers declare for a protocol, restartable
// init containers included: what a Service's targetPort may name.
func DeclaredPorts(pod *snapshot.Pod, protocol corev1.Protocol) []DeclaredPort {
	var out []DeclaredPort
	for _, list := range []struct {
		at         string
		containers []corev1.Container
	}{{"/spec/containers", pod.Spec.Containers}, {"/spec/initContainers", pod.Spec.InitContainers}} {
		for i, c := range list.containers {
			if list.at == "/spec/initContainers" && (c.RestartPolicy == nil || *c.RestartPolicy != corev1.ContainerRestartPolicyAlways) {
				continue
			}
			for j, cp := range c.Ports {
				if cp.Protocol == protocol || cp.Protocol == "" && protocol == corev1.ProtocolTCP {
					out = append(out, DeclaredPort{cp, fmt.Sprintf("%s/%d/ports/%d", list.at, i, j)})
				}
			}
		}
	}
	return out
}

// ProtocolOf is a Service port's protocol, TCP where it has none.
func ProtocolOf(port corev1.ServicePort) corev1.Protocol {
	if port.Protocol == "" {
		return corev1.ProtocolTCP
	}
	return port.Protocol
}
