package publicip

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// PIP10 is a public IP in another region than its load balancer, or in zones that do not fit.
var PIP10 = &rule.Rule{
	ID:       "AZLB-PIP10",
	Severity: report.Error,
	Doc: report.Doc{
		Title: "the public IP is in another region than the load balancer, or its zones do not fit",
		Symptom: "The Service stays pending though its public IP exists; events show InvalidResourceReference (`… was not found. Please make sure that the referenced resource exists, and that both resources are in the same region`), " +
			"or a code about availability zones: LoadBalancerFrontendIPConfigCannotHaveZoneWhenReferencingPublicIPAddress, ResourceAvailabilityZonesCannotBeModified, LocationNotSupportAvailabilityZones.",
		Cause: "A public IP belongs to one Azure region, and a load balancer takes only addresses of its own. A resource group may hold things of several regions, so the group may be right and the region wrong. " +
			"The availability zones of an address, and of an internal frontend, are chosen when it is made and can never be changed; a public frontend has none of its own but those of its address.",
		Fix: []report.Step{
			{Say: "Compare the regions.", Run: "az network public-ip show -g GROUP -n NAME --query location -o tsv; az network lb list -g GROUP --query \"[].{name:name, region:location}\" -o table"},
			{Say: "Make an address in the load balancer's region.", Run: "az network public-ip create -g GROUP -n NEW_NAME --location REGION --sku Standard --allocation-method Static", Changes: true},
			{Say: "Let the Service ask for that one.", Run: "kubectl annotate service -n NAMESPACE SERVICE --overwrite service.beta.kubernetes.io/azure-pip-name=NEW_NAME", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/virtual-network/ip-services/public-ip-addresses", "https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/error-codes/invalidresourcereference-error", "MicrosoftDocs/azure-docs#13935",
			"hashicorp/terraform-provider-azurerm#1967", "kubernetes-sigs/cloud-provider-azure#1047"},
		Affects: "all; a release that changes the zones of internal frontends: cloud-provider-azure before 0.7.13, 1.0.10, 1.1.6 and 1.23.3",
		Healthy: "Addresses of any zone, of all and of none stand together on one Standard load balancer. Regions are compared without spaces and case (West Europe is westeurope).",
	},
	Needs: rule.Needs{
		Any:   []*bundle.Evidence{&bundle.PublicIPs, &bundle.Events, &bundle.ControllerLog},
		All:   []*bundle.Evidence{&bundle.Services},
		Clean: []*bundle.Evidence{&bundle.LoadBalancers, &bundle.CloudConfig},
	},
	Texts: []rule.Text{
		{Codes: []string{"InvalidResourceReference"}, Pattern: unreferable},
		{Codes: []string{"ResourceAvailabilityZonesCannotBeModified", "LocationNotSupportAvailabilityZones"}, Pattern: zoned},
		rule.Codes("LoadBalancerFrontendIPConfigCannotHaveZoneWhenReferencingPublicIPAddress"),
	},
	Check: checkPIP10,
}

var (
	// unreferable is ARM's text: the address and what refers to it.
	unreferable = regexp.MustCompile(`(?i)resource (\S+/publicIPAddresses/[^\s/]+) referenced by resource (\S+/loadBalancers/\S+) was not found`)
	// zoned are the things whose zones the provider sets: an address, an internal frontend.
	zoned = regexp.MustCompile(`(?i)/(?:publicIPAddresses|frontendIPConfigurations)/`)
)

// distanced is one address that the load balancer cannot take.
type distanced struct {
	id, name string
	pip      *snapshot.PublicIP // nil: not in the bundle
	askers   []*topology.Service
	pins     []pin
	errs     []*errtext.Error
}

func checkPIP10(p *rule.Pass) {
	var all []*distanced
	get := func(id string) *distanced {
		for _, d := range all {
			if az.SameID(d.id, id) {
				return d
			}
		}
		all = append(all, &distanced{id: id, name: az.LastName(id), pip: p.Graph.PublicIP(&az.Ref{ID: id})})
		return all[len(all)-1]
	}
	zones := map[string][]*errtext.Error{}
	var codes []string
	for _, e := range p.Current(p.Knows) {
		if p.Gone(e) {
			continue
		}
		if m := unreferable.FindStringSubmatch(e.Message); m != nil && e.Has("InvalidResourceReference") {
			d := get(m[1])
			d.errs = append(d.errs, e)
			continue
		}
		if zones[e.Code] == nil {
			codes = append(codes, e.Code)
		}
		zones[e.Code] = append(zones[e.Code], e)
	}
	region, cite := balancerRegion(p)
	for _, s := range p.Graph.Services {
		for _, x := range pins(p, s) {
			if x.pip == nil || region == "" || x.pip.Location == "" || sameRegion(x.pip.Location, region) || serves(s, x.pip) || slices.Contains(s.Addresses(), x.pip.IPAddress) {
				continue
			}
			told := slices.ContainsFunc(all, func(d *distanced) bool {
				return az.SameID(d.id, x.pip.ID) && slices.ContainsFunc(d.errs, func(e *errtext.Error) bool { return e.Service == s.Key() })
			})
			if !told && p.Failing(s.Key()) {
				continue // at something else, which comes first
			}
			d := get(x.pip.ID)
			d.askers, d.pins = append(d.askers, s), append(d.pins, x)
		}
	}
	for _, d := range all {
		p.Find(d.finding(p, region, cite))
	}
	slices.Sort(codes)
	for _, code := range codes {
		p.Find(wrongZones(p, code, zones[code]))
	}
}

// balancerRegion is the region of the cluster's load balancers: as Azure has it, else as
// azure.json orders it; empty: not known, or more than one.
func balancerRegion(p *rule.Pass) (string, report.Cite) {
	region, cite := "", report.Cite{}
	for i := range p.Snapshot.Loads {
		lb := &p.Snapshot.Loads[i]
		if !ours(p, lb) || lb.Location == "" {
			continue
		}
		if region != "" && !sameRegion(region, lb.Location) {
			return "", report.Cite{}
		}
		if region == "" {
			region, cite = lb.Location, lb.Doc.Cite(lb.At+"/location")
		}
	}
	if c := p.Snapshot.Config; region == "" && c != nil && c.Location != "" && p.Complete(&bundle.LoadBalancers, "") {
		return c.Location, c.Doc.Cite("/location")
	}
	return region, cite
}

func sameRegion(a, b string) bool {
	return strings.EqualFold(strings.ReplaceAll(a, " ", ""), strings.ReplaceAll(b, " ", ""))
}

func (d *distanced) finding(p *rule.Pass, region string, cite report.Cite) rule.Finding {
	told := rule.Tell(d.errs)
	waiting, working := p.Named(d.errs)
	f := rule.Finding{Subject: report.Object{Kind: "PublicIP", Name: d.name}, Cites: told.Cites}
	for i, s := range d.askers {
		if len(s.Status.LoadBalancer.Ingress) == 0 {
			waiting = append(waiting, s.Key())
		} else {
			working = append(working, s.Key())
		}
		if i < 3 {
			f.Cites = append(f.Cites, s.Doc.Cite(d.pins[i].pointer))
		}
	}
	if f.Services = waiting; len(waiting) == 0 {
		f.Severity, f.Services = report.Warning, working
	}
	slices.Sort(f.Services)
	f.Services = slices.Compact(f.Services)
	who := "A Service"
	if len(f.Services) > 0 {
		who = rule.List(f.Services)
	}
	switch {
	case d.pip != nil && region != "" && d.pip.Location != "" && !sameRegion(d.pip.Location, region):
		f.Message = fmt.Sprintf("%s asks for public IP %s in region %s; the cluster's load balancers are in %s, and take only addresses of their own region.", who, d.name, d.pip.Location, region)
		f.Cites = append(f.Cites, d.pip.Doc.Cite(d.pip.At+"/location"), cite)
		if len(d.errs) == 0 {
			f.Confidence, f.Why = report.Likely, "the bundle has no refusal that says so"
		}
	case d.pip != nil:
		f.Errors = d.errs
		f.Confidence, f.Why = report.Possible, "the address is there and nothing in the bundle speaks for another region: it may have been made after the newest error"
		f.Message = fmt.Sprintf("Azure did not find public IP %s for the load balancer of %s.", d.name, who)
	default:
		f.Errors = d.errs
		f.Confidence, f.Why = report.Likely, "the address is not in the bundle, so whether it is gone or in another region is not known"
		if !p.Complete(&bundle.PublicIPs, az.GroupOf(d.id)) {
			f.Confidence = report.Possible
		}
		f.Message = fmt.Sprintf("Azure does not find public IP %s, which the load balancer refers to for %s: it is gone, or in another region than the load balancer.", d.name, who)
	}
	if len(d.errs) > 0 {
		f.Message += fmt.Sprintf(" It answered InvalidResourceReference %s.", told.Span())
	}
	if len(waiting) == 0 && len(working) > 0 {
		f.Message += " What the Service has works on; the next sync fails."
	}
	f.Fix = d.fix(region)
	return f
}

func (d *distanced) fix(region string) []report.Step {
	group := rule.Word(az.GroupOf(d.id), "GROUP")
	steps := []report.Step{{Say: "See where the address is.", Run: fmt.Sprintf("az network public-ip show -g %s -n %s --query \"{region:location, zones:zones, ip:ipAddress}\"", group, rule.Word(d.name, "PUBLIC_IP"))},
		{Say: "Make an address in the load balancer's region.", Changes: true,
			Run: fmt.Sprintf("az network public-ip create -g %s -n NEW_NAME --location %s --sku Standard --allocation-method Static --query publicIp.ipAddress -o tsv", group, rule.Word(strings.ToLower(strings.ReplaceAll(region, " ", "")), "REGION"))}}
	for i, s := range d.askers {
		steps = append(steps, repin(s, d.pins[i], "Let "+s.Key()+" ask for that one."))
	}
	return steps
}

// fixedZones is the provider that writes other zones to internal frontends than they have.
var fixedZones = rule.Bug{From: "all", Fixed: "0.7.13/1.0.10/1.1.6/1.23.3/1.24"}

// wrongZones are refusals for the sake of availability zones.
func wrongZones(p *rule.Pass, code string, errs []*errtext.Error) rule.Finding {
	told, last := rule.Tell(errs), errs[len(errs)-1]
	waiting, working := p.Named(errs)
	f := rule.Finding{Subject: report.Object{Kind: "AvailabilityZones", Name: "of the load balancer's addresses"}, Services: waiting, Errors: errs, Cites: told.Cites}
	if len(waiting) == 0 {
		f.Severity, f.Services = report.Warning, working
	}
	who := "a Service"
	if len(f.Services) > 0 {
		who = rule.List(f.Services)
	}
	f.Message = fmt.Sprintf("Azure refuses a change for %s because of availability zones (%s, %s): “%s”.", who, code, told.Span(), snapshot.Quote(last.Message))
	frontend := strings.Contains(strings.ToLower(last.Message), "/frontendipconfigurations/")
	switch confidence, why, bug := p.Blame(fixedZones); {
	case last.Has("LocationNotSupportAvailabilityZones"):
		f.Message += " The region has none: location in azure.json, or a template, names zones for it."
	case last.Has("ResourceAvailabilityZonesCannotBeModified") && frontend && bug:
		f.Confidence, f.Why = confidence, why
		f.Message += fmt.Sprintf(" The frontend is older than the region's zones, and %s wants to give it some; zones cannot be changed.", p.Culprit(fixedZones))
		f.Fix = []report.Step{{Say: "Upgrade so that the provider is " + fixedZones.Repaired() + ", which leaves the zones as they are.", Changes: true},
			{Say: "Or make the Service anew; it gets another address then.", Changes: true}}
	case last.Has("ResourceAvailabilityZonesCannotBeModified"):
		f.Message += " Zones cannot be changed once a thing is made: somebody writes it with others, or made it anew under the same name."
	default:
		f.Message += " A public frontend has no zones of its own, only those of its address: the frontend was internal before, or somebody gave it some."
	}
	if len(f.Fix) == 0 {
		f.Fix = []report.Step{{Say: "See the zones of addresses and frontends.", Run: "az network public-ip list --query \"[].{name:name, zones:zones}\" -o table; az network lb list --query \"[].frontendIPConfigurations[].{name:name, zones:zones}\" -o table"},
			{Say: "Make what has the wrong zones anew: delete the Service and create it again, which changes its address.", Changes: true}}
	}
	return f
}
