package route

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// ROUTE03 is a route table that the provider may not write.
var ROUTE03 = &rule.Rule{
	ID:       "AZLB-ROUTE03",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the controller may not write the route table, and tells nobody",
		Symptom: "Pods on nodes that joined lately are not reached from other nodes: some connections to a Service time out, or all where its pods run there. No event says so, the nodes are Ready, and their condition NetworkUnavailable is False.",
		Cause: "With kubenet the provider writes a route for each node's pods into a route table. Azure refuses the write with HTTP 403 where the controller's identity has no role at the table, which is common where the virtual network and its table are in a resource group of your own. " +
			"The provider logs the refusal (CreateOrUpdateRouteTable() failed), and then “route created” all the same; the route controller takes that for done. Routes from before the right was lost stay, so that old nodes keep working.",
		Fix: []report.Step{
			{Say: "Give the identity named in the message the role Network Contributor at the route table. It can take 20 minutes until it counts; the controller then writes the routes by itself.",
				Run: "az role assignment create --assignee-object-id OBJECT_ID --assignee-principal-type ServicePrincipal --role \"Network Contributor\" --scope ROUTE_TABLE_ID", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/aks/configure-kubenet#bring-your-own-subnet-and-route-table-with-kubenet", "updateRoutes in kubernetes-sigs/cloud-provider-azure (pkg/provider/azure_routes.go)"},
		Healthy:    "A refused write of a table that has a route for every node now: the role was given in the meantime.",
	},
	// The refusal is the controller's to tell, what it harms the table's.
	Needs: rule.Needs{All: []*bundle.Evidence{&bundle.ControllerLog}, Any: []*bundle.Evidence{&bundle.RouteTables, &bundle.Nodes, &bundle.VNets}},
	Texts: rule.InLogs(rule.Codes("AuthorizationFailed")),
	Check: checkROUTE03,
}

func checkROUTE03(p *rule.Pass) {
	errs := p.Current(func(e *errtext.Error) bool {
		return e.Service == "" && p.Knows(e) && strings.HasPrefix(strings.ToLower(e.Action), "microsoft.network/routetables/")
	})
	for _, b := range rule.Bunches(errs, func(e *errtext.Error) (string, bool) { return az.Key(tableID(e.Scope)), true }) {
		if t := p.Graph.RouteTable(&az.Ref{ID: tableID(b.All[0].Scope)}); t != nil {
			unwritten(p, t, b.All)
		}
	}
}

// unwritten tells of one table, unless it has every route now.
func unwritten(p *rule.Pass, t *snapshot.RouteTable, errs []*errtext.Error) {
	all := p.Graph.RouteSites()
	i := slices.IndexFunc(all, func(x *topology.RouteSite) bool { return x.Table == t })
	if i < 0 {
		return // at no subnet of the nodes
	}
	s := all[i]
	list := p.Graph.Routeless(t, s.VNet)
	if len(list) == 0 {
		return
	}
	last, told := errs[len(errs)-1], rule.Tell(errs)
	names, cites := nodesOf(list)
	f := rule.Finding{Subject: subject(t), Cites: append(append(told.Cites, cites...), t.Doc.Cite(t.At+"/routes"))}
	who := "The controller's identity"
	if last.ObjectID != "" {
		who += " (object id " + last.ObjectID + ")"
	}
	f.Message = fmt.Sprintf("%s may not %s at route table %s: Azure answered 403 AuthorizationFailed %s, and the provider takes the routes for created all the same. The table has no route for the pods of %s, so other nodes do not reach them.",
		who, last.Action, t.Name, told.Span(), rule.List(names))
	tell(p, s, &f, list)
	id, scope := rule.Word(last.ObjectID, "OBJECT_ID"), rule.Word(t.ID, "ROUTE_TABLE_ID")
	f.Fix = []report.Step{
		{Say: "See which roles the identity has at the table.", Run: fmt.Sprintf("az role assignment list --assignee %s --scope %s --include-inherited -o table", id, scope)},
		{Say: "Give it Network Contributor there. It can take 20 minutes until it counts; the controller then writes the routes by itself.",
			Run: fmt.Sprintf("az role assignment create --assignee-object-id %s --assignee-principal-type ServicePrincipal --role \"Network Contributor\" --scope %s", id, scope), Changes: true},
		show(t),
	}
	p.Find(f)
}

// tableID is the table of a scope, which may name a route in it.
func tableID(scope string) string {
	id, ok := az.ParseID(scope)
	if !ok || id.Name("routeTables") == "" {
		return ""
	}
	id.Types, id.Names = id.Types[:1], id.Names[:1]
	return id.String()
}
