package ruletest

import (
	"fmt"
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"

	"azlb/report"
)

// Case is one world and what the rule must say of it. A case without Want is a
// silent one: the rule must look and find nothing.
type Case struct {
	Name string `json:"name"`
	Base string `json:"base"` // folder of samples, "healthy" when empty
	// Like is an earlier case of the file whose edits come first: a silent case is a
	// finding case with the one deciding fact put right.
	Like  string `json:"like"`
	Edits []Edit `json:"edits"`
	Want  []Want `json:"want"`
	// State is how a silent case must end, clean when empty.
	State report.State `json:"state"`
	// Generations false: the case does not run in every generation of wrappers, because one
	// loses what the rule needs. The case file says what.
	Generations *bool `json:"generations"`
}

// Want is a finding as far as the case cares.
type Want struct {
	Subject    string            `json:"subject"`
	Severity   report.Severity   `json:"severity"`
	Confidence report.Confidence `json:"confidence"`
	Services   []string          `json:"services"`
	Says       []string          `json:"says"` // each is part of the message or of the reason of the confidence
	Runs       []string          `json:"runs"` // each is part of some command of the fix
	Not        []string          `json:"not"`  // none is part of the message or of a command of the fix
}

// cases reads the case file of a rule.
func cases(path string) ([]Case, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var list []Case
	if err := yaml.UnmarshalStrict(raw, &list); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return list, nil
}

// edits of a case, those of the case it is like first.
func edits(list []Case, c Case) ([]Edit, string, error) {
	if c.Like == "" {
		return c.Edits, c.Base, nil
	}
	for _, other := range list {
		if other.Name == c.Like {
			before, base, err := edits(list, other)
			if c.Base != "" {
				base = c.Base
			}
			return append(append([]Edit{}, before...), c.Edits...), base, err
		}
	}
	return nil, "", fmt.Errorf("case %q is like %q, which does not exist", c.Name, c.Like)
}

// base is the folder of a sample's bundle, seen from a rule's package.
func base(name string) string {
	if name == "" {
		name = "healthy"
	}
	return filepath.Join("..", "..", "..", "samples", name, "bundle")
}
