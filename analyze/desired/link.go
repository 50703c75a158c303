package desired

import (
	"slices"
	"strconv"
	"strings"

	"azlb/analyze/topology"
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
	a := annotations{service: s}
	create := a.flag(linkCreate)
	if !create.V {
		return nil
	}
	l := &Link{
		Create:       create,
		Name:         a.orElse(linkName, "the default: pls- and the name of the frontend"),
		Group:        a.orElse(linkGroup, "privateLinkServiceResourceGroup in azure.json, else its resourceGroup"),
		Count:        a.linkAddresses(),
		Proxy:        a.flag(proxyProtocolOnLink),
		Static:       a.words(linkStatic),
		Visibility:   a.words(linkVisibility),
		AutoApproval: a.words(linkAutoApproval),
		FQDNs:        a.words(linkFQDNs),
	}
	l.Name.V, l.Group.V = strings.TrimSpace(l.Name.V), strings.TrimSpace(l.Group.V)
	l.Subnet = a.orElse(linkSubnet, "subnetName in azure.json")
	if l.Subnet.Pointer == "" && a.internal().V {
		l.Subnet = a.orElse(internalSubnet, l.Subnet.Because)
	}
	if slices.Contains(l.Visibility, "*") {
		l.Visibility = []string{"*"} // the rest does not count; auto-approval has no such rule
	}
	return l
}

// orElse is an annotation as it stands: the provider takes subnets untrimmed. A
// blank one counts as not set.
func (a annotations) orElse(key, otherwise string) Value[string] {
	if v := a.raw(key); v != nil && strings.TrimSpace(v.V) != "" {
		return *v
	}
	return Value[string]{Because: otherwise}
}

// flag is a switch, off where no annotation turns it on.
func (a annotations) flag(key string) Value[bool] {
	v := a.text(key)
	if v.Because == "" {
		return known(false, "no annotation asks for it")
	}
	return from(v, isTrue(v.V))
}

func (a annotations) linkAddresses() Value[int] {
	v := a.text(linkCount)
	if v.Because == "" {
		return known(1, "the default")
	}
	n, err := strconv.Atoi(v.V)
	if err != nil || n < 1 || n > 8 {
		v.Because += " is no number from 1 to 8"
		return from(v, 0)
	}
	return from(v, n)
}

// words splits an annotation at blanks and keeps the first of equal items.
func (a annotations) words(key string) []string {
	var out []string
	for _, item := range strings.Fields(a.text(key).V) {
		if !slices.Contains(out, item) {
			out = append(out, item)
		}
	}
	return out
}
