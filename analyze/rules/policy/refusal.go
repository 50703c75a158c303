package policy

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
)

// refusal is what Azure says of one policy that forbids something. Newer answers have a
// reason and name the policy in their additional information, older ones name it in the
// message.
type refusal struct {
	assignment   string // name of the assignment, or its id where only that is told; empty: not told
	assignmentID string
	definition   string // what the policy is called
	reason       string // the sentence that its authors wrote for this
	resource     string // name of what was to be made
	kind         string // its type, in lower case ("publicipaddresses"); empty: not known
}

// Quotes in the texts may be escaped, as in a log.
var (
	assignmentName = regexp.MustCompile(`(?i)policyAssignmentName\\*"\s*:\s*\\*"([^"\\]+)|policyAssignment\\*"\s*:\s*\{\s*\\*"name\\*"\s*:\s*\\*"([^"\\]+)`)
	assignmentID   = regexp.MustCompile(`(?i)(/[^"'\\\s]*/policyAssignments/[^"'\\\s]+)`)
	definitionName = regexp.MustCompile(`(?i)policyDefinitionDisplayName\\*"\s*:\s*\\*"([^"\\]+)|policyDefinition\\*"\s*:\s*\{\s*\\*"name\\*"\s*:\s*\\*"([^"\\]+)`)
	reasons        = regexp.MustCompile(`(?i)\bReasons: '([^']+)'`)
	disallowed     = regexp.MustCompile(`(?i)\bResource '([^']+)' was disallowed by policy`)
	evaluatedType  = regexp.MustCompile(`(?i)path\\*"\s*:\s*\\*"type\\*"\s*,\s*\\*"expressionValue\\*"\s*:\s*\\*"[^"\\/]+/([^"\\]+)`)
	ofTags         = regexp.MustCompile(`(?i)\btags?\b`)
)

func refusalOf(p *rule.Pass, e *errtext.Error) refusal {
	find := func(re *regexp.Regexp) string {
		for _, text := range []string{e.Message, e.Raw} {
			if m := re.FindStringSubmatch(text); m != nil {
				return cmp.Or(m[1:]...)
			}
		}
		return ""
	}
	r := refusal{assignment: find(assignmentName), assignmentID: find(assignmentID), definition: find(definitionName), reason: find(reasons), resource: find(disallowed)}
	r.assignment = cmp.Or(r.assignment, az.LastName(r.assignmentID), lastPart(r.assignmentID))
	if id, ok := az.ParseID(e.Target); ok && len(id.Types) > 0 {
		r.kind, r.resource = id.Types[len(id.Types)-1], id.Names[len(id.Names)-1]
	}
	r.kind = strings.ToLower(cmp.Or(r.kind, find(evaluatedType), byName(p, r.resource)))
	return r
}

// lastPart is the name at the end of an id that has another form than most.
func lastPart(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }

// byName is the type of a resource by its name, as the provider gives names.
func byName(p *rule.Pass, name string) string {
	s := p.Wants.Settings
	switch low := strings.ToLower(name); {
	case name == "":
		return ""
	case strings.EqualFold(strings.TrimSuffix(low, "-internal"), s.Balancer.V):
		return "loadBalancers"
	case strings.EqualFold(name, s.SecurityGroup.V):
		return "networkSecurityGroups"
	case slices.ContainsFunc(strings.Split(low, "-"), func(part string) bool { _, ok := azname.ParsePrefix(part); return ok }):
		return "publicIPAddresses"
	}
	return ""
}

// demandsTags reports whether the policy seems to be about tags.
func (r refusal) demandsTags() bool {
	return ofTags.MatchString(r.assignment) || ofTags.MatchString(r.definition) || ofTags.MatchString(r.reason)
}

// row is the assignment of the bundle, or nil.
func (r refusal) row(p *rule.Pass) *snapshot.PolicyAssignment {
	for i := range p.Snapshot.PolicyAssignments {
		a := &p.Snapshot.PolicyAssignments[i]
		if r.assignmentID != "" && strings.EqualFold(a.ID, r.assignmentID) || r.assignmentID == "" && r.assignment != "" && strings.EqualFold(a.Name, r.assignment) {
			return a
		}
	}
	return nil
}
