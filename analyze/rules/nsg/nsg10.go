package nsg

import (
	"fmt"
	"regexp"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// NSG10 is a Service with two lists of sources that exclude each other.
var NSG10 = &rule.Rule{
	ID:       "AZLB-NSG10",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the Service restricts its sources in two ways that exclude each other",
		Symptom: "The Service stays pending, or no change of it arrives, with `cannot set both spec.LoadBalancerSourceRanges and service annotation …`; or clients of a service tag time out although the security group lets them in.",
		Cause: "The sources of a Service can stand in spec.loadBalancerSourceRanges or in the annotation azure-allowed-ip-ranges; with both the provider refuses the Service, and since 1.27.17, 1.28.9, 1.29.4 and 1.30 the annotation load-balancer-source-ranges counts like the other one. Some releases refuse even to delete such a Service. " +
			"Service tags go well with the annotation but not with the field: only the field reaches kube-proxy, which then drops on the node whoever is in none of the ranges, the clients of the tag among them.",
		Fix: []report.Step{
			{Say: "Put all ranges into the annotation.", Run: "kubectl annotate service -n NAMESPACE SERVICE --overwrite service.beta.kubernetes.io/azure-allowed-ip-ranges=RANGE,RANGE", Changes: true},
			{Say: "Then take the field out.", Run: "kubectl patch service -n NAMESPACE SERVICE -p '{\"spec\":{\"loadBalancerSourceRanges\":null}}'", Changes: true},
		},
		References: []string{"Azure/AKS#1813", "https://learn.microsoft.com/azure/aks/load-balancer-standard#restrict-inbound-traffic-to-specific-ip-ranges", "NewAccessControl in cloud-provider-azure"},
		Affects:    "both lists: 1.25.24, 1.26.19, 1.27.13, 1.28.5 and later; tags with the field: every release",
		Healthy:    "Tags beside azure-allowed-ip-ranges, tags beside a field that lets everybody in, and the tag of the load balancer's probes. For the tag of the virtual network the finding is only a note, as the ranges often are the network's.",
	},
	Needs: rule.Needs{All: []*bundle.Evidence{&bundle.Services}, Clean: []*bundle.Evidence{&bundle.KubeVersion, &bundle.Events, &bundle.ControllerLog}},
	Check: rule.Problems{About: desired.AboutRangeConflict, Says: bothText, Fix: oneList}.Check,
}

var bothText = regexp.MustCompile(`(?i)cannot set both spec\.loadBalancerSourceRanges|both of spec\.loadBalancerSourceRanges and annotation|please use annotation \S+ instead of spec\.loadBalancerSourceRanges`)

func oneList(s *topology.Service, x desired.Problem) []report.Step {
	const key = "service.beta.kubernetes.io/azure-allowed-ip-ranges"
	list := strings.Join(s.Spec.LoadBalancerSourceRanges, ",")
	if x.Value != "" && strings.HasSuffix(x.Key, "ranges") {
		list += "," + x.Value
	}
	steps := []report.Step{rule.Annotate(s, key, list, "Put all ranges into the annotation (since 1.25.24, 1.26.19, 1.27.13, 1.28.5 and 1.29).")}
	if x.Key != key && strings.HasSuffix(x.Key, "ranges") {
		steps = append(steps, rule.Unannotate(s, x.Key, "Take the other annotation out."))
	}
	return append(steps, report.Step{Say: "Then take the field out. From then on kube-proxy lets everybody in who reaches a node, and the security group decides alone.", Changes: true,
		Run: fmt.Sprintf("kubectl patch service -n %s %s -p '{\"spec\":{\"loadBalancerSourceRanges\":null}}'", rule.Word(s.Namespace, "NAMESPACE"), rule.Word(s.Name, "SERVICE"))})
}
