package desired_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
)

// annotation prefix of the provider.
const azureAnnotation = "service.beta.kubernetes.io/"

// randomService is a Service with an address, as the API server returns it, that the
// provider accepts. i keeps names, addresses and node ports apart.
func randomService(r *rand.Rand, i int, version string) map[string]any {
	coin := func(n int) bool { return r.IntN(n) == 0 }
	notes := map[string]any{}
	note := func(key string, value any) { notes[azureAnnotation+key] = fmt.Sprint(value) }
	internal, dual := coin(3), coin(4) && version > "v1.28" // compared as text: all have two digits
	families := []any{"IPv4"}
	if dual {
		families = append(families, "IPv6")
	}
	spec := map[string]any{"type": "LoadBalancer", "clusterIP": fmt.Sprintf("10.0.9.%d", i+1), "ipFamilies": families, "sessionAffinity": "None", "externalTrafficPolicy": "Cluster"}
	address := fmt.Sprintf("20.61.200.%d", i+1)
	if internal {
		note("azure-load-balancer-internal", "true")
		address = fmt.Sprintf("10.224.9.%d", i+1)
		if coin(2) {
			note("azure-load-balancer-internal-subnet", "apps-subnet")
			address = fmt.Sprintf("10.225.0.%d", i+20)
		}
		if coin(4) {
			note("azure-load-balancer-enable-high-availability-ports", "true")
		}
		if coin(3) {
			link(r, note)
		}
	}
	if coin(3) {
		spec["sessionAffinity"] = "ClientIP"
	}
	if coin(3) {
		spec["externalTrafficPolicy"], spec["healthCheckNodePort"] = "Local", 32000+i
	}
	spec["ports"] = randomPorts(r, i, version, note)
	randomAnnotations(r, i, internal, address, spec, note)
	ingress := []any{map[string]any{"ip": address}}
	if dual {
		ip := fmt.Sprintf("2603:1020::%d", i+1)
		if internal {
			ip = fmt.Sprintf("fd00::%d", i+1)
		}
		ingress = append(ingress, map[string]any{"ip": ip})
	}
	meta := map[string]any{"namespace": "shop", "name": fmt.Sprintf("s%d", i), "uid": fmt.Sprintf("%08x-1111-4222-8333-%012x", r.Uint32(), i), "annotations": notes,
		"finalizers": []any{"service.kubernetes.io/load-balancer-cleanup"}}
	return map[string]any{"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec, "status": map[string]any{"loadBalancer": map[string]any{"ingress": ingress}}}
}

func randomPorts(r *rand.Rand, i int, version string, note func(string, any)) []any {
	probed := []string{"80", "p0", "8088"}
	if version < "v1.28" {
		probed = probed[:2] // those before refuse what is no port of the Service
	}
	var ports []any
	for j := range 1 + r.IntN(4) {
		p := map[string]any{"name": fmt.Sprintf("p%d", j), "port": 80 + j, "nodePort": 30000 + 10*i + j, "protocol": "TCP", "targetPort": 8080}
		number := strconv.Itoa(80 + j)
		switch r.IntN(8) {
		case 0:
			p["protocol"] = "UDP"
		case 1:
			p["appProtocol"] = []string{"http", "https", "grpc"}[r.IntN(3)]
		case 2:
			if j > 0 {
				note("port_"+number+"_no_lb_rule", "true")
			}
		case 3:
			note("port_"+number+"_no_probe_rule", "true")
		case 4:
			note("port_"+number+"_health-probe_protocol", "http")
			note("port_"+number+"_health-probe_request-path", "/ok")
		case 5:
			note("port_"+number+"_health-probe_port", probed[r.IntN(len(probed))])
			note("port_"+number+"_health-probe_interval", 10)
		}
		ports = append(ports, p)
	}
	return ports
}

func randomAnnotations(r *rand.Rand, i int, internal bool, address string, spec map[string]any, note func(string, any)) {
	coin := func(n int) bool { return r.IntN(n) == 0 }
	switch {
	case coin(5):
		spec["loadBalancerSourceRanges"] = []any{"203.0.113.0/25", "203.0.113.128/25", "198.51.100.0/24"}
		if coin(2) {
			note("azure-deny-all-except-load-balancer-source-ranges", "true")
		}
	case coin(5):
		note("azure-allowed-service-tags", "AzureFrontDoor.Backend,Storage")
	case coin(5):
		note("azure-allowed-ip-ranges", "192.0.2.0/24,10.0.0.0/8")
	}
	if coin(5) {
		note("azure-load-balancer-tcp-idle-timeout", 4+r.IntN(26))
	}
	if coin(6) {
		note("azure-load-balancer-disable-tcp-reset", "true")
	}
	if coin(8) {
		note("azure-disable-load-balancer-floating-ip", "true")
	}
	if coin(5) {
		note("azure-load-balancer-health-probe-protocol", []string{"http", "tcp", "https"}[r.IntN(3)])
		note("azure-load-balancer-health-probe-request-path", "/healthz")
		note("azure-load-balancer-health-probe-interval", 7)
		note("azure-load-balancer-health-probe-num-of-probe", 3)
	}
	switch {
	case coin(4):
		note("azure-load-balancer-ipv4", address)
	case internal:
	case coin(4):
		spec["loadBalancerIP"] = address
	case coin(4):
		note("azure-pip-name", fmt.Sprintf("named-%d", i))
	case coin(4):
		note("azure-pip-prefix-id", network+"publicIPPrefixes/prefix-1")
	}
	if !internal && coin(4) {
		note("azure-dns-label-name", fmt.Sprintf("label-%d", i))
	}
	if !internal && coin(4) {
		note("azure-pip-tags", "owner=team-a,cost=42")
	}
	if !internal && coin(4) {
		note("azure-pip-ip-tags", "RoutingPreference=Internet")
	}
}

func link(r *rand.Rand, note func(string, any)) {
	note("azure-pls-create", "true")
	note("azure-pls-ip-configuration-ip-address-count", 1+r.IntN(3))
	if r.IntN(2) == 0 {
		note("azure-pls-name", fmt.Sprintf("link-%d", r.IntN(1000)))
	}
	if r.IntN(2) == 0 {
		note("azure-pls-ip-configuration-subnet", "pls-subnet")
	}
	if r.IntN(3) == 0 {
		note("azure-pls-visibility", "*")
		note("azure-pls-proxy-protocol", "true")
	}
}
