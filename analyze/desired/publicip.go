package desired

import (
	"iter"
	"maps"
	"slices"
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
	// IPTags are those of the address, "type=tag" each, sorted, of an address that the
	// provider makes; nil: the Service does not ask for any, and those that are stay.
	IPTags *Value[string]
}

// Tag is a tag that the provider writes.
type Tag struct {
	Keys  []string // any of them will do, the first is written today
	Value Value[string]
	Part  bool // the value is a list, in which Value must stand
	// Managed says that the provider writes it only to an address that names a Service:
	// any other is the customer's own. Optional: where there is none it writes none.
	Managed, Optional bool
	// Gone and Other say why no sync puts it right where it is gone or has another
	// value; empty: the next one does.
	Gone, Other string
}

// Why no sync puts the tags of a public IP right (serviceOwnsPublicIP).
const (
	takenForTheirs  = "the provider takes the address for the customer's own"
	takenForOthers  = "the provider takes the address for another Service's"
	takenForCluster = "the provider takes the address for another cluster's"
	labelTaken      = "the provider refuses the label while the tag names another Service"
	neverTagged     = "the provider tags an address when it makes it, and not again"
)

// publicIP follows determinePublicIPName and ensurePublicIPExists.
func publicIP(c *Cluster, a annotations, want *Service, family corev1.IPFamily, second bool) *PublicIP {
	v6 := family == corev1.IPv6Protocol
	p := &PublicIP{
		Group:   want.PublicIPGroup,
		Version: Value[string]{V: string(family), Because: "spec.ipFamilies", Pointer: "/spec/ipFamilies"},
		SKU:     want.SKU,
	}
	if v := a.raw(dnsLabel); v != nil && c.has(dnsLabels) {
		p.DNSLabel = v
		if v.V != "" && c.has(dnsTag) {
			p.Tags = append(p.Tags, Tag{Keys: []string{azname.DNSLabelTag, azname.LegacyDNSLabelTag}, Value: from(*v, a.service.Key()),
				Managed: c.has(userDNSUntagged), Other: labelTaken})
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
	owners := Tag{Keys: []string{azname.ServiceTag, azname.LegacyServiceTag}, Part: true, Value: known(a.service.Key(), "the tag that names the Services which own the address")}
	switch {
	case !c.has(addressTags): // before, an address that is there was never tagged
		owners.Gone, owners.Other = neverTagged, neverTagged
	case c.has(bindsOwnOnly):
		owners.Gone, owners.Other = takenForTheirs, takenForOthers
	}
	p.Tags = append(p.Tags, owners)
	if c.has(clusterTag) {
		p.Tags = append(p.Tags, Tag{Keys: []string{azname.ClusterTag, azname.LegacyClusterTag}, Value: c.Settings.ClusterName, Optional: true, Other: takenForCluster})
	}
	p.Tags = append(p.Tags, a.tags(c)...)
	p.IPTags = a.ipTags(c)
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

// tags are those of azure-pip-tags (parseTags, ensurePIPTagged): "key=value" pairs
// between commas. The last of equal keys counts; of keys that differ in case alone
// any. The provider's own tags are none of the Service's.
func (a annotations) tags(c *Cluster) []Tag {
	if !c.has(addressTags) {
		return nil
	}
	var out []Tag
	v := a.text(pipTags)
	for key, value := range pairs(v.V) {
		same := func(t Tag) bool { return strings.EqualFold(t.Keys[0], key) }
		switch i := slices.IndexFunc(out, same); {
		case key == "" || slices.ContainsFunc(ownTags, func(k string) bool { return strings.EqualFold(k, key) }):
		case i < 0:
			out = append(out, Tag{Keys: []string{key}, Value: from(v, value), Managed: c.has(userAddressUntagged)})
		case out[i].Keys[0] == key:
			out[i].Value.V = value
		case out[i].Value.V != value:
			out[i].Value = unknown[string]("the annotation has the key in more than one spelling, and the provider takes any")
		}
	}
	return out
}

// ownTags are the keys of the provider.
var ownTags = []string{azname.ServiceTag, azname.LegacyServiceTag, azname.ClusterTag, azname.LegacyClusterTag, azname.DNSLabelTag, azname.LegacyDNSLabelTag}

// ipTags are those of azure-pip-ip-tags (getIPTagMap), where it stands.
func (a annotations) ipTags(c *Cluster) *Value[string] {
	v := a.raw(pipIPTags)
	if v == nil || !c.has(addressTags) {
		return nil
	}
	last := maps.Collect(pairs(v.V))
	var out []string
	for _, key := range slices.Sorted(maps.Keys(last)) {
		out = append(out, key+"="+last[key])
	}
	v.V = strings.Join(out, ", ")
	return v
}

// pairs are the "key=value" between commas; what is no such pair is left out.
func pairs(list string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for pair := range strings.SplitSeq(list, ",") {
			key, value, ok := strings.Cut(pair, "=")
			if ok && !strings.Contains(value, "=") && !yield(strings.TrimSpace(key), strings.TrimSpace(value)) {
				return
			}
		}
	}
}
