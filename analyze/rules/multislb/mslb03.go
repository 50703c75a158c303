package multislb

import (
	"fmt"
	"strconv"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// MSLB03 is a list of load balancers in azure.json that the provider refuses.
var MSLB03 = &rule.Rule{
	ID:       "AZLB-MSLB03",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the list of load balancers in azure.json is one that the provider refuses",
		Symptom: "After several load balancers were configured, every Service stays pending with `multiple standard load balancers are enabled but no configuration named … is found`, or the cloud-controller-manager ends at its start and there are no events at all.",
		Cause: "multipleStandardLoadBalancerConfigurations has rules of its own: one entry must have the cluster's name (--cluster-name, on AKS kubernetes), every entry a name and a primaryVMSet that no other one has, and backend pools must be by address (loadBalancerBackendPoolConfigurationType nodeIP). " +
			"A missing entry for the cluster fails every sync; the other faults keep the controller from starting.",
		Fix: []report.Step{
			{Say: "Correct the list in azure.json.", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true},
			{Say: "Restart the controller; it reads the file only when it starts.", Run: "kubectl -n kube-system delete pod -l component=cloud-controller-manager", Changes: true},
		},
		References: []string{docs, "https://cloud-provider-azure.sigs.k8s.io/install/configs/"},
		Affects:    "cloud-provider-azure 1.28 and later; earlier ones ignore the list",
		Healthy:    "A list that keeps these rules, and a cluster with one load balancer, which needs none of them. With loadBalancerSku basic the list is not looked at.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.CloudConfig, &bundle.Events, &bundle.ControllerLog}, All: []*bundle.Evidence{&bundle.KubeVersion}},
	Texts: []rule.Text{
		rule.Says(`(?i)multiple standard load balancers are enabled but no configuration named`),
		rule.Says(`(?i)multiple standard load balancers cannot be used with backend pool type`),
		rule.Says(`(?i)duplicated multiple standard load balancer configuration name|duplicated primary vmset|must have primary vmset`),
	},
	Check: checkMSLB03,
}

func checkMSLB03(p *rule.Pass) {
	var errs []*errtext.Error
	for _, e := range p.Current(p.Knows) {
		if !p.Gone(e) && !(e.Service == "" && p.Errors.Followed(e)) {
			errs = append(errs, e)
		}
	}
	var faults []fault
	if c := config(p); c != nil && (p.Graph.Minor() == 0 || p.Graph.Minor() >= 28) {
		faults = faultsOf(p, c)
	}
	if len(errs) == 0 && len(faults) == 0 {
		if single(p) {
			p.NotApplicable("azure.json has one load balancer", &bundle.CloudConfig)
		}
		return
	}
	told := rule.Tell(errs)
	f := rule.Finding{Subject: report.Object{Kind: "CloudConfig", Name: "azure.json"}, Cites: told.Cites, Services: p.Waiting()}
	waiting, working := p.Named(errs)
	f.Services = append(f.Services, waiting...)
	var say []string
	for _, x := range faults {
		say = append(say, x.say)
		f.Cites = append(f.Cites, config(p).Doc.Cite(x.pointer))
		f.Fix = append(f.Fix, edit(p, x.fix))
	}
	if len(say) > 0 {
		f.Message = "azure.json lists several load balancers in a way that the provider refuses: " + strings.Join(say, "; ") + "."
	} else {
		f.Message = "The provider refuses the list of load balancers in its configuration."
		f.Errors = errs
	}
	if len(errs) > 0 {
		f.Message += fmt.Sprintf(" It says “%s”, %s; no Service can be synced.", errs[len(errs)-1].Message, told.Span())
	} else {
		f.Message += " With this file no Service can be synced."
		f.Confidence, f.Why = report.Likely, "the provider's refusal itself is in no event and no log of the bundle: the controller that runs may have read another file"
	}
	if len(f.Services) == 0 {
		f.Severity, f.Services = report.Warning, working
	}
	if len(f.Fix) == 0 {
		f.Fix = []report.Step{edit(p, "Correct multipleStandardLoadBalancerConfigurations.")}
	}
	p.Find(f)
}

// fault is one rule of the list that is broken: those of
// checkEnableMultipleStandardLoadBalancers at the start, and the one of
// reconcileMultipleStandardLoadBalancerConfigurations in the first sync.
type fault struct{ say, pointer, fix string }

func faultsOf(p *rule.Pass, c *snapshot.CloudConfig) []fault {
	const list = "/multipleStandardLoadBalancerConfigurations"
	var out []fault
	if t := c.BackendPoolType; t == "" || strings.EqualFold(t, "nodeIPConfiguration") {
		pointer, is := list, "is not set, which means nodeIPConfiguration"
		if t != "" {
			pointer, is = "/loadBalancerBackendPoolConfigurationType", "is "+t
		}
		out = append(out, fault{"loadBalancerBackendPoolConfigurationType " + is + ", and only nodeIP goes with several load balancers", pointer, "Set loadBalancerBackendPoolConfigurationType to nodeIP."})
	}
	names, sets := map[string]bool{}, map[string]bool{}
	for i, b := range c.MultipleLoadBalancers {
		at := list + "/" + strconv.Itoa(i)
		if n := strings.ToLower(b.Name); names[n] {
			out = append(out, fault{"the name " + b.Name + " stands twice", at + "/name", "Give each entry a name of its own."})
		} else {
			names[n] = true
		}
		switch set := strings.ToLower(b.PrimaryVMSet); {
		case set == "":
			out = append(out, fault{"the entry " + b.Name + " has no primaryVMSet", at, "Give " + b.Name + " a primaryVMSet, the name of a scale set."})
		case sets[set]:
			out = append(out, fault{"the primaryVMSet " + b.PrimaryVMSet + " stands twice", at + "/primaryVMSet", "Give each entry a primaryVMSet of its own."})
		default:
			sets[set] = true
		}
	}
	if n := p.Graph.ClusterName; clusterNameTold(p) && !names[strings.ToLower(n)] {
		out = append(out, fault{"no entry has the name of the cluster, " + n, list, "Add an entry with the name " + n + "."})
	}
	return out
}

// clusterNameTold reports whether the controller's flag or a public IP's tag says
// the cluster's name, so that it is no guess.
func clusterNameTold(p *rule.Pass) bool {
	for _, l := range p.Snapshot.Logs {
		if l.Flags["cloud-provider"] == "azure" && strings.EqualFold(l.Flags["cluster-name"], p.Graph.ClusterName) {
			return true
		}
	}
	told := false
	for _, pip := range p.Snapshot.PublicIPs {
		n := azname.ClusterOfTags(pip.Tags)
		if n != "" && !strings.EqualFold(n, p.Graph.ClusterName) {
			return false // several clusters share the group
		}
		told = told || n != ""
	}
	return told
}
