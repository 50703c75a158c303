// Package snapshot decodes a bundle into typed tables, each row with the place
// it came from. After this package nobody reads a file.
package snapshot

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// Snapshot is everything that a bundle says, typed, sorted and immutable.
type Snapshot struct {
	Name     string           // of the bundle or the first file
	Manifest *bundle.Manifest // nil for loose files
	Partial  string           // why the archive ended early; empty: it did not
	// Now is the clock of the analysis: when the collection finished, or the newest
	// time found in loose files. Zero where no file has any time.
	Now   time.Time
	Files []report.File // every file that was given, sorted
	Gaps  []bundle.Gap  // what is missing or incomplete, in the catalogue's order
	Spare []bundle.Gap  // what nobody asked for and nobody misses, with what would supply it

	// Apart says why what kubectl and what az brought are of two times; empty: they are not.
	Apart string

	Services  []Service
	Nodes     []Node
	Slices    []EndpointSlice // Endpoints of old clusters are turned into slices
	Pods      []Pod           // kube-system included
	Events    []Event         // oldest first
	Logs      []LogFile
	Records   []Record // kept log records, in the order of their files and lines
	Loads     []LoadBalancer
	PublicIPs []PublicIP
	NSGs      []NSG
	VNets     []VNet
	NICs      []NIC // of machines and of scale-set instances
	Routes    []RouteTable
	Links     []PrivateLinkService
	// NATGateways carry the outbound connections of their subnets.
	NATGateways []NATGateway
	ScaleSets   []ScaleSet
	VMs         []VM // machines and scale-set instances
	Groups      []Group
	// Activities are events of the activity log, oldest first.
	Activities []Activity
	// Refusals are the commands of az that failed, in the order of the manifest.
	Refusals []Refusal
	// Metrics are those of load balancers, each with its series; see MetricOf.
	Metrics []Metric
	// AKS are the managed clusters whose nodes these are: one, but for shared groups.
	AKS []AKSCluster
	// What Azure allows. Locks are those of subscriptions, groups and resources alike.
	RoleAssignments   []RoleAssignment
	RoleDefinitions   []RoleDefinition // custom roles
	Locks             []Lock
	PolicyAssignments []PolicyAssignment
	Usages            []Usage // limits of Microsoft.Network
	// ServiceTags are the tags of security rules with their addresses, where these were
	// collected.
	ServiceTags []ServiceTags
	Account     *Account
	Config      *CloudConfig
	// KubeSystemUID identifies the cluster; Kubernetes is the server's version
	// ("v1.36.3"), AzCLI the version of az. Empty: not known.
	KubeSystemUID, Kubernetes, AzCLI string

	known  map[string]map[string]extent // evidence id → resource group or namespace, lower case ("" = whole)
	groups []string                     // resource groups that evidence per group should cover, lower case
}

// The rows of the tables. Doc is the piece that the row was decoded from.
type (
	Service struct {
		corev1.Service
		Doc *Doc
	}
	Node struct {
		corev1.Node
		// ExternalID is spec.externalID of Kubernetes before 1.11, where a node that
		// registered without the cloud provider has its own name.
		ExternalID string
		Doc        *Doc
	}
	EndpointSlice struct {
		discoveryv1.EndpointSlice
		Doc *Doc
	}
	Pod struct {
		corev1.Pod
		Doc *Doc
	}
	LoadBalancer struct {
		az.LoadBalancer
		Doc *Doc
	}
	PublicIP struct {
		az.PublicIP
		Doc *Doc
	}
	NSG struct {
		az.NSG
		Doc *Doc
	}
	VNet struct {
		az.VNet
		Doc *Doc
	}
	NIC struct {
		az.NIC
		Doc *Doc
	}
	RouteTable struct {
		az.RouteTable
		Doc *Doc
	}
	PrivateLinkService struct {
		az.PrivateLinkService
		Doc *Doc
	}
	NATGateway struct {
		az.NATGateway
		Doc *Doc
	}
	AKSCluster struct {
		az.AKSCluster
		Doc *Doc
	}
	Metric struct {
		az.Metric
		Doc *Doc
	}
	ScaleSet struct {
		az.ScaleSet
		Doc *Doc
	}
	VM struct {
		az.VM
		Doc  *Doc
		View *Doc // that has its instance view
	}
	Group struct {
		az.Group
		Doc *Doc
	}
	Account struct {
		az.Account
		Doc *Doc
	}
	Activity struct {
		az.Activity
		Doc *Doc
	}
	Refusal struct {
		bundle.Entry
		At  string // JSON pointer of the entry in the manifest
		Doc *Doc
	}
	RoleAssignment struct {
		az.RoleAssignment
		Doc *Doc
	}
	RoleDefinition struct {
		az.RoleDefinition
		Doc *Doc
	}
	Lock struct {
		az.Lock
		Doc *Doc
	}
	PolicyAssignment struct {
		az.PolicyAssignment
		Doc *Doc
	}
	Usage struct {
		az.Usage
		Doc *Doc
	}
	ServiceTags struct {
		az.ServiceTags
		Doc *Doc
	}
)

// Event is one event, from YAML, JSON, `kubectl get events` or `kubectl describe`.
type Event struct {
	Namespace, Kind, Name, UID string // of the object it is about
	Type, Reason, Message      string
	Component                  string
	First, Last                time.Time // zero where the text has no time
	Count                      int
	Doc                        *Doc
}

// LogFile is one log and the span that it covers.
type LogFile struct {
	File        string
	Kind        LogKind
	First, Last time.Time // zero where no line has a time
	Lines       int
	Flags       map[string]string // of the FLAG lines a controller logs at its start
	FlagLines   map[string]int    // where these stand, from 1
	Version     string            // that the program logged of itself
	Previous    bool              // of the container before its last restart
	Excerpt     bool              // a query chose the lines, and the newest may not have arrived: its end tells nothing
	Dropped     int               // records that mattered but exceeded the cap: neither of the first nor of the newest
	Doc         *Doc              // cites line 1
}

// Serves reports a log of a controller that may reconcile Services.
func (l *LogFile) Serves() bool {
	switch l.Kind {
	case CloudController:
		return true
	case KubeController:
		provider := l.Flags["cloud-provider"]
		return provider == "azure" || provider == "" && len(l.Flags) == 0
	}
	return false
}

// LogKind says whose log a file is.
type LogKind string

// The kinds of logs.
const (
	CloudController LogKind = "cloud-controller-manager"
	KubeController  LogKind = "kube-controller-manager"
	Kubelet         LogKind = "kubelet"
	OtherLog        LogKind = "log"
)

// Record is one log record that may matter: warnings and errors, the milestones
// of a Service's reconciliation, and text that holds an error code. Other records
// are counted in LogFile.Lines and dropped.
type Record struct {
	Log    *LogFile
	Line   int       // of the header line, from 1
	Time   time.Time // zero: the line has none
	Level  byte      // 'I', 'W', 'E', 'F'; 0: text in no known form
	Source string    // "azure_loadbalancer.go:143"
	Text   string    // without the header, continued lines joined by newlines, cut at 16 KiB
}

// Cite proves the record; quote is a short part of it, empty for its first line.
func (r Record) Cite(quote string) report.Cite {
	if quote == "" {
		quote = r.Text
	}
	return report.Cite{File: r.Log.File, Line: r.Line, Quote: proof(quote)}
}

// CloudConfig is azure.json. Keys are compared as Go's decoder does, without
// case. Values of secret keys are redacted or, in loose files, dropped at once.
type CloudConfig struct {
	Cloud                       string `json:"cloud"`
	TenantID                    string `json:"tenantId"`
	SubscriptionID              string `json:"subscriptionId"`
	AADClientID                 string `json:"aadClientId"`
	HasSecret                   bool   `json:"-"` // a secret or certificate is set
	UseManagedIdentityExtension bool   `json:"useManagedIdentityExtension"`
	UserAssignedIdentityID      string `json:"userAssignedIdentityID"`
	UseFederatedIdentity        bool   `json:"useFederatedWorkloadIdentityExtension"`
	UseInstanceMetadata         bool   `json:"useInstanceMetadata"`
	ResourceGroup               string `json:"resourceGroup"`
	Location                    string `json:"location"`
	VMType                      string `json:"vmType"`
	VNetName                    string `json:"vnetName"`
	VNetResourceGroup           string `json:"vnetResourceGroup"`
	SubnetName                  string `json:"subnetName"`
	SecurityGroupName           string `json:"securityGroupName"`
	SecurityGroupResourceGroup  string `json:"securityGroupResourceGroup"`
	RouteTableName              string `json:"routeTableName"`
	PrimaryAvailabilitySetName  string `json:"primaryAvailabilitySetName"`
	PrimaryScaleSetName         string `json:"primaryScaleSetName"`
	DisableAvailabilitySetNodes bool   `json:"disableAvailabilitySetNodes"` // plain machines are not looked for
	LoadBalancerSKU             string `json:"loadBalancerSku"`
	LoadBalancerName            string `json:"loadBalancerName"`
	LoadBalancerResourceGroup   string `json:"loadBalancerResourceGroup"`
	MaximumRuleCount            int    `json:"maximumLoadBalancerRuleCount"` // 0: the provider's default
	BackendPoolType             string `json:"loadBalancerBackendPoolConfigurationType"`
	ProbeMode                   string `json:"clusterServiceLoadBalancerHealthProbeMode"`
	// SharedProbePort and SharedProbePath are those of the shared probe mode; 0 and
	// empty: the provider's defaults.
	SharedProbePort int    `json:"clusterServiceSharedLoadBalancerHealthProbePort"`
	SharedProbePath string `json:"clusterServiceSharedLoadBalancerHealthProbePath"`
	// DisableOutboundSNAT and ExcludeControlPlane are false and true where not set.
	DisableOutboundSNAT bool  `json:"disableOutboundSNAT"`
	ExcludeControlPlane *bool `json:"excludeMasterFromStandardLB"`
	// PreConfigured names the load balancers whose pools the provider leaves alone:
	// internal, external or all.
	PreConfigured    string `json:"preConfiguredBackendPoolLoadBalancerTypes"`
	ManyBalancersOld bool   `json:"enableMultipleStandardLoadBalancers"`
	ServiceGateway   bool   `json:"serviceGatewayEnabled"`
	// PrivateLinkResourceGroup is where private link services are made; empty: ResourceGroup.
	PrivateLinkResourceGroup string `json:"privateLinkServiceResourceGroup"`
	// NetworkSubscriptionID is that of load balancers and addresses; empty: SubscriptionID.
	NetworkSubscriptionID string `json:"networkResourceSubscriptionID"`
	// Tags ("key=value" between commas) and TagsMap are written to what the provider makes.
	// Where SystemTags (keys, or how they begin, between commas) is set, every other tag is
	// taken off.
	Tags       string            `json:"tags"`
	TagsMap    map[string]string `json:"tagsMap"`
	SystemTags string            `json:"systemTags"`
	// Type says where the settings are: file, secret, or merge (also where it is empty).
	Type                      string  `json:"cloudConfigType"`
	ExtendedLocationName      string  `json:"extendedLocationName"`
	CloudProviderRateLimit    bool    `json:"cloudProviderRateLimit"`
	CloudProviderRateLimitQPS float64 `json:"cloudProviderRateLimitQPS"`
	// MultipleLoadBalancers are the load balancers among which Services and nodes are
	// spread; empty: there is one.
	MultipleLoadBalancers []BalancerConfig `json:"multipleStandardLoadBalancerConfigurations"`
	// Invalid is why the file is no valid configuration; the fields above are then empty.
	Invalid string `json:"-"`
	Doc     *Doc   `json:"-"`
}

// BalancerConfig is one load balancer of several; its internal twin has the same
// name with -internal and the same settings.
type BalancerConfig struct {
	Name                     string                `json:"name"`
	PrimaryVMSet             string                `json:"primaryVMSet"`
	AllowServicePlacement    *bool                 `json:"allowServicePlacement"` // nil: true
	NodeSelector             *metav1.LabelSelector `json:"nodeSelector"`
	ServiceLabelSelector     *metav1.LabelSelector `json:"serviceLabelSelector"`
	ServiceNamespaceSelector *metav1.LabelSelector `json:"serviceNamespaceSelector"`
}
