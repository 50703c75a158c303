package ruletest

import (
	"flag"
	"slices"
	"testing"

	"azlb/analyze/rule"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

var ablateCases = flag.Bool("ablation.cases", false, "take each kind of evidence from the world of every case of every rule")

// tellsSyncs are the kinds that tell what became of the syncs of Services.
var tellsSyncs = []string{bundle.Events.ID, bundle.ControllerLog.ID, bundle.ControllerLogPrevious.ID, bundle.LogFile.ID}

// saysMore are the rules of which some case says more where a kind of evidence is taken
// away. It is a list of what is open: no sample shows it.
var saysMore = map[string]string{
	"AZLB-ANN03 without cloud-config":     "the case's azure.json contradicts the recorded load balancer",
	"AZLB-AUTH01 without cloud-config":    "the identity has no other name, and which subscription is the cluster's is not known",
	"AZLB-DATA04 without pods":            "whether pods are ready whose endpoints are on their way is not known",
	"AZLB-DATA08 without nodes":           "whether another pool has the same nodes is not known, and counts as no",
	"AZLB-DATA09 without public-ips":      "whether the frontend's address is another Service's is not known",
	"AZLB-DEL03 without public-ips":       "the address gives the leftover its name",
	"AZLB-DEL08 without public-ips":       "the address shows that the frontend is shared",
	"AZLB-MSLB01 without nodes":           "that the pool caught up shows only in its members",
	"AZLB-MSLB01 without endpointslices":  "that the pool caught up shows only in its members",
	"AZLB-MSLB01 without load-balancers":  "that the pool caught up shows only in its members",
	"AZLB-MSLB01 without controller-pods": "whether the release of the provider has the fault is not known",
	"AZLB-MSLB06 without controller-pods": "whether the release of the provider has the fault is not known",
	"AZLB-PLS06 without controller-pods":  "whether the release of the provider has the fault is not known",
	"AZLB-NSG03 without vnets":            "whether another rule lets the clients in is not known, and counts as no",
	"AZLB-NSG03 without scale-set-nics":   "whether another rule lets the clients in is not known, and counts as no",
	"AZLB-PIP01 without public-ips":       "whether the address is there by now is not known",
	"AZLB-PIP05 without kube-version":     "whether the release shares addresses is not known",
	"AZLB-PIP09 without load-balancers":   "whose the frontend is that has the address is not known",
	"AZLB-PLAT03 without public-ips":      "the address is told first, what was left with it then in its place",
	"AZLB-PLS03 without kube-version":     "an in-tree provider ignores the annotation",
	"AZLB-POOL06 without nodes":           "the interface of a single machine is matched to it by the node",
	"AZLB-POOL06 without nics":            "the interface of a single machine is matched to it by the node",
	"AZLB-PROBE01 without nodes":          "the metric's addresses are those of members only by them",
	"AZLB-PROBE01 without scale-set-nics": "the metric's addresses are those of members only by them",
	"AZLB-PROBE01 without probe-metrics":  "the metric is the only sign that the application answers",
	"AZLB-PROBE03 without endpointslices": "what the name of the port was resolved to is not known",
	"AZLB-PROBE09 without cloud-config":   "the mode is inferred from the probe itself",
	"AZLB-QUOTA02 without load-balancers": "whether there is room by now is not known",
	"AZLB-SKU03 without services":         "the Service shows that the internal load balancer is meant",
	"AZLB-V605 without nat-gateways":      "the gateway's SKU tells whether it carries IPv6",
	"AZLB-V603 without kube-version":      "whether the release mixes the families is not known",
	"AZLB-V606 without load-balancers":    "AZLB-PIP07 tells it while the bundle shows both Services, this rule where it does not",
	"AZLB-V606 without public-ips":        "AZLB-PIP07 tells it while the bundle shows both Services, this rule where it does not",
	"AZLB-V607 without cloud-config":      "the kind of pool is not known",
}

// ablate takes each kind of evidence from the world of a case: the rule may only know
// less. What evidence excuses is not excused where it is not seen: an error that a success
// ended or whose Service is gone, and a difference that a sync explains.
func ablate(t *testing.T, files *Files, r *rule.Rule, c Case, before rule.Outcome) {
	t.Helper()
	for _, e := range bundle.Catalogue {
		switch {
		case !slices.ContainsFunc(files.Paths(), func(p string) bool { return files.Entry(p).Evidence == e.ID }):
			continue
		case len(c.Want) == 0 && (slices.Contains(tellsSyncs, e.ID) || e == &bundle.Services), saysMore[r.ID+" without "+e.ID] != "":
			continue
		}
		less := files.Clone()
		if err := less.Apply([]Edit{{In: e.ID, Drop: bundle.StatusDenied}}); err != nil {
			t.Fatal(err)
		}
		after := rule.Evaluate(less.World(t), []*rule.Rule{r})
		faults := weakerVerdicts(told(before), told(after), nil)
		if e != &bundle.Events && e != &bundle.Services {
			faults = append(faults, weakerFindings(told(before), told(after))...)
		}
		for _, fault := range faults {
			t.Errorf("without %s: %s", e.ID, fault)
		}
	}
}

func told(o rule.Outcome) *report.Report {
	return &report.Report{Findings: o.Findings, Verdicts: o.Verdicts}
}
