package desired

import (
	"strings"
	"testing"
)

// TestProbes restates buildHealthProbeRulesForPort, getHealthProbeConfigProbeIntervalAndNumOfProbe
// and the part of getExpectedLBRules that chooses the probe of a Service as a whole.
func TestProbes(t *testing.T) {
	const p = workedPrefix
	one := "\nspec:\n  ports: [{name: web, port: 80, nodePort: 30080}]\n"
	app := func(protocol string) string {
		return "\nspec:\n  ports: [{port: 80, nodePort: 30080, appProtocol: " + protocol + "}]\n"
	}
	udp := "\nspec:\n  externalTrafficPolicy: Local\n  healthCheckNodePort: 31999\n  ports: [{port: 53, nodePort: 30053, protocol: UDP}]\n"
	shared := func(s *Settings) { s.SharedProbe = known(true, "") }
	for _, c := range []struct {
		name, release, service, want string
		set                          func(*Settings)
	}{
		{"worked example", "1.31.0", twoPorts, p + "-TCP-80 Tcp 30080 every 5 s, 2 failures | " + p + "-TCP-443 Tcp 30443 every 5 s, 2 failures", nil},
		{"UDP has none", "1.31.0", "\nspec:\n  ports: [{port: 53, nodePort: 30053, protocol: UDP}]\n", "", nil},
		{"node port 0", "1.31.0", "\nspec:\n  ports: [{port: 80}]\n", p + "-TCP-80 Tcp 0 every 5 s, 2 failures", nil},
		{"Local: one for all ports", "1.31.0", localPorts, p + "-TCP-31999 Http 31999/healthz every 5 s, 2 failures", nil},
		{"Local in-tree: one for each rule", "in-tree 1.20.4", localPorts, p + "-TCP-80 Http 31999/healthz every 5 s, 2 failures | " + p + "-TCP-443 Http 31999/healthz every 5 s, 2 failures", nil},
		{"Local, UDP", "1.31.0", udp, p + "-TCP-31999 Http 31999/healthz every 5 s, 2 failures", nil},
		{"Local, UDP, before 1.15.7", "in-tree 1.15.6", udp, "", nil},
		{"Local without a health check port", "1.31.0", "\nspec:\n  externalTrafficPolicy: Local\n  ports: [{port: 80, nodePort: 30080}]\n", p + "-TCP-80 Tcp 30080 every 5 s, 2 failures", nil},
		{"Local with a port of its own", "1.31.0", noted(localPorts, "port_80_health-probe_port=80"), p + "-TCP-80 Tcp 30080 every 5 s, 2 failures | " + p + "-TCP-31999 Http 31999/healthz every 5 s, 2 failures", nil},
		{"Local with a port of its own, ignored", "1.28.0", noted(localPorts, "port_80_health-probe_port=80"), p + "-TCP-31999 Http 31999/healthz every 5 s, 2 failures", nil},
		{"Local behind a link that speaks PROXY", "1.31.0", noted(localPorts, "azure-pls-create=true", "azure-pls-proxy-protocol=true"), p + "-TCP-80 Tcp 30080 every 5 s, 2 failures | " + p + "-TCP-443 Tcp 30443 every 5 s, 2 failures", nil},
		{"annotations override Local in-tree", "in-tree 1.22.0", noted(localPorts, "azure-load-balancer-health-probe-protocol=tcp"), p + "-TCP-80 Tcp 31999 every 5 s, 2 failures | " + p + "-TCP-443 Tcp 31999 every 5 s, 2 failures", nil},
		{"annotations do not override Local", "1.31.0", noted(localPorts, "azure-load-balancer-health-probe-protocol=tcp", "azure-load-balancer-health-probe-request-path=/x"), p + "-TCP-31999 Http 31999/healthz every 5 s, 2 failures", nil},
		{"timing of Local", "1.31.0", noted(localPorts, "azure-load-balancer-health-probe-interval=7", "port_31999_health-probe_num-of-probe=4"), p + "-TCP-31999 Http 31999/healthz every 7 s, 4 failures", nil},
		{"appProtocol", "1.31.0", app("http"), p + "-TCP-80 Http 30080/ every 5 s, 2 failures", nil},
		{"appProtocol before the annotation for all ports", "1.31.0", noted(app("http"), "azure-load-balancer-health-probe-protocol=tcp"), p + "-TCP-80 Http 30080/ every 5 s, 2 failures", nil},
		{"appProtocol that nobody knows hides the annotation", "1.31.0", noted(app("grpc"), "azure-load-balancer-health-probe-protocol=http"), p + "-TCP-80 Tcp 30080 every 5 s, 2 failures", nil},
		{"appProtocol in-tree", "in-tree 1.23.0", app("http"), p + "-TCP-80 Tcp 30080 every 5 s, 2 failures", nil},
		{"appProtocol in 1.23.6", "1.23.6", app("http"), p + "-TCP-80 Http 30080/ every 5 s, 2 failures", nil},
		{"appProtocol in 1.23.11 needs a path", "1.23.11", app("http"), p + "-TCP-80 Tcp 30080 every 5 s, 2 failures", nil},
		{"appProtocol in 1.23.11 with a path", "1.23.11", noted(app("http"), "azure-load-balancer-health-probe-request-path=/ok"), p + "-TCP-80 Http 30080/ok every 5 s, 2 failures", nil},
		{"port before appProtocol", "1.31.0", noted(app("http"), "port_80_health-probe_protocol=tcp"), p + "-TCP-80 Tcp 30080 every 5 s, 2 failures", nil},
		{"default path in-tree", "in-tree 1.22.0", noted(one, "azure-load-balancer-health-probe-protocol=http"), p + "-TCP-80 Http 30080/healthz every 5 s, 2 failures", nil},
		{"unknown protocol", "1.31.0", noted(one, "azure-load-balancer-health-probe-protocol=grpc"), p + "-TCP-80 Tcp 30080 every 5 s, 2 failures", nil},
		{"probe port by number", "1.31.0", noted(twoPorts, "port_443_health-probe_port=80"), p + "-TCP-80 Tcp 30080 every 5 s, 2 failures | " + p + "-TCP-443 Tcp 30080 every 5 s, 2 failures", nil},
		{"probe port by name, in any case", "1.31.0", noted(one, "port_80_health-probe_port=WEB"), p + "-TCP-80 Tcp 30080 every 5 s, 2 failures", nil},
		{"probe port of the node", "1.31.0", noted(one, "port_80_health-probe_port=9100"), p + "-TCP-80 Tcp 9100 every 5 s, 2 failures", nil},
		{"timing of a port", "1.31.0", noted(one, "port_80_health-probe_interval=15", "azure-load-balancer-health-probe-interval=7", "azure-load-balancer-health-probe-num-of-probe=3"), p + "-TCP-80 Tcp 30080 every 15 s, 3 failures", nil},
		{"timing is too new", "1.23.3", noted(one, "azure-load-balancer-health-probe-interval=7"), p + "-TCP-80 Tcp 30080 every 5 s, 2 failures", nil},
		{"no probe", "1.31.0", noted(one, "port_80_no_probe_rule=true"), "", nil},
		{"shared mode", "1.31.0", twoPorts, "cluster-service-shared-health-probe Http 10256/healthz every 5 s, 2 failures", shared},
		{"shared mode leaves Local alone", "1.31.0", localPorts, p + "-TCP-31999 Http 31999/healthz every 5 s, 2 failures", shared},
		{"shared mode is too new", "1.28.4", twoPorts, p + "-TCP-80 Tcp 30080 every 5 s, 2 failures | " + p + "-TCP-443 Tcp 30443 every 5 s, 2 failures", shared},
		{"HA ports with Local do not read the ports' annotations", "1.31.0", noted(localPorts, "azure-load-balancer-internal=true", "azure-load-balancer-enable-high-availability-ports=true", "port_80_health-probe_port=80"), p + "-TCP-31999 Http 31999/healthz every 5 s, 2 failures", nil},
		{"HA ports take the first probe", "1.31.0", noted(twoPorts, "azure-load-balancer-internal=true", "azure-load-balancer-enable-high-availability-ports=true", "port_80_health-probe_protocol=http"), p + "-TCP-80 Http 30080/ every 5 s, 2 failures", nil},
	} {
		set := c.set
		if set == nil {
			set = func(*Settings) {}
		}
		var got []string
		for _, x := range wanted(t, c.release, c.service, set).Lanes[0].Probes {
			got = append(got, x.Name+" "+x.String())
		}
		if s := strings.Join(got, " | "); s != c.want {
			t.Errorf("%s: probes\n%s\nwant\n%s", c.name, s, c.want)
		}
	}
}
