package collect

import (
	"errors"
	"fmt"

	bundle "azlb/bundle-schema"
)

// CheckOnly reports a program that there is not; nil: it is one, or none is named.
func CheckOnly(o Options) error {
	if o.Only != "" && o.Only != bundle.Kubectl && o.Only != bundle.Az {
		return fmt.Errorf("--only %s: there are kubectl and az", o.Only)
	}
	return nil
}

// somewhere reports that az alone does not know where to look.
func (o Options) somewhere() error {
	if o.Only == bundle.Az && len(o.ResourceGroups) == 0 {
		return errors.New("--only az needs --resource-group: the nodes, which kubectl would list, tell where to look. Name the group of the nodes (on AKS it begins with MC_), and the others that a Service names")
	}
	return nil
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
