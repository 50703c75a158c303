package nsg

import "net/netip"

// In reports whether an address belongs to what a security rule may name as its source:
// an address, a range or a service tag.
func In(a netip.Addr, term string, facts Facts) Match {
	return addressTerm("source", plain(a), term, &facts).match
}
