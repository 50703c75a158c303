// Package nsg evaluates network security groups for one flow, in three values:
// allowed, denied, or unknown where the evidence cannot tell.
//
// The algorithm follows Microsoft's description of rule processing (articles
// network-security-groups-overview and service-tags-overview): subnet before NIC
// for inbound flows, both must allow, first matching rule by priority decides.
package nsg

import (
	"net/netip"

	"azlb/bundle-schema/az"
)

// Answer is what a security group, or all of them together, says about a flow.
type Answer string

// The answers.
const (
	Allowed Answer = "allowed"
	Denied  Answer = "denied"
	Unknown Answer = "unknown"
)

// Flow is one packet that opens a connection, as it is at the node's interface.
type Flow struct {
	Inbound  bool
	Src, Dst netip.Addr
	SrcPort  int // 0: any ephemeral port
	DstPort  int
	Protocol string // "Tcp", "Udp" or "Icmp"
}

// Level is the security group at the subnet or at the interface.
type Level struct {
	// NSG is nil where none is associated (None) or where it could not be read.
	NSG  *az.NSG
	None bool
}

// FrontendKind decides what an absence of both security groups means.
type FrontendKind string

// The kinds of frontends.
const (
	StandardPublic FrontendKind = "standard-public" // closed by default
	BasicPublic    FrontendKind = "basic-public"    // open by default
	Internal       FrontendKind = "internal"        // open inside the virtual network
	NoFrontend     FrontendKind = ""
)

// Facts is what the evaluation needs to know about the network.
type Facts struct {
	VNetPrefixes []netip.Prefix // address space of the interface's virtual network
	PeerPrefixes []netip.Prefix // of connected peerings that allow access
	UDRPrefixes  []netip.Prefix // destinations of the subnet's route table
	DefaultRoute bool           // a 0.0.0.0/0 or ::/0 is among them, or a gateway may announce one
	// Complete says that virtual network, peerings and route table were read and no
	// gateway can bring further prefixes.
	Complete bool
	Tags     map[string][]netip.Prefix // service tags whose addresses were collected, by lower-case name
	DstASGs  []string                  // application security groups of the destination, by id
	SrcASGs  []string
	// KnowDstASGs and KnowSrcASGs say whether those lists are the truth or unknown.
	KnowDstASGs, KnowSrcASGs bool
	Frontend                 FrontendKind
}

// Reason is one rule that was looked at and what it said to the flow.
type Reason struct {
	NSG   string // name of the group
	Level string // "subnet" or "nic"
	Rule  *az.SecurityRule
	Match Match
	Why   string // which part did not match, or what is missing
}

// Match is how a rule met the flow.
type Match string

// The three matches.
const (
	Yes   Match = "yes"
	No    Match = "no"
	Maybe Match = "maybe"
)

// Decision is the answer for a flow, with the rules that led to it.
type Decision struct {
	Answer Answer
	// Deciding is the rule that decided; nil where no rule did (no group, unreadable, unknown).
	Deciding *Reason
	Say      string   // one sentence
	Earlier  []Reason // rules before the deciding one and why they did not match, both levels in order
}
