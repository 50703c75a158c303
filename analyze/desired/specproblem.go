package desired

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"azlb/bundle-schema/azname"
)

// addresses tells spec.loadBalancerIP beside an annotation that names another
// address of the same family (getServiceLoadBalancerIP).
func (i *inspection) addresses() {
	field4, err := netip.ParseAddr(i.s.Spec.LoadBalancerIP)
	if err != nil || i.p.Has(addressAnnotations) != Yes {
		return
	}
	name := ipv6Address
	if field4.Is4() {
		name = ipv4Address
	}
	v, ok := i.value(name)
	asked, err := netip.ParseAddr(v)
	if !ok || err != nil || asked == field4 {
		return
	}
	p := inSpec(AboutAddress, Conflict, "loadBalancerIP", i.s.Spec.LoadBalancerIP, "loadBalancerIP")
	p.Meant = annotationPrefix + name
	effect := Dropped
	if slices.Contains(i.s.Addresses(), v) {
		effect = Ignored
	}
	i.always(p, effect, "The annotation %s asks for %s and counts before it: the provider leaves the field out without a word.", annotationPrefix+name, v)
}

// probes tells intervals that are too long together
// (getHealthProbeConfigProbeIntervalAndNumOfProbe).
func (i *inspection) probes() {
	var ports []int32
	if i.s.Local() && i.s.Spec.HealthCheckNodePort != 0 {
		ports = append(ports, i.s.Spec.HealthCheckNodePort)
	}
	for _, p := range i.s.Spec.Ports {
		if p.Protocol == corev1.ProtocolTCP || p.Protocol == "" {
			ports = append(ports, p.Port)
		}
	}
	for _, port := range ports {
		n := strconv.Itoa(int(port))
		interval, key := i.number(5, portPrefix+n+portProbeInterval, probeInterval)
		count, other := i.number(2, portPrefix+n+portProbeCount, probeCount)
		if key == "" {
			key = other
		}
		if interval*count < 120 || interval < 5 || count < 2 {
			continue
		}
		i.add(i.about(AboutProbe, Conflict, key), func(v azname.Version) fate {
			k, own := keyOf(key)
			for _, idle := range k.idle {
				if !v.AtLeast(k.since) || idle(i, v, own) != "" {
					return fate{}
				}
			}
			return i.probeFails(fmt.Sprintf("%d seconds between probes times %d probes is %d; it must be less than 120 seconds.", interval, count, interval*count))
		})
		break
	}
}

// number is the first of the annotations that holds a whole number, with its name,
// or the default; a bad value is below the least.
func (i *inspection) number(fallback int, names ...string) (int, string) {
	for _, name := range names {
		if v, ok := i.value(name); ok {
			n, _ := whole(v)
			return n, name
		}
	}
	return fallback, ""
}

// link tells a private link service that cannot be made (reconcilePrivateLinkService,
// getPLSStaticIPs).
func (i *inspection) link() {
	if withoutLink(i, azname.Version{}, "") != "" || i.p.Has(privateLink) == No {
		return
	}
	known := func(f fate) func(azname.Version) fate {
		return func(v azname.Version) fate {
			if v.AtLeast(privateLink) {
				return f
			}
			return fate{}
		}
	}
	if !i.isInternal() && !i.on(disableFloatingIP) {
		i.add(i.about(AboutLink, Conflict, linkCreate), known(fate{SyncFails, "A private link service needs an internal Service, or one without floating IP (" + disableFloatingIP + "). " + linkDead}))
	}
	static, ok := i.value(linkStatic)
	count := 1
	if v, set := i.value(linkCount); set {
		count, _ = whole(v)
	}
	if n := len(strings.Fields(static)); ok && count >= 1 && n > count && readLinkAddresses(i, azname.Version{}, nil, static) == (fate{}) {
		i.add(i.about(AboutLink, Conflict, linkStatic), known(fate{SyncFails,
			fmt.Sprintf("These are %d addresses, and azure-pls-ip-configuration-ip-address-count allows %d (1 where it is not set). %s", n, count, linkDead)}))
	}
	seen, _ := i.value(linkVisibility)
	approved, _ := i.value(linkAutoApproval)
	for _, id := range strings.Fields(approved) {
		if !strings.ContainsAny(seen+approved, "*,") && !slices.Contains(strings.Fields(seen), id) {
			i.add(i.about(AboutValue, Conflict, linkAutoApproval), known(fate{Dropped, "Subscription " + id + " is approved but not in azure-pls-visibility; who cannot see the private link service cannot connect to it."}))
			return
		}
	}
}

// nodePorts tells ports that need a node port and have none, because
// allocateLoadBalancerNodePorts is false.
func (i *inspection) nodePorts() {
	if a := i.s.Spec.AllocateLoadBalancerNodePorts; a == nil || *a || i.haPorts() {
		return
	}
	c := i.g.Snapshot.Config
	for n, p := range i.s.Spec.Ports {
		number := strconv.Itoa(int(p.Port))
		if p.NodePort != 0 || i.on(portPrefix+number+portNoRule) {
			continue
		}
		_, own := i.value(portPrefix + number + portProbePort)
		probed := p.Protocol != corev1.ProtocolUDP && p.Protocol != corev1.ProtocolSCTP && !i.on(portPrefix+number+portNoProbe) && !own
		why := ""
		switch {
		case i.on(disableFloatingIP):
			why = "without floating IP the load balancer sends to the node port"
		case i.s.Local() || !probed:
		case c == nil || c.Invalid != "" || strings.EqualFold(c.ProbeMode, "shared"):
		default:
			why = "the load balancer probes the node port"
		}
		if why != "" {
			p := inSpec(AboutNodePorts, Conflict, "allocateLoadBalancerNodePorts", "false", "allocateLoadBalancerNodePorts")
			i.always(p, SyncFails, "Port %s (/spec/ports/%d) has no node port, and %s. Azure refuses port 0, and with it the change of the whole load balancer.", number, n, why)
			return
		}
	}
}

// protocols tells ports whose protocol the provider refuses
// (getProtocolsFromKubernetesProtocol, getExpectedLBRules).
func (i *inspection) protocols() {
	for n, sp := range i.s.Spec.Ports {
		if sp.Protocol != corev1.ProtocolSCTP || i.on(portPrefix+strconv.Itoa(int(sp.Port))+portNoRule) {
			continue
		}
		p := inSpec(AboutProtocol, InvalidValue, fmt.Sprintf("ports[%d].protocol", n), "SCTP", fmt.Sprintf("ports/%d/protocol", n))
		v, _ := i.value(internal)
		i.add(p, func(version azname.Version) fate {
			switch {
			case version.InTree:
				return fate{SyncFails, "This release knows TCP and UDP only. " + dead}
			case !strings.EqualFold(v, "true"):
				return fate{SyncFails, "SCTP needs an internal Service; this one is public. " + dead}
			case i.basic && version.AtLeast(azname.SingleLocalProbe):
				return fate{SyncFails, "SCTP needs a Standard load balancer; this one is Basic. " + dead}
			}
			return fate{}
		})
		return
	}
}
