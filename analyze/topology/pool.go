package topology

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	"azlb/analyze/snapshot"
	"azlb/bundle-schema/az"
)

// Members links the entries of a backend pool to machines and nodes. A NIC-based
// pool is read from its IP configurations, an IP-based one from its addresses.
//
// The paths of all Services share a few pools, so each is linked once and callers share
// the list.
func (g *Graph) Members(pool *az.BackendPool) []*Member {
	g.linking.Lock()
	defer g.linking.Unlock()
	out, ok := g.members[pool]
	if !ok {
		out = g.linkMembers(pool)
		g.members[pool] = out
	}
	return out
}

func (g *Graph) linkMembers(pool *az.BackendPool) []*Member {
	var out []*Member
	for _, ref := range pool.IPConfigurations {
		out = append(out, g.nicMember(ref.ID, ref.At))
	}
	for _, a := range pool.Addresses {
		switch {
		case a.IPAddress != "":
			out = append(out, g.addressMember(a))
		case a.NICIPConfiguration != nil && len(pool.IPConfigurations) == 0:
			out = append(out, g.nicMember(a.NICIPConfiguration.ID, a.At))
		}
	}
	return out
}

// addressMember finds the node with an address, and the interface of it that has the
// address: private addresses repeat among networks, but not among the nodes of a cluster.
func (g *Graph) addressMember(a az.PoolAddress) *Member {
	m := &Member{ID: a.IPAddress, At: a.At, Address: a.IPAddress, Node: g.nodes["ip/"+a.IPAddress]}
	if m.Node == nil {
		return m
	}
	m.Machine = m.Node.Machine
	for _, nic := range m.Node.NICs {
		for i := range nic.IPConfigurations {
			if nic.IPConfigurations[i].PrivateIPAddress == a.IPAddress {
				m.NIC, m.IP = nic, &nic.IPConfigurations[i]
			}
		}
	}
	return m
}

// nicMember follows an IP configuration to its interface, machine and node.
func (g *Graph) nicMember(id, at string) *Member {
	m := &Member{ID: id, At: at}
	lower := strings.ToLower(id)
	if i := strings.Index(lower, "/ipconfigurations/"); i >= 0 {
		if nic := g.nics[lower[:i]]; nic != nil {
			m.NIC = nic
			for k := range nic.IPConfigurations {
				if strings.EqualFold(nic.IPConfigurations[k].Name, az.LastName(id)) {
					m.IP = &nic.IPConfigurations[k]
					m.Address = m.IP.PrivateIPAddress
				}
			}
		}
	}
	key := machineKey(id)
	if key == "" && m.NIC != nil {
		key = g.nicMachine(m.NIC)
	}
	if key != "" {
		m.Machine, m.Node = g.machines[key], g.nodes[key]
	}
	if m.Node == nil && m.Address != "" {
		m.Node = g.nodes["ip/"+m.Address]
	}
	return m
}

// PoolNodes are the names of the nodes in the Service's backend pools, sorted.
// Callers share the list and must not change it.
func (s *Service) PoolNodes() []string { return s.poolNodes() }

func (s *Service) findPoolNodes() []string {
	names, pools := map[string]bool{}, map[*az.BackendPool]bool{}
	for _, p := range s.Paths {
		if pools[p.Pool.To] {
			continue
		}
		pools[p.Pool.To] = true
		for _, m := range p.Members {
			if m.Node != nil {
				names[m.Node.Name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// MemberAt is the interface at an address of a virtual network, as if it were a member of
// a pool. Where no interface of the bundle has the address, only its subnet is set; nil:
// no subnet has it either.
func (g *Graph) MemberAt(v *snapshot.VNet, a netip.Addr) *Member {
	for i := range v.Subnets {
		subnet := &v.Subnets[i]
		if !slices.ContainsFunc(subnet.Prefixes(), func(p string) bool { _, ok := covers(p, a); return ok }) {
			continue
		}
		for j := range g.Snapshot.NICs {
			nic := &g.Snapshot.NICs[j]
			for k := range nic.IPConfigurations {
				if ip := &nic.IPConfigurations[k]; ip.PrivateIPAddress == a.String() && ip.Subnet != nil && az.SameID(ip.Subnet.ID, subnet.ID) {
					return &Member{NIC: nic, IP: ip, Address: a.String()}
				}
			}
		}
		return &Member{NIC: &snapshot.NIC{}, IP: &az.IPConfig{PrivateIPAddress: a.String(), Subnet: &az.Ref{ID: subnet.ID}}, Address: a.String()}
	}
	return nil
}
