package collect

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// references are the groups of objects that Azure's answers name. The route of a
// packet may leave the nodes' group: the subnet with its security group and route
// table, a public address, a load balancer.
type references struct {
	groups   []Group
	subnets  map[string]bool // ids of the subnets that nodes and frontends are in, lower case
	aks      bool            // a resource group says that AKS manages it
	clusters []Instance      // that AKS manages
	read     map[string]bool // ids of the subnets that stand in an answer, lower case
}

var networkID = regexp.MustCompile(`(?i)^/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft\.Network/(virtualNetworks|networkSecurityGroups|routeTables|publicIPAddresses|publicIPPrefixes|applicationSecurityGroups|loadBalancers|privateLinkServices|natGateways)/`)

var clusterID = regexp.MustCompile(`(?i)^/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft\.ContainerService/managedClusters/([^/]+)$`)

// scan reads one answer of az; where is its place in the bundle. An answer that is
// not JSON names nothing.
func (r *references) scan(raw []byte, subscription, where string) {
	var doc any
	if json.Unmarshal(raw, &doc) != nil {
		return
	}
	r.walk(doc, subscription, where)
}

// scanVNets reads virtual networks: only the subnets that are in use here count, a
// hub network has hundreds of others.
func (r *references) scanVNets(raw []byte, subscription, where string) {
	var doc any
	if json.Unmarshal(raw, &doc) != nil {
		return
	}
	var visit func(any)
	visit = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				visit(e)
			}
		case map[string]any:
			id, ok := v["id"].(string)
			if ok && strings.Contains(strings.ToLower(id), "/subnets/") {
				r.read[strings.ToLower(id)] = true
			}
			if ok && r.subnets[strings.ToLower(id)] {
				r.walk(map[string]any{"nsg": v["networkSecurityGroup"], "table": v["routeTable"], "gateway": v["natGateway"], "properties": v["properties"]}, subscription, where)
				return
			}
			for _, k := range sortedKeys(v) {
				visit(v[k])
			}
		}
	}
	visit(doc)
}

func (r *references) walk(v any, subscription, where string) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			r.walk(e, subscription, where)
		}
	case map[string]any:
		if tag, ok := v["aks-managed-cluster-rg"].(string); ok {
			g := Group{Subscription: subscription, Name: tag, From: "tag aks-managed-cluster-rg in " + where}
			r.add(g)
			r.aks = true
			if name, ok := v["aks-managed-cluster-name"].(string); ok {
				r.clusters = append(r.clusters, Instance{Group: g, Name: name})
			}
		}
		for _, k := range sortedKeys(v) {
			if k != "virtualNetworkPeerings" && k != "remoteVirtualNetwork" {
				r.walk(v[k], subscription, where)
			}
		}
	case string:
		if m := networkID.FindStringSubmatch(v); m != nil {
			r.add(Group{Subscription: m[1], Name: m[2], From: "an id in " + where})
			if strings.Contains(strings.ToLower(v), "/subnets/") {
				r.subnets[strings.ToLower(v)] = true
			}
		} else if m := clusterID.FindStringSubmatch(v); m != nil {
			g := Group{Subscription: m[1], Name: m[2], From: "managedBy in " + where}
			r.add(g)
			r.aks = true
			r.clusters = append(r.clusters, Instance{Group: g, Name: m[3]})
		}
	}
}

func (r *references) add(g Group) {
	if !slices.ContainsFunc(r.groups, g.same) {
		r.groups = append(r.groups, g)
	}
}
