package rule

import (
	"fmt"

	"azlb/bundle-schema/az"
)

// AKS are the flags that name the AKS cluster to az, "-g GROUP -n CLUSTER"; name is the
// flag of the cluster's name.
func (w *World) AKS(name string) string {
	group, cluster := "GROUP", "CLUSTER"
	if len(w.Snapshot.AKS) == 1 {
		group, cluster = Word(az.GroupOf(w.Snapshot.AKS[0].ID), group), Word(w.Snapshot.AKS[0].Name, cluster)
	}
	return fmt.Sprintf("-g %s %s %s", group, name, cluster)
}
