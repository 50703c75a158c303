package pseudonym

import (
	"maps"
	"slices"
	"strings"

	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"

	"encoding/json"
)

// resources learns from what az, ARM and Resource Graph print, and from azure.json: by
// the keys, in any of their casings. Most names stand in ARM ids too, and are learned
// there with their kind.
func (n *Names) resources(b []byte) {
	var doc any
	if json.Unmarshal(b, &doc) != nil {
		return // a part of an answer: its ids are learned as texts
	}
	n.tree("", "", doc)
	n.securityRules(b)
}

// tree learns from a value under a key, itself under another, both in lower case.
func (n *Names) tree(above, key string, v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			n.tree(above, key, e)
		}
	case map[string]any:
		if key == "tags" {
			for _, k := range slices.Sorted(maps.Keys(v)) {
				if s, ok := v[k].(string); ok {
					n.tag(k, s)
				}
			}
			return
		}
		if s, _ := v["roleType"].(string); strings.EqualFold(s, "CustomRole") || key == "" && strings.EqualFold(text(v, "type"), "CustomRole") {
			n.words(Other, text(v, "roleName"))
			n.custom[strings.ToLower(text(v, "name"))] = true
			delete(n.stays, strings.ToLower(text(v, "name")))
		}
		for _, k := range slices.Sorted(maps.Keys(v)) {
			n.tree(key, strings.ToLower(k), v[k])
		}
	case string:
		n.field(above, key, v)
	}
}

func text(m map[string]any, key string) string { s, _ := m[key].(string); return s }

// unnamed are keys whose "name" is a word of the field.
var unnamed = set(strings.Fields("sku plan name operationname status substatus eventname category statuses metadatavalues billingprofile extendedlocation"))

// fieldKinds are keys whose values are names.
var fieldKinds = map[string]Kind{
	"resourcegroup": Group, "noderesourcegroup": Group, "vnetresourcegroup": Group, "securitygroupresourcegroup": Group, "routetableresourcegroup": Group,
	"loadbalancerresourcegroup": Group, "resourcegroupname": Group, "privatelinkserviceresourcegroup": Group,
	"vnetname": Network, "subnetname": Subnet, "securitygroupname": SecurityGroup, "routetablename": RouteTable, "primaryavailabilitysetname": ScaleSet, "primaryscalesetname": ScaleSet,
	"loadbalancername": LoadBalancer, "primaryvmset": ScaleSet, "clustername": Cluster, "computername": Node, "computernameprefix": ScaleSet, "poolname": Pool,
	"domainnamelabel": Label, "dnsprefix": Label, "fqdnsubdomain": Label, "fqdn": Host, "privatefqdn": Host, "azureportalfqdn": Host, "reversefqdn": Host, "internalfqdn": Host,
	"internaldnsnamelabel": Node, "internaldomainnamesuffix": Host, "tenantid": Host, "tenantdefaultdomain": Host,
	"caller": User, "principalname": User, "createdby": User, "lastmodifiedby": User, "updatedby": User, "signinname": User, "userprincipalname": User,
	"displayname": Policy, "description": Value, "notes": Value, "policyassignmentname": Policy, "policyassignmentdisplayname": Policy, "tenantdisplayname": Value,
}

// listKinds are the kinds of things without an id of their own, by the list they are in.
var listKinds = map[string]Kind{
	"networkinterfaceconfigurations": Interface, "ipconfigurations": Interface, "agentpoolprofiles": Pool, "multiplestandardloadbalancerconfigurations": LoadBalancer,
	"securityrules": SecurityRule, "subnets": Subnet,
}

// field learns from one text.
func (n *Names) field(above, key, v string) {
	switch {
	case v == "":
	case key == "location" || key == "region" || key == "locations":
		n.stay(v)
		n.stay(strings.ReplaceAll(v, " ", ""))
	case strings.Contains(v, "/subscriptions/"): // an id
	case key == "name" && !unnamed[above]:
		k := kindOf(listKinds, above)
		if k == Interface || k == Other && above != "" {
			if n.ofField(v) {
				return // "primary", "ipconfig1"
			}
		}
		if strings.ContainsAny(v, " ") {
			n.words(k, v)
			return
		}
		n.learn(k, v)
	case key == "servicelabel" || key == "loadbalancerselector":
	default:
		if k, ok := fieldKinds[key]; ok {
			if strings.ContainsAny(v, " @") {
				n.words(k, v)
			} else {
				n.learn(k, v)
			}
		}
	}
}

// tag learns the value of a tag.
func (n *Names) tag(key, value string) {
	switch lower := strings.ToLower(key); {
	case lower == azname.ServiceTag, lower == azname.LegacyServiceTag, lower == azname.DNSLabelTag, lower == azname.LegacyDNSLabelTag, lower == azname.OwnerServiceTag:
		n.service(value)
	case lower == azname.ClusterTag, lower == azname.LegacyClusterTag:
		n.learn(Cluster, value)
	case strings.HasPrefix(lower, "aks-managed-"):
		switch strings.TrimPrefix(lower, "aks-managed-") {
		case "cluster-name":
			n.learn(Cluster, value)
		case "cluster-rg":
			n.learn(Group, value)
		case "poolname":
			n.learn(Pool, value)
		}
	case lower == "poolname":
		n.learn(Pool, value)
	case lower == "creationsource" || lower == "orchestrator" || lower == "aksversion":
	default:
		n.words(Value, value)
	}
}

// hashed is a security rule whose name is a hash of its content.
type hashed struct {
	family, protocol string
	sources, ports   []string
}

func (h hashed) name() string { return azname.AllowRule(h.family, h.protocol, h.sources, h.ports) }

// securityRules remembers the content of rules that are named by its hash.
func (n *Names) securityRules(b []byte) {
	if !strings.Contains(strings.ToLower(string(b[:min(len(b), 1<<20)])), "securityrules") {
		return
	}
	groups, _ := az.Decode[az.NSG](b)
	for _, g := range groups {
		for _, r := range g.SecurityRules {
			if !azname.IsManagedSecurityRule(r.Name) {
				continue
			}
			family := "IPv4"
			if strings.Contains(strings.ToLower(r.Name), "_ipv6_") {
				family = "IPv6"
			}
			n.candidates = append(n.candidates, hashed{family, r.Protocol, one(r.SourceAddressPrefix, r.SourceAddressPrefixes), one(r.DestinationPortRange, r.DestinationPortRanges)})
		}
	}
}

func one(single string, list []string) []string {
	if single != "" {
		return append([]string{single}, list...)
	}
	return list
}

// hashes finds the names of rules whose content is known. Where a rule's name is not
// the hash of what it holds now, its pseudonym is not either.
func (n *Names) hashes() {
	for _, c := range n.candidates {
		to := c
		to.sources = nil
		for _, s := range c.sources {
			to.sources = append(to.sources, n.Text(s))
		}
		n.rules[strings.ToLower(c.name())] = to.name()
	}
}
