package desired

import (
	"slices"
	"strconv"
	"strings"

	"azlb/analyze/topology"
)

// The annotations of a private link service (cloud-provider-azure 1.0.19, 1.1.15,
// 1.23.12 and 1.24 on; the resource group from 1.25.19, 1.26.15, 1.27.9 and 1.28.1).
const (
	linkPrefix = "service.beta.kubernetes.io/"
	linkCreate = linkPrefix + "azure-pls-create"
	linkName   = linkPrefix + "azure-pls-name"
	linkSubnet = linkPrefix + "azure-pls-ip-configuration-subnet"
	linkGroup  = linkPrefix + "azure-pls-resource-group"
	linkCount  = linkPrefix + "azure-pls-ip-configuration-ip-address-count"
	linkStatic = linkPrefix + "azure-pls-ip-configuration-ip-address"
	linkProxy  = linkPrefix + "azure-pls-proxy-protocol"
	linkSeen   = linkPrefix + "azure-pls-visibility"
	linkTaken  = linkPrefix + "azure-pls-auto-approval"
	linkFQDNs  = linkPrefix + "azure-pls-fqdns"

	linkInternal       = linkPrefix + "azure-load-balancer-internal"
	linkInternalSubnet = linkPrefix + "azure-load-balancer-internal-subnet"
)

// Link is the private link service that a Service asks for in front of its IPv4
// frontend. What the Service does not say is empty, with the default as reason.
type Link struct {
	Create Value[bool]
	// Name cannot change once the link exists; empty: pls- and the frontend's name.
	Name Value[string]
	// Subnet is where the link has its own addresses; empty: subnetName in azure.json.
	Subnet Value[string]
	// Group is its resource group; empty: that of azure.json.
	Group Value[string]
	// Count is the number of its addresses, 1 to 8; 0: the Service asks for another,
	// which fails the sync.
	Count Value[int]
	// Static are addresses that it must have, the first one primary, as the Service
	// spells them: one that is no IPv4 address, or more than Count, fails the sync.
	Static []string
	Proxy  Value[bool] // PROXY protocol v2 in front of every connection
	// Visibility and AutoApproval are subscriptions, or "*"; FQDNs are names for users
	// of the link. Items are separated by blanks: a comma is part of an item.
	Visibility, AutoApproval, FQDNs []string
}

// LinkOf returns the private link service that the Service asks for, or nil. It
// follows reconcilePrivateLinkService and its getters.
func LinkOf(s *topology.Service) *Link {
	create := linkFlag(s, linkCreate)
	if !create.V {
		return nil
	}
	l := &Link{
		Create:       create,
		Name:         linkText(s, linkName, "the default: pls- and the name of the frontend"),
		Group:        linkText(s, linkGroup, "privateLinkServiceResourceGroup in azure.json, else its resourceGroup"),
		Count:        linkAddresses(s),
		Proxy:        linkFlag(s, linkProxy),
		Static:       linkList(s, linkStatic),
		Visibility:   linkList(s, linkSeen),
		AutoApproval: linkList(s, linkTaken),
		FQDNs:        linkList(s, linkFQDNs),
	}
	l.Name.V, l.Group.V = strings.TrimSpace(l.Name.V), strings.TrimSpace(l.Group.V)
	l.Subnet = linkText(s, linkSubnet, "subnetName in azure.json")
	if l.Subnet.Pointer == "" && s.Annotations[linkInternal] == "true" { // exactly, as everywhere
		l.Subnet = linkText(s, linkInternalSubnet, l.Subnet.Because)
	}
	if slices.Contains(l.Visibility, "*") {
		l.Visibility = []string{"*"} // the rest does not count; auto-approval has no such rule
	}
	return l
}

// linkText is an annotation as it stands: the provider takes subnets untrimmed. A
// blank one counts as not set.
func linkText(s *topology.Service, key, otherwise string) Value[string] {
	v := s.Annotations[key]
	if strings.TrimSpace(v) == "" {
		return Value[string]{Because: otherwise}
	}
	return Value[string]{V: v, Because: "annotation " + key, Pointer: linkPointer(key)}
}

func linkFlag(s *topology.Service, key string) Value[bool] {
	v, ok := s.Annotations[key]
	if !ok {
		return Value[bool]{Because: "no annotation asks for it"}
	}
	return Value[bool]{V: strings.EqualFold(strings.TrimSpace(v), "true"), Because: "annotation " + key, Pointer: linkPointer(key)}
}

func linkAddresses(s *topology.Service) Value[int] {
	v, ok := s.Annotations[linkCount]
	if !ok {
		return Value[int]{V: 1, Because: "the default"}
	}
	n, err := strconv.Atoi(strings.TrimSpace(v))
	if err != nil || n < 1 || n > 8 {
		return Value[int]{Because: "annotation " + linkCount + " is no number from 1 to 8", Pointer: linkPointer(linkCount)}
	}
	return Value[int]{V: n, Because: "annotation " + linkCount, Pointer: linkPointer(linkCount)}
}

// linkList splits at blanks and keeps the first of equal items.
func linkList(s *topology.Service, key string) []string {
	var out []string
	for _, item := range strings.Fields(s.Annotations[key]) {
		if !slices.Contains(out, item) {
			out = append(out, item)
		}
	}
	return out
}

func linkPointer(key string) string {
	return "/metadata/annotations/" + strings.ReplaceAll(key, "/", "~1")
}
