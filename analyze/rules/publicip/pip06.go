package publicip

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// PIP06 is a DNS label that somebody else has.
var PIP06 = &rule.Rule{
	ID:       "AZLB-PIP06",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the DNS label that the Service asks for is taken",
		Symptom: "The Service stays pending; Azure answers 400 DnsRecordInUse for its public IP, or the provider says `there is an existing service … consuming the DNS label on the public IP`.",
		Cause: "The annotation azure-dns-label-name becomes the label of the Service's public IP, and a label can be used once in a region (label.region.cloudapp.azure.com), by whatever customer. Often an address that an earlier Service of the same name left behind still has it. " +
			"The provider also notes on the address, in a tag, which Service set the label, and refuses it to any other that shares the address; up to 1.23.24, 1.24.11 and 1.25.5 it left that tag there when the Service went.",
		Fix: []report.Step{
			{Say: "Find the address with the label, if it is in this subscription.", Run: "az network public-ip list --query \"[?dnsSettings.domainNameLabel=='LABEL'].{name:name, group:resourceGroup, attached:ipConfiguration.id, tags:tags}\" -o json"},
			{Say: "If nothing uses it, delete it, or take the label off.", Run: "az network public-ip update -g GROUP -n PUBLIC_IP --remove dnsSettings", Changes: true},
			{Say: "If the tag names a Service that is gone, take the tag off.", Run: "az network public-ip update -g GROUP -n PUBLIC_IP --remove tags.k8s-azure-dns-label-service", Changes: true},
			{Say: "Or choose another label.", Run: "kubectl annotate service -n NAMESPACE SERVICE --overwrite service.beta.kubernetes.io/azure-dns-label-name=OTHER_LABEL", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/aks/static-ip#apply-a-dns-label-to-the-service", "Azure/AKS#2239", "kubernetes/autoscaler#1027", "kubernetes-sigs/cloud-provider-azure#2912", "reconcileDNSSettings in kubernetes-sigs/cloud-provider-azure"},
		Affects:    "1.9 and later, which know the annotation",
		Healthy:    "A Service whose own address has the label. The same label in another region is another name.",
	},
	Needs:       rule.Needs{Any: []*bundle.Evidence{&bundle.PublicIPs, &bundle.Events, &bundle.ControllerLog}, Clean: []*bundle.Evidence{&bundle.Services}},
	FollowsFrom: []string{"AZLB-PIP08"},
	Texts:       []rule.Text{rule.Codes("DnsRecordInUse"), {Pattern: consumedLabel}},
	Check:       checkPIP06,
}

var (
	// dnsInUse is ARM's text of DnsRecordInUse; the label comes first.
	dnsInUse = regexp.MustCompile(`(?i)DNS record ([^.\s]+)\.(\S+) is already used by another public IP`)
	// consumedLabel is the provider's text: the address, and the Service in its tag.
	consumedLabel = regexp.MustCompile(`pip\(([^()\s]+)\) - there is an existing service (\S+) consuming the DNS label`)
)

// wish is a label that a Service cannot have.
type wish struct {
	key, label string
	service    *topology.Service  // nil: not in the bundle
	holder     *snapshot.PublicIP // that has the label, nil: not in the bundle
	tagged     *snapshot.PublicIP // whose tag names another Service
	owner      string             // that Service
	rival      *topology.Service  // that asks for the same label while nobody has it
	errs       []*errtext.Error
}

func checkPIP06(p *rule.Pass) {
	var all []*wish
	get := func(key string) *wish {
		for _, w := range all {
			if w.key == key {
				return w
			}
		}
		all = append(all, &wish{key: key, service: p.Graph.Service(key)})
		return all[len(all)-1]
	}
	for _, s := range p.Graph.Services {
		label := annotation(s, dnsLabel)
		if label == "" || !public(p, s) {
			continue
		}
		if holder := labelledElsewhere(p, s, label); holder != nil {
			w := get(s.Key())
			w.label, w.holder = label, holder
		}
		if pip, owner := tagOfOther(p, s); pip != nil {
			w := get(s.Key())
			w.label, w.tagged, w.owner = label, pip, owner
		}
		if rival := rivalFor(p, s, label); rival != nil {
			w := get(s.Key())
			w.label, w.rival = label, rival
		}
	}
	for _, e := range p.Current(func(e *errtext.Error) bool { return e.Service != "" && p.Knows(e) }) {
		if p.Gone(e) {
			continue
		}
		w := get(e.Service)
		w.errs = append(w.errs, e)
		if m := dnsInUse.FindStringSubmatch(e.Message); m != nil {
			w.label = m[1]
		}
		if m := consumedLabel.FindStringSubmatch(e.Message); m != nil {
			w.owner = m[2]
		}
	}
	for _, w := range all {
		p.Find(w.finding(p))
	}
}

func (w *wish) finding(p *rule.Pass) rule.Finding {
	ns, name, _ := strings.Cut(w.key, "/")
	told := rule.Tell(w.errs)
	f := rule.Finding{Subject: report.Object{Kind: "Service", Namespace: ns, Name: name}, Services: []string{w.key}, Cites: told.Cites}
	if w.service != nil && annotation(w.service, dnsLabel) != "" {
		f.Cites = append(f.Cites, w.service.Doc.Cite(pointerTo(dnsLabel)))
	}
	waits := w.service == nil || len(w.service.Status.LoadBalancer.Ingress) == 0
	label := cmp.Or(w.label, "that it asks for")
	switch {
	case w.tagged != nil:
		f.Subject = report.Object{Kind: "PublicIP", Name: w.tagged.Name}
		f.Cites = append(f.Cites, w.tagged.Doc.Cite(w.tagged.At+"/tags/"+dnsTag(w.tagged)))
		f.Message = fmt.Sprintf("%s asks for DNS label %s, but the tag %s of its public IP %s says that %s set the label there; %s. The provider refuses it to any other and fails the sync.", w.key, label, dnsTag(w.tagged), w.tagged.Name, w.owner, alive(p, w.owner))
		if len(w.errs) == 0 {
			f.Confidence, f.Why = report.Likely, "the bundle has no error that says so"
		}
	case w.holder != nil:
		f.Subject = report.Object{Kind: "PublicIP", Name: w.holder.Name}
		f.Cites = append(f.Cites, w.holder.Doc.Cite(w.holder.At+"/dnsSettings/domainNameLabel"))
		f.Message = fmt.Sprintf("%s asks for DNS label %s, which public IP %s in resource group %s has%s. A label is used once in a region, so Azure refuses the Service's public IP.", w.key, label, w.holder.Name, az.GroupOf(w.holder.ID), state(p, w.holder))
	case w.rival != nil:
		f.Severity = report.Warning
		f.Services = append(f.Services, w.rival.Key())
		f.Cites = append(f.Cites, w.rival.Doc.Cite(pointerTo(dnsLabel)))
		f.Message = fmt.Sprintf("%s and %s both ask for DNS label %s, and no address has it yet. Azure gives it to the first; the sync of the other fails with DnsRecordInUse.", w.key, w.rival.Key(), label)
	case w.owner != "":
		f.Errors = w.errs
		f.Message = fmt.Sprintf("%s asks for DNS label %s, but a tag of its public IP says that %s set the label there; %s. The provider refuses it to any other and fails the sync.", w.key, label, w.owner, alive(p, w.owner))
	default:
		f.Errors = w.errs
		f.Message = fmt.Sprintf("%s asks for DNS label %s, which an address outside this bundle has in the same region, perhaps of another subscription or customer. Azure refuses the Service's public IP.", w.key, label)
	}
	if len(w.errs) > 0 {
		f.Message += fmt.Sprintf(" It failed %s.", told.Span())
	}
	if !waits && w.rival == nil && len(f.Errors) == 0 {
		f.Severity = report.Warning
		f.Message += " The Service keeps its address, but no change of it arrives."
	}
	f.Fix = w.fix()
	return f
}

// alive says whether the Service in a tag is still there.
func alive(p *rule.Pass, key string) string {
	switch {
	case p.Exists(key):
		return "that Service exists"
	case p.Complete(&bundle.Services, ""):
		return "no such Service exists any more"
	}
	return "it is not in the bundle"
}

// state says who uses an address.
func state(p *rule.Pass, pip *snapshot.PublicIP) string {
	if pip.IPConfiguration == nil && pip.NATGateway == nil {
		return "; nothing uses that address"
	}
	if h := holder(p, pip); h != nil {
		if owner := ownerOf(p, h.frontend.Name); owner != "" {
			return " for " + owner
		}
	}
	return ""
}

func (w *wish) fix() []report.Step {
	var steps []report.Step
	at := func(pip *snapshot.PublicIP) string {
		return "-g " + rule.Word(az.GroupOf(pip.ID), "GROUP") + " -n " + rule.Word(pip.Name, "PUBLIC_IP")
	}
	switch {
	case w.tagged != nil:
		steps = append(steps, report.Step{Say: "If that Service is gone or needs no label, take the tag off; the next try of the controller succeeds then.", Changes: true,
			Run: fmt.Sprintf("az network public-ip update %s --remove tags.%s", at(w.tagged), rule.Word(dnsTag(w.tagged), "TAG"))})
	case w.holder != nil:
		steps = append(steps, report.Step{Say: "If nobody needs the label there, take it off that address (or delete the address, if nothing uses it).", Changes: true,
			Run: fmt.Sprintf("az network public-ip update %s --remove dnsSettings", at(w.holder))})
	default:
		steps = append(steps, report.Step{Say: "Find the address with the label, if it is in this subscription.",
			Run: fmt.Sprintf("az network public-ip list --query \"[?dnsSettings.domainNameLabel=='%s'].{name:name, group:resourceGroup, attached:ipConfiguration.id, tags:tags}\" -o json", quotable(cmp.Or(w.label, "LABEL")))})
	}
	ns, name, _ := strings.Cut(w.key, "/")
	return append(steps, report.Step{Say: "Or choose another label for " + w.key + ".", Changes: true,
		Run: fmt.Sprintf("kubectl annotate service -n %s %s --overwrite %s=OTHER_LABEL", rule.Word(ns, "NAMESPACE"), rule.Word(name, "SERVICE"), dnsLabel)})
}
