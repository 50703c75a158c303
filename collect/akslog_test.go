package collect

import (
	"fmt"
	"strings"
	"testing"

	bundle "azlb/bundle-schema"
)

const logsID = "/subscriptions/" + testSub + "/resourceGroups/logs/providers/Microsoft.OperationalInsights/workspaces/central"

// TestDestinations reads diagnostic settings as az and as ARM print them.
func TestDestinations(t *testing.T) {
	const sends = `"logs": [{"category": "kube-audit", "enabled": true}, {"category": "cloud-controller-manager", "enabled": true}]`
	for text, want := range map[string]string{
		`[{"name": "a", "workspaceId": "` + logsID + `", "logAnalyticsDestinationType": "Dedicated", ` + sends + `}]`:                                   "central aks-log",
		`[{"name": "a", "workspaceId": "` + logsID + `", "logAnalyticsDestinationType": null, ` + sends + `}]`:                                          "central aks-log-shared",
		`{"value": [{"name": "a", "properties": {"workspaceId": "` + logsID + `", "logAnalyticsDestinationType": "AzureDiagnostics", ` + sends + `}}]}`: "central aks-log-shared",
		`[{"name": "a", "workspaceId": "` + logsID + `", "logs": [{"category": null, "categoryGroup": "allLogs", "enabled": true}]}]`:                   "central aks-log-shared",
		`[{"name": "a", "workspaceId": "` + logsID + `", "logs": [{"categoryGroup": "audit", "enabled": true}]}]`:                                       "",
		`[{"name": "a", "workspaceId": "` + logsID + `", "logs": [{"category": "cloud-controller-manager", "enabled": false}]}]`:                        "",
		`[{"name": "a", "workspaceId": null, "storageAccountId": "/x", ` + sends + `}]`:                                                                 " aks-log-shared",
		`[{"name": "a", "workspaceId": "` + logsID + `/x", ` + sends + `}]`:                                                                             " aks-log-shared",
		`[]`: "",
		`no`: "",
	} {
		var got []string
		for _, d := range destinations([]byte(text)) {
			got = append(got, d.workspace.Name+" "+d.table.ID)
		}
		if s := strings.Join(got, ", "); s != want {
			t.Errorf("%s\n goes to %q, want %q", text, s, want)
		}
	}
}

// TestControllerLogOfAKS: what the log of the AKS controller ends as, and what the bundle
// says where it did not come.
func TestControllerLogOfAKS(t *testing.T) {
	aks := func(a *answers) {
		a.by["az group show"] = says(`{"id": "/x", "managedBy": "/subscriptions/` + testSub + `/resourcegroups/clusters/providers/Microsoft.ContainerService/managedClusters/prod"}`)
		a.by["az monitor log-analytics workspace show"] = says(`{"customerId": "` + testSub + `"}`)
		a.by["az monitor diagnostic-settings"] = says(`[{"workspaceId": "` + logsID + `", "logAnalyticsDestinationType": "Dedicated", "logs": [{"category": "cloud-controller-manager", "enabled": true}]}]`)
		a.by["kubectl get pods --namespace kube-system"] = says("apiVersion: v1\nitems: []\nkind: List\n")
	}
	rows := func(n int) string {
		return `{"tables": [{"columns": [{"name": "TimeGenerated"}, {"name": "Message"}], "rows": [` + strings.TrimSuffix(strings.Repeat(`["2026-11-23T09:00:00Z", "x"],`, n), ",") + `]}]}`
	}
	const query = "az rest --method get --url https://api.loganalytics.io/v1/workspaces/" + testSub + "/query"
	for name, tt := range map[string]struct {
		change func(*answers)
		want   string // status and a part of the reason
		log    string // of what kubectl cannot read
	}{
		"rows":        {func(a *answers) { a.by[query] = says(rows(3)) }, "ok ", "what Log Analytics has of its log is in the bundle"},
		"no rows":     {func(a *answers) { a.by[query] = says(rows(0)) }, "empty ", "what Log Analytics has"},
		"a full page": {func(a *answers) { a.by[query] = says(rows(bundle.MostRows)) }, "truncated these are the newest 5000 lines of the day", "what Log Analytics has"},
		"ended early": {func(a *answers) {
			a.by[query] = says(strings.Replace(rows(3), "{", `{"error": {"code": "PartialError"}, `, 1))
		}, "truncated Log Analytics ended the query early: PartialError", "what Log Analytics has"},
		"no such table": {func(a *answers) {
			a.by[query] = fails(`ERROR: Bad Request({"error":{"code":"BadArgumentError","innererror":{"code":"SEM0100"}}})`)
		}, "notfound the workspace has no such table", "enable the diagnostic setting"},
		"refused": {func(a *answers) {
			a.by[query] = fails(`ERROR: Forbidden({"error":{"code":"InsufficientAccessError"}})`)
		},
			"denied this login may not read it", "enable the diagnostic setting"},
		"no setting": {func(a *answers) { a.by["az monitor diagnostic-settings"] = says("[]") },
			"skipped no diagnostic setting of AKS cluster prod keeps the log of its controller", "enable the diagnostic setting"},
		"elsewhere": {func(a *answers) {
			a.by["az monitor diagnostic-settings"] = says(`[{"storageAccountId": "/x", "logs": [{"category": "cloud-controller-manager", "enabled": true}]}]`)
		}, "skipped a diagnostic setting sends the log of the AKS controller to a storage account", "enable"},
		"settings refused": {func(a *answers) { a.by["az monitor diagnostic-settings"] = fails("ERROR: (AuthorizationFailed) no") },
			"skipped the diagnostic settings of the AKS cluster could not be read", "enable"},
		"workspace refused": {func(a *answers) {
			a.by["az monitor log-analytics workspace show"] = fails("ERROR: (AuthorizationFailed) no")
		}, "skipped the Log Analytics workspace that has the log of the AKS controller could not be read", "enable"},
		"another cloud": {func(a *answers) {
			a.by["az cloud show"] = says(`{"name": "Hub", "endpoints": {"resourceManager": "https://management.local.azurestack.external"}}`)
		}, "skipped the address of Log Analytics in this cloud is not known", "enable"},
		"the US government": {func(a *answers) {
			a.by["az cloud show"] = says(`{"name": "AzureUSGovernment", "endpoints": {"resourceManager": "https://management.usgovcloudapi.net/"}}`)
			a.by[strings.Replace(query, ".io", ".us", 1)] = says(rows(1))
		}, "ok ", "what Log Analytics has"},
	} {
		a := cluster()
		aks(a)
		tt.change(a)
		log, managed := "", ""
		for _, e := range manifestOf(t, options(t, a)).Entries {
			switch e.Evidence {
			case bundle.AKSLog.ID:
				log = fmt.Sprintf("%s %s", e.Status, e.Reason)
			case bundle.ControllerLog.ID:
				managed = e.Reason
			}
		}
		if !strings.HasPrefix(log, tt.want) || tt.want == "ok " && log != tt.want {
			t.Errorf("%s: the log is %q, want %q", name, log, tt.want)
		}
		if !strings.Contains(managed, tt.log) {
			t.Errorf("%s: of kubectl's own it says %q, want %q", name, managed, tt.log)
		}
	}
}
