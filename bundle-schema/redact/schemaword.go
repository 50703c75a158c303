package redact

import (
	"regexp"
	"sync"

	bundle "azlb/bundle-schema"
)

// SchemaWord reports words that stand in bundles of any cluster: those of the
// catalogue and of the manifest's schema, and the names that Kubernetes and Azure give
// themselves. A customer's object of that name tells nothing, and looking for it
// would withhold everything. The word is in lower case.
func SchemaWord(word string) bool { return schemaWords()[word] }

// ownNames are given by Kubernetes and Azure, not by the customer.
var ownNames = []string{
	"kubernetes", "kube-system", "kube-public", "kube-proxy", "kube-apiserver", "kube-controller-manager", "kube-scheduler",
	"cloud-controller-manager", "cloud-node-manager", "azure-cloud-provider", "azurecloud", "frontend", "loadbalancer", "loadbalancers",
	"clusterip", "nodeport", "externalname", "namespace", "endpoints", "endpointslice", "controlplane", "control-plane",
	"metadata", "kube-node-lease", "default-token", "serviceaccount", "standard", "succeeded", "internal", "external",
	"production", "0.0.0.0/0", "127.0.0.1", "168.63.129.16", "169.254.169.254", "virtualnetwork", "azureloadbalancer", "internet",
}

var wordsOf = regexp.MustCompile(`[A-Za-z][A-Za-z0-9]*(?:[-_.][A-Za-z0-9]+)*`)

var schemaWords = sync.OnceValue(func() map[string]bool {
	known := map[string]bool{}
	learn := func(text string) {
		for _, word := range wordsOf.FindAllString(text, -1) {
			known[string(appendLower(nil, []byte(word)))] = true
		}
	}
	learn(string(bundle.ManifestSchema))
	learn(bundle.Layout())
	for _, name := range ownNames {
		known[name] = true
	}
	return known
})
