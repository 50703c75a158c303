package bundle

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// SchemaVersion is the version of the bundle's layout; a reader refuses a bundle
// whose MinReader is above it.
const SchemaVersion = 1

// ManifestName is the first entry of every bundle.
const ManifestName = "manifest.json"

// What was removed from a bundle.
const (
	RedactionSecrets = "secrets"
	RedactionAll     = "all" // names, addresses and ids have pseudonyms too
)

// Manifest is the first entry of a bundle. It is evidence itself: every command
// has an Entry, whether it succeeded or not.
type Manifest struct {
	Schema    int       `json:"schema"`    // SchemaVersion of the writer
	MinReader int       `json:"minReader"` // the oldest SchemaVersion that reads this bundle
	Tool      Tool      `json:"tool"`
	Started   time.Time `json:"started"`
	Finished  time.Time `json:"finished"` // the clock of the analysis
	Cluster   Cluster   `json:"cluster"`
	Redaction string    `json:"redaction"`       // RedactionSecrets or RedactionAll
	Names     string    `json:"names,omitempty"` // with RedactionAll: which private map has the real names
	Entries   []Entry   `json:"entries"`
}

// Tool is the program that wrote the bundle.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Commit  string `json:"commit"`
}

// Cluster is the cluster's identity as the collector resolved it.
type Cluster struct {
	Context        string   `json:"context"`
	UID            string   `json:"uid"` // of the namespace kube-system
	Subscriptions  []string `json:"subscriptions"`
	ResourceGroups []string `json:"resourceGroups"` // node resource groups first
	Region         string   `json:"region"`
	Managed        bool     `json:"managed"` // AKS
}

// Entry is one command and what came of it, or one file that was added.
type Entry struct {
	Evidence string            `json:"evidence"` // id of the catalogue
	Path     string            `json:"path"`     // empty where nothing was written
	Argv     []string          `json:"argv"`     // empty for files
	Scope    map[string]string `json:"scope"`    // what the template's blanks were filled with
	Status   Status            `json:"status"`
	Reason   string            `json:"reason"` // one sentence for everything but ok and empty
	// Costs completes the sentence "Without it …" where the entry is a gap, and no other
	// entry fills it: what cannot be judged. Older bundles have none.
	Costs   string    `json:"costs,omitempty"`
	Exit    int       `json:"exit"`
	Stderr  string    `json:"stderr"` // redacted, shortened
	Started time.Time `json:"started"`
	Millis  int64     `json:"millis"`
	Bytes   int64     `json:"bytes"`
	SHA256  string    `json:"sha256"` // of the bytes in the bundle, hex
}

// Asked identifies what an entry asked for. Attempts at the same thing (az, then az rest)
// have it in common, and the best of them counts.
func (e Entry) Asked() string {
	key := e.Evidence
	for _, k := range slices.Sorted(maps.Keys(e.Scope)) {
		key += "\x00" + k + "=" + strings.ToLower(e.Scope[k])
	}
	return key
}

// Status is what came of a command.
type Status string

// The states of an entry. Ok, Empty and NotFound are complete knowledge (there is
// this, there is nothing, the thing asked for does not exist); every other state
// is a gap.
const (
	StatusOK        Status = "ok"
	StatusEmpty     Status = "empty"
	StatusNotFound  Status = "notfound"
	StatusDenied    Status = "denied"
	StatusThrottled Status = "throttled"
	StatusTimeout   Status = "timeout"
	StatusCancelled Status = "cancelled"
	StatusSkipped   Status = "skipped"
	StatusTruncated Status = "truncated"
	StatusWithheld  Status = "withheld"
	StatusFailed    Status = "failed"
)

// Statuses lists every Status in the order of the schema.
var Statuses = []Status{StatusOK, StatusEmpty, StatusNotFound, StatusDenied, StatusThrottled, StatusTimeout,
	StatusCancelled, StatusSkipped, StatusTruncated, StatusWithheld, StatusFailed}

// Complete reports whether a conclusion from absence may rest on the entry.
func (s Status) Complete() bool {
	return s == StatusOK || s == StatusEmpty || s == StatusNotFound
}
