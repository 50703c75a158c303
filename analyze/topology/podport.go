package topology

import (
	"fmt"
	"slices"

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

// Checked reports whether the pod is ready and one of its own health checks asks the
// port: then something listens there.
func Checked(pod *snapshot.Pod, port int32) bool {
	ready := slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
	return ready && slices.ContainsFunc(pod.Spec.Containers, func(c corev1.Container) bool {
		return slices.ContainsFunc([]*corev1.Probe{c.ReadinessProbe, c.LivenessProbe, c.StartupProbe}, func(x *corev1.Probe) bool { return asks(x, port) })
	})
}

func asks(x *corev1.Probe, port int32) bool {
	switch {
	case x == nil:
		return false
	case x.TCPSocket != nil:
		return x.TCPSocket.Port.IntVal == port
	case x.HTTPGet != nil:
		return x.HTTPGet.Port.IntVal == port
	}
	return x.GRPC != nil && x.GRPC.Port == port
}
