package redact

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"
)

// proxySettings are the settings of kube-proxy that stay, because they decide what
// becomes of a packet at the node. Beneath "featureGates" every switch stays.
var proxySettings = map[string][]string{
	"": {"apiVersion", "kind", "mode", "clusterCIDR", "nodePortAddresses", "bindAddress", "bindAddressHardFail", "healthzBindAddress",
		"detectLocalMode", "featureGates"},
	"ipvs":      {"strictARP", "scheduler", "excludeCIDRs"},
	"iptables":  {"masqueradeAll", "localhostNodePorts"},
	"nftables":  {"masqueradeAll"},
	"winkernel": {"enableDSR", "networkName", "forwardHealthCheckVip"},
}

// proxyValue is what a setting that stays is made of.
var proxyValue = regexp.MustCompile(`^[A-Za-z0-9\[\].,:/_-]{0,100}$`)

// proxyMap is what stays of the ConfigMap of kube-proxy.
type proxyMap struct {
	APIVersion string            `yaml:"apiVersion"`
	Data       map[string]string `yaml:"data"`
	Kind       string            `yaml:"kind"`
	Metadata   struct {
		Name      string `yaml:"name"`
		Namespace string `yaml:"namespace"`
	} `yaml:"metadata"`
}

// KubeProxy redacts the ConfigMap of kube-proxy: of its configuration the settings that
// are on a list stay, if they are plain values, and nothing else of it does. A ConfigMap
// may hold anything, a kubeconfig with a token among it.
func KubeProxy(b []byte) ([]byte, Counts, error) { return kubeProxy(b, new(Learned)) }

func kubeProxy(b []byte, l *Learned) ([]byte, Counts, error) {
	counts := Counts{}
	var in proxyMap
	if err := yaml.Unmarshal(b, &in); err != nil || in.Kind != "ConfigMap" {
		return nil, counts, errors.New("it is no ConfigMap: the answer is withheld")
	}
	out := in
	out.Data = map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(in.Data)) {
		s := scrubber{counts: Counts{}, learned: l} // what is removed may stand elsewhere too
		s.text([]byte(in.Data[key]))
		var config map[string]any
		if yaml.Unmarshal([]byte(in.Data[key]), &config) != nil || config["kind"] != "KubeProxyConfiguration" {
			counts[Content]++
			continue
		}
		kept, err := encode(settings(config, counts))
		if err != nil {
			return nil, counts, err
		}
		out.Data[key] = string(kept)
	}
	clean, err := encode(out)
	if err != nil {
		return nil, counts, err
	}
	s := scrubber{counts: counts, learned: l}
	return s.text(clean), counts, nil
}

// settings keeps what proxySettings name.
func settings(config map[string]any, counts Counts) map[string]any {
	kept := map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(config)) {
		inner, nested := config[key].(map[string]any)
		names, section := proxySettings[key]
		switch {
		case nested && key == "featureGates":
			names, section = slices.Collect(maps.Keys(inner)), true
		case !nested && slices.Contains(proxySettings[""], key) && isScalar(config[key]):
			kept[key] = config[key]
			continue
		}
		if !nested || !section {
			counts[Content]++
			continue
		}
		below := map[string]any{}
		for name, value := range inner {
			if slices.Contains(names, name) && proxyValue.MatchString(name) && isScalar(value) {
				below[name] = value
			} else {
				counts[Content]++
			}
		}
		if len(below) > 0 {
			kept[key] = below
		}
	}
	return kept
}

// isScalar reports whether a value is a switch, a number, an address or a word, or a list
// of such.
func isScalar(value any) bool {
	switch v := value.(type) {
	case nil, bool, int, float64:
		return true
	case string:
		return proxyValue.MatchString(v)
	case []any:
		return !slices.ContainsFunc(v, func(x any) bool { _, list := x.([]any); return list || !isScalar(x) })
	}
	return false
}

// encode writes YAML with the keys in order.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("writing the settings of kube-proxy: %w", err)
	}
	return b.Bytes(), nil
}
