package bundle

import (
	"fmt"
	"strings"
)

// MostRows is how many lines of the controller's log Log Analytics is asked for, the
// newest: an answer of as many may lack older ones.
const MostRows = 5000

// The evidence of the log of AKS's own controller, which kubectl cannot read. A
// diagnostic setting of the cluster names the workspace that has it, and the form of the
// table.
var (
	DiagnosticSettings = Evidence{ID: "diagnostic-settings", Title: "Diagnostic settings of the AKS cluster", Path: "azure/{group}/aks/{cluster}.diagnostic-settings.json", Program: Az,
		Args: []string{"monitor", "diagnostic-settings", "list", "--resource", "{cluster}", "--resource-group", "{group}", "--resource-type", "Microsoft.ContainerService/managedClusters"},
		Rest: aksPath + "/providers/Microsoft.Insights/diagnosticSettings", RestVersion: "2021-05-01-preview",
		Scope: PerAKSCluster, Format: JSON, Redaction: RedactARM, Cap: mib, Extra: true,
		Without: "where the log of the AKS controller goes is not known", Right: "Microsoft.Insights/diagnosticSettings/read"}
	Workspace = Evidence{ID: "workspace", Title: "Log Analytics workspace", Path: "azure/{group}/workspaces/{workspace}.json", Program: Az,
		Args: []string{"monitor", "log-analytics", "workspace", "show", "--resource-group", "{group}", "--workspace-name", "{workspace}"},
		Rest: "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.OperationalInsights/workspaces/{workspace}", RestVersion: "2022-10-01",
		Scope: PerWorkspace, Format: JSON, Redaction: RedactARM, Cap: mib, Extra: true,
		Without: "the id by which a workspace is queried is not known", Right: "Microsoft.OperationalInsights/workspaces/read"}
	AKSLog = query("aks-log", "Log of the AKS controller (AKSControlPlane)", "AKSControlPlane",
		"| where not(Level =~ 'INFO') or "+milestones("Message")+" | project TimeGenerated, Category, PodName, Level, Message")
	AKSLogShared = query("aks-log-shared", "Log of the AKS controller (AzureDiagnostics)", "AzureDiagnostics",
		"| where not(log_s startswith_cs 'I') or "+milestones("log_s")+" | project TimeGenerated, Category, pod_s, log_s")
)

const aksPath = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.ContainerService/managedClusters/{cluster}"

// query is a reading of the controller's log of the last day out of one table of Log
// Analytics, and only of this cluster: several may share a workspace. It is a GET with
// its words in parameters of their own. cmd.exe takes them as they are, because they have
// blanks (so they are quoted) and none of the characters that it interprets in quotes.
func query(id, title, table, rest string) Evidence {
	return Evidence{ID: id, Title: title, Path: "azure/{group}/aks/{cluster}/{workspaceid}." + table + ".json", Program: Az,
		Args: []string{"rest", "--method", "get", "--url", "{logs}/v1/workspaces/{workspaceid}/query", "--url-parameters",
			"query=" + table + " | where _ResourceId =~ '" + aksPath + "' | where Category == 'cloud-controller-manager' " + rest + fmt.Sprintf(" | top %d by TimeGenerated desc", MostRows),
			"timespan=P1D", "--resource", "{logs}"},
		Scope: PerQuery, Format: JSON, Redaction: RedactRows, Cap: 64 * mib, Extra: true,
		Without: "errors of the AKS controller that no event shows, or that are older than an hour, are not seen",
		Right:   "Microsoft.OperationalInsights/workspaces/query/read and Microsoft.OperationalInsights/workspaces/query/" + table + "/read"}
}

// milestones are the informational lines that tell of the reconciliation of a Service and
// of who leads.
func milestones(column string) string {
	var parts []string
	for _, word := range []string{"service", "load balancer", "loadbalancer", "lease", "version"} {
		parts = append(parts, column+" contains '"+word+"'")
	}
	return strings.Join(parts, " or ")
}
