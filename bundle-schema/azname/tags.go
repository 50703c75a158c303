package azname

import (
	"slices"
	"strings"
)

// Keys of the tags on public IP addresses. CCM 1.23 and later write the first of
// each pair and still read the legacy one, which older and in-tree providers write.
const (
	ServiceTag        = "k8s-azure-service" // ns/name, comma separated
	LegacyServiceTag  = "service"
	ClusterTag        = "k8s-azure-cluster-name"
	LegacyClusterTag  = "kubernetes-cluster-name"
	DNSLabelTag       = "k8s-azure-dns-label-service" // ns/name of the label's owner
	LegacyDNSLabelTag = "kubernetes-dns-label-service"
)

// OwnerServiceTag is on private link services: ns/name.
const OwnerServiceTag = "k8s-azure-owner-service"

// ServicesOfTag lists the Services, as ns/name in the order of the tag, that a
// public IP address is tagged with. An address without any is the customer's own.
func ServicesOfTag(tags map[string]string) []string {
	var services []string
	for name := range strings.SplitSeq(tagValue(tags, ServiceTag, LegacyServiceTag), ",") {
		if name = strings.TrimSpace(name); name != "" {
			services = append(services, name)
		}
	}
	return services
}

// ClusterOfTags is the cluster that a public IP address is tagged with, or "".
func ClusterOfTags(tags map[string]string) string {
	return strings.TrimSpace(tagValue(tags, ClusterTag, LegacyClusterTag))
}

// tagValue is the value of the first key that is there. Tag keys compare without
// regard to case; an object cannot have two that differ only by it.
func tagValue(tags map[string]string, keys ...string) string {
	var have []string
	for key := range tags {
		have = append(have, key)
	}
	slices.Sort(have)
	for _, want := range keys {
		for _, key := range have {
			if strings.EqualFold(key, want) {
				return tags[key]
			}
		}
	}
	return ""
}
