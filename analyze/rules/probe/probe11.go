package probe

import (
	"azlb/analyze/rule"
	"azlb/report"
)

// PROBE11 is a health probe that somebody deleted or changed.
var PROBE11 = &rule.Rule{
	ID:       "AZLB-PROBE11",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "a health probe is missing or is not what the Service asks for",
		Symptom: "The Service has its address, pods answer inside the cluster, no event warns, and from outside every connection times out: Azure shows all backends as unhealthy.",
		Cause: "Azure asks every node at the probe's port and sends traffic only to nodes that answer; with HTTP only the answer 200 counts. The provider writes the probe out of the Service (its node port, or kube-proxy's health check port with externalTrafficPolicy Local; protocol, path and times out of appProtocol and annotations) and looks at it again only when it syncs the Service. " +
			"What somebody changes in the portal, with Terraform or with az stays until then. Providers before 0.7.21, 1.0.18, 1.1.14, 1.23.11 and 1.24 compare only name and port, so that protocol, path and times never come right by themselves.",
		Fix: []report.Step{
			{Say: "Find out who changed the load balancer; Terraform or a template will do it again.", Run: "az monitor activity-log list --resource-id LOAD_BALANCER_ID --offset 30d -o table"},
			{Say: "Make the provider sync the Service; it then writes the probe anew.", Run: "kubectl annotate service -n NAMESPACE SERVICE azlb-resync=\"$(date +%s)\" --overwrite", Changes: true},
			{Say: "If the change was meant, ask for it in the Service.", Run: "kubectl annotate service -n NAMESPACE SERVICE service.beta.kubernetes.io/port_PORT_health-probe_port=NUMBER", Changes: true},
		},
		References: []string{"findProbe and buildHealthProbeRulesForPort in kubernetes-sigs/cloud-provider-azure", "https://cloud-provider-azure.sigs.k8s.io/topics/loadbalancer/", "https://learn.microsoft.com/azure/load-balancer/load-balancer-custom-probe-overview", "MicrosoftDocs/azure-docs#101494"},
		Healthy:    "A probe at another port, protocol or path that annotations or appProtocol ask for, one probe for all ports with externalTrafficPolicy Local, a port for UDP or with port_N_no_probe_rule without any: what is asked for is what is compared, for every release that may be the provider. numberOfProbes differs from what was written in newer releases and is not looked at there.",
	},
	Needs:       compared,
	FollowsFrom: []string{"AZLB-DATA09", "AZLB-DATA06"},
	Check: func(p *rule.Pass) {
		p.NotCompared()
		for _, probes := range together(changed(p), func(a *altered) bool { return !a.shared() && !a.stale() }) {
			p.Find(told(p, probes.All, ""))
		}
	},
}
