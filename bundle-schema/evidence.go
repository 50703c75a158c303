// Package bundle is the language of evidence: what a bundle can hold, where it
// lies, which command supplies it, and what cannot be judged without it.
// It imports nothing else of this project.
package bundle

// Program is who supplies a piece of evidence.
type Program string

// The programs of the customer, and files that the customer names.
const (
	Kubectl Program = "kubectl"
	Az      Program = "az"
	Local   Program = "file"
)

// Scope is what one command of a piece of evidence covers; it decides how often
// the command runs and which blanks its template has.
type Scope string

// The scopes, with the blanks that they fill.
const (
	PerCluster      Scope = "cluster"        // {context}
	PerNamespace    Scope = "namespace"      // {namespace}
	PerContainer    Scope = "container"      // {namespace} {pod} {container}
	PerSubscription Scope = "subscription"   // {subscription}
	PerGroup        Scope = "resource group" // {subscription} {group}
	PerScaleSet     Scope = "scale set"      // {subscription} {group} {scaleset}
	PerVM           Scope = "vm"             // {subscription} {group} {vm}
	PerLoadBalancer Scope = "load balancer"  // {subscription} {group} {loadbalancer}
	PerAKSCluster   Scope = "AKS cluster"    // {subscription} {group} {cluster}
	PerLocation     Scope = "location"       // {subscription} {location}
	PerSubnet       Scope = "subnet"         // {subscription} {group} {vnet} {subnet}
	PerRule         Scope = "rule"           // {subscription} {group} {loadbalancer} {rule}
	PerWorkspace    Scope = "workspace"      // {subscription} {group} {workspace}
	PerQuery        Scope = "query"          // {subscription} {group} {cluster} {workspaceid} {logs}
	PerFile         Scope = "file"           // {name}
)

// Format is how the bytes of a piece of evidence are to be read.
type Format string

// The formats.
const (
	YAML Format = "yaml"
	JSON Format = "json"
	Log  Format = "log"
)

// Redaction names the treatment that a piece of evidence gets before it is
// written; see package redact.
type Redaction string

// The treatments. Every text is searched for known secret shapes as well.
const (
	RedactText   Redaction = "text"   // known secret shapes only
	RedactObject Redaction = "object" // Kubernetes objects: environment, arguments, last-applied-configuration
	RedactARM    Redaction = "arm"    // ARM objects: osProfile, extension settings, user names
	RedactConfig Redaction = "config" // azure.json: secret keys
	// RedactActivity keeps the caller of an event, an object id or the e-mail address of
	// a user: who wrote is the evidence, and Azure's error of a write that failed. Tokens,
	// addresses and bodies go.
	RedactActivity Redaction = "activity"
	RedactRows     Redaction = "rows"       // what Log Analytics answers: known secret shapes in each cell
	RedactProxy    Redaction = "kube-proxy" // the ConfigMap of kube-proxy: a short list of settings stays, and nothing else
)

// Evidence is one kind of evidence. The variables below are the only places
// where its id, path and command are written.
type Evidence struct {
	ID    string // stable name, used in the manifest and in the report's coverage
	Title string // what a reader calls it
	// Path is where it lies in the bundle; blanks in braces are filled from the scope.
	Path    string
	Program Program
	// Args is the command template after the program's name. The collector adds
	// --context to kubectl and --subscription and -o json to az. Evidence of az without
	// it has no command of its own and is read with Rest at once.
	Args []string
	// Rest is the ARM path of the fallback `az rest --method get`, empty where there
	// is none; RestVersion is its api-version and RestParams further parameters.
	Rest        string
	RestVersion string
	RestParams  []string
	Scope       Scope
	Format      Format
	Redaction   Redaction
	Cap         int64 // bytes kept at most
	// Without completes the sentence "Without it …": what cannot be judged.
	Without string
	// Right is the RBAC rule, or the ARM actions joined by " and ", that the command needs.
	Right string
	// Kind is the ARM type of what is listed, where a group is asked for it only if its
	// inventory (Resources) shows one; empty: every group is asked.
	Kind string
	// Deep evidence takes a right that a reader does not have, and is asked for with
	// --deep only.
	Deep bool
	// Extra evidence came into the catalogue after bundles and recordings were made, and
	// no judgement of those rests on it: where nobody asked for it, it is not missed.
	Extra bool
}

// RestOnly reports evidence for which az has no command of its own: it is asked for by
// Rest in the first place.
func (e *Evidence) RestOnly() bool { return e.Program == Az && len(e.Args) == 0 }
