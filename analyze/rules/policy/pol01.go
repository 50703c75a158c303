package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// POL01 is a policy that forbids what the controller has to make.
var POL01 = &rule.Rule{
	ID:       "AZLB-POL01",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "a policy of the organisation (Azure Policy) forbids what the Service needs",
		Symptom: "The Service stays pending; events show 403 RequestDisallowedByPolicy, `Resource '…' was disallowed by policy`. More roles for the controller change nothing.",
		Cause: "With Azure Policy an organisation says what may be made in its subscriptions: no public IPs, only with certain tags, only in certain regions. An assignment holds at a scope (management group, subscription or resource group) and for everybody below it. " +
			"For a public Service the controller makes a public IP, and for every Service it writes the load balancer and the network security group; a policy may forbid each of them.",
		Fix: []report.Step{
			{Say: "Read the policy.", Run: "az policy assignment show --name ASSIGNMENT --scope SCOPE"},
			{Say: "No public IPs allowed: make the Service internal.", Run: "kubectl annotate service -n NAMESPACE SERVICE --overwrite service.beta.kubernetes.io/azure-load-balancer-internal=true", Changes: true},
			{Say: "Tags demanded of a public IP: let the controller set them (1.20 and later).", Run: "kubectl annotate service -n NAMESPACE SERVICE --overwrite service.beta.kubernetes.io/azure-pip-tags=KEY=VALUE", Changes: true},
			{Say: "Or have the resource group of the cluster exempted.", Run: "az policy exemption create --name NAME --policy-assignment ASSIGNMENT_ID --exemption-category Waiver --scope GROUP_ID", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-policy-requestdisallowedbypolicy", "https://learn.microsoft.com/azure/governance/policy/concepts/exemption-structure", "Azure/AKS#3212", "Azure/AKS#211", "https://cloud-provider-azure.sigs.k8s.io/topics/loadbalancer/"},
		Healthy:    "A refusal that a later success of the same Service follows is history. Assignments that forbid nothing of this, or only report, are not this fault; nor is a 403 of another code, which is a missing role. What a volume's disk is refused is no Service's business.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.Events, &bundle.ControllerLog}},
	Texts: []rule.Text{rule.Codes("RequestDisallowedByPolicy")},
	Check: checkPOL01,
}

const (
	internal = "service.beta.kubernetes.io/azure-load-balancer-internal"
	pipTags  = "service.beta.kubernetes.io/azure-pip-tags"
)

func checkPOL01(p *rule.Pass) {
	errs := slices.DeleteFunc(p.Current(p.Knows), func(e *errtext.Error) bool {
		return p.Gone(e) || e.Service == "" && !balances(refusalOf(p, e).kind)
	})
	for _, b := range rule.Bunches(errs, func(e *errtext.Error) (string, bool) {
		r := refusalOf(p, e)
		return r.assignment + "\x00" + r.kind, true
	}) {
		p.Find(forbidden(p, b.All))
	}
}

// forbidden is what one assignment forbids of one kind of resource.
func forbidden(p *rule.Pass, errs []*errtext.Error) rule.Finding {
	told := rule.Tell(errs)
	r := refusalOf(p, errs[len(errs)-1])
	f := rule.Finding{Subject: report.Object{Kind: "PolicyAssignment", Name: cmp.Or(r.assignment, "of the message")}, Errors: errs, Cites: told.Cites}
	waiting, working := p.Named(errs)
	if f.Services = waiting; len(waiting) == 0 {
		f.Severity, f.Services = report.Warning, working
	}
	off := false // the assignment no longer forbids anything
	f.Message = fmt.Sprintf("Azure Policy forbids the controller to write %s for %s (RequestDisallowedByPolicy, %s)", r.what(), orUnnamed(f.Services), told.Span())
	if r.assignment != "" {
		f.Message += ": assignment " + r.assignment
	}
	if a := r.row(p); a != nil {
		f.Cites = append(f.Cites, a.Doc.Cite(a.At+"/name"))
		if a.DisplayName != "" && !strings.EqualFold(a.DisplayName, r.assignment) {
			f.Message += fmt.Sprintf(" (“%s”)", snapshot.Quote(a.DisplayName))
		}
		if off = strings.EqualFold(a.Enforcement, "DoNotEnforce"); off {
			f.Message += ", which by now only reports and forbids nothing any more"
		}
	}
	if r.definition != "" {
		f.Message += fmt.Sprintf(", policy “%s”", snapshot.Quote(r.definition))
	}
	f.Message += "."
	if r.reason != "" {
		f.Message += fmt.Sprintf(" Its reason: “%s”.", snapshot.Quote(r.reason))
	}
	f.Fix = comply(p, r, f.Services, errs)
	if off {
		f.Message += " The next try should go through; if it does not, the assignment was changed back or another one forbids it."
		f.Fix = f.Fix[:1]
		return f
	}
	f.Message += " It holds for everybody: more roles for the controller change nothing."
	return f
}

// balances reports whether a Service's load balancing writes resources of a type, in lower
// case: the log tells of the disks of volumes too.
func balances(kind string) bool { return kinds[kind] != "" }

// kinds words the types of what load balancing writes.
var kinds = map[string]string{"publicipaddresses": "public IP", "loadbalancers": "load balancer", "networksecuritygroups": "network security group", "routetables": "route table",
	"virtualmachines": "machine", "networkinterfaces": "network interface", "virtualmachinescalesets": "scale set", "privatelinkservices": "private link service", "subnets": "subnet"}

// what names what was to be made.
func (r refusal) what() string {
	kind := cmp.Or(kinds[r.kind], r.kind, "resource")
	if r.resource == "" {
		return "a " + kind
	}
	return kind + " " + r.resource
}

func orUnnamed(services []string) string {
	if len(services) == 0 {
		return "a Service that no error names"
	}
	return rule.List(services)
}

// comply are the ways to live with a policy, and the one around it.
func comply(p *rule.Pass, r refusal, services []string, errs []*errtext.Error) []report.Step {
	scope, _, ok := az.AttachedTo(r.assignmentID)
	if !ok {
		scope = ""
	}
	steps := []report.Step{{Say: "Read the policy: what it demands stands in its definition.", Run: "az policy assignment show --name " + rule.Word(r.assignment, "ASSIGNMENT") + " --scope " + rule.Word(scope, "SCOPE")}}
	each := func(step func(key string) (report.Step, bool)) {
		for _, key := range services[:min(len(services), 3)] {
			if s, ok := step(key); ok {
				steps = append(steps, s)
			}
		}
	}
	switch {
	case r.kind == "publicipaddresses" && r.demandsTags():
		each(func(key string) (report.Step, bool) {
			s := p.Graph.Service(key)
			if s == nil {
				return report.Step{}, false
			}
			return rule.Annotate(s, pipTags, "KEY=VALUE", "Let the controller give the public IP of "+key+" the tags that the policy demands (1.20 and later)."), true
		})
	case r.kind == "publicipaddresses":
		each(func(key string) (report.Step, bool) {
			s := p.Graph.Service(key)
			if want := p.Wants.Of(key); s == nil || want == nil || want.Internal.V {
				return report.Step{}, false
			}
			return rule.Annotate(s, internal, "true", "If "+key+" need not be reached from the Internet, make it internal: it then needs no public IP."), true
		})
	case r.demandsTags() && !p.Graph.Managed():
		steps = append(steps, report.Step{Say: "Let the controller give what it makes the tags that the policy demands: tags in azure.json (\"KEY=VALUE\") on every control-plane machine, then restart the controller.", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true})
	case r.kind == "networksecuritygroups":
		each(func(key string) (report.Step, bool) {
			return report.Step{Say: "If the policy forbids rules that let everybody in, name who may reach " + key + ".", Changes: true, Run: rule.Kubectl("patch", key, `-p '{"spec":{"loadBalancerSourceRanges":["RANGE"]}}'`)}, true
		})
	}
	group := "GROUP_ID"
	if id, ok := az.ParseID(errs[len(errs)-1].Target); ok && id.Group != "" {
		group = rule.Word(fmt.Sprintf("/subscriptions/%s/resourceGroups/%s", id.Subscription, id.Group), group)
	}
	return append(steps, report.Step{Say: "Or ask those who look after the policy to exempt the resource group in which the controller works.", Changes: true,
		Run: "az policy exemption create --name kubernetes --policy-assignment " + rule.Word(r.assignmentID, "ASSIGNMENT_ID") + " --exemption-category Waiver --scope " + group})
}
