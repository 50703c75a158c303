package report

// Drift is one difference between what the provider would have built and what
// is there. Kind is missing, different or leftover.
type Drift struct {
	Service string `json:"service"` // "ns/name" of the only Service it is about; empty: of several, or of none
	// Services are all that it is about.
	Services []string `json:"services"`
	Kind     string   `json:"kind"`
	Hop      string   `json:"hop"`
	Object   string   `json:"object"`
	Field    string   `json:"field"`
	Want     string   `json:"want"`
	Got      string   `json:"got"`
	Because  string   `json:"because"`
	// Heals says that the next sync of the Service repairs it. Why may say why not, or
	// of what heals that a sync may have repaired it already.
	Heals bool   `json:"heals"`
	Why   string `json:"why"`
	Cites []Cite `json:"cites"`
}

// Compared counts the objects and fields of a comparison, as a whole and by hop.
type Compared struct {
	Objects int           `json:"objects"`
	Fields  int           `json:"fields"`
	Hops    []HopCompared `json:"hops"`
	// Skipped are the Services that were not compared, with the reason.
	Skipped []Skipped `json:"skipped"`
	// Provider says in a sentence on which release of the provider it rests.
	Provider string `json:"provider"`
}

// HopCompared counts what was compared at one hop.
type HopCompared struct {
	Hop     string `json:"hop"`
	Objects int    `json:"objects"`
	Fields  int    `json:"fields"`
}

// Skipped is a Service that was not compared.
type Skipped struct {
	Service string `json:"service"`
	Reason  string `json:"reason"`
}
