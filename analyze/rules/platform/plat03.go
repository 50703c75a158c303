package platform

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// PLAT03 are changes by hand that no other rule tells.
var PLAT03 = &rule.Rule{
	ID:       "AZLB-PLAT03",
	Severity: report.Warning,
	Doc: report.Doc{
		Title:   "something that the cloud provider manages in Azure is not as it writes it",
		Symptom: "Nothing is broken yet. A DNS name of the Service leads nowhere, an address changes unexpectedly or outlives its Service, a port that the Service gave up is still open, settings change back after hours or days.",
		Cause: "The provider takes load balancers, their parts and the public IPs that it made for its own. It looks at them only when a Service or the nodes change, and then writes its own values over what somebody changed in the portal, with Terraform or with az; some it never looks at again, such as the allocation method. " +
			"By the tags of a public IP it knows whose it is: an address without them is not deleted with the Service, and one with another Service's name may be deleted with that one. What a Service asked for earlier stays when the sync that should have removed it failed.",
		Fix: []report.Step{
			{Say: "Find out who changed it; Terraform or a template will do it again.", Run: "az monitor activity-log list --resource-id RESOURCE_ID --offset 30d -o table"},
			{Say: "Ask for the change in the Service instead, where there is an annotation for it (azure-dns-label-name, azure-pip-tags, azure-pip-name and others).", Run: "kubectl edit service -n NAMESPACE SERVICE", Changes: true},
			{Say: "Make the provider sync the Service; it then writes what it does compare.", Run: "kubectl annotate service -n NAMESPACE SERVICE azlb-resync=\"$(date +%s)\" --overwrite", Changes: true},
		},
		References: []string{"MicrosoftDocs/azure-docs#101494", "hashicorp/terraform-provider-azurerm#13886", "https://learn.microsoft.com/azure/aks/support-policies", "https://cloud-provider-azure.sigs.k8s.io/topics/loadbalancer/"},
		Healthy: "Tags, load balancers, rules and addresses of the customer's own beside those of the provider; a public IP that the Service names itself, whose tags and allocation are the customer's; public IPs without the cluster's tag, which releases before Kubernetes 1.16 did not write: the provider takes them for its own as well. " +
			"Leftovers of Services that are gone are told by AZLB-DEL03.",
	},
	Needs:       rule.Needs{Any: []*bundle.Evidence{&bundle.LoadBalancers, &bundle.PublicIPs}, All: []*bundle.Evidence{&bundle.Services}, Clean: []*bundle.Evidence{&bundle.KubeVersion, &bundle.CloudConfig, &bundle.VNets, &bundle.PrivateLinkServices}},
	FollowsFrom: []string{"AZLB-POL01", "AZLB-LOCK01", "AZLB-LOCK02", "AZLB-DATA06", "AZLB-DATA08", "AZLB-DATA09", "AZLB-ILB07", "AZLB-SYNC05"},
	Check:       checkPLAT03,
}

// trait is what another value of a field means.
type trait struct {
	say      string
	severity report.Severity
	means    string
	flag     string // of az network public-ip update, before the value, where no sync repairs it
}

var traits = map[string]trait{
	"public-ip/publicIPAddressVersion":               {"IP version", report.Warning, "", ""},
	"public-ip/sku":                                  {"SKU", report.Warning, "a load balancer takes only addresses of its own SKU", "--sku "},
	"public-ip/ipConfiguration":                      {"user", report.Info, "Azure's own records disagree about who uses it", ""},
	"public-ip/publicIPAllocationMethod":             {"allocation method", report.Warning, "a dynamic address is lost as soon as no frontend uses it", "--allocation-method "},
	"public-ip/publicIPPrefix":                       {"prefix", report.Info, "an address keeps the prefix that it was made from", ""},
	"public-ip/ipTags":                               {"IP tags", report.Warning, "", ""},
	"public-ip/dnsSettings.domainNameLabel":          {"DNS label", report.Warning, "the name that the Service asks for does not lead to it", ""},
	"load-balancer/sku":                              {"SKU", report.Warning, "the Services have to move to another load balancer", ""},
	"private-link/privateLinkServiceNetworkPolicies": {"policy for private link services", report.Info, "Azure makes no other link there until it is off again", ""},
	"load-balancer/location":                         {"region", report.Warning, "the Services have to move to another load balancer", ""},
}

func checkPLAT03(p *rule.Pass) {
	p.NotCompared()
	index := map[string]int{}
	var groups [][]desired.Check
	for _, c := range p.Compared.Drift() {
		key := ""
		switch {
		case c.Kind == desired.Different && judged(c):
			key = c.Hop + " " + c.Object
		case c.Kind == desired.Leftover && ofLiving(p, c):
			key = c.Services[0]
		default:
			continue
		}
		i, ok := index[key]
		if !ok {
			i = len(groups)
			index[key], groups = i, append(groups, nil)
		}
		groups[i] = append(groups[i], c)
	}
	for _, checks := range groups {
		if checks[0].Kind == desired.Leftover {
			p.Find(left(p, checks))
		} else {
			p.Find(changed(p, checks))
		}
	}
}

// judged reports a difference that is this rule's: of the objects around the load
// balancer's rules, without the address itself, which AZLB-DATA06 tells.
func judged(c desired.Check) bool {
	switch c.Hop {
	case desired.HopBalancer:
		return true
	case desired.HopLink: // whose it is, its name, and whether it is there, are told of links themselves
		return !strings.HasPrefix(c.Field, "tags.") && c.Field != "name"
	case desired.HopPublicIP:
		return c.Field != "ipAddress"
	}
	return false
}

// ofLiving reports whether a leftover bears the name of a Service that is alive.
func ofLiving(p *rule.Pass, c desired.Check) bool {
	if len(c.Services) != 1 {
		return false
	}
	s := p.Graph.Service(c.Services[0])
	return s != nil && !s.Deleting() && s.Prefix != "" && strings.Contains(strings.ToLower(c.Object), s.Prefix)
}

// changed is what differs of one object.
func changed(p *rule.Pass, checks []desired.Check) rule.Finding {
	first := checks[0]
	kind := map[string]string{desired.HopPublicIP: "PublicIP", desired.HopBalancer: "LoadBalancer", desired.HopLink: "PrivateLinkService"}[first.Hop]
	f := rule.Finding{Subject: report.Object{Kind: kind, Name: first.Object}, Severity: report.Info}
	if name, ok := strings.CutPrefix(first.Object, "subnet "); ok {
		f.Subject = report.Object{Kind: "Subnet", Name: name}
	}
	var said, flags, stay []string
	replaced := "" // by the next sync, which makes another address
	for _, c := range checks {
		t := traitOf(c)
		if t.severity == report.Warning {
			f.Severity = report.Warning
		}
		say := fmt.Sprintf("%s %s instead of %s (%s)", t.say, c.Got, c.Want, c.Because)
		if t.means != "" {
			say += ": " + t.means
		}
		said = append(said, say)
		if c.Field == "ipTags" && c.Heals {
			replaced = c.Why
		}
		if !c.Heals {
			stay = append(stay, c.Why)
			if t.flag != "" && c.Want != "none" {
				flags = append(flags, t.flag+rule.Word(c.Want, "VALUE"))
			}
		}
		f.Services = append(f.Services, c.Services...)
		if len(f.Cites) < 6 {
			f.Cites = append(f.Cites, c.Cites()...)
		}
	}
	slices.Sort(f.Services)
	f.Services = slices.Compact(f.Services)
	what := map[string]string{"PublicIP": "Public IP", "LoadBalancer": "Load balancer", "PrivateLinkService": "Private link service", "Subnet": "Subnet"}[f.Subject.Kind]
	f.Message = fmt.Sprintf("%s %s of %s is not as the provider writes it: %s.", what, f.Subject.Name, rule.List(f.Services), strings.Join(said, "; "))
	switch {
	case replaced != "":
		f.Message += " Beware, " + replaced + "."
	case len(stay) > 0:
		f.Message += fmt.Sprintf(" No sync puts that right: %s.", stay[0])
	default:
		f.Message += " The next sync writes the provider's own values; if the change was meant, ask for it in the Service."
	}
	id := idOf(p, first)
	if len(stay) == 0 && slices.ContainsFunc(checks, func(c desired.Check) bool {
		return strings.HasPrefix(c.Because, "annotation ") || strings.HasPrefix(c.Because, "spec.")
	}) {
		f.Fix = p.Late(&f, id)
	}
	f.Fix = append(f.Fix, p.LastWritten(&f, rule.Writers(id, "RESOURCE_ID"), id)...)
	if len(flags) > 0 {
		f.Fix = append(f.Fix, report.Step{Say: "Write the values as the provider does.", Changes: true,
			Run: fmt.Sprintf("az network public-ip update -g %s -n %s %s", rule.Word(az.GroupOf(id), "GROUP"), rule.Word(first.Object, "PUBLIC_IP"), strings.Join(flags, " "))})
	}
	switch {
	case replaced != "": // a sync is what the address must be kept from
		namespace, name, _ := strings.Cut(f.Services[0], "/")
		f.Fix = append(f.Fix, report.Step{Say: "Keep the address until it may change: no longer ask for IP tags. Any sync of the Service, and any change of the nodes, replaces it otherwise.", Changes: true,
			Run: fmt.Sprintf("kubectl annotate service -n %s %s service.beta.kubernetes.io/azure-pip-ip-tags-", namespace, name)})
	case len(stay) < len(checks):
		f.Fix = append(f.Fix, p.ResyncAll(f.Services, "Make the provider sync the Service.")...)
	}
	p.Doubt(&f, nil)
	return f
}

func traitOf(c desired.Check) trait {
	key := strings.TrimPrefix(c.Field, "tags.")
	service := strings.EqualFold(key, azname.ServiceTag) || strings.EqualFold(key, azname.LegacyServiceTag)
	cluster := strings.EqualFold(key, azname.ClusterTag) || strings.EqualFold(key, azname.LegacyClusterTag)
	set := "--set tags." + key + "="
	switch t, known := traits[c.Hop+"/"+c.Field]; {
	case known:
		return t
	case key == c.Field:
		return trait{say: c.Field, severity: report.Warning}
	case service && c.Got == "none":
		return trait{say: "tag " + key, severity: report.Info, means: "without it the provider does not delete the address with the Service", flag: set}
	case service:
		return trait{say: "tag " + key, severity: report.Warning, means: "the provider takes the address for theirs, and deletes it with the last of them"}
	case cluster:
		return trait{say: "tag " + key, severity: report.Warning, means: "the provider does not delete it with the Service", flag: set}
	}
	return trait{say: "tag " + strings.TrimPrefix(c.Field, "tags."), severity: report.Info}
}

// idOf is the ARM id of what a difference is about, empty where it is not known.
func idOf(p *rule.Pass, c desired.Check) string {
	name, _ := child(c.Object)
	for i := range p.Snapshot.PublicIPs {
		if pip := &p.Snapshot.PublicIPs[i]; c.Hop == desired.HopPublicIP && strings.EqualFold(pip.Name, c.Object) {
			return pip.ID
		}
	}
	for i := range p.Snapshot.Links {
		if l := &p.Snapshot.Links[i]; c.Hop == desired.HopLink && strings.EqualFold(l.Name, c.Object) {
			return l.ID
		}
	}
	for i := range p.Snapshot.Loads {
		if lb := &p.Snapshot.Loads[i]; c.Hop != desired.HopPublicIP && strings.EqualFold(lb.Name, name) {
			return lb.ID
		}
	}
	return ""
}
