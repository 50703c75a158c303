package rule

import (
	"fmt"

	"azlb/analyze/topology"
	"azlb/report"
)

// Resync makes the provider sync a Service: any change of an annotation does.
func Resync(s *topology.Service, say string) report.Step {
	return report.Step{Say: say, Changes: true,
		Run: fmt.Sprintf("kubectl annotate service -n %s %s azlb-resync=\"$(date +%%s)\" --overwrite", Word(s.Namespace, "NAMESPACE"), Word(s.Name, "SERVICE"))}
}

// PassOn lets every node pass packets on to the pods of a Service, wherever they run.
func PassOn(s *topology.Service, say string) report.Step {
	return report.Step{Say: say, Changes: true,
		Run: fmt.Sprintf("kubectl patch service -n %s %s -p '{\"spec\":{\"externalTrafficPolicy\":\"Cluster\"}}'", Word(s.Namespace, "NAMESPACE"), Word(s.Name, "SERVICE"))}
}
