package pseudonym

import (
	_ "embed"
	"strings"

	bundle "azlb/bundle-schema"
)

// vocabularyText holds words of the field, in lower case: the keys of Kubernetes and ARM,
// the values of their enumerations, and what the cloud provider, Azure and the rules
// write and read in messages. A name that is one of them tells nothing of its owner, and
// to replace it would make messages unreadable: a Service may be called "gateway", and
// "502 Bad Gateway" still means what it says.
//
//go:embed words.txt
var vocabularyText string

var vocabulary = set(strings.Fields(vocabularyText))

// fixed are names with a meaning of their own, in every cluster the same.
var fixed = set(strings.Fields(`
	default kubernetes kubernetes-internal kubernetes-ipv6 kubernetes-internal-ipv6 kube-system kube-public kube-node-lease
	gatekeeper-system calico-system tigera-operator azure-arc aks-command aks-istio-system aks-istio-ingress app-routing-system dataprotection-microsoft
	coredns coredns-autoscaler kube-dns etcd kube-apiserver kube-scheduler kube-controller-manager cloud-controller-manager kube-proxy kube-proxy-windows
	azure-cloud-controller-manager cloud-node-manager cloud-node-manager-windows azure-cns azure-cns-win azure-npm azure-cni azure-ip-masq-agent ip-masq-agent
	calico calico-node calico-typha calico-kube-controllers cilium cilium-operator cilium-envoy cilium-agent flannel kube-flannel-ds weave-net kube-router antrea-agent antrea-controller
	csi-azuredisk-node csi-azurefile-node csi-azuredisk-controller csi-azurefile-controller csi-blob-node konnectivity konnectivity-agent konnectivity-agent-autoscaler tunnelfront aks-link
	metrics-server ama-logs ama-logs-rs ama-metrics omsagent omsagent-rs gatekeeper gatekeeper-audit azure-policy azure-policy-webhook azure-wi-webhook-controller-manager
	ingress-nginx ingress-nginx-controller ingress-nginx-admission nginx-ingress nginx-ingress-controller nginx nginxinc nginx-gateway-fabric traefik haproxy haproxytech haproxy-ingress kubernetes-ingress kong kong-gateway
	ambassador emissary emissary-ingress contour envoy envoyproxy istio istiod istio-ingressgateway istio-proxy gloo projectcontour datawire skipper
	pause oss mcr microsoft mcr.microsoft.com registry.k8s.io k8s.gcr.io gcr.io ghcr.io quay.io docker.io index.docker.io docker.com google_containers google-containers library hyperkube
	azure-cloud-provider service-controller current primaryresult timegenerated
	allowvnetinbound allowazureloadbalancerinbound denyallinbound allowvnetoutbound allowinternetoutbound denyalloutbound aksoutboundrule aksoutboundbackendpool
	allocatedsnatports usedsnatports snatconnectioncount dipavailability vipavailability bytecount packetcount syncount
	client-go osdisk datadisk nodepool agentpool vmss vmas nic ipconfig ipconfig1 virtual-node virtual-node-aci-linux aci linux windows amd64 arm64 ubuntu azurelinux mariner cluster.local svc
	ipv4 ipv6 k8s http2 tcp4 tcp6 udp4 udp6 sha1 sha256 md5 x509 oauth2 base64 utf8 v1beta1 v1alpha1 ipv4v6 gen1 gen2 k8s-azure
	http https tcp udp sctp grpc tls ssl dns ssh rdp smtp imap ldap mqtt amqp ntp metrics webhook admin healthz livez readyz
	com net org io dev local example localhost azure windows onmicrosoft cloudapp azmk8s hcp privatelink azurecr azureservice privatelinkservice trafficmanager azurefd internal invalid test
	namespace system masters authenticated unauthenticated nodes serviceaccounts serviceaccount none null true false yes no on off all any unknown latest stable main
	helm helmfile argocd flux terraform bicep pulumi kustomize spot regular user standard basic premium shared dedicated owned deprecated
	owner contributor reader yaml json log txt tgz tar zip
	azurepubliccloud azurecloud azurechinacloud azureusgovernment azuregermancloud azurestackcloud chinaeast china german usgov partner service-principal
`))

func set(words []string) map[string]bool {
	out := make(map[string]bool, len(words))
	for _, w := range words {
		out[w] = true
	}
	return out
}

// word reports, for a text in lower case, that it is of the field or too short or too
// plain to name anything: one or two letters, a number, a version.
func (n *Names) word(lower string) bool {
	return len(lower) < 3 || fixed[lower] || vocabulary[lower] || catalogued[lower] || n.stays[lower] || number(strings.TrimPrefix(lower, "v"))
}

// catalogued are the words of the catalogue of evidence: its ids, paths and commands.
var catalogued = func() map[string]bool {
	out := map[string]bool{}
	for _, e := range bundle.Catalogue {
		for _, text := range append([]string{e.ID, e.Path, e.Rest, string(e.Program)}, e.Args...) {
			words([]byte(text), func(from, to int, _ piece) {
				word := strings.ToLower(text[from:to])
				out[word] = true
				for part := range strings.SplitSeq(word, ".") {
					out[part] = true
				}
			})
		}
	}
	return out
}()

// number reports digits, with points and dashes between them.
func number(s string) bool { return s == "" || strings.Trim(s, "0123456789.-_") == "" }

// random letters of Kubernetes: no vowels, nothing that reads like a word.
const kubernetesLetters = "bcdfghjklmnpqrstvwxz2456789"

// opaque reports a part of a name that some machine made: an ordinal, the suffix of a
// pod, the hash of a ReplicaSet or of an old cluster, hexadecimal digits.
func opaque(part string) bool {
	switch {
	case strings.Trim(part, "0123456789") == "":
		return len(part) <= 3 || len(part) == 8
	case strings.Trim(part, kubernetesLetters) == "":
		return len(part) == 5 || len(part) >= 8 && len(part) <= 10
	}
	return len(part) >= 6 && allHex(part) && strings.ContainsAny(part, "0123456789")
}
