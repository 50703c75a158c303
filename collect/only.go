package collect

import (
	"errors"
	"fmt"

	bundle "azlb/bundle-schema"
)

// CheckOnly reports why a collection with one program only cannot be; nil: it can.
func CheckOnly(o Options) error {
	switch o.Only {
	case "", bundle.Kubectl:
		return nil
	case bundle.Az:
		if len(o.ResourceGroups) == 0 {
			return errors.New("--only az needs --resource-group: the nodes, which kubectl would list, tell where to look. Name the group of the nodes (on AKS it begins with MC_), and the others that a Service names")
		}
		return nil
	}
	return fmt.Errorf("--only %s: there are kubectl and az", o.Only)
}

// declined says why nothing is asked of a program; empty: it is asked.
func (o Options) declined(p bundle.Program) string {
	if o.Only == "" || o.Only == p || p == bundle.Local {
		return ""
	}
	return fmt.Sprintf("left out by --only %s: collect the other half with --only %s, best within half an hour, and give both bundles to azlb-analyze", o.Only, p)
}

// half is the end of a bundle's name that tells the two halves of a cluster apart.
func (o Options) half() string {
	if o.Only == "" {
		return ""
	}
	return "-" + string(o.Only)
}
