package config

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// CFG09 are tags that the provider writes and Azure does not take, or that it takes off.
var CFG09 = &rule.Rule{
	ID:       "AZLB-CFG09",
	Severity: report.Error,
	Doc: report.Doc{
		Title: "a tag that the provider writes is too long, or tags that others wrote do not stay",
		Symptom: "Services that share one public IP work up to some number, and the next one stays pending with InvalidTagValueLength (`Tag value too large`). " +
			"Or a tag that somebody put on a public IP or a load balancer is gone after a while.",
		Cause: "On a public IP that it made itself the provider keeps the names of all Services that share it, in the tag k8s-azure-service. Azure takes 256 characters for a tag: that is ten to twenty names of Services with their namespaces. " +
			"And where systemTags is set in azure.json, every sync takes off the tags of load balancers and public IPs that neither systemTags nor tags, tagsMap or the annotation azure-pip-tags name.",
		Fix: []report.Step{
			{Say: "Make a public IP yourself, and let the Services share that one: the provider does not tag what it did not make (1.20.6 and later).", Run: "az network public-ip create -g GROUP -n NAME --sku Standard --allocation-method Static", Changes: true},
			{Say: "Or put the Services behind one ingress controller, which needs one Service.", Changes: true},
			{Say: "For tags that shall stay: name them in systemTags of azure.json, or let the provider write them, by tags there or by the annotation.", Run: "kubectl annotate service -n NAMESPACE SERVICE --overwrite service.beta.kubernetes.io/azure-pip-tags=KEY=VALUE", Changes: true},
		},
		References: []string{"kubernetes-sigs/cloud-provider-azure#510", "Azure/AKS#2160", "kubernetes-sigs/cloud-provider-azure#499", "https://cloud-provider-azure.sigs.k8s.io/topics/shared-ip/", "https://cloud-provider-azure.sigs.k8s.io/topics/tagging-resources/"},
		Affects:    "shared addresses since 1.20; systemTags since cloud-provider-azure 0.7, and since 1.31.3 and 1.32.1 also by how a key begins",
		Healthy:    "Any number of Services may share an address that somebody made himself. Without systemTags no tag is taken off. That tags go is then what azure.json asks for: worth knowing, and no fault.",
	},
	Needs: rule.Needs{
		Any:   []*bundle.Evidence{&bundle.Events, &bundle.ControllerLog, &bundle.PublicIPs},
		All:   []*bundle.Evidence{&bundle.Services},
		Clean: []*bundle.Evidence{&bundle.CloudConfig, &bundle.LoadBalancers},
	},
	Texts: []rule.Text{rule.Codes("InvalidTagValueLength")},
	Check: checkCFG09,
}

// longestTag is what Azure takes for the value of a tag, in characters.
const longestTag = 256

var (
	tooLong = regexp.MustCompile(`(?i)tag value '([^']*)' exceeded`)
	// namesList is a list of Services as the provider writes it.
	namesList = regexp.MustCompile(`^[a-z0-9.-]+/[a-z0-9.-]+(?:,[a-z0-9.-]+/[a-z0-9.-]+)+$`)
)

func checkCFG09(p *rule.Pass) {
	errs := slices.DeleteFunc(p.Current(p.Knows), p.Gone)
	for _, b := range rule.Bunches(errs, func(e *errtext.Error) (string, bool) { return addressOf(p, e), true }) {
		p.Find(overlong(p, b.Name, b.All))
	}
	for _, s := range p.Graph.Served() {
		if len(s.Status.LoadBalancer.Ingress) > 0 || p.Failing(s.Key()) {
			continue
		}
		for _, pip := range shares(p, s) {
			if key, value := owners(pip); value != "" && len(value)+len(",")+len(s.Key()) > longestTag && !slices.Contains(azname.ServicesOfTag(pip.Tags), s.Key()) {
				p.Find(rule.Finding{Subject: report.Object{Kind: "PublicIP", Name: pip.Name}, Services: []string{s.Key()}, Confidence: report.Likely, Why: "the bundle has no refusal of it",
					Message: fmt.Sprintf("%s asks to share public IP %s with %d Services. With its name the tag %s would have %d characters, and Azure takes %d.",
						s.Key(), pip.Name, len(azname.ServicesOfTag(pip.Tags)), key, len(value)+len(",")+len(s.Key()), longestTag),
					Cites: []report.Cite{s.Doc.Cite("/metadata/name"), pip.Doc.Cite(pip.At + "/tags")}, Fix: own(p)})
			}
		}
	}
	takenOff(p)
}

// addressOf is the public IP that an error is about; empty: not told.
func addressOf(p *rule.Pass, e *errtext.Error) string {
	if id, ok := az.ParseID(e.Target); ok && id.Name("publicIPAddresses") != "" {
		return id.Name("publicIPAddresses")
	}
	if s := p.Graph.Service(e.Service); s != nil {
		for _, pip := range shares(p, s) {
			return pip.Name
		}
	}
	return ""
}

// shares lists the public IPs of the bundle that a Service names, by name or address.
func shares(p *rule.Pass, s *topology.Service) []*snapshot.PublicIP {
	var out []*snapshot.PublicIP
	want := p.Wants.Of(s.Key())
	for _, lane := range want.Lanes {
		if lane.PublicIP == nil || lane.PublicIP.Made {
			continue
		}
		for i := range p.Snapshot.PublicIPs {
			pip := &p.Snapshot.PublicIPs[i]
			if name := lane.PublicIP.Name.V; strings.EqualFold(az.GroupOf(pip.ID), want.PublicIPGroup.V) &&
				(name != "" && strings.EqualFold(pip.Name, name) || name == "" && pip.IPAddress != "" && pip.IPAddress == lane.PublicIP.Address.V) {
				out = append(out, pip)
			}
		}
	}
	return out
}

// owners is the tag that names the Services of an address.
func owners(pip *snapshot.PublicIP) (key, value string) {
	for _, k := range slices.Sorted(maps.Keys(pip.Tags)) {
		if strings.EqualFold(k, azname.ServiceTag) || strings.EqualFold(k, azname.LegacyServiceTag) && value == "" {
			key, value = k, pip.Tags[k]
		}
	}
	return key, value
}

// overlong is Azure's refusal of a tag.
func overlong(p *rule.Pass, address string, errs []*errtext.Error) rule.Finding {
	told, last := rule.Tell(errs), errs[len(errs)-1]
	f := rule.Finding{Subject: report.Object{Kind: "PublicIP", Name: cmp.Or(address, "of which the message does not tell the name")}, Errors: errs, Cites: told.Cites}
	var working []string
	if f.Services, working = p.Named(errs); len(f.Services) == 0 {
		f.Severity, f.Services = report.Warning, working
	}
	who := "a Service"
	if len(f.Services) > 0 {
		who = rule.List(f.Services)
	}
	value := ""
	if m := tooLong.FindStringSubmatch(last.Message); m != nil {
		value = m[1]
	}
	switch {
	case namesList.MatchString(value):
		f.Message = fmt.Sprintf("Too many Services share the public IP of %s: with its name the tag that lists them would have %d characters for %d Services, and Azure takes %d.", who, len(value), strings.Count(value, ",")+1, longestTag)
		f.Fix = own(p)
	default:
		f.Message = fmt.Sprintf("A tag that the provider writes for %s is too long: Azure takes %d characters. It comes from azure-pip-tags of the Service, or from tags or tagsMap of azure.json.", who, longestTag)
		f.Fix = append([]report.Step{{Say: "See the tags that the Services ask for.", Run: "kubectl get services -A -o custom-columns='NS:.metadata.namespace,NAME:.metadata.name,TAGS:.metadata.annotations.service\\.beta\\.kubernetes\\.io/azure-pip-tags'"}}, edit(p, "Shorten the value, there or in tags and tagsMap.")...)
	}
	f.Message += fmt.Sprintf(" It answered InvalidTagValueLength %s.", told.Span())
	return f
}

// own gives the Services an address that the provider does not tag.
func own(p *rule.Pass) []report.Step {
	group := rule.Word(p.Wants.Settings.Group.V, "GROUP")
	return []report.Step{
		{Say: "Make a public IP yourself, and let all these Services ask for that one: the provider does not tag what it did not make. Their address changes.", Run: fmt.Sprintf("az network public-ip create -g %s -n NEW_NAME --sku Standard --allocation-method Static --query publicIp.ipAddress -o tsv", group), Changes: true},
		{Say: "Or spread the Services over several public IPs, or put them behind one ingress controller, which needs one Service."},
	}
}

// takenOff notes tags that the next sync takes off, as systemTags says.
func takenOff(p *rule.Pass) {
	c := p.Snapshot.Config
	if c == nil || c.Invalid != "" || c.SystemTags == "" || az.Masked(c.SystemTags) || az.Masked(c.Tags) || bySecret(p) {
		return
	}
	written := slices.Collect(maps.Keys(c.TagsMap))
	for pair := range strings.SplitSeq(c.Tags, ",") {
		key, _, _ := strings.Cut(pair, "=")
		written = append(written, key)
	}
	f := rule.Finding{Subject: file, Severity: report.Info, Confidence: report.Likely, Why: "the controller may have read another azure.json", Cites: []report.Cite{c.Doc.Cite("/systemTags")}}
	var say []string
	note := func(what string, r az.Resource, doc *snapshot.Doc, kept []string) {
		var gone []string
		for _, key := range slices.Sorted(maps.Keys(r.Tags)) {
			if !stays(c.SystemTags, key, kept) {
				gone = append(gone, key)
			}
		}
		if len(gone) > 0 {
			say = append(say, fmt.Sprintf("%s of %s %s", rule.List(gone), what, r.Name))
			if len(f.Cites) < 4 {
				f.Cites = append(f.Cites, doc.Cite(r.At+"/tags"))
			}
		}
	}
	for i := range p.Snapshot.PublicIPs {
		pip := &p.Snapshot.PublicIPs[i]
		if kept, ok := keptOn(p, pip); ok {
			note("public IP", pip.Resource, pip.Doc, append(kept, written...))
		}
	}
	if c.Tags != "" || len(c.TagsMap) > 0 {
		for i := range p.Snapshot.Loads {
			if lb := &p.Snapshot.Loads[i]; p.Graph.OwnLoadBalancer(lb) {
				note("load balancer", lb.Resource, lb.Doc, written)
			}
		}
	}
	if len(say) == 0 {
		return
	}
	f.Message = fmt.Sprintf("systemTags in azure.json makes every sync take off the tags that it does not name: %s. Whoever wrote them writes in vain.", rule.List(say))
	f.Fix = edit(p, "Name the tags that shall stay in systemTags, or let the provider write them, by tags (key=value, between commas).")
	p.Find(f)
}

// keptOn lists the keys that the provider writes on an address of one living Service,
// which it made; not ok for any other address.
func keptOn(p *rule.Pass, pip *snapshot.PublicIP) (kept []string, ok bool) {
	names := azname.ServicesOfTag(pip.Tags)
	if len(names) != 1 || p.Graph.Service(names[0]) == nil {
		return nil, false
	}
	kept = []string{azname.ServiceTag, azname.LegacyServiceTag, azname.ClusterTag, azname.LegacyClusterTag, azname.DNSLabelTag, azname.LegacyDNSLabelTag}
	for _, lane := range p.Wants.Of(names[0]).Lanes {
		if lane.PublicIP == nil || !lane.PublicIP.Made {
			continue
		}
		ok = ok || strings.EqualFold(lane.PublicIP.Name.V, pip.Name)
		for _, t := range lane.PublicIP.Tags {
			kept = append(kept, t.Keys...)
		}
	}
	return kept, ok
}

// stays reports whether systemTags, or what the provider writes, keeps a tag.
func stays(system, key string, kept []string) bool {
	for word := range strings.SplitSeq(system, ",") {
		if word = strings.TrimSpace(word); word != "" && strings.HasPrefix(strings.ToLower(key), strings.ToLower(word)) {
			return true
		}
	}
	return slices.ContainsFunc(kept, func(k string) bool { return strings.EqualFold(strings.TrimSpace(k), key) })
}
