package pseudonym

import (
	"net/netip"
	"strings"
)

// texts learns what stands in any text: ARM ids, "namespace/name", prefixes, e-mail
// addresses, hosts of URLs, and names behind a word that says what they are.
func (n *Names) texts(b []byte) {
	last, end := "", 0 // the word before in lower case, and where it ended
	var chain []string
	words(b, func(at, to int, what piece) {
		if what == addressPiece {
			if p, err := netip.ParsePrefix(string(b[at:to])); err == nil {
				n.networks.learn(p)
			}
			n.chain(chain)
			last, chain, end = "", nil, to
			return
		}
		between := b[end:at]
		joined := len(between) == 1 && between[0] == '/' || len(between) == 3 && strings.EqualFold(string(between), "%2F")
		word := string(b[at:to])
		switch {
		case joined && len(chain) > 0:
			chain = append(chain, word)
		default:
			n.chain(chain)
			chain = append(chain[:0], word)
		}
		switch {
		case len(between) == 1 && between[0] == '@' && strings.Contains(word, ".") && !number(word[strings.LastIndexByte(word, '.'):]):
			n.learn(User, string(b[end-len(last):end]))
			n.learn(Host, word)
		case string(between) == "://" && strings.Contains(word, "."):
			n.learn(Host, word)
		case last != "" && announces(between):
			if k, ok := announced[last]; ok {
				n.learn(k, word)
			}
		}
		if k, _, ok := strings.Cut(word, "-"); ok {
			if _, pseudonym := rank[Kind(k)]; pseudonym {
				n.lookalikes[word] = struct{}{}
			}
		}
		last, end = strings.ToLower(word), to
	})
	n.chain(chain)
}

// announced are words that texts and logs put before a name.
var announced = map[string]Kind{
	"node": Node, "nodename": Node, "vmname": Node, "vm": Node, "hostname": Node,
	"vmss": ScaleSet, "vmssname": ScaleSet, "scaleset": ScaleSet, "vmsetname": ScaleSet, "availabilityset": ScaleSet,
	"pip": PublicIP, "pipname": PublicIP, "lb": LoadBalancer, "lbname": LoadBalancer, "balancer": LoadBalancer, "loadbalancer": LoadBalancer,
	"nsg": SecurityGroup, "nsgname": SecurityGroup, "subnet": Subnet, "subnetname": Subnet, "vnet": Network, "vnetname": Network,
	"group": Group, "resourcegroup": Group, "resource-group": Group, "rgname": Group, "cluster": Cluster, "clustername": Cluster, "cluster-name": Cluster,
	"routetable": RouteTable, "routetablename": RouteTable, "nic": Interface, "nicname": Interface, "namespace": Namespace,
	"policyassignmentname": Policy, "policydefinitionname": Policy,
}

// announces reports what stands between such a word and a name: `="`, `(`, ` '`, `\":\"`.
func announces(between []byte) bool {
	if len(between) == 0 || len(between) > 7 {
		return false
	}
	sign := false
	for _, c := range between {
		switch c {
		case '=', '(', '\'', '"':
			sign = true
		case ' ', ':', '\\':
		default:
			return false
		}
	}
	return sign
}

// chain learns the names in words between slashes.
func (n *Names) chain(words []string) {
	if len(words) < 2 {
		return
	}
	if len(words) == 2 && kubeName(words[0]) && kubeName(words[1]) {
		n.pairs[words[0]+"/"+words[1]] = struct{}{}
	}
	scoped := false
	for i := 0; i+1 < len(words); i++ {
		switch strings.ToLower(words[i]) {
		case "subscriptions":
			scoped = true
			if !isGUID(words[i+1]) {
				n.learn(Other, words[i+1])
			}
			i++
		case "resourcegroups":
			scoped = true
			n.learn(Group, words[i+1])
			i++
		case "managementgroups":
			scoped = true
			n.learn(Group, words[i+1])
			i++
		case "providers":
			if !strings.Contains(words[i+1], ".") {
				continue
			}
			if strings.EqualFold(words[i+1], "Microsoft.Insights") {
				return // metrics have names of Azure's own
			}
			authorization := strings.EqualFold(words[i+1], "Microsoft.Authorization")
			for i += 2; i+1 < len(words) && !strings.EqualFold(words[i], "providers"); i += 2 {
				typ, name := strings.ToLower(words[i]), words[i+1]
				switch {
				case authorization && typ == "roledefinitions" && !n.custom[strings.ToLower(name)], authorization && !scoped && strings.HasPrefix(typ, "policy"):
					n.stay(name) // Azure's own
				case action(typ, name):
				default:
					n.learn(kindOf(armKinds, typ), name)
				}
			}
			i--
		}
	}
}

// action reports the end of an operation such as loadBalancers/write.
func action(typ, name string) bool {
	switch strings.ToLower(name) {
	case "read", "write", "delete", "action", "join":
		return true
	}
	return typ == "locations" || typ == "operations" || typ == "operationresults"
}

// kubeName reports a name that a namespace or a Service may have.
func kubeName(s string) bool {
	return len(s) <= 63 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" && s[0] != '-'
}
