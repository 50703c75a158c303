package datapath

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// failedSync are the rules of syncs that fail: what such a sync did not write, or
// left half written, is no change by hand. Rules about settings that the provider
// mostly passes over (AZLB-ANN04, AZLB-ANN08) are not among them: its syncs go through.
var failedSync = []string{"AZLB-AUTH01", "AZLB-AUTH02", "AZLB-AUTH03", "AZLB-AUTH08", "AZLB-POL01", "AZLB-LOCK01", "AZLB-CFG06", "AZLB-THR01", "AZLB-THR02", "AZLB-QUOTA01", "AZLB-QUOTA02", "AZLB-SYNC01", "AZLB-SYNC02", "AZLB-SYNC05", "AZLB-SYNC06", "AZLB-PLAT01", "AZLB-PLAT02", "AZLB-AUTH04", "AZLB-AUTH05", "AZLB-AUTH06", "AZLB-AUTH09",
	"AZLB-SKU01", "AZLB-SKU02", "AZLB-SKU03", "AZLB-PIP01", "AZLB-POOL06", "AZLB-POOL10", "AZLB-NSG05", "AZLB-DEL01", "AZLB-DEL02", "AZLB-DEL05", "AZLB-DEL07",
	"AZLB-ANN01", "AZLB-ANN02", "AZLB-ANN03", "AZLB-CFG07", "AZLB-NSG08", "AZLB-NSG10", "AZLB-NSG14",
	"AZLB-PIP04", "AZLB-PIP05", "AZLB-PIP06", "AZLB-PIP07", "AZLB-PIP08", "AZLB-PIP09", "AZLB-PLS01", "AZLB-PLS02", "AZLB-PLS03", "AZLB-PLS04",
	"AZLB-MSLB02", "AZLB-MSLB03", "AZLB-MSLB04", "AZLB-V601", "AZLB-V602", "AZLB-V603", "AZLB-V604"}

// compared is what the rules about differences read.
var compared = rule.Needs{Any: []*bundle.Evidence{&bundle.LoadBalancers}, All: []*bundle.Evidence{&bundle.Services, &bundle.LoadBalancers}, Clean: []*bundle.Evidence{&bundle.KubeVersion, &bundle.PublicIPs}}

// differences are those that pass the test, those that harm the same Services
// together, in the order of the comparison.
func differences(p *rule.Pass, pick func(desired.Check) bool) []rule.Bunch[desired.Check] {
	return rule.Bunches(p.Compared.Drift(), func(c desired.Check) (string, bool) {
		return strings.Join(c.Services, ","), len(c.Services) > 0 && pick(c)
	})
}

// differs reports whether the comparison of one Service has a difference like that.
func differs(p *rule.Pass, key string, like func(desired.Check) bool) bool {
	return slices.ContainsFunc(p.Compared.Of(key), func(c desired.Check) bool { return c.Kind != desired.Same && like(c) })
}

// unfinished says that the last write of a load balancer did not succeed.
func unfinished(lb *snapshot.LoadBalancer) (say string, cites []report.Cite) {
	if lb == nil || !strings.EqualFold(lb.ProvisioningState, "Failed") {
		return "", nil
	}
	return fmt.Sprintf(" The provisioning state of %s is Failed: its last write did not end well.", lb.Name), []report.Cite{lb.Doc.Cite(lb.At + "/provisioningState")}
}

// place are the flags of az for what is inside a load balancer.
func place(lb *snapshot.LoadBalancer) string {
	return "-g " + rule.Word(az.GroupOf(lb.ID), "GROUP") + " --lb-name " + rule.Word(lb.Name, "LOAD_BALANCER")
}

// own is the load balancer with a frontend of the Service, nil where there is none.
func own(s *topology.Service) *snapshot.LoadBalancer {
	if len(s.Frontends) == 0 {
		return nil
	}
	return s.Frontends[0].LB
}
