package desired

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/bundle-schema/azname"
)

// uid and prefix are those of the worked examples of the facts.
const (
	workedUID    = "4f1c2a3b-1111-2222-3333-0123456789ab"
	workedPrefix = "a4f1c2a3b1111222233330123456789a"
)

// at reads a release: "1.31.0", "in-tree 1.12.10".
func at(t *testing.T, text string) azname.Version {
	t.Helper()
	number, inTree := strings.CutPrefix(text, "in-tree ")
	v, err := azname.ParseVersion(number, inTree)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// asked is the Service default/web as the YAML says, and the cluster of a release
// with a complete azure.json, changed by some settings.
func asked(t *testing.T, release, text string, settings ...func(*Settings)) (*topology.Service, *Cluster) {
	t.Helper()
	var s corev1.Service
	if err := yaml.UnmarshalStrict([]byte(text), &s); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	s.Namespace, s.Name, s.UID = "default", "web", workedUID
	g := &topology.Graph{ClusterName: "kubernetes", Snapshot: &snapshot.Snapshot{Config: &snapshot.CloudConfig{ResourceGroup: "MC_rg", LoadBalancerSKU: "standard", SubnetName: "nodes", SecurityGroupName: "nsg"}}}
	c := &Cluster{Graph: g, Settings: settingsOf(g), Version: at(t, release)}
	for _, set := range settings {
		set(c.Settings)
	}
	return &topology.Service{Service: &snapshot.Service{Service: s}, Prefix: workedPrefix}, c
}

// wanted is what it asks for.
func wanted(t *testing.T, release, text string, settings ...func(*Settings)) *Service {
	t.Helper()
	return Of(asked(t, release, text, settings...))
}

// The Services of the worked examples.
const (
	twoPorts = `
spec:
  ports: [{port: 80, nodePort: 30080, protocol: TCP}, {port: 443, nodePort: 30443, protocol: TCP}]
`
	localPorts = `
spec:
  externalTrafficPolicy: Local
  healthCheckNodePort: 31999
  loadBalancerSourceRanges: [10.0.0.0/8]
  ports: [{port: 80, nodePort: 30080, protocol: TCP}, {port: 443, nodePort: 30443, protocol: TCP}]
`
)

// noted adds annotations without their prefix: "key=value" each.
func noted(text string, notes ...string) string {
	out := "metadata:\n  annotations:\n"
	for _, n := range notes {
		key, value, _ := strings.Cut(n, "=")
		out += "    service.beta.kubernetes.io/" + key + ": '" + value + "'\n"
	}
	return out + text
}

const address = `
status: {loadBalancer: {ingress: [{ip: 20.1.2.3}]}}
`
