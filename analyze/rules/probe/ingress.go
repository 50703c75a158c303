package probe

import (
	"regexp"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/snapshot"
)

// product is a program that says 404 to a request which none of its rules is for, as
// the health probe's for "/" without a host name.
type product struct {
	name   string
	image  *regexp.Regexp
	labels map[string][]string // one of them is enough; no value: any
	// path is what it answers with 200 at the same port whatever its rules are; empty: none.
	path string
}

var products = []product{
	{name: "ingress-nginx", path: "/healthz", labels: map[string][]string{"app.kubernetes.io/name": {"ingress-nginx"}},
		image: regexp.MustCompile(`(?:^|/)(?:ingress-nginx/controller|nginx-ingress-controller)(?:-[a-z0-9]+)?(?:[:@]|$)`)},
	{name: "an Istio gateway", labels: map[string][]string{"istio": {"ingressgateway"}, "gateway.istio.io/managed": nil}},
	{name: "NGINX Ingress Controller", labels: map[string][]string{"app.kubernetes.io/name": {"nginx-ingress", "nginx-gateway-fabric"}}, image: regexp.MustCompile(`(?:^|/)nginx/nginx-ingress(?:[:@]|$)`)},
	{name: "Traefik", labels: map[string][]string{"app.kubernetes.io/name": {"traefik"}}, image: regexp.MustCompile(`(?:^|/)traefik(?:[:@]|$)`)},
	{name: "HAProxy's ingress controller", labels: map[string][]string{"app.kubernetes.io/name": {"kubernetes-ingress", "haproxy-ingress"}}, image: regexp.MustCompile(`(?:^|/)(?:haproxytech/kubernetes-ingress|haproxy-ingress)(?:[:@]|$)`)},
	{name: "Kong", labels: map[string][]string{"app.kubernetes.io/name": {"kong"}}, image: regexp.MustCompile(`(?:^|/)kong(?:-gateway)?(?:[:@]|$)`)},
	{name: "Emissary", labels: map[string][]string{"app.kubernetes.io/name": {"emissary-ingress"}}, image: regexp.MustCompile(`(?:^|/)(?:emissary|ambassador)(?:[:@]|$)`)},
}

// ingress is the product that a pod runs, nil for any other.
func ingress(pod *snapshot.Pod) *product {
	for i := range products {
		x := &products[i]
		for key, values := range x.labels {
			if v, ok := pod.Labels[key]; ok && (len(values) == 0 || slices.Contains(values, v)) {
				return x
			}
		}
		if x.image != nil && slices.ContainsFunc(pod.Spec.Containers, func(c corev1.Container) bool { return x.image.MatchString(c.Image) }) {
			return x
		}
	}
	return nil
}
