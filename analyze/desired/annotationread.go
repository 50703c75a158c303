package desired

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"azlb/bundle-schema/azname"
)

// reader is what one release of the provider makes of the value of an annotation.
type reader func(i *inspection, v azname.Version, k *annotationKey, value string) fate

// dead is the end of every sentence about a value that the provider refuses.
const dead = "The provider refuses the whole Service: nothing of it is made or changed."

var (
	unknownProbeIsTCP = since("0.7.19/1.0.16/1.1.12/1.23.9")
	longIdleTimeout   = since("1.28")
	emptyGroup        = since("all").InTree("1.13.8/1.14.4/1.15.1")
	anyServiceTag     = since("all").InTree("1.15")
)

// readToggle is expectAttributeInSvcAnnotationBeEqualTo, or for private links
// getBoolValueFromServiceAnnotations, which trims: only "true" switches on.
func readToggle(k *annotationKey, value string) fate {
	if k.toggle == trimmed {
		value = strings.TrimSpace(value)
	}
	if strings.EqualFold(value, "true") || isOff(value) {
		return fate{}
	}
	f := fate{Ignored, "Only the value true switches it on; the provider takes any other for false, without a word."}
	if k.weighs {
		f.effect = Dropped
	}
	return f
}

// isOff reports whether a value says no to a switch, as people write it.
func isOff(value string) bool {
	return slices.Contains([]string{"", "false", "no", "0", "off", "n", "f", "none", "disabled"}, strings.ToLower(strings.TrimSpace(value)))
}

// whole is extractInt32FromString.
func whole(value string) (int, bool) {
	n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 32)
	return int(n), err == nil
}

// readMinutes is the idle timeout's part of getExpectedLoadBalancingRulePropertiesForPort.
func readMinutes(_ *inspection, v azname.Version, _ *annotationKey, value string) fate {
	most := 30
	if v.AtLeast(longIdleTimeout) {
		most = 100
	}
	if n, ok := whole(value); ok && n >= 4 && n <= most {
		return fate{}
	}
	return fate{SyncFails, fmt.Sprintf("The idle timeout must be a whole number of minutes from 4 to %d, without a unit. %s", most, dead)}
}

// readSeconds is getHealthProbeConfigProbeInterval.
func readSeconds(i *inspection, _ azname.Version, _ *annotationKey, value string) fate {
	if n, ok := whole(value); ok && n >= 5 {
		return fate{}
	}
	return i.probeFails("The probe interval must be a whole number of seconds, at least 5.")
}

// readTimes is getHealthProbeConfigNumOfProbe.
func readTimes(i *inspection, _ azname.Version, _ *annotationKey, value string) fate {
	if n, ok := whole(value); ok && n >= 2 {
		return fate{}
	}
	return i.probeFails("The number of probes must be a whole number, at least 2.")
}

// probeFails is what comes of a probe that cannot be built: with one rule for all
// ports the provider goes on without it (getExpectedLBRules).
func (i *inspection) probeFails(say string) fate {
	if i.haPorts() && !i.s.Local() {
		return fate{Dropped, say + " The provider takes the probe of another port, or none: the load balancer then sends traffic to dead nodes too."}
	}
	return fate{SyncFails, say + " " + dead}
}

// readProtocol is the protocol's part of buildHealthProbeRulesForPort.
func readProtocol(i *inspection, v azname.Version, k *annotationKey, value string) fate {
	p := strings.ToLower(strings.TrimSpace(value))
	switch {
	case p == "https" && i.basic:
		return fate{DefaultUsed, "A Basic load balancer has no https probes; the provider takes tcp."}
	case p == "" && k.ofPort && i.wantsHTTP(v, ""):
		return fate{DefaultUsed, "An empty protocol is a protocol too: the port gets a tcp probe, whatever appProtocol or the annotation for all ports say."}
	case p == "" || p == "tcp" || p == "http" || p == "https":
		return fate{}
	case v.AtLeast(unknownProbeIsTCP):
		return fate{DefaultUsed, "Azure's probes know tcp, http and https. The provider takes a tcp probe instead, without a word: a node counts as healthy as soon as the port accepts a connection."}
	}
	return fate{SyncFails, "Azure's probes know tcp, http and https. " + dead}
}

// readPath is the path's part of buildHealthProbeRulesForPort; paths are asked for
// where withoutHTTP does not say that nobody needs one.
func readPath(_ *inspection, _ azname.Version, _ *annotationKey, value string) fate {
	if strings.TrimSpace(value) != "" {
		return fate{}
	}
	return fate{Dropped, "The provider hands the empty path on to Azure instead of taking its default; an HTTP probe needs one."}
}

// readProbePort is the port's part of buildHealthProbeRulesForPort.
func readProbePort(i *inspection, v azname.Version, _ *annotationKey, value string) fate {
	n, err := strconv.Atoi(value)
	for _, p := range i.s.Spec.Ports {
		if strings.EqualFold(p.Name, value) || err == nil && int(p.Port) == n {
			return fate{}
		}
	}
	if err == nil && n >= 0 && n <= 65535 && v.AtLeast(anyProbePort) {
		return fate{}
	}
	return i.probeFails("The probe port must be the number or name of one of the Service's ports, or since 1.25.17, 1.26.13 and 1.27.7 any port number.")
}

// readIPv4 and readIPv6 are getServiceLoadBalancerIP, which does not look at what it
// returns: Azure, or the search for a public IP with that address, does.
func readIPv4(_ *inspection, _ azname.Version, _ *annotationKey, value string) fate {
	return readAddress(value, netip.Addr.Is4, "IPv4")
}

func readIPv6(_ *inspection, _ azname.Version, _ *annotationKey, value string) fate {
	return readAddress(value, netip.Addr.Is6, "IPv6")
}

func readAddress(value string, is func(netip.Addr) bool, family string) fate {
	if a, err := netip.ParseAddr(value); value == "" || err == nil && is(a) {
		return fate{}
	}
	return fate{SyncFails, "It is no " + family + " address. The provider looks for it all the same and finds none: the whole Service fails."}
}

// readAddresses is AdditionalPublicIPs, which does not trim the items.
func readAddresses(_ *inspection, v azname.Version, _ *annotationKey, value string) fate {
	if !v.AtLeast(accessControl) {
		return fate{} // what older releases do with a bad item is not known
	}
	for _, item := range strings.Split(strings.TrimSpace(value), ",") {
		if _, err := netip.ParseAddr(item); err != nil {
			return fate{SyncFails, fmt.Sprintf("%q is no address; the list is separated by commas alone, without blanks. %s", item, dead)}
		}
	}
	return fate{}
}

// oldServiceTag are the tags that releases before 1.15 allow.
var oldServiceTag = regexp.MustCompile(`^(VirtualNetwork|VIRTUAL_NETWORK|AzureLoadBalancer|AZURE_LOADBALANCER|Internet|INTERNET|AzureTrafficManager|(Storage|Sql)(\..+)?)$`)

// readServiceTags is AllowedServiceTags, before 1.15 with a list of its own
// (getServiceTags of the in-tree provider).
func readServiceTags(_ *inspection, v azname.Version, _ *annotationKey, value string) fate {
	if strings.TrimSpace(value) == "" {
		return fate{Closed, "An empty list is a list of one empty tag: the security rule no longer lets the Internet in, and names nobody instead."}
	}
	for _, tag := range strings.Split(value, ",") {
		if !v.AtLeast(anyServiceTag) && !oldServiceTag.MatchString(strings.TrimSpace(tag)) {
			return fate{SyncFails, fmt.Sprintf("This release allows only some service tags, and %q is not one of them. %s", strings.TrimSpace(tag), dead)}
		}
	}
	return fate{}
}

// readPairs is parseTags and getIPTagMap: what is not key=value is left out.
func readPairs(_ *inspection, _ azname.Version, _ *annotationKey, value string) fate {
	for _, pair := range strings.Split(value, ",") {
		if strings.TrimSpace(value) != "" && (strings.Count(pair, "=") != 1 || strings.HasPrefix(strings.TrimSpace(pair), "=")) {
			return fate{Ignored, fmt.Sprintf("The list is key=value,key=value; the provider leaves out %q.", strings.TrimSpace(pair))}
		}
	}
	return fate{}
}

// readGroup is getPublicIPAddressResourceGroup.
func readGroup(_ *inspection, v azname.Version, _ *annotationKey, value string) fate {
	switch {
	case strings.Contains(value, "/"):
		return fate{SyncFails, "It must be the name of a resource group, not an id: the provider looks for public IPs in a group that cannot exist."}
	case strings.TrimSpace(value) == "" && !v.AtLeast(emptyGroup):
		return fate{SyncFails, "This release looks for public IPs in a resource group without a name, instead of the cluster's. " + dead}
	}
	return fate{}
}

var publicIPPrefixID = regexp.MustCompile(`(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Network/publicIPPrefixes/[^/]+$`)

// readPrefixID is getServicePIPPrefixID, which passes the id on to Azure.
func readPrefixID(_ *inspection, _ azname.Version, _ *annotationKey, value string) fate {
	if value == "" || publicIPPrefixID.MatchString(value) {
		return fate{}
	}
	return fate{SyncFails, "It must be the whole id of a public IP prefix (/subscriptions/…/publicIPPrefixes/NAME); Azure refuses the public IP."}
}

// readConfigurations is GetLoadBalancerConfigurationsNames and
// getEligibleLoadBalancersForService.
func readConfigurations(i *inspection, _ azname.Version, _ *annotationKey, value string) fate {
	if i.g.Snapshot.Config == nil || len(i.g.Snapshot.Config.MultipleLoadBalancers) == 0 {
		return fate{} // what there is to choose is not known
	}
	var lost []string
	names := strings.Split(value, ",")
	for _, name := range names {
		found := false
		for _, m := range i.g.Snapshot.Config.MultipleLoadBalancers {
			found = found || strings.EqualFold(m.Name, strings.TrimSpace(name))
		}
		if !found {
			lost = append(lost, strconv.Quote(strings.TrimSpace(name)))
		}
	}
	switch {
	case len(lost) == len(names):
		return fate{SyncFails, "multipleStandardLoadBalancerConfigurations in azure.json has no entry of these names. " + dead}
	case len(lost) > 0:
		return fate{Ignored, "multipleStandardLoadBalancerConfigurations in azure.json has no " + strings.Join(lost, ", ") + "; the provider leaves that out."}
	}
	return fate{}
}

// readLinkCount is getPLSIPConfigCount.
func readLinkCount(_ *inspection, _ azname.Version, _ *annotationKey, value string) fate {
	if n, ok := whole(value); ok && n >= 1 && n <= 8 {
		return fate{}
	}
	return fate{SyncFails, "A private link service has 1 to 8 addresses. " + linkDead}
}

// readLinkAddresses is getPLSStaticIPs.
func readLinkAddresses(_ *inspection, _ azname.Version, _ *annotationKey, value string) fate {
	for _, item := range strings.Fields(value) {
		if a, err := netip.ParseAddr(item); err != nil || !a.Is4() {
			return fate{SyncFails, fmt.Sprintf("%q is no IPv4 address; the list is separated by blanks. %s", item, linkDead)}
		}
	}
	return fate{}
}

// readSpaced is getPLSFqdns, getPLSVisibility and getPLSAutoApproval.
func readSpaced(_ *inspection, _ azname.Version, _ *annotationKey, value string) fate {
	if strings.Contains(value, ",") {
		return fate{Dropped, "The list is separated by blanks, not by commas: the provider takes what stands between blanks as one entry, which names nothing."}
	}
	return fate{}
}

// linkDead is what comes of a private link service that cannot be made: the load
// balancer and the security rules are made before it.
const linkDead = "The Service fails after its load balancer was made: no private link service, and no address in its status."
