package desired

import (
	"fmt"
	"strings"
	"testing"

	"azlb/analyze/snapshot"
	"azlb/bundle-schema/az"
)

const networkID = "/subscriptions/s/resourceGroups/MC_rg/providers/Microsoft.Network/"

// healthyIP is the public IP of default/web as az prints it, whole.
const healthyIP = `{"type": "Microsoft.Network/publicIPAddresses", "name": "kubernetes-` + workedPrefix + `", "id": "` + networkID + `publicIPAddresses/kubernetes-` + workedPrefix + `",
	"ipAddress": "20.1.2.3", "publicIPAddressVersion": "IPv4", "publicIPAllocationMethod": "Static", "sku": {"name": "Standard"}, "dnsSettings": {"domainNameLabel": "shop"},
	"ipConfiguration": {"id": "` + networkID + `loadBalancers/kubernetes/frontendIPConfigurations/` + workedPrefix + `"},
	"tags": {"k8s-azure-service": "default/web", "k8s-azure-dns-label-service": "default/web", "k8s-azure-cluster-name": "kubernetes"}}`

// TestComparePublicIPs restates serviceOwnsPublicIP, bindServicesToPIP,
// ensurePIPTagged, reconcileDNSSettings and shouldReleaseExistingOwnedPublicIP: which
// differences are told, and which of them a sync repairs.
func TestComparePublicIPs(t *testing.T) {
	label := noted(twoPorts+address, "azure-dns-label-name=shop")
	tagged := noted(twoPorts+address, "azure-pip-tags=owner=a")
	routed := noted(twoPorts+address, "azure-pip-ip-tags=RoutingPreference=Internet")
	const cluster, service, dns = `, "k8s-azure-cluster-name": "kubernetes"`, `"k8s-azure-service": "default/web"`, `, "k8s-azure-dns-label-service": "default/web"`
	const type_ = `"type": "Microsoft.Network/publicIPAddresses", `
	for _, c := range []struct {
		name, release, service string
		edits                  []string // of healthyIP: old, new
		want                   string
	}{
		{"all is well", "1.36.0", label, nil, ""},
		{"an address of an old release without the cluster's tag", "1.36.0", label, []string{cluster, ""}, ""},
		{"another cluster's tag", "1.36.0", label, []string{`-name": "kubernetes"`, `-name": "other"`}, "tags.k8s-azure-cluster-name: kubernetes, got other, stays: " + takenForCluster},
		{"no service tag", "1.36.0", label, []string{service + dns, `"a": "b"`}, "tags.k8s-azure-service: default/web, got none, stays: " + takenForTheirs},
		{"no tag at all", "1.36.0", label, []string{cluster, "", service + dns, ""}, "tags.k8s-azure-service: default/web, got none, stays: " + takenForTheirs},
		{"another Service's tag", "1.36.0", label, []string{service, `"k8s-azure-service": "default/api"`}, "tags.k8s-azure-service: default/web, got default/api, stays: " + takenForOthers},
		{"no service tag, which this release binds again", "0.7.2", twoPorts + address, []string{service + dns, `"a": "b"`}, "tags.k8s-azure-service: default/web, got none, heals"},
		{"no service tag, which this one does not any more", "0.7.3", twoPorts + address, []string{service + dns, `"a": "b"`}, "tags.k8s-azure-service: default/web, got none, stays: " + takenForTheirs},
		{"no service tag, in-tree with binding", "in-tree 1.20.5", twoPorts + address, []string{service + dns, `"a": "b"`}, "tags.k8s-azure-service: default/web, got none, heals"},
		{"no service tag, in-tree without", "in-tree 1.20.6", twoPorts + address, []string{service + dns, `"a": "b"`}, "tags.k8s-azure-service: default/web, got none, stays: " + takenForTheirs},
		{"no service tag, in-tree before", "in-tree 1.19.3", twoPorts + address, []string{service + dns, `"a": "b"`}, "tags.k8s-azure-service: default/web, got none, stays: " + neverTagged},
		{"no label tag on an address with a service tag", "1.36.0", label, []string{dns, ""}, "tags.k8s-azure-dns-label-service: default/web, got none, heals"},
		{"another Service has the label", "1.36.0", label, []string{`label-service": "default/web"`, `label-service": "default/api"`}, "tags.k8s-azure-dns-label-service: default/web, got default/api, stays: " + labelTaken},
		{"the label of the customer's own address", "1.27.10", noted(twoPorts+address, "azure-dns-label-name=shop", "azure-load-balancer-ipv4=20.1.2.3"), []string{cluster, "", service + dns, ""}, ""},
		{"the same before the guard", "1.26.7", noted(twoPorts+address, "azure-dns-label-name=shop", "azure-load-balancer-ipv4=20.1.2.3"), []string{cluster, "", service + dns, ""}, "tags.k8s-azure-dns-label-service: default/web, got none, heals"},
		{"the label of a named address that names Services", "1.27.10", noted(twoPorts+address, "azure-dns-label-name=shop", "azure-pip-name=kubernetes-"+workedPrefix), []string{dns, ""}, "tags.k8s-azure-dns-label-service: default/web, got none, heals"},
		{"a tag of the annotation", "1.36.0", tagged, nil, "tags.owner: a, got none, heals"},
		{"a tag of the annotation on an address that is taken for the customer's", "1.36.0", tagged, []string{service + dns, `"a": "b"`}, "tags.k8s-azure-service: default/web, got none, stays: " + takenForTheirs},
		{"IP tags", "1.36.0", routed, []string{type_, type_ + `"ipTags": [{"ipTagType": "RoutingPreference", "tag": "Internet"}], `}, ""},
		{"no IP tags", "1.36.0", routed, nil, "ipTags: RoutingPreference=Internet, got none, heals"},
		{"IP tags in another case are others", "1.36.0", routed, []string{type_, type_ + `"ipTags": [{"ipTagType": "RoutingPreference", "tag": "internet"}], `}, "ipTags: RoutingPreference=Internet, got RoutingPreference=internet, heals"},
		{"IP tags that nobody asks for", "1.36.0", label, []string{type_, type_ + `"ipTags": [{"ipTagType": "RoutingPreference", "tag": "Internet"}], `}, ""},
		{"IP tags of a shared address", "1.36.0", routed, []string{service, `"k8s-azure-service": "default/api,default/web"`}, "ipTags: RoutingPreference=Internet, got none, stays: the provider does not replace an address that several Services share"},
		{"IP tags of an address that is taken for the customer's", "1.36.0", routed, []string{service + dns, `"a": "b"`}, "tags.k8s-azure-service: default/web, got none, stays: " + takenForTheirs},
		{"a list of name, id and address", "1.36.0", noted(twoPorts+address, "azure-dns-label-name=shop", "azure-pip-tags=owner=a", "azure-pip-ip-tags=RoutingPreference=Internet", "azure-pip-prefix-id="+networkID+"publicIPPrefixes/p"),
			[]string{healthyIP, `{"name": "kubernetes-` + workedPrefix + `-p", "id": "` + networkID + `publicIPAddresses/kubernetes-` + workedPrefix + `-p", "ipAddress": "20.1.2.3"}`}, ""},
		{"a list without addresses", "1.36.0", twoPorts + address, []string{type_, "", `"ipAddress": "20.1.2.3", `, ""}, ""},
		{"a list with the tags of another address", "1.36.0", twoPorts + address,
			[]string{healthyIP, `{"name": "kubernetes-` + workedPrefix + `", "tags": null}, {"name": "other", "tags": {"a": "b"}}`}, "tags.k8s-azure-service: default/web, got none, stays: " + takenForTheirs},
		{"a whole list with an address that lost all", "1.36.0", label, []string{healthyIP, `{"type": "Microsoft.Network/publicIPAddresses", "sku": {"name": "Standard"}, "name": "kubernetes-` + workedPrefix + `", "tags": null}`},
			"dnsSettings.domainNameLabel: shop, got none, heals\nipAddress: 20.1.2.3, got none, heals\nipConfiguration: kubernetes/" + workedPrefix + ", got none, stays: Azure writes it, not the provider\n" +
				"publicIPAllocationMethod: Static, got none, stays: the provider decides it when it makes the address, and not again\ntags.k8s-azure-service: default/web, got none, stays: " + takenForTheirs},
	} {
		text := healthyIP
		for i := 0; i < len(c.edits); i += 2 {
			if !strings.Contains(text, c.edits[i]) {
				t.Fatalf("%s: no %q in %s", c.name, c.edits[i], text)
			}
			text = strings.ReplaceAll(text, c.edits[i], c.edits[i+1])
		}
		pips, err := az.Decode[az.PublicIP]([]byte("[" + text + "]"))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		s, cl := asked(t, c.release, c.service)
		for _, p := range pips {
			cl.Graph.Snapshot.PublicIPs = append(cl.Graph.Snapshot.PublicIPs, snapshot.PublicIP{PublicIP: p})
		}
		f := az.Frontend{PublicIP: &az.Ref{ID: pips[0].ID}}
		f.Name, f.ID = workedPrefix, networkID+"loadBalancers/kubernetes/frontendIPConfigurations/"+workedPrefix
		lb := &snapshot.LoadBalancer{}
		lb.Name, lb.Frontends = "kubernetes", []az.Frontend{f}
		if lb.Frontends[0].PublicIP.ID == "" {
			lb.Frontends[0].PublicIP.ID, cl.Graph.Snapshot.PublicIPs[0].ID = networkID+"publicIPAddresses/a", networkID+"publicIPAddresses/a"
		}
		x := &comparer{Cluster: cl, out: &Comparison{}}
		want := Of(s, cl)
		x.publicIP(s, want, &want.Lanes[0], lb)
		if got := toldDrift(x.out); got != c.want {
			t.Errorf("%s: differences\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

// toldDrift are the differences, one a line: what a sync makes of each.
func toldDrift(c *Comparison) string {
	var out []string
	for _, d := range gathered(c.Drift()) {
		fate := "heals"
		if !d.Heals {
			fate = "stays: " + d.Why
		}
		out = append(out, fmt.Sprintf("%s: %s, got %s, %s", d.Field, d.Want, d.Got, fate))
	}
	return strings.Join(out, "\n")
}
