package publicip

import (
	"fmt"
	"strings"

	"azlb/analyze/rule"
	"azlb/analyze/topology"
	"azlb/report"
)

// repin lets a Service ask for another public IP in the place where it asks for one.
func repin(s *topology.Service, x pin, say string) report.Step {
	value := "ADDRESS"
	if x.byName {
		value = "NEW_NAME"
	}
	ns, name := rule.Word(s.Namespace, "NAMESPACE"), rule.Word(s.Name, "SERVICE")
	step := report.Step{Say: say, Changes: true}
	key, isAnnotation := strings.CutPrefix(x.pointer, "/metadata/annotations/")
	switch {
	case isAnnotation:
		step.Run = fmt.Sprintf("kubectl annotate service -n %s %s --overwrite %s=%s", ns, name, rule.Word(strings.ReplaceAll(key, "~1", "/"), "KEY"), value)
	default:
		step.Run = fmt.Sprintf("kubectl patch service -n %s %s -p '{\"spec\":{\"loadBalancerIP\":\"%s\"}}'", ns, name, value)
	}
	return step
}

// another makes a public IP in a resource group.
func another(group string, x pin) report.Step {
	name := "NEW_NAME"
	command := fmt.Sprintf("az network public-ip create -g %s -n %s --sku Standard --allocation-method Static", rule.Word(group, "GROUP"), name)
	if strings.Contains(x.what, ":") || x.pip != nil && strings.EqualFold(x.pip.Version, "IPv6") {
		command += " --version IPv6"
	}
	return report.Step{Say: "Make another address for the Service.", Run: command + " --query publicIp.ipAddress -o tsv", Changes: true}
}
