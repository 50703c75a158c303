package desired

import (
	"slices"
	"strings"
	"testing"

	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/bundle-schema/az"
)

// TestCompareLinks restates reconcilePrivateLinkService: the provider looks for a link
// by the frontend, takes only its own, and shares that of another Service.
func TestCompareLinks(t *testing.T) {
	const front = networkID + "loadBalancers/kubernetes-internal/frontendIPConfigurations/front"
	const own = `"k8s-azure-owner-service": "default/web", "k8s-azure-cluster-name": "kubernetes"`
	link := func(group, name, frontend, tags string) string {
		return `{"name": "` + name + `", "id": "` + strings.Replace(networkID, "MC_rg", group, 1) + `privateLinkServices/` + name + `", "loadBalancerFrontendIpConfigurations": [{"id": "` + frontend + `"}],
			"ipConfigurations": [{"subnet": {"id": "` + networkID + `virtualNetworks/v/subnets/nodes"}}], "tags": {` + tags + `}}`
	}
	named := []string{"azure-pls-name=fixed"}
	const ownerStays = "stays: the provider takes the private link service for that of another Service"
	for _, c := range []struct {
		name  string
		notes []string
		links string
		want  string
	}{
		{"its own", nil, link("MC_rg", "pls-front", front, own), ""},
		{"its own under another name, which it need not have asked for", nil, link("MC_rg", "older", front, own), ""},
		{"its own under another name than it asks for", named, link("MC_rg", "older", front, own), "name: fixed, got older, stays: the provider refuses another name for a private link service, and the sync fails"},
		{"that of a Service with the same frontend, under the default name", nil, link("MC_rg", "pls-front", front, strings.Replace(own, "web", "api", 1)), ""},
		{"that of a Service with another frontend", nil, link("MC_rg", "pls-front", front, strings.Replace(own, "web", "far", 1)), "tags.k8s-azure-owner-service: default/web, got default/far, " + ownerStays},
		{"that of a Service that is not there", nil, link("MC_rg", "pls-front", front, strings.Replace(own, "web", "gone", 1)), "tags.k8s-azure-owner-service: default/web, got default/gone, " + ownerStays},
		{"one without owner", nil, link("MC_rg", "pls-front", front, `"k8s-azure-cluster-name": "kubernetes"`), "tags.k8s-azure-owner-service: default/web, got none, " + ownerStays},
		{"another cluster's", nil, link("MC_rg", "pls-front", front, strings.Replace(own, "kubernetes", "other", 1)), "tags.k8s-azure-cluster-name: kubernetes, got other, stays: the provider refuses a private link service without the name of its cluster, and the sync fails"},
		{"the frontend before the name", named, link("MC_rg", "fixed", front+"2", own) + "," + link("MC_rg", "older", front, own), "name: fixed, got older, stays: the provider refuses another name for a private link service, and the sync fails"},
		{"one of its name on another frontend", named, link("MC_rg", "fixed", front+"2", own), "loadBalancerFrontendIpConfigurations: front, got front2, heals"},
		{"one in a group in which the provider does not look", nil, link("other", "older", front, ""), ""},
	} {
		s, cl := asked(t, "1.31.0", noted(twoPorts, append([]string{"azure-load-balancer-internal=true", "azure-pls-create=true"}, c.notes...)...))
		links, err := az.Decode[az.PrivateLinkService]([]byte("[" + c.links + "]"))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		for _, l := range links {
			cl.Graph.Snapshot.Links = append(cl.Graph.Snapshot.Links, snapshot.PrivateLinkService{PrivateLinkService: l})
		}
		lb := &snapshot.LoadBalancer{}
		lb.Frontends = []az.Frontend{{}, {}}
		lb.Frontends[0].Name, lb.Frontends[0].ID = "front", front
		lb.Frontends[1].Name, lb.Frontends[1].ID = "far", front+"3"
		for i, name := range []string{"api", "far"} {
			other := &topology.Service{Service: &snapshot.Service{}, Frontends: []topology.Frontend{{Frontend: &lb.Frontends[i], LB: lb}}}
			other.Namespace, other.Name = "default", name
			cl.Graph.Services = append(cl.Graph.Services, other)
		}
		x := &comparer{Cluster: cl, out: &Comparison{}}
		x.link(s, Of(s, cl), lb, &lb.Frontends[0])
		if got := toldDrift(x.out); got != c.want {
			t.Errorf("%s: differences\n%s\nwant\n%s", c.name, got, c.want)
		}
		if !slices.ContainsFunc(x.out.Checks, func(c Check) bool { return c.Field == Existence }) {
			t.Errorf("%s: not compared", c.name)
		}
	}
}
