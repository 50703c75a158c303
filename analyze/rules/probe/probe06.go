package probe

import (
	"fmt"
	"slices"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// PROBE06 is a health probe that comes through a private link service in a protocol
// which kube-proxy does not speak.
var PROBE06 = &rule.Rule{
	ID:       "AZLB-PROBE06",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the health probe carries the PROXY protocol of a private link service, and kube-proxy does not read it",
		Symptom: "Since the private link service got the PROXY protocol, or the Service externalTrafficPolicy Local, nobody gets through, with and without the private endpoint; Azure shows all backends as unhealthy although pods are ready.",
		Cause: "A private link service with PROXY protocol puts a header in front of every connection that tells who the client is, and Azure puts the same header in front of the health probe of the frontend. An application that expects the header can read the probe too; kube-proxy cannot. " +
			"With externalTrafficPolicy Local, and in the shared probe mode, it is kube-proxy that answers the probe: it takes the header for a bad request, and every node counts as dead. The provider makes a probe of the port itself instead since 1.24.20, 1.25.14, 1.26.10, 1.27.4 and 1.28; in the shared mode a relay on the nodes (port 10356) takes the header off.",
		Fix: []report.Step{
			{Say: "Let the probe ask the application's own port.", Run: "kubectl annotate service -n NAMESPACE SERVICE service.beta.kubernetes.io/port_PORT_health-probe_port=PORT", Changes: true},
			{Say: "Or do without the PROXY protocol.", Run: "kubectl annotate service -n NAMESPACE SERVICE service.beta.kubernetes.io/azure-pls-proxy-protocol-", Changes: true},
		},
		References: []string{"https://cloud-provider-azure.sigs.k8s.io/topics/pls-integration/", "kubernetes-sigs/cloud-provider-azure#3931", "kubernetes-sigs/cloud-provider-azure#5264", "https://learn.microsoft.com/azure/private-link/private-link-service-overview#getting-connection-information-using-tcp-proxy-v2"},
		Affects:    "releases before 1.24.20, 1.25.14, 1.26.10, 1.27.4 and 1.28 with externalTrafficPolicy Local; the shared probe mode without the relay",
		Healthy:    "A private link service without PROXY protocol, one before another frontend, a probe of the port itself, and the relay of AKS at port 10356.",
	},
	Needs:       rule.Needs{Any: []*bundle.Evidence{&bundle.PrivateLinkServices, &bundle.LoadBalancers}, All: []*bundle.Evidence{&bundle.Services, &bundle.LoadBalancers, &bundle.PrivateLinkServices}},
	FollowsFrom: []string{"AZLB-PROBE05", "AZLB-PROBE11"},
	Check:       checkPROBE06,
}

func checkPROBE06(p *rule.Pass) {
	if len(p.Snapshot.Links) == 0 {
		p.NotApplicable("there is no private link service")
		return
	}
	for _, s := range p.Graph.Served() {
		for _, x := range s.Paths {
			link := proxied(p, x)
			if link == nil || x.Probe.To == nil {
				continue
			}
			port := x.Probe.To.Port
			local := s.Local() && port == int(s.Spec.HealthCheckNodePort) && port != 0
			if !local && port != proxyPort {
				continue
			}
			p.Find(unread(s, x, link, local))
			break
		}
	}
}

// proxied is the private link service with PROXY protocol before a path's frontend, nil
// where there is none.
func proxied(p *rule.Pass, x *topology.Path) *snapshot.PrivateLinkService {
	if x.Frontend.To == nil {
		return nil
	}
	for i := range p.Snapshot.Links {
		l := &p.Snapshot.Links[i]
		if l.EnableProxyProtocol && slices.ContainsFunc(l.Frontends, func(r az.Ref) bool { return az.SameID(r.ID, x.Frontend.To.ID) }) {
			return l
		}
	}
	return nil
}

func unread(s *topology.Service, x *topology.Path, link *snapshot.PrivateLinkService, local bool) rule.Finding {
	probe, lb := x.Probe.To, x.Frontend.To.LB
	who := fmt.Sprintf("its shared health probe (port %d)", probe.Port)
	if local {
		who = fmt.Sprintf("the health probe of externalTrafficPolicy Local (port %d)", probe.Port)
	}
	f := rule.Finding{Subject: rule.Subject(s.Key()), Services: []string{s.Key()},
		Message: fmt.Sprintf("Private link service %s before %s has the PROXY protocol on, so that %s carries its header too. kube-proxy, which answers there, does not read it: Azure takes every node for dead and sends no traffic.", link.Name, s.Key(), who),
		Cites:   []report.Cite{link.Doc.Cite(link.At + "/enableProxyProtocol"), lb.Doc.Cite(probe.At + "/port")}}
	f.Fix = []report.Step{
		rule.Annotate(s, desired.PortProbePortKey(x.Port.Port), fmt.Sprint(x.Port.Port), "Let the probe ask the application's own port; it must read the PROXY protocol anyway. In the shared probe mode this does nothing."),
		rule.Unannotate(s, desired.LinkProxyKey, "Or do without the PROXY protocol."),
	}
	if local {
		f.Fix = append(f.Fix, rule.PassOn(s, "Or let every node pass packets on: the probe then asks the port itself."))
	}
	return f
}
