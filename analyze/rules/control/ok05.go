package control

import (
	"fmt"
	"slices"

	"azlb/analyze/rule"
	"azlb/report"
)

// OK05 are writes that met others and went through later.
var OK05 = &rule.Rule{
	ID:         "AZLB-OK05",
	Severity:   report.Info,
	AsDesigned: true,
	Doc: report.Doc{
		Title:   "writes to Azure met others and went through at the next try",
		Symptom: "Events or the log show PreconditionFailed (HTTP 412, `Etag provided in if-match header … does not match`), CanceledAndSupersededDueToAnotherOperation or AnotherOperationInProgress; a success of the same Service follows.",
		Cause: "The provider reads a load balancer, changes it and writes it back with the etag that it read. If something else wrote in between, such as the provider itself for another Service, a scale set, AKS or a person, Azure refuses, so that nothing gets lost. " +
			"The provider then reads again and tries again; the retry is the design.",
		Fix:        looks("Nothing is to be repaired. See whether errors come again.", "kubectl describe service -n NAMESPACE SERVICE"),
		References: []string{"kubernetes-sigs/cloud-provider-azure#792", "hashicorp/terraform-provider-azurerm#13886", "https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations"},
		Healthy:    "It is told only where a success of the same Service followed and the Service has no error now. One that goes on failing so has a second writer that never rests, which is a fault.",
	},
	Needs: said,
	Texts: append(slices.Clone(rule.Stale), rule.Overlaps...),
	Check: func(p *rule.Pass) {
		past(p, overcome(p, meets), func(told rule.Told, what string) string {
			return fmt.Sprintf("Writes for %s met others (%s, %s); the provider read anew and tried again.", rule.List(told.Services), what, told.Span())
		})
	},
}
