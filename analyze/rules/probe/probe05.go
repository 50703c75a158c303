package probe

import (
	"azlb/analyze/rule"
	"azlb/report"
)

// PROBE05 is a health probe that was left on an old node port.
var PROBE05 = &rule.Rule{
	ID:       "AZLB-PROBE05",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "a health probe asks a node port that the Service no longer has",
		Symptom: "After a Service was edited, made anew or restored from a backup, it works inside the cluster and from nowhere else; Azure shows all backends as unhealthy, and no event warns any more.",
		Cause: "The probe asks the node port that the Service had when the provider last wrote the load balancer. The Service has another one since, and no sync brought it to Azure: syncs fail (the event of it lives an hour), the controller stands still, or the release keeps a probe of the same name. " +
			"kube-proxy listens only at the present node port, so no node answers at the old one, and Azure sends no traffic.",
		Fix: []report.Step{
			{Say: "See whether the syncs of the Service fail.", Run: "kubectl describe service -n NAMESPACE SERVICE"},
			{Say: "Make the provider sync the Service; it then writes the probe anew.", Run: "kubectl annotate service -n NAMESPACE SERVICE azlb-resync=\"$(date +%s)\" --overwrite", Changes: true},
			{Say: "If the probe stays, delete the rule and then the probe, and sync once more.", Run: "az network lb rule delete -g GROUP --lb-name kubernetes -n RULE && az network lb probe delete -g GROUP --lb-name kubernetes -n PROBE", Changes: true},
		},
		References: []string{"kubernetes-sigs/cloud-provider-azure#1350", "kubernetes-sigs/cloud-provider-azure#1629", "kubernetes-sigs/cloud-provider-azure#2434"},
		Affects:    "all versions; releases before 0.7.18 and 1.23.11 also mixed up the probes of several ports",
		Healthy:    "A probe at the node port of another port of the Service that port_N_health-probe_port names, or at kube-proxy's health check port with externalTrafficPolicy Local: both are asked for. A port outside of 30000 to 32767 is no stale node port, and AZLB-PROBE11 tells of it.",
	},
	Needs:       compared,
	FollowsFrom: []string{"AZLB-DATA09", "AZLB-DATA06"},
	Check:       checkPROBE05,
}

func checkPROBE05(p *rule.Pass) {
	p.NotCompared()
	for _, probes := range together(changed(p), (*altered).stale) {
		f := told(p, probes.All, " The Service probably had that node port before.")
		if first := rule.Describe(f.Services); f.Fix[0] != first[0] {
			f.Fix = append(first, f.Fix...)
		}
		p.Find(f)
	}
}
