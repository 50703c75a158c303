package rule

import (
	"fmt"

	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/report"
)

// Resync makes the provider sync a Service: any change of an annotation does.
func Resync(s *topology.Service, say string) report.Step {
	return report.Step{Say: say, Changes: true,
		Run: fmt.Sprintf("kubectl annotate service -n %s %s azlb-resync=\"$(date +%%s)\" --overwrite", Word(s.Namespace, "NAMESPACE"), Word(s.Name, "SERVICE"))}
}

// Restart is the command that restarts a controller: a static pod comes back when its
// file does, any other when it is deleted.
func Restart(c topology.Controller) string {
	if c.Static() {
		return RestartStatic(c.Program)
	}
	return "kubectl -n kube-system delete pod " + Word(c.Pod.Name, "POD")
}

// RestartStatic restarts a program that the kubelet runs from a file.
func RestartStatic(program snapshot.LogKind) string {
	return fmt.Sprintf("sudo mv /etc/kubernetes/manifests/%[1]s.yaml /tmp/ && sleep 30 && sudo mv /tmp/%[1]s.yaml /etc/kubernetes/manifests/", program)
}

// PassOn lets every node pass packets on to the pods of a Service, wherever they run.
func PassOn(s *topology.Service, say string) report.Step {
	return report.Step{Say: say, Changes: true,
		Run: fmt.Sprintf("kubectl patch service -n %s %s -p '{\"spec\":{\"externalTrafficPolicy\":\"Cluster\"}}'", Word(s.Namespace, "NAMESPACE"), Word(s.Name, "SERVICE"))}
}
