package analyze

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	bundle "azlb/bundle-schema"
)

// placeAddresses gives pods addresses of the host's node of the same name, and Services
// free ones near their own. It returns those. What a machine has stays its own.
func (g *guest) placeAddresses(host *partner) []string {
	used := maps.Clone(host.texts)
	maps.Copy(used, g.texts)
	var placed []string
	place := func(from string, near netip.Addr) {
		if _, known := g.addresses[from]; known {
			return
		}
		to := free(near, used)
		used[to], g.addresses[from] = true, to
		placed = append(placed, to)
	}
	machines := map[string]bool{}
	for _, e := range []*bundle.Evidence{&bundle.NICs, &bundle.ScaleSetNICs} {
		for _, nic := range g.items(e.ID) {
			for _, c := range list(nic, "ipConfigurations") {
				machines[word(c, "privateIPAddress")] = true
			}
		}
	}
	here, there := g.nodes(), host.nodes()
	for name, n := range here {
		for i, a := range n.addresses {
			machines[a] = true
			if h, ok := there[name]; ok && i < len(h.addresses) && h.addresses[i] != a {
				g.addresses[a] = h.addresses[i]
			}
		}
	}
	pods := g.podAddresses()
	for _, a := range slices.Sorted(maps.Keys(pods)) {
		addr, err := netip.ParseAddr(a)
		if err != nil || machines[a] {
			continue
		}
		if h, ok := there[pods[a]]; ok && h.pods.IsValid() && h.pods.Addr().Is4() && here[pods[a]].pods.Contains(addr) {
			base, own := h.pods.Addr().As4(), addr.As4()
			addr = netip.AddrFrom4([4]byte{base[0], base[1], base[2], own[3]})
		}
		place(a, addr)
	}
	for _, a := range g.serviceAddresses() {
		if addr, err := netip.ParseAddr(a); err == nil && !machines[a] {
			place(a, addr)
		}
	}
	return placed
}

// free is the next address that nobody uses: in the same /24, so that it is of the same
// subnet or prefix; in the last sixteen bits of an IPv6 address.
func free(near netip.Addr, used map[string]bool) string {
	b := near.AsSlice()
	for range 1 << 16 {
		if b[len(b)-1]++; b[len(b)-1] == 0 || near.Is4() && b[len(b)-1] > 250 {
			b[len(b)-1] = 10
			if near.Is6() {
				b[len(b)-2]++
			}
		}
		if a, _ := netip.AddrFromSlice(b); !used[a.String()] {
			return a.String()
		}
	}
	panic("no free address near " + near.String())
}

// podAddresses are the addresses of pods and endpoints, with their nodes.
func (g *guest) podAddresses() map[string]string {
	out := map[string]string{}
	for _, pod := range g.items(bundle.Pods.ID) {
		if a := word(pod, "status", "podIP"); a != "" {
			out[a] = word(pod, "spec", "nodeName")
		}
	}
	for _, s := range g.items(bundle.EndpointSlices.ID) {
		for _, e := range list(s, "endpoints") {
			for _, a := range list(e, "addresses") {
				if word(s, "metadata", "name") != "kubernetes" {
					out[a.(string)] = word(e, "nodeName")
				}
			}
		}
	}
	for _, e := range g.items(bundle.Endpoints.ID) {
		for _, s := range list(e, "subsets") {
			for _, a := range slices.Concat(list(s, "addresses"), list(s, "notReadyAddresses")) {
				if word(e, "metadata", "name") != "kubernetes" {
					out[word(a, "ip")] = word(a, "nodeName")
				}
			}
		}
	}
	return out
}

// serviceAddresses are those of Services, frontends and public addresses.
func (g *guest) serviceAddresses() []string {
	var out []string
	for _, s := range g.items(bundle.Services.ID) {
		if word(s, "metadata", "name") == "kubernetes" {
			continue
		}
		for _, a := range list(s, "spec", "clusterIPs") {
			out = append(out, a.(string))
		}
		out = append(out, word(s, "spec", "clusterIP"), word(s, "spec", "loadBalancerIP"))
		for _, i := range list(s, "status", "loadBalancer", "ingress") {
			out = append(out, word(i, "ip"))
		}
		annotations, _ := at(s, "metadata", "annotations").(map[string]any)
		for _, v := range annotations {
			for a := range strings.SplitSeq(v.(string), ",") {
				out = append(out, strings.TrimSpace(a)) // no address in most
			}
		}
	}
	for _, a := range g.items(bundle.PublicIPs.ID) {
		out = append(out, word(a, "ipAddress"))
	}
	for _, lb := range g.items(bundle.LoadBalancers.ID) {
		for _, key := range []string{"frontendIPConfigurations", "frontendIpConfigurations"} {
			for _, f := range list(lb, key) {
				out = append(out, word(f, "privateIPAddress"), word(f, "privateIpAddress"))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
