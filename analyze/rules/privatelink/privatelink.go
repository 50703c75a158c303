// Package privatelink holds the rules about private link services, which let
// private endpoints of other networks reach a Service.
package privatelink

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/desired"
	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
)

// Rules of this topic, in the order in which the controller meets them.
var Rules = []*rule.Rule{PLS03, PLS02, PLS01, PLS04, PLS05, PLS06}

// text are the sources in which the controller's failures show.
var text = []*bundle.Evidence{&bundle.Events, &bundle.ControllerLog}

const docs = "https://cloud-provider-azure.sigs.k8s.io/topics/pls-integration/"

// linked is a Service that asks for a private link service.
type linked struct {
	*topology.Service
	link *desired.Link
}

// asking are the Services that the provider serves, that are meant to stay, and
// that ask for a private link service. sure: every release that may run here knows
// the annotation.
func asking(p *rule.Pass) (out []linked, sure bool) {
	n := p.Graph.Minor()
	if n != 0 && n < 21 {
		return nil, false // the in-tree provider ignores it
	}
	for _, s := range p.Graph.Served() {
		if l := desired.LinkOf(s); l != nil {
			out = append(out, linked{s, l})
		}
	}
	return out, n >= 25
}

// unsure is the reason where a finding rests on the annotation alone.
const unsure = "the provider's release is not known; before 1.0.19, 1.1.15, 1.23.12 and 1.24 it ignores azure-pls-create"

// only6 reports whether the Service has IPv6 alone, for which there are no links.
func (s linked) only6() bool {
	return len(s.Paths) > 0 && !slices.ContainsFunc(s.Paths, func(x *topology.Path) bool { return x.Family == corev1.IPv4Protocol })
}

func (s linked) waits() bool { return len(s.Status.LoadBalancer.Ingress) == 0 }

// on returns the private link services of the bundle that stand on a frontend of
// the Service.
func on(p *rule.Pass, s *topology.Service) []*snapshot.PrivateLinkService {
	var out []*snapshot.PrivateLinkService
	for i := range p.Snapshot.Links {
		l := &p.Snapshot.Links[i]
		if slices.ContainsFunc(s.Frontends, func(f topology.Frontend) bool { return stands(l, f.ID) }) {
			out = append(out, l)
		}
	}
	return out
}

func stands(l *snapshot.PrivateLinkService, id string) bool {
	return slices.ContainsFunc(l.Frontends, func(r az.Ref) bool { return az.SameID(r.ID, id) })
}

// tag is the value of a tag of the provider's, whose keys Azure may spell otherwise.
func tag(l *snapshot.PrivateLinkService, key string) string {
	for k, v := range l.Tags {
		if strings.EqualFold(k, key) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// The tags that the provider puts on a private link service.
const (
	ownerTag   = "k8s-azure-owner-service"
	clusterTag = "k8s-azure-cluster-name"
)

// group is where the provider makes the Service's link and looks for it, lower-cased
// (getPLSResourceGroup); empty: not known.
func group(p *rule.Pass, l *desired.Link) string {
	c := p.Snapshot.Config
	switch {
	case l != nil && l.Group.V != "":
		return strings.ToLower(l.Group.V)
	case c != nil && c.PrivateLinkResourceGroup != "":
		return strings.ToLower(c.PrivateLinkResourceGroup)
	case c != nil && c.ResourceGroup != "":
		return strings.ToLower(c.ResourceGroup)
	case c == nil && len(p.Graph.NodeGroups) == 1 && p.Graph.Managed():
		return p.Graph.NodeGroups[0] // AKS sets no other
	}
	return ""
}

// network is the cluster's virtual network: azure.json's, else that of the nodes.
func network(p *rule.Pass) *snapshot.VNet {
	if c := p.Snapshot.Config; c != nil && c.VNetName != "" {
		in := c.VNetResourceGroup
		if in == "" {
			in = c.ResourceGroup
		}
		for i := range p.Snapshot.VNets {
			if v := &p.Snapshot.VNets[i]; strings.EqualFold(v.Name, c.VNetName) && strings.EqualFold(az.GroupOf(v.ID), in) {
				return v
			}
		}
		return nil
	}
	for _, n := range p.Graph.Nodes {
		for _, nic := range n.NICs {
			for _, ip := range nic.IPConfigurations {
				if v, _ := p.Graph.Subnet(ip.Subnet); v != nil {
					return v
				}
			}
		}
	}
	return nil
}

// subnet is the one in which the link's addresses are to be: its name, and the
// subnet where the cluster's network has it.
func subnet(p *rule.Pass, l *desired.Link) (name string, v *snapshot.VNet, s *az.Subnet) {
	name = l.Subnet.V
	if c := p.Snapshot.Config; name == "" && c != nil {
		name = c.SubnetName
	}
	if v = network(p); v == nil || name == "" {
		return name, v, nil
	}
	for i := range v.Subnets {
		if strings.EqualFold(v.Subnets[i].Name, name) {
			return name, v, &v.Subnets[i]
		}
	}
	return name, v, nil
}

// byService sorts errors to the Services that they name, oldest first, without
// those of Services that are gone; the names are sorted.
func byService(p *rule.Pass, errs []*errtext.Error) (keys []string, of map[string][]*errtext.Error) {
	of = map[string][]*errtext.Error{}
	for _, e := range errs {
		if p.Gone(e) {
			continue
		}
		if of[e.Service] == nil {
			keys = append(keys, e.Service)
		}
		of[e.Service] = append(of[e.Service], e)
	}
	slices.Sort(keys)
	return keys, of
}

// annotate is the command that sets or, with a name that ends in a hyphen, takes
// away annotations of a Service.
func annotate(key, what string) string {
	ns, name, _ := strings.Cut(key, "/")
	return "kubectl annotate --overwrite service -n " + rule.Word(ns, "NAMESPACE") + " " + rule.Word(name, "SERVICE") + " " + what
}

// which names the Service of errors that name none.
func which(key string) string {
	if key == "" {
		return "a Service that the error does not name"
	}
	return key
}

func services(key string) []string {
	if key == "" {
		return nil
	}
	return []string{key}
}
