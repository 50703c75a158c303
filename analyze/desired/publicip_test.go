package desired

import (
	"cmp"
	"fmt"
	"strings"
	"testing"
)

// TestPublicIPs restates determinePublicIPName, getPublicIPName, ensurePublicIPExists
// and getServiceLoadBalancerIP.
func TestPublicIPs(t *testing.T) {
	const made = "kubernetes-" + workedPrefix
	const prefixID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/publicIPPrefixes/front"
	v6 := "\nspec:\n  ipFamilies: [IPv6]\n  ports: [{port: 80}]\n"
	for _, c := range []struct{ name, release, service, want string }{
		{"made", "1.31.0", twoPorts, made + " in mc_rg, made, Static, k8s-azure-service~default/web k8s-azure-cluster-name=kubernetes"},
		{"made by 1.9: one tag, and the other later", "in-tree 1.9.2", twoPorts, made + " in mc_rg, made, Static, k8s-azure-service~default/web"},
		{"IPv6 alone, Basic", "in-tree 1.10.0", v6, made + " in mc_rg, made, Dynamic, k8s-azure-service~default/web"},
		{"named", "1.31.0", noted(twoPorts, "azure-pip-name=front"), "front in mc_rg"},
		{"a name before 1.16 means nothing", "in-tree 1.15.0", noted(twoPorts, "azure-pip-name=front"), made + " in mc_rg, made, Static, k8s-azure-service~default/web"},
		{"by address of the spec", "1.31.0", "\nspec:\n  loadBalancerIP: 20.1.2.3\n  ports: [{port: 80}]\n", "at 20.1.2.3 in mc_rg"},
		{"the annotation wins", "1.31.0", noted("\nspec:\n  loadBalancerIP: 20.1.2.3\n  ports: [{port: 80}]\n", "azure-load-balancer-ipv4=20.9.9.9"), "at 20.9.9.9 in mc_rg"},
		{"the annotation is too new", "1.23.21", noted("\nspec:\n  loadBalancerIP: 20.1.2.3\n  ports: [{port: 80}]\n", "azure-load-balancer-ipv4=20.9.9.9"), "at 20.1.2.3 in mc_rg"},
		{"an address of the other family", "1.31.0", "\nspec:\n  loadBalancerIP: 2603::1\n  ports: [{port: 80}]\n", made + " in mc_rg, made, Static, k8s-azure-service~default/web k8s-azure-cluster-name=kubernetes"},
		{"a name before an address", "1.31.0", noted(twoPorts, "azure-pip-name=front", "azure-load-balancer-ipv4=20.9.9.9"), "front in mc_rg"},
		{"out of a prefix", "1.31.0", noted(twoPorts, "azure-pip-prefix-id="+prefixID), made + "-front in mc_rg, made, Static, front, k8s-azure-service~default/web k8s-azure-cluster-name=kubernetes"},
		{"out of a prefix, too new", "1.23.13", noted(twoPorts, "azure-pip-prefix-id="+prefixID), made + " in mc_rg, made, Static, k8s-azure-service~default/web k8s-azure-cluster-name=kubernetes"},
		{"another group", "1.31.0", noted(twoPorts, "azure-load-balancer-resource-group= RG-shared "), made + " in rg-shared, made, Static, k8s-azure-service~default/web k8s-azure-cluster-name=kubernetes"},
		{"a blank group", "1.31.0", noted(twoPorts, "azure-load-balancer-resource-group= ", "azure-pip-name=front"), "front in mc_rg"},
		{"label and tags", "1.31.0", noted(twoPorts, "azure-dns-label-name=shop", "azure-pip-tags=owner=a, cost = 4"), made + " in mc_rg, made, Static, label shop, k8s-azure-dns-label-service=default/web if managed k8s-azure-service~default/web k8s-azure-cluster-name=kubernetes owner=a if managed cost=4 if managed"},
		{"label and tags of a release that tags any address", "1.23.29", noted(twoPorts, "azure-dns-label-name=shop", "azure-pip-tags=owner=a"), made + " in mc_rg, made, Static, label shop, k8s-azure-dns-label-service=default/web k8s-azure-service~default/web k8s-azure-cluster-name=kubernetes owner=a"},
		{"the label of a named address", "1.27.3", noted(twoPorts, "azure-dns-label-name=shop", "azure-pip-name=front"), "front in mc_rg, label shop, k8s-azure-dns-label-service=default/web if managed"},
		{"the label of a named address, before the guard", "1.27.2", noted(twoPorts, "azure-dns-label-name=shop", "azure-pip-name=front"), "front in mc_rg, label shop, k8s-azure-dns-label-service=default/web"},
		{"the label of an address by its value", "1.26.9", noted(twoPorts, "azure-dns-label-name=shop", "azure-load-balancer-ipv4=20.9.9.9"), "at 20.9.9.9 in mc_rg, label shop, k8s-azure-dns-label-service=default/web if managed"},
		{"the label of an address by its value, before the guard", "1.26.8", noted(twoPorts, "azure-dns-label-name=shop", "azure-load-balancer-ipv4=20.9.9.9"), "at 20.9.9.9 in mc_rg, label shop, k8s-azure-dns-label-service=default/web"},
		{"no label before 1.10, and no tags before 1.20", "in-tree 1.9.2", noted(twoPorts, "azure-dns-label-name=shop", "azure-pip-tags=owner=a", "azure-pip-ip-tags=RoutingPreference=Internet"), made + " in mc_rg, made, Static, k8s-azure-service~default/web"},
		{"a label without a tag before 1.20", "in-tree 1.19.16", noted(twoPorts, "azure-dns-label-name=shop", "azure-pip-tags=owner=a"), made + " in mc_rg, made, Static, label shop, k8s-azure-service~default/web k8s-azure-cluster-name=kubernetes"},
		{"tags since 1.20", "in-tree 1.20.0", noted(twoPorts, "azure-pip-tags=owner=a"), made + " in mc_rg, made, Static, k8s-azure-service~default/web k8s-azure-cluster-name=kubernetes owner=a"},
		{"pairs that are none", "1.31.0", noted(twoPorts, "azure-pip-tags=url=https://x?a=b,lone,=b,owner=a,empty="), made + " in mc_rg, made, Static, k8s-azure-service~default/web k8s-azure-cluster-name=kubernetes owner=a if managed empty= if managed"},
		{"the last of equal keys", "1.31.0", noted(twoPorts, "azure-pip-tags=owner=x,cost=4,owner=a"), made + " in mc_rg, made, Static, k8s-azure-service~default/web k8s-azure-cluster-name=kubernetes owner=a if managed cost=4 if managed"},
		{"keys that differ in case alone", "1.31.0", noted(twoPorts, "azure-pip-tags=owner=x,Owner=a"), made + " in mc_rg, made, Static, k8s-azure-service~default/web k8s-azure-cluster-name=kubernetes owner unknown if managed"},
		{"the provider's own key", "1.31.0", noted(twoPorts, "azure-pip-tags=K8s-Azure-Service=a"), made + " in mc_rg, made, Static, k8s-azure-service~default/web k8s-azure-cluster-name=kubernetes"},
		{"IP tags, the last of equal keys", "1.31.0", noted(twoPorts, "azure-pip-ip-tags=RoutingPreference=MS, FirstPartyUsage = /x ,a=b=c,RoutingPreference=Internet"), made + " in mc_rg, made, Static, k8s-azure-service~default/web k8s-azure-cluster-name=kubernetes, IP tags FirstPartyUsage=/x, RoutingPreference=Internet"},
		{"IP tags of a named address", "1.31.0", noted(twoPorts, "azure-pip-name=front", "azure-pip-ip-tags=RoutingPreference=Internet"), "front in mc_rg"},
		{"an empty label removes it", "1.31.0", noted(twoPorts, "azure-dns-label-name=", "azure-pip-name=front"), "front in mc_rg, label none"},
		{"an internal Service has none", "1.31.0", noted(twoPorts, "azure-load-balancer-internal=true"), "none"},
	} {
		if got := toldIP(wanted(t, c.release, c.service).Lanes[0].PublicIP); got != c.want {
			t.Errorf("%s: public IP\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

func toldIP(p *PublicIP) string {
	if p == nil {
		return "none"
	}
	out := p.Name.V
	if p.Address.V != "" {
		out = "at " + p.Address.V
	}
	out += " in " + p.Group.V
	if p.Made {
		out += ", made, " + p.Allocation.V
	}
	if p.Prefix.V != "" {
		out += ", " + p.Prefix.V[strings.LastIndex(p.Prefix.V, "/")+1:]
	}
	if p.DNSLabel != nil {
		out += ", label " + cmp.Or(p.DNSLabel.V, "none")
	}
	var tags []string
	for _, t := range p.Tags {
		sign := "="
		if t.Part {
			sign = "~"
		}
		tag := fmt.Sprint(t.Keys[0], sign, t.Value.V)
		if t.Value.Unknown != "" {
			tag = t.Keys[0] + " unknown"
		}
		if t.Managed {
			tag += " if managed"
		}
		tags = append(tags, tag)
	}
	if len(tags) > 0 {
		out += ", " + strings.Join(tags, " ")
	}
	if p.IPTags != nil {
		out += ", IP tags " + p.IPTags.V
	}
	return out
}
