// Package report is the language of answers: what an analysis says, and the
// writers that show it. It imports nothing else of this project; writers only
// show, they decide and sort nothing.
package report

import "time"

// SchemaVersion is the version of the JSON answer, described by report.schema.json.
const SchemaVersion = 1

// Report is the whole answer. Every list is sorted by whoever builds it.
type Report struct {
	Schema   int       `json:"schema"`
	Tool     string    `json:"tool"`   // "azlb-analyze v1.2.3 (commit)"
	Bundle   Bundle    `json:"bundle"` // what was read
	Cluster  Cluster   `json:"cluster"`
	Headline []string  `json:"headline"` // what is broken and why, at most three lines
	Findings []Finding `json:"findings"` // ranked, causes only
	Services []Service `json:"services"`
	Verdicts []Verdict `json:"verdicts"`
	Drift    []Drift   `json:"drift"`
	// DriftCompared counts what the comparison with the desired state looked at.
	DriftCompared Compared  `json:"driftCompared"`
	Coverage      Coverage  `json:"coverage"`
	Notes         []string  `json:"notes"` // facts for the reader that are no findings
	Inventory     Inventory `json:"inventory"`
	// Signatures are the files of signatures whose rules were evaluated beside the built-in
	// ones, in the order in which they were given.
	Signatures []Signatures `json:"signatures"`
}

// Signatures is one file of signatures.
type Signatures struct {
	Name   string `json:"name"`
	Rules  int    `json:"rules"`  // how many it has
	SHA256 string `json:"sha256"` // of its bytes, in hexadecimal
}

// Bundle says what was analysed.
type Bundle struct {
	Name      string    `json:"name"`
	Loose     bool      `json:"loose"`   // files without a manifest
	Partial   string    `json:"partial"` // why the archive could not be read to its end; empty: it could
	Collected time.Time `json:"collected"`
	Collector string    `json:"collector"` // tool and version; empty for loose files
	Files     []File    `json:"files"`     // every file that was given
}

// File is one file and what it was read as.
type File struct {
	Name string `json:"name"`
	As   string `json:"as"`   // title of the evidence; empty: not recognised
	Note string `json:"note"` // why it was not, or what in it did not parse
}

// Cluster identifies the cluster, so that two tickets are not mixed up. What is
// not known is empty.
type Cluster struct {
	Context        string   `json:"context"`
	UID            string   `json:"uid"`
	Subscription   string   `json:"subscription"`
	ResourceGroups []string `json:"resourceGroups"`
	Region         string   `json:"region"`
	Kubernetes     string   `json:"kubernetes"` // server version
	Provider       string   `json:"provider"`   // "cloud-controller-manager v1.36.5", "kube-controller-manager v1.9.2 (in-tree)"
	Azure          string   `json:"azure"`      // cloud name
	AzCLI          string   `json:"azCLI"`
	Managed        bool     `json:"managed"` // AKS
}

// Severity of a finding or of a rule.
type Severity string

// The severities, worst first.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Info    Severity = "info"
)

// Confidence says how sure a finding is.
type Confidence string

// The confidences, surest first.
const (
	Certain  Confidence = "certain"
	Likely   Confidence = "likely"
	Possible Confidence = "possible"
)

// Object names the thing at fault. Kind is a Kubernetes kind or one of the
// Azure terms (LoadBalancer, PublicIP, NetworkSecurityGroup, Identity, …).
type Object struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Port      int    `json:"port"` // 0: not about one port
}

// String is "Service shop/web:443".
func (o Object) String() string {
	s := o.Kind + " "
	if o.Namespace != "" {
		s += o.Namespace + "/"
	}
	s += o.Name
	if o.Port != 0 {
		s += ":" + itoa(o.Port)
	}
	return s
}

// Finding is one failure with its proof and its repair.
type Finding struct {
	Rule       string     `json:"rule"`
	Severity   Severity   `json:"severity"`
	Confidence Confidence `json:"confidence"`
	// Why is the reason of the confidence where it is not certain.
	Why      string   `json:"why"`
	Subject  Object   `json:"subject"`
	Services []string `json:"services"` // "ns/name" of every Service it harms
	Title    string   `json:"title"`
	Message  string   `json:"message"` // one to three sentences with this bundle's names
	// AsDesigned says that this looks like a fault and is none. Such findings are
	// informations, and rank last.
	AsDesigned   bool      `json:"asDesigned"`
	Cites        []Cite    `json:"cites"`
	Fix          []Step    `json:"fix"`
	Consequences []Finding `json:"consequences"`
	// Hidden are rules that may hold the cause and could not be judged.
	Hidden      []Hidden `json:"hidden"`
	References  []string `json:"references"`
	Fingerprint string   `json:"fingerprint"`
}

// Hidden is a rule that was not evaluated, though it might explain a finding.
type Hidden struct {
	Rule    string `json:"rule"`
	Title   string `json:"title"`
	Missing string `json:"missing"` // titles of the evidence
	Supply  string `json:"supply"`  // the command or role that would supply the first of it
}

// Cite is a proof: a place in the bundle and a short quotation from it.
type Cite struct {
	File    string `json:"file"`
	Line    int    `json:"line"`    // from 1; 0: the file as a whole
	Pointer string `json:"pointer"` // JSON pointer in the document; empty for logs
	Quote   string `json:"quote"`
}

// Step is one step of a repair. Run is a shell command with this bundle's names
// filled in, empty for a step that is no command; Changes says that it changes
// something.
type Step struct {
	Say     string `json:"say"`
	Run     string `json:"run"`
	Changes bool   `json:"changes"`
}

// ServiceStatus is the state of a Service as a whole.
type ServiceStatus string

// The states of a Service. Foreign: another controller's. Idle: the way to the nodes
// is open, and no pod is asked to stand behind it.
const (
	Serving  ServiceStatus = "serving"
	Degraded ServiceStatus = "degraded"
	Broken   ServiceStatus = "broken"
	Pending  ServiceStatus = "pending"
	Deleting ServiceStatus = "deleting"
	Idle     ServiceStatus = "idle"
	Foreign  ServiceStatus = "foreign"
	Unknown  ServiceStatus = "unknown"
)

// Service is the answer for one Service of type LoadBalancer.
type Service struct {
	Namespace string        `json:"namespace"`
	Name      string        `json:"name"`
	Status    ServiceStatus `json:"status"`
	Addresses []string      `json:"addresses"`
	Internal  bool          `json:"internal"`
	RootCause string        `json:"rootCause"` // rule id; empty: none
	Summary   string        `json:"summary"`   // one line
	Paths     []Path        `json:"paths"`
}

// Key is "ns/name".
func (s Service) Key() string { return s.Namespace + "/" + s.Name }

// Path is the way of a packet to one port in one IP family.
type Path struct {
	Port     int    `json:"port"`
	Protocol string `json:"protocol"`
	Family   string `json:"family"` // IPv4 or IPv6
	Address  string `json:"address"`
	Hops     []Hop  `json:"hops"`
}

// HopState says whether a hop exists.
type HopState string

// The states of a hop. Absent only where its evidence is complete.
const (
	HopFound   HopState = "found"
	HopAbsent  HopState = "absent"
	HopUnknown HopState = "unknown"
)

// HopVerdict says whether a hop lets the packet pass.
type HopVerdict string

// The verdicts of a hop.
const (
	Passes         HopVerdict = "passes"
	Blocks         HopVerdict = "blocks"
	VerdictUnknown HopVerdict = "unknown"
)

// Hop is one station of a path: public-ip, frontend, rule, nsg, probe, pool,
// machine, node, endpoint, pod, and route for the way of the answers.
type Hop struct {
	Kind    string     `json:"kind"`
	Name    string     `json:"name"`
	State   HopState   `json:"state"`
	Verdict HopVerdict `json:"verdict"`
	Say     string     `json:"say"` // why, in one clause
	Cites   []Cite     `json:"cites"`
}

// State is how the evaluation of a rule on a subject ended.
type State string

// The five ends of a rule.
const (
	Found         State = "found"
	Clean         State = "clean"
	NotApplicable State = "not-applicable"
	NotEvaluated  State = "not-evaluated"
	BrokenRule    State = "broken"
)

// Verdict is the end of one rule on one subject ("" = the cluster).
type Verdict struct {
	Rule    string `json:"rule"`
	Subject string `json:"subject"`
	State   State  `json:"state"`
	Reason  string `json:"reason"`
}

// Coverage says what could be looked at.
type Coverage struct {
	Evidence []Evidence `json:"evidence"`
}

// Optional is the status of evidence that nobody asked for and that only some rules need.
const Optional = "optional"

// Evidence is one kind of evidence and its state.
type Evidence struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	Status string `json:"status"` // ok, or why not
	Reason string `json:"reason"`
	// Without is what cannot be judged; empty when the evidence is complete.
	Without string `json:"without"`
	Supply  string `json:"supply"` // the command or role that would supply it
}

// Inventory counts what the bundle holds.
type Inventory struct {
	Items []Count `json:"items"`
}

// Count is one line of the inventory.
type Count struct {
	What string `json:"what"`
	N    int    `json:"n"`
}
