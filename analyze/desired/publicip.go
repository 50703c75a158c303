package desired

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/topology"
	"azlb/bundle-schema/azname"
)

// PublicIP is the public IP address of a lane.
type PublicIP struct {
	// Name is that of an existing address which the Service names, or of the one that
	// the provider makes; empty where the Service asks for an address instead.
	Name Value[string]
	// Address is the one that the Service asks for, empty where any will do.
	Address Value[string]
	Group   Value[string]
	// Made says that the provider makes the address, and so owns its tags.
	Made    bool
	Version Value[string]
	SKU     Value[string]
	// Allocation is Static or Dynamic, of an address that the provider makes.
	Allocation Value[string]
	// Prefix is the ARM id of the prefix that a made address comes from.
	Prefix Value[string]
	// DNSLabel is wanted only where the annotation stands; empty removes the label.
	DNSLabel *Value[string]
	Tags     []Tag
}

// Tag is a tag that the provider writes. Part says that the value is a list, in
// which Value must stand.
type Tag struct {
	Keys  []string // any of them will do, the first is written today
	Value Value[string]
	Part  bool
}

// publicIP follows determinePublicIPName and ensurePublicIPExists.
func publicIP(c *Cluster, a annotations, want *Service, family corev1.IPFamily, second bool) *PublicIP {
	v6 := family == corev1.IPv6Protocol
	p := &PublicIP{
		Group:   want.PublicIPGroup,
		Version: Value[string]{V: string(family), Because: "spec.ipFamilies", Pointer: "/spec/ipFamilies"},
		SKU:     want.SKU,
	}
	if v := a.raw(dnsLabel); v != nil {
		p.DNSLabel = v
		if v.V != "" {
			p.Tags = append(p.Tags, Tag{Keys: []string{azname.DNSLabelTag, azname.LegacyDNSLabelTag}, Value: from(*v, a.service.Key())})
		}
	}
	p.Name = a.publicIPName(c, v6)
	if p.Name.V != "" {
		return p
	}
	prefix := a.prefixID(c, v6)
	if prefix.V == "" {
		if p.Address = a.addressOf(c, family); p.Address.V != "" {
			return p
		}
	}
	p.Made, p.Prefix = true, prefix
	p.Name = from(c.Settings.ClusterName, azname.PublicIP(c.Version, c.Settings.ClusterName.V, a.service.Prefix, prefix.V, second))
	if a.service.Prefix == "" {
		p.Name = unknown[string]("the Service has no uid in the evidence")
	}
	p.Allocation = known("Static", "the provider makes static addresses")
	if v6 && want.SKU.V != "Standard" {
		p.Allocation = known("Dynamic", "the provider makes dynamic addresses for IPv6 with the Basic SKU")
	}
	p.Tags = append(p.Tags, Tag{Keys: []string{azname.ServiceTag, azname.LegacyServiceTag}, Part: true,
		Value: known(a.service.Key(), "the tag that names the Services which own the address")})
	if c.has(clusterTag) {
		p.Tags = append(p.Tags, Tag{Keys: []string{azname.ClusterTag, azname.LegacyClusterTag}, Value: c.Settings.ClusterName})
	}
	p.Tags = append(p.Tags, a.tags(c)...)
	return p
}

// publicIPGroup is the annotation's, else azure.json's, else the nodes' group.
func publicIPGroup(g *topology.Graph, a annotations) Value[string] {
	if v := a.text(resourceGroup); v.V != "" {
		v.V = lower(v.V)
		return v
	}
	if c := g.Snapshot.Config; c != nil && c.ResourceGroup != "" {
		return known(lower(c.ResourceGroup), "resourceGroup in azure.json")
	}
	if len(g.NodeGroups) == 1 {
		return known(g.NodeGroups[0], "the resource group of the nodes")
	}
	return Value[string]{}
}

// publicIPName is the name of an existing public IP that the Service gives
// (getServicePIPName): IPv6 has an annotation of its own.
func (a annotations) publicIPName(c *Cluster, v6 bool) Value[string] {
	if !c.has(publicIPName) {
		return Value[string]{}
	}
	if v6 && len(a.service.Families()) > 1 {
		if !c.has(publicIPNameV6) {
			return Value[string]{}
		}
		return a.text(pipNameV6)
	}
	return a.text(pipName)
}

// prefixID is the public IP prefix that the Service names (getServicePIPPrefixID).
func (a annotations) prefixID(c *Cluster, v6 bool) Value[string] {
	if !c.has(publicIPPrefix) {
		return Value[string]{}
	}
	if v6 && len(a.service.Families()) > 1 {
		return a.text(pipPrefixV6)
	}
	return a.text(pipPrefix)
}

// tags are those of azure-pip-tags (parseTags): "key=value" pairs between commas.
func (a annotations) tags(c *Cluster) []Tag {
	var out []Tag
	v := a.text(pipTags)
	for _, pair := range strings.Split(v.V, ",") {
		key, value, ok := strings.Cut(pair, "=")
		if key = strings.TrimSpace(key); ok && key != "" {
			out = append(out, Tag{Keys: []string{key}, Value: from(v, strings.TrimSpace(value))})
		}
	}
	return out
}
