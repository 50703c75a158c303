package pseudonym

import (
	"strconv"
	"strings"
)

// Kind is what a name is of. Its text begins the pseudonym.
type Kind string

// The kinds. Where a word names several things, the first in this order counts.
const (
	Namespace     Kind = "ns"
	Service       Kind = "svc"
	ScaleSet      Kind = "vmss"
	Node          Kind = "node"
	Group         Kind = "rg"
	Cluster       Kind = "cluster"
	LoadBalancer  Kind = "lb"
	PublicIP      Kind = "pip"
	Subnet        Kind = "subnet"
	Network       Kind = "vnet"
	SecurityGroup Kind = "nsg"
	SecurityRule  Kind = "rule"
	RouteTable    Kind = "rt"
	Interface     Kind = "nic"
	Identity      Kind = "id"
	Label         Kind = "dns"
	Pod           Kind = "pod"
	Pool          Kind = "pool"
	User          Kind = "user"
	Host          Kind = "host"
	Image         Kind = "image"
	Policy        Kind = "policy"
	Context       Kind = "ctx"
	Value         Kind = "word"
	Other         Kind = "name"
)

var kinds = []Kind{Namespace, Service, ScaleSet, Node, Group, Cluster, LoadBalancer, PublicIP, Subnet, Network, SecurityGroup, SecurityRule,
	RouteTable, Interface, Identity, Label, Pod, Pool, User, Host, Image, Policy, Context, Value, Other}

var rank = func() map[Kind]int {
	out := map[Kind]int{}
	for i, k := range kinds {
		out[k] = i
	}
	return out
}()

// armKinds are the kinds of ARM types, in lower case; others are Other.
var armKinds = map[string]Kind{
	"resourcegroups": Group, "loadbalancers": LoadBalancer, "publicipaddresses": PublicIP, "publicipprefixes": PublicIP, "subnets": Subnet, "virtualnetworks": Network,
	"networksecuritygroups": SecurityGroup, "securityrules": SecurityRule, "routetables": RouteTable, "networkinterfaces": Interface,
	"virtualmachinescalesets": ScaleSet, "virtualmachines": Node, "availabilitysets": ScaleSet, "userassignedidentities": Identity, "managedclusters": Cluster,
	"agentpools": Pool, "policyassignments": Policy, "policydefinitions": Policy, "policysetdefinitions": Policy, "dnszones": Host, "privatednszones": Host,
}

// kubeKinds are the kinds of Kubernetes objects; others are Other.
var kubeKinds = map[string]Kind{
	"Namespace": Namespace, "Service": Service, "EndpointSlice": Service, "Endpoints": Service, "Node": Node, "Pod": Pod, "ReplicaSet": Pod, "StatefulSet": Pod, "Deployment": Pod, "DaemonSet": Pod, "Job": Pod,
}

// kindOf is the kind in a table.
func kindOf(table map[string]Kind, key string) Kind {
	if k, ok := table[key]; ok {
		return k
	}
	return Other
}

// sameLength is from which length on a pseudonym is as long as its original: Azure
// and the provider cut long names.
const sameLength = 16

const (
	consonants = "bdfghjklmnprstvz"
	vowels     = "aeiou"
)

// invent makes a pseudonym for a name that nothing gives: its kind and syllables out
// of the key. No other name has it, and no word of the bundle.
func (n *Names) invent(lower string, k Kind) string {
	for try := 0; ; try++ {
		source := n.random("name", strconv.Itoa(try)+"\x00"+lower)
		out := []byte(string(k) + "-")
		length := len(out) + 6
		if len(lower) >= sameLength {
			length = max(length, len(lower))
		}
		for i := 0; len(out) < length; i++ {
			letters := consonants
			if i%2 == 1 {
				letters = vowels
			}
			if i > 0 && i%len(source) == 0 {
				source = n.random("name", string(source))
			}
			out = append(out, letters[int(source[i%len(source)])%len(letters)])
		}
		name := string(out)
		_, seen := n.lookalikes[name]
		_, learned := n.learned[name]
		if whose, taken := n.taken[name]; !seen && !learned && (!taken || whose == lower) {
			n.taken[name] = lower
			return name
		}
	}
}

// labelled reports whether a text is a DNS label, or reads as one in lower case.
func labelled(lower string) bool {
	return len(lower) <= 63 && lower != "" && 'a' <= lower[0] && lower[0] <= 'z' && lower[len(lower)-1] != '-' &&
		strings.Trim(lower, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// shaped is a pseudonym of the same shape: what is wrong with a name stays wrong with it.
func (n *Names) shaped(name string) string {
	source := n.random("shape", name)
	out := []byte(name)
	for i, c := range out {
		x := source[i%len(source)] + byte(i/len(source))
		switch {
		case 'a' <= c && c <= 'z':
			out[i] = 'a' + x%26
		case 'A' <= c && c <= 'Z':
			out[i] = 'A' + x%26
		case '0' <= c && c <= '9':
			out[i] = '0' + x%10
		}
	}
	return string(out)
}

// inCase writes a pseudonym as a name is written: without capitals, in capitals only,
// or letter by letter.
func inCase(name, pseudonym string) string {
	lower, upper := strings.ToLower(name), strings.ToUpper(name)
	switch name {
	case lower:
		return pseudonym
	case upper:
		return strings.ToUpper(pseudonym)
	}
	var capital []bool
	for _, c := range name {
		if l := strings.ToLower(string(c)); l != strings.ToUpper(string(c)) {
			capital = append(capital, string(c) != l)
		}
	}
	out := []byte(pseudonym)
	letter := 0
	for i, c := range out {
		if 'a' <= c && c <= 'z' {
			if capital[letter%len(capital)] {
				out[i] = c - 'a' + 'A'
			}
			letter++
		}
	}
	return string(out)
}
