package nsg

import (
	"fmt"

	"azlb/analyze/rule"
	"azlb/analyze/walk"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// NSG04 is a security group that drops the load balancer's health probes.
var NSG04 = &rule.Rule{
	ID:       "AZLB-NSG04",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "a network security group drops the load balancer's health probes",
		Symptom: "The Service has its address, pods and rules look right, and nobody gets through; Azure shows all backends as unhealthy.",
		Cause: "Azure probes every node from 168.63.129.16 at the probe's port (a node port, or the health check port with externalTrafficPolicy Local) and sends traffic only to nodes that answer. " +
			"Azure's default rule AllowAzureLoadBalancerInBound lets the probes in, but it stands at priority 65001: any deny of the customer that matches first, such as one for all sources or for the tag VirtualNetwork, which holds that address, drops them.",
		Fix: []report.Step{
			{Say: "See the group's rules in order.", Run: "az network nsg rule list -g GROUP --nsg-name NSG --include-default -o table"},
			{Say: "Let the probes in before the denying rule.", Run: "az network nsg rule create -g GROUP --nsg-name NSG -n allow-azure-load-balancer --priority 110 --direction Inbound --access Allow --protocol '*' --source-address-prefixes AzureLoadBalancer --destination-address-prefixes '*' --destination-port-ranges '*'", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/load-balancer/load-balancer-custom-probe-overview", "https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16", "MicrosoftDocs/azure-docs#38326"},
		Healthy:    "A deny for everything is common and harmless behind an allow rule for the tag AzureLoadBalancer; Azure's own default rules always let the probes in.",
	},
	Needs: rule.Needs{
		Any:   []*bundle.Evidence{&bundle.NSGs},
		All:   []*bundle.Evidence{&bundle.Services, &bundle.LoadBalancers, &bundle.VNets},
		Clean: way,
	},
	FollowsFrom: []string{"AZLB-NSG01", "AZLB-NSG02", "AZLB-PROBE11", "AZLB-PROBE05"},
	Check:       checkNSG04,
}

func checkNSG04(p *rule.Pass) {
	for _, d := range drops(p, stoppedProbes) {
		g := d.group()
		at := place(g)
		probe := d.walks[0].Path.Probe.To
		allow := report.Step{Say: fmt.Sprintf("No priority before that of %s is free: give it a higher number, behind a rule that lets AzureLoadBalancer in.", d.check.Decision.Deciding.Rule.Name)}
		if priority, ok := d.lowest(); ok {
			allow = report.Step{Say: fmt.Sprintf("Let the probes in before %s.", d.check.Decision.Deciding.Rule.Name), Changes: true,
				Run: fmt.Sprintf("az network nsg rule create %s -n allow-azure-load-balancer --priority %d --direction Inbound --access Allow --protocol '*' --source-address-prefixes AzureLoadBalancer --destination-address-prefixes '*' --destination-port-ranges '*'", at, priority)}
		}
		p.Find(rule.Finding{
			Subject:  d.subject(),
			Services: d.services(),
			Message: fmt.Sprintf("%s drops the health probes from 168.63.129.16 to the nodes of %s: %s. Azure takes every backend for dead and sends no traffic.",
				d.where(), d.targets(probedPort), d.decided()),
			Cites: append(d.cites(), d.walks[0].Path.Frontend.To.LB.Doc.Cite(probe.At+"/port")),
			Fix: []report.Step{
				{Say: "See the group's rules in order.", Run: "az network nsg rule list " + at + " --include-default -o table"},
				allow,
			},
		})
	}
}

// probedPort is what the probe of a port asks.
func probedPort(w *walk.Walk) string {
	return fmt.Sprintf("probe of port %d: %s %d", w.Path.Port.Port, w.Path.Probe.To.Protocol, w.Path.Probe.To.Port)
}
