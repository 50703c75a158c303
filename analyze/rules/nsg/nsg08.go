package nsg

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// NSG08 is a range of sources that the provider cannot read.
var NSG08 = &rule.Rule{
	ID:       "AZLB-NSG08",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "a source range of the Service is no network address (CIDR)",
		Symptom: "Clients of one range, or all clients, get no answer, and there is no event; older releases keep the Service pending with `invalid IP range` or `Expecting a list of IP ranges`.",
		Cause: "A range must be a network: 203.0.113.0/24, not 203.0.113.7/24, whose last bits are set, and an empty azure-allowed-ip-ranges is a list of one range that cannot be read. " +
			"Since 1.26.22, 1.27.16, 1.28.8, 1.29.3 and 1.30 the provider leaves such a range out and, to be safe, adds a rule to the security group that denies everybody else. The only trace is a line in its log, as the events that it has for this are hardly ever sent. " +
			"Before, from 1.25.24 on, a range without meaning stopped the whole Service; still earlier releases cut the bits off by themselves.",
		Fix: []report.Step{
			{Say: "Write the network.", Run: "kubectl annotate service -n NAMESPACE SERVICE --overwrite service.beta.kubernetes.io/azure-allowed-ip-ranges=203.0.113.0/24", Changes: true},
			{Say: "For a single address, its length is 32 (IPv6: 128).", Run: "kubectl patch service -n NAMESPACE SERVICE -p '{\"spec\":{\"loadBalancerSourceRanges\":[\"ADDRESS/32\"]}}'", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/aks/load-balancer-standard#restrict-inbound-traffic-to-specific-ip-ranges", "SourceRanges, AllowedIPRanges and NewAccessControl in cloud-provider-azure"},
		Affects:    "what comes of it differs by release, see the cause",
		Healthy:    "Ranges with blanks around them, as the provider trims; releases before 1.25.24, which mask host bits, and a core annotation beside spec.loadBalancerSourceRanges that older releases do not look at.",
	},
	Needs: rule.Needs{All: []*bundle.Evidence{&bundle.Services}, Clean: []*bundle.Evidence{&bundle.KubeVersion, &bundle.Events, &bundle.ControllerLog}},
	Check: rule.Problems{About: desired.AboutRanges, Says: rangeText, Cites: denyAll, Proves: true, Fix: mask}.Check,
}

// rangeText are refusals and warnings about ranges, of every era.
var rangeText = regexp.MustCompile(`(?i)found invalid (?:spec\.)?LoadBalancerSourceRanges|found invalid \S+azure-allowed-ip-ranges|should be properly masked|invalid IP range|invalid service\.Spec\.LoadBalancerSourceRanges|` +
	`invalid service annotation \S+(?:azure-allowed-ip-ranges|load-balancer-source-ranges)|expecting a (?:comma-separated )?list of (?:source )?IP ranges|failed to parse (?:AllowedIPRange|SourceRange)`)

// mask writes the whole list of the problem's key anew, the same for each problem of
// it: what is a network without its host bits, and without what cannot be read, which
// the provider leaves out as well.
func mask(s *topology.Service, x desired.Problem) []report.Step {
	list := s.Spec.LoadBalancerSourceRanges
	annotated := !strings.HasPrefix(x.Key, "spec.")
	if annotated {
		list = strings.Split(s.Annotations[x.Key], ",")
	}
	var networks, unread []string
	for _, text := range list {
		text = strings.TrimSpace(text)
		n, ok := network(text)
		switch {
		case !ok:
			unread = append(unread, fmt.Sprintf("%q", text))
		case !slices.Contains(networks, n):
			networks = append(networks, n)
		}
	}
	say := "Write the whole list as networks; if one address is meant, write it with the length 32 (IPv6: 128)."
	if len(unread) > 0 && len(networks) > 0 {
		say += fmt.Sprintf(" %s cannot be read and is left out here: add the network that was meant.", rule.List(unread))
	}
	switch {
	case len(networks) == 0 && annotated:
		return []report.Step{{Say: fmt.Sprintf("Write the networks that were meant in the annotation %s, separated by commas: none of the list can be read.", x.Key), Run: rule.Kubectl("edit", s.Key(), ""), Changes: true},
			rule.Unannotate(s, x.Key, "Or take the annotation out, which lets everybody in.")}
	case len(networks) == 0:
		return []report.Step{{Say: "Write the networks that were meant in spec.loadBalancerSourceRanges: none of the list can be read.", Run: rule.Kubectl("edit", s.Key(), ""), Changes: true}}
	case annotated:
		return []report.Step{rule.Annotate(s, x.Key, strings.Join(networks, ","), say)}
	}
	return []report.Step{{Say: say, Changes: true, Run: rule.Kubectl("patch", s.Key(), "-p "+rule.Word(fmt.Sprintf(`{"spec":{"loadBalancerSourceRanges":["%s"]}}`, strings.Join(networks, `","`)), ""))}}
}

// network is a range with its host bits cut off; an address alone is a network of one.
func network(text string) (string, bool) {
	if p, err := netip.ParsePrefix(text); err == nil {
		return p.Masked().String(), true
	}
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		return netip.PrefixFrom(a, a.BitLen()).String(), true
	}
	return "", false
}

// denyAll is the rule by which the provider denies whom no range lets in.
func denyAll(p *rule.Pass, s *topology.Service) []report.Cite {
	for i := range p.Snapshot.NSGs {
		for _, r := range p.Snapshot.NSGs[i].SecurityRules {
			own := strings.HasPrefix(r.Name, azname.DenyRule("")) || s.Prefix != "" && strings.HasPrefix(strings.ToLower(r.Name), s.Prefix) && strings.HasSuffix(r.Name, "deny_all")
			if !own {
				continue
			}
			for _, address := range s.Addresses() {
				if r.DestinationAddressPrefix == address || slices.Contains(r.DestinationAddressPrefixes, address) {
					return []report.Cite{p.Snapshot.NSGs[i].Doc.Cite(r.At + "/name")}
				}
			}
		}
	}
	return nil
}
