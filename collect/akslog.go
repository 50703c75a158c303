package collect

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	bundle "azlb/bundle-schema"
)

// controllerCategory is what AKS calls the log of its cloud-controller-manager.
const controllerCategory = "cloud-controller-manager"

var workspaceRef = regexp.MustCompile(`(?i)^/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft\.OperationalInsights/workspaces/([^/]+)$`)

// destination is where a diagnostic setting sends the controller's log.
type destination struct {
	workspace Instance         // its name is empty where it goes elsewhere
	table     *bundle.Evidence // the form that it has there
}

// destinations reads the diagnostic settings of an AKS cluster, in any of their shapes.
func destinations(raw []byte) []destination {
	type setting struct {
		WorkspaceID                 string `json:"workspaceId"`
		LogAnalyticsDestinationType string `json:"logAnalyticsDestinationType"`
		Logs                        []struct {
			Category      string `json:"category"`
			CategoryGroup string `json:"categoryGroup"`
			Enabled       bool   `json:"enabled"`
		} `json:"logs"`
	}
	var out []destination
	for _, both := range listed[struct {
		setting
		Properties setting `json:"properties"`
	}](raw) {
		for _, d := range []setting{both.setting, both.Properties} {
			sends := false
			for _, l := range d.Logs {
				sends = sends || l.Enabled && (strings.EqualFold(l.Category, controllerCategory) || strings.EqualFold(l.CategoryGroup, "allLogs"))
			}
			if !sends {
				continue
			}
			to := destination{table: &bundle.AKSLogShared}
			if strings.EqualFold(d.LogAnalyticsDestinationType, "Dedicated") {
				to.table = &bundle.AKSLog
			}
			if m := workspaceRef.FindStringSubmatch(d.WorkspaceID); m != nil {
				to.workspace = Instance{Group: Group{Subscription: m[1], Name: m[2]}, Name: m[3]}
			}
			out = append(out, to)
		}
	}
	return out
}

// controllerLog plans the way to the log of the AKS controller: the diagnostic settings
// of the cluster, the workspace that they name, the log in it. --workspace names the
// workspace at once.
func (s *session) controllerLog() {
	for _, c := range s.found.Clusters[:min(len(s.found.Clusters), clusterCap)] {
		v := Values{"subscription": c.Group.Subscription, "group": c.Group.Name, "cluster": c.Name}
		s.planner.once(&bundle.DiagnosticSettings, v)
		if s.o.Workspace != "" {
			s.ask(&bundle.AKSLog, v, s.o.Workspace)
			s.ask(&bundle.AKSLogShared, v, s.o.Workspace)
			continue
		}
		for _, to := range s.sent(c) {
			if to.workspace.Name == "" {
				continue
			}
			w := to.workspace
			before := s.planner.count(&bundle.Workspace)
			read := s.planner.once(&bundle.Workspace, Values{"subscription": w.Group.Subscription, "group": w.Group.Name, "workspace": w.Name})
			if read != nil && before >= workspaceCap {
				read.Skip = fmt.Sprintf("at most %d workspaces are read", workspaceCap)
			}
			if id := s.workspaceID(w); id != "" {
				s.ask(to.table, v, id)
			}
		}
	}
}

// ask plans a query of the log of one cluster.
func (s *session) ask(table *bundle.Evidence, cluster Values, workspace string) {
	v := Values{"workspaceid": workspace, "logs": logEndpoints[s.endpoint]}
	for k, value := range cluster {
		v[k] = value
	}
	if v["logs"] == "" {
		return // neverAsked says so
	}
	s.planner.once(table, v)
}

// sent is where the diagnostic settings of a cluster send the controller's log.
func (s *session) sent(c Instance) []destination {
	for _, e := range s.entries {
		if e.Evidence == bundle.DiagnosticSettings.ID && e.Path != "" && strings.EqualFold(e.Scope["cluster"], c.Name) && strings.EqualFold(e.Scope["group"], c.Group.Name) {
			return destinations(s.spool.read(e.Path))
		}
	}
	return nil
}

// workspaceID is the id by which a workspace is queried; empty: it is not known.
func (s *session) workspaceID(w Instance) string {
	for _, e := range s.entries {
		if e.Evidence != bundle.Workspace.ID || e.Path == "" || !strings.EqualFold(e.Scope["workspace"], w.Name) || !strings.EqualFold(e.Scope["group"], w.Group.Name) {
			continue
		}
		var read struct {
			CustomerID string `json:"customerId"`
			Properties struct {
				CustomerID string `json:"customerId"`
			} `json:"properties"`
		}
		if json.Unmarshal(s.spool.read(e.Path), &read) == nil {
			return cmp.Or(read.CustomerID, read.Properties.CustomerID)
		}
	}
	return ""
}

// noLog says why the log of the AKS controller was not asked for, and what would bring it.
func (s *session) noLog() (bundle.Status, string) {
	var to []destination
	for _, c := range s.found.Clusters {
		to = append(to, s.sent(c)...)
	}
	inWorkspace := slices.ContainsFunc(to, func(d destination) bool { return d.workspace.Name != "" })
	switch {
	case len(s.found.Clusters) == 0 && s.found.Managed:
		return bundle.StatusSkipped, "the name of the AKS cluster is not known, so it cannot be told whether Log Analytics has the log of its controller"
	case len(s.found.Clusters) == 0:
		return bundle.StatusEmpty, "nothing says that AKS manages the cluster"
	case logEndpoints[s.endpoint] == "":
		return bundle.StatusSkipped, "the address of Log Analytics in this cloud is not known: export the log of the controller and give it with --log-file"
	case !s.known(&bundle.DiagnosticSettings) && s.o.Workspace == "":
		return bundle.StatusSkipped, "the diagnostic settings of the AKS cluster could not be read: if you know the workspace, name it with --workspace"
	case len(to) > 0 && !inWorkspace:
		return bundle.StatusSkipped, "a diagnostic setting sends the log of the AKS controller to a storage account, an event hub or a partner, but to no Log Analytics workspace: export it from there and give it with --log-file"
	case inWorkspace:
		return bundle.StatusSkipped, "the Log Analytics workspace that has the log of the AKS controller could not be read: if you know its id, name it with --workspace"
	}
	return bundle.StatusSkipped, enable(s.found.Clusters[0])
}

// enable says how the log of the AKS controller is kept from now on. Nothing of this
// program does it.
func enable(c Instance) string {
	id := "/subscriptions/" + c.Group.Subscription + "/resourceGroups/" + c.Group.Name + "/providers/Microsoft.ContainerService/managedClusters/" + c.Name
	return "no diagnostic setting of AKS cluster " + c.Name + " keeps the log of its controller, so what it said is lost. To keep it from now on, add a diagnostic setting with the category " +
		controllerCategory + " that sends it to a Log Analytics workspace: in the portal under the AKS cluster, Monitoring, Diagnostic settings, Add diagnostic setting; or with a command (it changes the settings of the cluster): " +
		"az monitor diagnostic-settings create --name controller-log --resource " + id + " --workspace WORKSPACE_RESOURCE_ID --export-to-resource-specific true --logs '[{\"category\": \"" + controllerCategory + "\", \"enabled\": true}]'"
}
