package quota

import (
	"regexp"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

var groupInText = regexp.MustCompile(`(?i)/networkSecurityGroups/([^/\s'":]+)`)

// groupOf is the security group that an error is about: the one it names, else the one
// that the provider writes to, which it never names itself; empty: not known.
func groupOf(p *rule.Pass, e *errtext.Error) string {
	if id, ok := az.ParseID(e.Target); ok && id.Name("networkSecurityGroups") != "" {
		return id.Name("networkSecurityGroups")
	}
	if m := groupInText.FindStringSubmatch(e.Message); m != nil {
		return m[1]
	}
	return p.Wants.Settings.SecurityGroup.V
}

// writtenTo is the security group of that name to which the provider writes, or nil.
func writtenTo(p *rule.Pass, name string) *snapshot.NSG {
	in := ""
	if c := p.Snapshot.Config; c != nil {
		if in = c.SecurityGroupResourceGroup; in == "" {
			in = c.ResourceGroup
		}
	}
	for i := range p.Snapshot.NSGs {
		g := &p.Snapshot.NSGs[i]
		if at := az.GroupOf(g.ID); strings.EqualFold(g.Name, name) && (in == "" || az.Masked(in) || at == "" || az.Masked(at) || strings.EqualFold(at, in)) {
			return g
		}
	}
	return nil
}

// groups are the security groups that errors name and the one that the provider
// writes to, each with its errors.
func groups(p *rule.Pass, errs []*errtext.Error) []rule.Bunch[*errtext.Error] {
	out := rule.Bunches(errs, func(e *errtext.Error) (string, bool) { return groupOf(p, e), true })
	if own := p.Wants.Settings.SecurityGroup.V; own != "" && ownBunch(out, own) == nil {
		out = append(out, rule.Bunch[*errtext.Error]{Name: own})
	}
	return out
}

// securityGroup is the subject of a finding, where the name may not be known.
func securityGroup(name string) report.Object {
	if name == "" {
		name = "of the nodes"
	}
	return report.Object{Kind: "NetworkSecurityGroup", Name: name}
}

// inWords is a security group in a sentence, where the name may not be known.
func inWords(name string) string {
	if name == "" {
		return "the nodes' network security group"
	}
	return "network security group " + name
}

// providers reports whether a security rule bears a name of the provider's.
func providers(r *az.SecurityRule) bool {
	_, old := azname.ParsePrefix(r.Name)
	return old || azname.IsManagedSecurityRule(r.Name) || strings.HasPrefix(strings.ToLower(r.Name), azname.SharedRulePrefix+"-")
}

// inGroup are the words of az for a security group, whose name or place may not be known.
func inGroup(g *snapshot.NSG, name string) string {
	group := ""
	if g != nil {
		group = az.GroupOf(g.ID)
	}
	return "-g " + rule.Word(group, "GROUP") + " --nsg-name " + rule.Word(name, "NSG")
}
