package internallb

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// ILB06 is an old provider that cannot move a frontend to another subnet.
var ILB06 = &rule.Rule{
	ID:       "AZLB-ILB06",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "an old cloud provider keeps the address of the old subnet",
		Symptom: "After the annotation azure-load-balancer-internal-subnet of a Service was added or changed, every sync fails with PrivateIPAddressNotInSubnet, although the Service asks for no address.",
		Cause:   "Whoever changes the subnet of an internal Service gets a new frontend in the new subnet. Older releases of the cloud provider then ask for the address that the Service had before, which the new subnet does not hold, and Azure refuses the whole load balancer.",
		Fix: []report.Step{
			{Say: "Upgrade the provider to a release that takes a new address: 1.1.25, 1.23.22, 1.24.9, 1.25.3, 1.26 or later."},
			{Say: "Until then make the Service anew: it then has no address to keep. It is not served in between.", Run: "kubectl get service -n NAMESPACE SERVICE -o yaml > service.yaml && kubectl delete service -n NAMESPACE SERVICE && kubectl create -f service.yaml", Changes: true},
		},
		References: []string{"kubernetes-sigs/cloud-provider-azure#2511", "kubernetes-sigs/cloud-provider-azure#2532"},
		Affects:    "before 1.1.25, 1.23.22, 1.24.9, 1.25.3 and 1.26",
		Healthy:    "Newer releases give the Service a new address when the subnet changes; clients must follow it. A Service that itself asks for an address outside its subnet is AZLB-ILB01.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.LoadBalancers, &bundle.VNets, &bundle.CloudConfig, &bundle.Events, &bundle.ControllerLog}, All: []*bundle.Evidence{&bundle.Services}},
	Texts: []rule.Text{rule.Codes(notInSubnet)},
	Check: checkILB06,
}

// keepsAddress is the provider that asks for the old address in the new subnet.
var keepsAddress = rule.Bug{From: "all", FromInTree: "1.14", Fixed: "1.1.25/1.23.22/1.24.9/1.25.3/1.26"}

func checkILB06(p *rule.Pass) {
	list := asks(p)
	errs := p.Current(func(e *errtext.Error) bool { return p.Knows(e) && kept(list, e) })
	told := map[string]bool{}
	for _, a := range list {
		key := a.service.Key()
		mine := ofService(errs, key)
		f, old := a.elsewhere()
		switch {
		case told[key] || a.address().IsValid():
		case len(mine) > 0:
			told[key] = true
			p.Find(a.kept(p, f, old, mine))
		case f != nil && p.Runs(keepsAddress) == desired.Yes:
			told[key] = true
			p.Find(a.kept(p, f, old, nil))
		}
	}
}

// elsewhere is the Service's own internal frontend that stands in another subnet than
// the Service asks for, with its address, or nil.
func (a ask) elsewhere() (*topology.Frontend, netip.Addr) {
	i := slices.IndexFunc(a.service.Frontends, func(f topology.Frontend) bool {
		ip, err := netip.ParseAddr(f.Address)
		return f.Own && f.Subnet != nil && err == nil && ip.Is6() == (a.lane.Family == "IPv6") && a.subnet != nil &&
			!strings.EqualFold(az.LastName(f.Subnet.ID), a.subnet.Name)
	})
	if i < 0 {
		return nil, netip.Addr{}
	}
	return &a.service.Frontends[i], netip.MustParseAddr(a.service.Frontends[i].Address)
}

func (a ask) kept(p *rule.Pass, old *topology.Frontend, ip netip.Addr, errs []*errtext.Error) rule.Finding {
	f := a.finding(p, errs)
	key := a.service.Key()
	f.Message = fmt.Sprintf("%s asks for no address, but the provider asks for the one of its old subnet in subnet %s, %s.", key, named(a.name), a.because())
	if old != nil {
		f.Message = fmt.Sprintf("%s is to be in subnet %s, %s, but its frontend %s/%s stands in subnet %s with address %s.", key, named(a.name), a.because(), old.LB.Name, old.Name, az.LastName(old.Subnet.ID), ip)
		f.Cites = append(f.Cites, old.LB.Doc.Cite(old.At+"/privateIPAddress"))
	} else {
		f.Errors = errs
	}
	switch sure, why, ok := p.Blame(keepsAddress); {
	case ok && sure == report.Certain:
		f.Message += fmt.Sprintf(" %s%s asks for that address in the new subnet too, and Azure refuses.", strings.ToUpper(p.Culprit(keepsAddress)[:1]), p.Culprit(keepsAddress)[1:])
	case ok:
		f.Confidence, f.Why = sure, why
		f.Message += " Older releases of the provider ask for that address in the new subnet too, and Azure refuses."
	default:
		f.Confidence, f.Why = report.Possible, "this release of the provider takes a new address for a new subnet, as far as is known"
	}
	f.Message += a.tries(errs)
	ns, name := rule.Word(a.service.Namespace, "NAMESPACE"), rule.Word(a.service.Name, "SERVICE")
	f.Fix = []report.Step{
		{Say: "Upgrade the provider: " + keepsAddress.Repaired() + " take a new address."},
		{Say: "Until then make the Service anew (without its status, uid and resourceVersion): it then has no address to keep. It is not served in between, and gets a new address.",
			Run: fmt.Sprintf("kubectl get service -n %[1]s %[2]s -o yaml > service.yaml && kubectl delete service -n %[1]s %[2]s && kubectl create -f service.yaml", ns, name), Changes: true},
	}
	if !a.byDefault {
		f.Fix = append(f.Fix, rule.Unannotate(a.service, subnetAnnotation, "Or leave it where it is: take the annotation back to what it was, or away if there was none."))
	}
	return f
}
