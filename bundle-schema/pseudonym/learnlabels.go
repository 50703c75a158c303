package pseudonym

import (
	"strings"
)

// public are domains in the keys of labels and annotations that everybody has.
var public = []string{"kubernetes.io", "k8s.io", "azure.com", "helm.sh", "istio.io", "cattle.io", "projectcalico.org", "cilium.io", "argoproj.io", "fluxcd.io",
	"openshift.io", "knative.dev", "gatekeeper.sh", "kyverno.io", "cert-manager.io", "traefik.io", "nginx.org", "linkerd.io", "prometheus.io", "datadoghq.com",
	"elastic.co", "coreos.com", "getambassador.io", "konghq.com", "haproxy.org", "haproxy.com", "keda.sh", "microsoft.com", "kubernetes-sigs.io"}

// domain learns the domain of a key, and reports whether it is everybody's. A key
// without a domain is the customer's.
func (n *Names) domain(key string) (path string, everybodys bool) {
	host, path, ok := strings.Cut(key, "/")
	if !ok {
		return key, false
	}
	for _, p := range public {
		if host == p || strings.HasSuffix(host, "."+p) {
			return path, true
		}
	}
	n.learn(Host, host)
	return path, false
}

// label learns the value of a label or of a selector.
func (n *Names) label(key, value string) {
	path, everybodys := n.domain(key)
	switch {
	case !everybodys:
		n.words(Value, value)
		return
	case strings.HasPrefix(key, "app.kubernetes.io/"):
		if path != "version" && path != "managed-by" {
			n.words(Value, value)
		}
		return
	}
	switch path {
	case "hostname":
		n.learn(Node, value)
	case "service-name", "headless-service-name":
		n.learn(Service, value)
	case "agentpool", "agentpool-name", "nodepool-name":
		n.learn(Pool, value)
	case "cluster":
		n.learn(Group, value)
	case "cluster-name", "deployment-name", "release-name", "pod-name", "job-name", "instance", "name", "part-of", "chart", "component", "network-name", "network-subnet", "network-resourcegroup", "nodenetwork-vnetguid":
		n.words(Value, value)
	case "network-subscription":
	case "region":
		n.stay(value)
	case "zone":
		if i := strings.LastIndexByte(value, '-'); i > 0 {
			n.stay(value[:i])
			n.stay(value)
		}
	}
}

const providerKey = "service.beta.kubernetes.io/azure-"

// longestNote is the longest annotation, in bytes, of which each word is a name.
const longestNote = 512

// annotation learns the value of an annotation.
func (n *Names) annotation(key, value string) {
	if option, ok := strings.CutPrefix(key, providerKey); ok {
		n.option(option, value)
		return
	}
	path, everybodys := n.domain(key)
	switch {
	case strings.Contains(path, "hostname"), strings.Contains(path, "publicEndpoints"), strings.HasPrefix(path, "release-"), strings.Contains(key, "cluster.x-k8s.io/"):
		n.words(Host, value)
	case everybodys:
	case len(value) <= longestNote:
		n.words(Value, value)
	}
}

// option learns the value of an annotation of the cloud provider, by the rest of its key.
func (n *Names) option(option, value string) {
	list := func(k Kind) {
		for v := range strings.SplitSeq(value, ",") {
			n.learn(k, strings.TrimSpace(v))
		}
	}
	switch option {
	case "load-balancer-internal-subnet", "pls-ip-configuration-subnet":
		list(Subnet)
	case "load-balancer-resource-group", "pls-resource-group":
		list(Group)
	case "pip-name", "pip-name-ipv6":
		list(PublicIP)
	case "dns-label-name":
		n.learn(Label, value)
	case "load-balancer-configurations":
		list(LoadBalancer)
	case "load-balancer-mode":
		if !strings.HasPrefix(value, "__") {
			list(ScaleSet)
		}
	case "pls-name":
		list(Other)
	case "pls-fqdns":
		n.words(Host, value)
	case "pip-tags":
		for pair := range strings.SplitSeq(value, ",") {
			key, v, _ := strings.Cut(pair, "=")
			n.tag(strings.TrimSpace(key), strings.TrimSpace(v))
		}
	}
}
