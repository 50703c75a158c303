package collect

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	bundle "azlb/bundle-schema"
)

// Discovered is what the cluster and the customer say about where to look.
type Discovered struct {
	Groups      []Group
	ScaleSets   []Instance
	Balancers   []Instance // Standard load balancers in the groups of the nodes
	Clusters    []Instance // managed by AKS
	Locations   []Instance // of the groups of the nodes; the group has the subscription only
	VMs         []Instance // nodes that are plain or flexible virtual machines; the not ready ones first
	Namespaces  []string   // of LoadBalancer Services
	Services    []string   // "ns/name" of all
	Balanced    []string   // "ns/name" of those of type LoadBalancer
	LeftOut     []string   // namespaces of LoadBalancer Services that the flags exclude
	Controllers []Container
	Refused     []Refusal
	Region      string
	Managed     bool // AKS
	Nodes       int
	AzureNodes  int
}

// Instance is a scale set, a load balancer, an AKS cluster, a virtual machine or a location.
type Instance struct {
	Group Group
	Name  string
	Ready bool // of a virtual machine: its node is Ready
}

// Container is one container of a controller-manager's pod.
type Container struct{ Namespace, Pod, Name string }

// Refusal is a value that does not have the grammar of its kind.
type Refusal struct {
	Evidence *bundle.Evidence // what is missing because of it
	Blank    string
	Value    string
	From     string
	Why      error
}

// The annotations that name further resource groups, or an id in one, and the keys of
// azure.json.
var (
	groupAnnotations = []string{
		"service.beta.kubernetes.io/azure-load-balancer-resource-group",
		"service.beta.kubernetes.io/azure-pls-resource-group",
	}
	prefixAnnotations = []string{"service.beta.kubernetes.io/azure-pip-prefix-id", "service.beta.kubernetes.io/azure-pip-prefix-id-ipv6"}
	groupKeys         = []string{"resourceGroup", "vnetResourceGroup", "securityGroupResourceGroup", "routeTableResourceGroup",
		"loadBalancerResourceGroup", "privateLinkServiceResourceGroup"}
)

var providerID = regexp.MustCompile(`(?is)^azure://+subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft\.Compute/(?:virtualMachineScaleSets/([^/]+)/virtualMachines/[^/]+|virtualMachines/([^/]+))$`)

var errNoARMID = errors.New("it is no ARM id of a virtual machine or scale-set instance")

// addNode learns from one node where it runs.
func (d *Discovered) addNode(n node, windows bool) {
	d.Nodes++
	if d.Region == "" {
		d.Region = firstOf(n.Metadata.Labels, "topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region")
	}
	d.Managed = d.Managed || n.Metadata.Labels["kubernetes.azure.com/cluster"] != ""
	if !strings.HasPrefix(n.Spec.ProviderID, "azure:") {
		return
	}
	from := "the providerID of node " + n.Metadata.Name
	m := providerID.FindStringSubmatch(n.Spec.ProviderID)
	if m == nil {
		d.refuse(&bundle.Group, "group", n.Spec.ProviderID, from, errNoARMID)
		return
	}
	d.AzureNodes++
	g := Group{Subscription: m[1], Name: m[2], From: from, Nodes: true}
	g, ok := d.addGroup(g, windows)
	if !ok {
		return
	}
	if m[3] != "" {
		d.addInstance(&d.ScaleSets, &bundle.ScaleSetInstances, "scaleset", Instance{Group: g, Name: m[3]}, from, windows)
		return
	}
	d.addInstance(&d.VMs, &bundle.VMInstanceViews, "vm", Instance{Group: g, Name: m[4], Ready: n.ready()}, from, windows)
}

func (d *Discovered) addInstance(list *[]Instance, e *bundle.Evidence, blank string, i Instance, from string, windows bool) {
	if err := check(blank, i.Name, windows); err != nil {
		d.refuse(e, blank, i.Name, from, err)
		return
	}
	for _, known := range *list {
		if known.Group == i.Group && strings.EqualFold(known.Name, i.Name) {
			return
		}
	}
	*list = append(*list, i)
}

// refuse records a value once for each place that it came from.
func (d *Discovered) refuse(e *bundle.Evidence, blank, value, from string, why error) {
	for _, r := range d.Refused {
		if r.Blank == blank && r.Value == value {
			return
		}
	}
	d.Refused = append(d.Refused, Refusal{e, blank, value, from, why})
}

// addService learns from one Service where its pods and its addresses are. Only
// Services of type LoadBalancer that selected chooses have pods to be read.
func (d *Discovered) addService(s service, subscription string, selected func(namespace, name string) bool, windows bool) {
	name := s.Metadata.Namespace + "/" + s.Metadata.Name
	d.Services = append(d.Services, name)
	if s.Spec.Type == "LoadBalancer" {
		d.Balanced = append(d.Balanced, name)
	}
	for _, key := range groupAnnotations {
		value := strings.TrimSpace(s.Metadata.Annotations[key])
		if value == "" {
			continue // an empty annotation means the cluster's own group
		}
		_, short, _ := strings.Cut(key, "/")
		d.addGroup(Group{Others: !selected(s.Metadata.Namespace, s.Metadata.Name), Subscription: subscription, Name: value, From: "annotation " + short + " of Service " + name}, windows)
	}
	for _, key := range prefixAnnotations {
		if m := networkID.FindStringSubmatch(strings.TrimSpace(s.Metadata.Annotations[key])); m != nil {
			_, short, _ := strings.Cut(key, "/")
			d.addGroup(Group{Subscription: m[1], Name: m[2], From: "annotation " + short + " of Service " + name}, windows)
		}
	}
	if s.Spec.Type != "LoadBalancer" {
		return
	}
	list := &d.Namespaces
	if !selected(s.Metadata.Namespace, s.Metadata.Name) {
		list = &d.LeftOut
	} else if err := check("namespace", s.Metadata.Namespace, windows); err != nil {
		d.refuse(&bundle.Pods, "namespace", s.Metadata.Namespace, "Service "+name, err)
		return
	}
	if !slices.Contains(*list, s.Metadata.Namespace) {
		*list = append(*list, s.Metadata.Namespace)
	}
}

var controllerNames = []string{"kube-controller-manager", "cloud-controller-manager", "azure-cloud-controller-manager"}

// isController reports whether a pod of kube-system is a controller-manager, as
// kubeadm and CAPZ (component), aks-engine and acs-engine (component with
// tier=control-plane), and Helm (k8s-app, app, the name) mark it.
func isController(p pod) bool {
	for _, label := range []string{"component", "k8s-app", "app", "app.kubernetes.io/name", "app.kubernetes.io/component"} {
		if slices.Contains(controllerNames, p.Metadata.Labels[label]) {
			return true
		}
	}
	return slices.ContainsFunc(controllerNames, func(name string) bool {
		return p.Metadata.Name == name || strings.HasPrefix(p.Metadata.Name, name+"-")
	})
}

// addPod learns from a pod of kube-system whether it has a controller's log. A
// sidecar beside the controller is not read.
func (d *Discovered) addPod(p pod, windows bool) {
	if !isController(p) {
		return
	}
	var all, named []string
	for _, c := range p.Spec.Containers {
		all = append(all, c.Name)
		if strings.Contains(c.Name, "controller-manager") {
			named = append(named, c.Name)
		}
	}
	if len(named) == 0 {
		named = all
	}
	for _, c := range named {
		err := cmp.Or(check("pod", p.Metadata.Name, windows), check("container", c, windows))
		if err != nil {
			d.refuse(&bundle.ControllerLog, "pod", p.Metadata.Name, "the pods of kube-system", err)
			continue
		}
		d.Controllers = append(d.Controllers, Container{"kube-system", p.Metadata.Name, c})
	}
}

// addConfig learns from azure.json, whose keys no version spells with one casing.
func (d *Discovered) addConfig(raw []byte, windows bool) error {
	var config map[string]any
	if err := yaml.Unmarshal(raw, &config); err != nil { // the provider takes both
		return fmt.Errorf("reading the cloud provider's configuration: %w", err)
	}
	get := func(key string) string {
		for _, k := range sortedKeys(config) {
			if value, ok := config[k].(string); ok && strings.EqualFold(k, key) {
				return strings.TrimSpace(value)
			}
		}
		return ""
	}
	for _, key := range groupKeys {
		if value := get(key); value != "" {
			d.addGroup(Group{Subscription: get("subscriptionId"), Name: value, From: key + " of azure.json"}, windows)
		}
	}
	return nil
}

// order sorts what is true first.
func order(first bool) int {
	if first {
		return 0
	}
	return 1
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}

func firstOf(labels map[string]string, keys ...string) string {
	for _, k := range keys {
		if labels[k] != "" {
			return labels[k]
		}
	}
	return ""
}
