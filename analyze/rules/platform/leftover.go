package platform

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// removal is how az deletes a kind of object, in the order in which Azure lets them go.
var removal = []struct{ hop, say, command string }{
	{desired.HopRule, "rule", "az network lb rule delete"},
	{desired.HopProbe, "probe", "az network lb probe delete"},
	{desired.HopFrontend, "frontend", "az network lb frontend-ip delete"},
	{desired.HopPublicIP, "public IP", "az network public-ip delete"},
}

// left is what bears the name of a living Service and is asked for no more.
func left(p *rule.Pass, checks []desired.Check) rule.Finding {
	key := checks[0].Services[0]
	f := rule.Finding{Services: []string{key}, Severity: report.Info}
	var what, commands []string // what matters most comes first, and is deleted last
	for _, r := range removal {
		for _, c := range checks {
			if c.Hop != r.hop {
				continue
			}
			what = slices.Insert(what, 0, r.say+" "+c.Object)
			f.Subject = report.Object{Kind: "LoadBalancer", Name: c.Object}
			lb, name := child(c.Object)
			group := rule.Word(az.GroupOf(idOf(p, c)), "GROUP")
			if r.hop == desired.HopPublicIP {
				f.Subject.Kind = "PublicIP"
				commands = append(commands, fmt.Sprintf("%s -g %s -n %s", r.command, group, rule.Word(c.Object, "PUBLIC_IP")))
			} else {
				commands = append(commands, fmt.Sprintf("%s -g %s --lb-name %s -n %s", r.command, group, rule.Word(lb, "LOAD_BALANCER"), rule.Word(name, "NAME")))
			}
			if len(f.Cites) < 6 {
				f.Cites = append(f.Cites, c.Cites()...)
			}
		}
	}
	says := "a probe alone opens nothing"
	if slices.ContainsFunc(checks, func(c desired.Check) bool { return c.Hop == desired.HopRule }) {
		says = "it keeps a port open that the Service gave up"
	}
	if slices.ContainsFunc(checks, func(c desired.Check) bool { return c.Hop == desired.HopFrontend || c.Hop == desired.HopPublicIP }) {
		f.Severity = report.Warning
		says = "an address that is kept costs money and counts against the limits"
	}
	f.Message = fmt.Sprintf("In Azure there is something under the name of %s that it does not ask for: %s; %s. Either no sync has brought the last change of the Service to Azure, or somebody made it by hand; the next sync removes it.", key, rule.List(what), says)
	id := idOf(p, checks[0])
	f.Fix = append(rule.Describe(f.Services), p.LastWritten(&f, rule.Writers(id, "RESOURCE_ID"), id)...)
	f.Fix = append(f.Fix, p.ResyncAll(f.Services, "Make the provider sync the Service; it then removes what nobody asks for.")...)
	f.Fix = append(f.Fix, report.Step{Say: "If it is still there afterwards and nobody uses it, delete it.", Run: strings.Join(commands, " && "), Changes: true})
	p.Doubt(&f, nil)
	return f
}
