package privatelink

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// PLS02 is a private link service that cannot be made as the Service asks for it.
var PLS02 = &rule.Rule{
	ID:       "AZLB-PLS02",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the private link service cannot be made as the Service asks for it",
		Symptom: "The Service stays pending although its load balancer is ready; events say `checkAndUpdatePLSIPConfigs: …`, `disablePLSNetworkPolicy: …`, `getPLSStaticIPs: …` or `IPv6 is not supported for private link service`, or show a code of Azure about the link's subnet.",
		Cause: "A private link service has addresses of its own, 1 to 8 of IPv4, in a subnet of the cluster's virtual network: the one of azure-pls-ip-configuration-subnet, else that of the internal frontend, else the cluster's. The annotation takes the subnet's name. " +
			"Static addresses are separated by blanks, must lie in that subnet, and be no more than the number asked for. Links need a Standard load balancer, which carries at most 8 of them. Whatever is wrong fails the sync.",
		Fix: []report.Step{
			{Say: "Name a subnet of the cluster's virtual network.", Run: "kubectl annotate --overwrite service -n NAMESPACE SERVICE service.beta.kubernetes.io/azure-pls-ip-configuration-subnet=SUBNET", Changes: true},
			{Say: "Ask for as many addresses as are static, at least.", Run: "kubectl annotate --overwrite service -n NAMESPACE SERVICE service.beta.kubernetes.io/azure-pls-ip-configuration-ip-address-count=COUNT", Changes: true},
		},
		References: []string{docs, "https://learn.microsoft.com/azure/private-link/disable-private-link-service-network-policy", "https://cloud-provider-azure.sigs.k8s.io/topics/multislb/"},
		Affects:    "cloud-provider-azure with azure-pls-create: 1.0.19, 1.1.15, 1.23.12, 1.24 and later",
		Healthy:    "The subnet's privateLinkServiceNetworkPolicies may be Enabled: the provider turns them off itself before it makes the link. A Service of both families has a link for IPv4, and IPv6 is passed over.",
	},
	Needs:       rule.Needs{Any: []*bundle.Evidence{&bundle.Services, &bundle.LoadBalancers, &bundle.VNets, &bundle.PrivateLinkServices, &bundle.Events, &bundle.ControllerLog}},
	FollowsFrom: []string{"AZLB-QUOTA08", "AZLB-PLS03"},
	Texts: []rule.Text{
		rule.Codes("PrivateLinkServiceNetworkPoliciesCannotBeEnabledOnPrivateLinkServiceSubnet"),
		rule.Says(`(?i)failed to get private link service subnet\(|checkAndUpdatePLSIPConfigs: ipConfigCount\(|getPLSStaticIPs: `),
		rule.Says(`(?i)number of private link service ipConfig is |IPv6 is not supported for private link service`),
	},
	Check: checkPLS02,
}

func checkPLS02(p *rule.Pass) {
	keys, errs := byService(p, p.Current(p.Knows))
	list, sure := asking(p)
	for _, s := range list {
		faults := faultsOf(p, s)
		if len(faults) == 0 {
			continue
		}
		told := rule.Tell(errs[s.Key()])
		f := rule.Finding{Subject: rule.Subject(s.Key()), Services: []string{s.Key()}, Cites: append(told.Cites, s.Doc.Cite(s.link.Create.Pointer))}
		var say []string
		for _, x := range faults {
			say = append(say, x.say)
			f.Cites, f.Fix = append(f.Cites, x.cites...), append(f.Fix, x.fix)
			if x.absent {
				f.Absence = []*bundle.Evidence{&bundle.VNets}
			}
		}
		f.Message = fmt.Sprintf("The private link service of %s cannot be made: %s. The provider fails the sync after the load balancer is written", s.Key(), strings.Join(say, "; "))
		switch {
		case len(errs[s.Key()]) > 0:
			f.Message += ", " + told.Span()
		case !sure:
			f.Confidence, f.Why = report.Likely, unsure
		}
		f.Message += "."
		if !s.waits() {
			f.Severity = report.Warning
			f.Message += " Its address keeps working, but no change of it arrives."
		}
		p.Find(f)
		keys = slices.DeleteFunc(keys, func(k string) bool { return k == s.Key() })
	}
	for _, key := range keys {
		last := errs[key][len(errs[key])-1]
		told := rule.Tell(errs[key])
		f := rule.Finding{Subject: rule.Subject(key), Services: services(key), Errors: errs[key], Cites: told.Cites,
			Message: fmt.Sprintf("The private link service of %s cannot be made: “%s”, %s. The provider fails the sync after the load balancer is written.", which(key), last.Message, told.Span())}
		if !p.Waits(last) {
			f.Severity = report.Warning
		}
		p.Find(f)
	}
}

// fault is one thing that keeps a link from being made.
type fault struct {
	say    string
	cites  []report.Cite
	fix    report.Step
	absent bool // concluded from what the network does not have
}

// faultsOf compares what the Service asks with what a link can be.
func faultsOf(p *rule.Pass, s linked) []fault {
	const subnetKey, countKey = "service.beta.kubernetes.io/azure-pls-ip-configuration-subnet", "service.beta.kubernetes.io/azure-pls-ip-configuration-ip-address-count"
	key, l := s.Key(), s.link
	if s.only6() {
		return []fault{{say: "it has IPv6 only, and links are for IPv4", cites: []report.Cite{s.Doc.Cite("/spec/ipFamilies")},
			fix: report.Step{Say: "Do without the private link service, or give the Service IPv4.", Changes: true, Run: annotate(key, "service.beta.kubernetes.io/azure-pls-create-")}}}
	}
	var out []fault
	if want := p.Wants.Of(key); want != nil && want.SKU.V == "Basic" {
		out = append(out, fault{say: "links need a Standard load balancer, and this one is Basic", fix: report.Step{Say: "Move the cluster to Standard load balancers, or do without the link.", Changes: true, Run: annotate(key, "service.beta.kubernetes.io/azure-pls-create-")}})
	}
	if l.Count.V == 0 {
		out = append(out, fault{say: "the number of its addresses is not 1 to 8", cites: []report.Cite{s.Doc.Cite(l.Count.Pointer)},
			fix: report.Step{Say: "Ask for 1 to 8 addresses.", Changes: true, Run: annotate(key, countKey+"=1")}})
	} else if n := len(l.Static); n > l.Count.V {
		out = append(out, fault{say: fmt.Sprintf("it has %d static addresses, and %d are asked for (%s)", n, l.Count.V, l.Count.Because), cites: []report.Cite{s.Doc.Cite(cmp.Or(l.Count.Pointer, l.Create.Pointer))},
			fix: report.Step{Say: "Ask for as many addresses as are static, at least.", Changes: true, Run: annotate(key, fmt.Sprintf("%s=%d", countKey, n))}})
	}
	name, vnet, sub := subnet(p, l)
	if vnet != nil && sub == nil && name != "" && p.Complete(&bundle.VNets, az.GroupOf(vnet.ID)) {
		out = append(out, fault{say: fmt.Sprintf("virtual network %s has no subnet %q (%s)", vnet.Name, name, l.Subnet.Because), absent: true,
			cites: []report.Cite{s.Doc.Cite(cmp.Or(l.Subnet.Pointer, l.Create.Pointer)), vnet.Doc.Cite(vnet.At + "/subnets")},
			fix:   report.Step{Say: "Name a subnet of " + vnet.Name + ", by its name and not by an id.", Changes: true, Run: annotate(key, subnetKey+"=SUBNET")}})
	}
	for _, a := range l.Static {
		ip, err := netip.ParseAddr(a)
		wrong := ""
		switch {
		case err != nil:
			wrong = fmt.Sprintf("%q is no address (blanks separate them, not commas)", a)
		case !ip.Unmap().Is4():
			wrong = a + " is no IPv4 address"
		case sub != nil && !within(sub, ip.Unmap()):
			wrong = fmt.Sprintf("%s does not lie in subnet %s (%s)", a, sub.Name, strings.Join(sub.Prefixes(), ", "))
		}
		if wrong != "" {
			x := fault{say: wrong, cites: []report.Cite{s.Doc.Cite(l.Create.Pointer)}, fix: report.Step{Say: "Give static addresses of that subnet, separated by blanks, or none.", Changes: true,
				Run: annotate(key, "service.beta.kubernetes.io/azure-pls-ip-configuration-ip-address-")}}
			if sub != nil {
				x.cites = append(x.cites, vnet.Doc.Cite(sub.At+"/name"))
			}
			out = append(out, x)
		}
	}
	return append(out, crowded(p, s)...)
}

func within(s *az.Subnet, ip netip.Addr) bool {
	prefixes := s.Prefixes()
	return len(prefixes) == 0 || slices.ContainsFunc(prefixes, func(text string) bool {
		p, err := netip.ParsePrefix(text)
		return err != nil || p.Contains(ip) // one that is masked may hold it
	})
}

// most is how many private link services Azure lets stand on one load balancer.
const most = 8

// crowded reports a load balancer that is full and has no link of this Service yet.
func crowded(p *rule.Pass, s linked) []fault {
	if len(on(p, s.Service)) > 0 {
		return nil
	}
	for _, f := range s.Frontends {
		n := 0
		var at *snapshot.PrivateLinkService
		for i := range p.Snapshot.Links {
			l := &p.Snapshot.Links[i]
			if slices.ContainsFunc(l.Frontends, func(r az.Ref) bool { return az.SameID(az.Parent(r.ID), f.LB.ID) }) {
				n, at = n+1, l
			}
		}
		if n >= most && primary(s.Service, f) {
			return []fault{{say: fmt.Sprintf("load balancer %s carries %d private link services already, and Azure allows %d", f.LB.Name, n, most), cites: []report.Cite{at.Doc.Cite(at.At + "/name")},
				fix: report.Step{Say: "Share a link by sharing its frontend's address, delete a link that nobody needs, or use several load balancers. This lists the links.", Run: "az network private-link-service list -o table"}}}
		}
	}
	return nil
}

// primary reports whether the frontend is the Service's own.
func primary(s *topology.Service, f topology.Frontend) bool { return f.Own || len(s.Frontends) == 1 }
