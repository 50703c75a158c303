// Package topology links the rows of a snapshot: Services to frontends, rules,
// probes and backend pools, pool members to machines, machines to nodes, Services
// to endpoints. After this package nobody joins by name or ARM id.
package topology

import (
	"slices"
	"strings"
	"sync"

	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// Graph is the linked snapshot.
type Graph struct {
	Snapshot *snapshot.Snapshot
	// ClusterName is --cluster-name of the controller: the base of all derived names.
	// NameUnknown is why it cannot be told, where several names are in question, and
	// NameGuessed says that nothing tells it.
	ClusterName, NameBecause, NameUnknown string

	NameGuessed bool
	// NodeGroups are the resource groups of the nodes' machines, lower-cased, sorted.
	NodeGroups []string
	Services   []*Service // of type LoadBalancer, sorted by namespace and name
	Nodes      []*Node    // in the snapshot's order
	Leftovers  []Leftover // what belongs to no living Service, sorted

	machines map[string]*snapshot.VM  // by machineKey
	nodes    map[string]*Node         // by machineKey, "name/…" and "ip/…"
	nics     map[string]*snapshot.NIC // by lower-case id
	publics  map[string]*snapshot.PublicIP
	unrouted func() []Unrouted
	linking  sync.Mutex
	members  map[*az.BackendPool][]*Member
	living   map[string]bool // the prefixes of all Services of the bundle
	// frontends are those of every load balancer, each with its public IP.
	frontends []Frontend
	proxies   proxies
}

// Link is a hop that was found, is absent, or is unknown, with the reason.
type Link[T any] struct {
	To    *T
	State report.HopState
	Why   string // for absent and unknown: what was looked for, or what is missing
}

func found[T any](to *T) Link[T] { return Link[T]{To: to, State: report.HopFound} }

// missing is absent where the evidence was complete and unknown where it was not.
func missing[T any](complete bool, absent, unknown string) Link[T] {
	if complete {
		return Link[T]{State: report.HopAbsent, Why: absent}
	}
	return Link[T]{State: report.HopUnknown, Why: unknown}
}

// Build links a snapshot.
func Build(s *snapshot.Snapshot) *Graph {
	g := &Graph{Snapshot: s, machines: map[string]*snapshot.VM{}, nodes: map[string]*Node{}, nics: map[string]*snapshot.NIC{}, publics: map[string]*snapshot.PublicIP{}, living: map[string]bool{}, members: map[*az.BackendPool][]*Member{}}
	for i := range s.Services {
		if u := s.Services[i].UID; u != "" {
			g.living[azname.Prefix(string(u))] = true
		}
	}
	g.unrouted = sync.OnceValue(g.findUnrouted)
	g.linkNodes()
	g.linkProxies()
	g.linkFrontends()
	g.nameCluster()
	for i := range s.Services {
		if s.Services[i].Spec.Type == "LoadBalancer" {
			g.Services = append(g.Services, newService(g, &s.Services[i]))
		}
	}
	for _, svc := range g.Services {
		svc.joinFrontends()
	}
	for _, svc := range g.Services {
		svc.joinEndpoints()
		svc.buildPaths()
	}
	g.Leftovers = g.leftovers()
	return g
}

// Service returns the Service "ns/name", or nil.
func (g *Graph) Service(key string) *Service {
	for _, s := range g.Services {
		if s.Key() == key {
			return s
		}
	}
	return nil
}

// PublicIP returns the public IP that an ARM id names, or nil.
func (g *Graph) PublicIP(ref *az.Ref) *snapshot.PublicIP {
	if ref == nil {
		return nil
	}
	return g.publics[az.Key(ref.ID)]
}

// linkFrontends finds the address of every frontend, once for all Services.
func (g *Graph) linkFrontends() {
	for i := range g.Snapshot.PublicIPs {
		p := &g.Snapshot.PublicIPs[i]
		if key := az.Key(p.ID); key != "" && g.publics[key] == nil {
			g.publics[key] = p
		}
	}
	for i := range g.Snapshot.Loads {
		lb := &g.Snapshot.Loads[i]
		for j := range lb.Frontends {
			f := Frontend{Frontend: &lb.Frontends[j], LB: lb, PublicIP: g.PublicIP(lb.Frontends[j].PublicIP)}
			f.Address = f.PrivateIPAddress
			if f.PublicIP != nil {
				f.Address = f.PublicIP.IPAddress
			}
			g.frontends = append(g.frontends, f)
		}
	}
}

// PublicIPByAddress returns the public IP with that address, or nil.
func (g *Graph) PublicIPByAddress(address string) *snapshot.PublicIP {
	for i := range g.Snapshot.PublicIPs {
		if p := &g.Snapshot.PublicIPs[i]; p.IPAddress != "" && p.IPAddress == address {
			return p
		}
	}
	return nil
}

// Subnet returns the subnet that an ARM id names, with its virtual network.
func (g *Graph) Subnet(ref *az.Ref) (*snapshot.VNet, *az.Subnet) {
	if ref == nil {
		return nil, nil
	}
	for i := range g.Snapshot.VNets {
		v := &g.Snapshot.VNets[i]
		for j := range v.Subnets {
			if az.SameID(v.Subnets[j].ID, ref.ID) {
				return v, &v.Subnets[j]
			}
		}
	}
	return nil, nil
}

// NSG returns the security group that an ARM id names, or nil.
func (g *Graph) NSG(ref *az.Ref) *snapshot.NSG {
	if ref == nil {
		return nil
	}
	for i := range g.Snapshot.NSGs {
		if n := &g.Snapshot.NSGs[i]; az.SameID(n.ID, ref.ID) {
			return n
		}
	}
	return nil
}

// RouteTable returns the route table that an ARM id names, or nil.
func (g *Graph) RouteTable(ref *az.Ref) *snapshot.RouteTable {
	if ref == nil {
		return nil
	}
	for i := range g.Snapshot.Routes {
		if t := &g.Snapshot.Routes[i]; az.SameID(t.ID, ref.ID) {
			return t
		}
	}
	return nil
}

// completeInNodeGroups reports whether the evidence is whole for every resource
// group in which the provider puts its objects.
func (g *Graph) completeInNodeGroups(e *bundle.Evidence) bool {
	groups := g.ProviderGroups()
	if len(groups) == 0 {
		return false
	}
	return !slices.ContainsFunc(groups, func(group string) bool { return !g.Snapshot.Complete(e, group) })
}

// ProviderGroups are the resource groups in which the provider puts load
// balancers and public IPs by default: what azure.json says, else the nodes'.
func (g *Graph) ProviderGroups() []string {
	if c := g.Snapshot.Config; c != nil && c.Invalid == "" {
		if c.LoadBalancerResourceGroup != "" {
			return []string{strings.ToLower(c.LoadBalancerResourceGroup)}
		}
		if c.ResourceGroup != "" {
			return []string{strings.ToLower(c.ResourceGroup)}
		}
	}
	return g.NodeGroups
}
