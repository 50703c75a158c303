package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"azlb/analyze/desired"
	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// CFG02 is an azure.json that the controller cannot read, refuses, or reads otherwise than meant.
var CFG02 = &rule.Rule{
	ID:       "AZLB-CFG02",
	Severity: report.Error,
	Doc: report.Doc{
		Title: "the controller cannot read azure.json, refuses a value in it, or leaves out a misspelt key",
		Symptom: "The cloud controller manager ends at its start, over and over (CrashLoopBackOff), and Services stay pending without any event; its log names the file, the Secret or a key of it. " +
			"Or it runs, and a setting has no effect.",
		Cause: "The provider reads its settings once, when it starts: from the file that --cloud-config names, from a Secret (kube-system/azure-cloud-provider, key cloud-config), or from both. A file that is not there, not readable or does not parse, a Secret without the key, or a value that the provider does not know ends the start. " +
			"A key that it does not know is left out without a word. An edit of the file changes nothing until the controller is restarted.",
		Fix: []report.Step{
			{Say: "Read what the controller says at its start.", Run: "kubectl -n kube-system logs -l component=cloud-controller-manager --tail 50; kubectl -n kube-system logs -l component=cloud-controller-manager --previous --tail 50"},
			{Say: "See that the file parses.", Run: "sudo python3 -m json.tool /etc/kubernetes/azure.json /dev/null"},
			{Say: "Correct it, on every control-plane machine.", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true},
			{Say: "Restart the controller.", Run: "kubectl -n kube-system delete pod -l component=cloud-controller-manager", Changes: true},
		},
		References: []string{"https://cloud-provider-azure.sigs.k8s.io/install/configs/", "kubernetes-sigs/cloud-provider-azure#3579", "kubernetes/kubernetes#92504", "kubernetes/kubernetes#66449", "InitializeCloudFromConfig and NewCloudFromConfigFile of cloud-provider-azure"},
		Affects:    "all; Secrets since cloud-provider-azure 0.7, and the checks of single values since the release in which each key came",
		Healthy:    "A start that failed before syncs succeeded is history. Keys of other programs that share the file, and keys in another case (Go compares without), are no mistakes. A file without credentials is AZLB-AUTH08's, the list of several load balancers AZLB-MSLB03's.",
	},
	Needs: rule.Needs{
		Any:   []*bundle.Evidence{&bundle.CloudConfig, &bundle.ControllerLog, &bundle.Events},
		Clean: []*bundle.Evidence{&bundle.Services},
	},
	Texts:       rule.InLogs(startTexts...),
	FollowsFrom: []string{"AZLB-AUTH08"},
	Check:       checkCFG02,
}

// startTexts are the provider's words for a start that its configuration ends.
var startTexts = []rule.Text{
	rule.Says(`(?i)Couldn't open cloud provider configuration`),
	rule.Says(`(?i)Failed to parse Azure cloud provider config`),
	rule.Says(`(?i)error (?:converting YAML to JSON|unmarshaling JSON)|cannot unmarshal \S+ into Go `),
	rule.Says(`(?i)failed to get (?:cloud )?config from secret|cloud-config is not set in the secret|cannot initialize from nil config`),
	rule.Says(`(?i)(?:cloudConfigType|loadBalancerBackendPoolConfigurationType|clusterServiceLoadBalancerHealthProbeMode) \S* ?is not supported, supported values are`),
	rule.Says(`(?i)disableAvailabilitySetNodes \S+ is only supported when vmType is 'vmss'`),
	rule.Says(`(?i)disableOutboundSNAT should only set when loadBalancerSku is standard`),
	rule.Says(`(?i)useInstanceMetadata must be enabled without Azure credentials`),
}

// flaw is a value that the provider refuses.
type flaw struct{ pointer, say string }

func checkCFG02(p *rule.Pass) {
	c := p.Snapshot.Config
	errs := slices.DeleteFunc(p.Current(func(e *errtext.Error) bool {
		return p.Knows(e) && e.Service == "" && strings.Contains(strings.ToLower(e.Raw), "cloud")
	}), func(e *errtext.Error) bool { return over(p, e) })
	flaws := flawsOf(p, c)
	waiting := p.Waiting()
	f := rule.Finding{Subject: file, Services: waiting}
	switch {
	case len(errs) > 0:
		told := rule.Tell(errs)
		f.Cites, f.Errors = told.Cites, errs
		f.Message = fmt.Sprintf("The controller does not start with its configuration: “%s”, %s.", words(errs[len(errs)-1]), told.Span())
	case len(flaws) > 0 && len(waiting) > 0 && neverSynced(p) && !bySecret(p):
		f.Confidence, f.Why = report.Likely, "no log of a start with this file is in the bundle"
		f.Message = "The provider refuses azure.json, so that the controller ends at its start."
	default:
		misspelt(p, c)
		return
	}
	for _, x := range flaws {
		f.Message += " " + x.say
		f.Cites = append(f.Cites, c.Doc.Cite(x.pointer))
		f.Errors = nil // the file shows it as well
	}
	if len(waiting) > 0 {
		f.Message += fmt.Sprintf(" %s waits for it.", rule.List(waiting))
	} else {
		f.Severity = report.Warning
		f.Message += " The Services keep what they have, and none can be made or changed."
	}
	f.Fix = append([]report.Step{{Say: "See that the file is there on every control-plane machine, under the name that --cloud-config has, and parses.", Run: "sudo python3 -m json.tool /etc/kubernetes/azure.json /dev/null"}},
		edit(p, "Correct what the message names.")...)
	if slices.ContainsFunc(errs, func(e *errtext.Error) bool { return strings.Contains(strings.ToLower(e.Message), "secret") }) {
		f.Fix = append([]report.Step{{Say: "See which keys the Secret of the message has: the settings, as JSON, must stand under cloud-config.", Run: "kubectl -n kube-system get secret azure-cloud-provider -o json | python3 -c 'import json,sys; print(list(json.load(sys.stdin)[\"data\"]))'"}}, f.Fix...)
	}
	p.Find(f)
}

// words are those of an error from where a text of the rule begins.
func words(e *errtext.Error) string {
	at := len(e.Message)
	for _, t := range startTexts {
		if loc := t.Pattern.FindStringIndex(e.Message); loc != nil {
			at = min(at, loc[0])
		}
	}
	return snapshot.Quote(e.Message[at:])
}

// flawsOf lists the values for which the start ends.
func flawsOf(p *rule.Pass, c *snapshot.CloudConfig) []flaw {
	if c == nil || c.Invalid != "" {
		return nil
	}
	var out []flaw
	word := func(key, value string, fold bool, legal ...string) {
		ok := value == "" || az.Masked(value) || slices.ContainsFunc(legal, func(l string) bool { return l == value || fold && strings.EqualFold(l, value) })
		if !ok {
			out = append(out, flaw{"/" + key, fmt.Sprintf("%s in azure.json is %q; it can be %s.", key, snapshot.Quote(value), strings.Join(legal, ", "))})
		}
	}
	word("cloudConfigType", c.Type, false, "file", "secret", "merge")
	word("loadBalancerBackendPoolConfigurationType", c.BackendPoolType, true, "nodeIPConfiguration", "nodeIP", "podIP")
	word("clusterServiceLoadBalancerHealthProbeMode", c.ProbeMode, true, "servicenodeport", "shared")
	if kind, _ := vmType(p); c.DisableAvailabilitySetNodes && kind != "" {
		out = append(out, flaw{"/disableAvailabilitySetNodes", "disableAvailabilitySetNodes in azure.json goes with vmType vmss alone."})
	}
	if c.DisableOutboundSNAT && strings.EqualFold(c.LoadBalancerSKU, "basic") {
		out = append(out, flaw{"/disableOutboundSNAT", "disableOutboundSNAT in azure.json goes with loadBalancerSku standard alone."})
	}
	return out
}

// misspelt tells keys that are nearly ones of the provider, which are not set themselves.
func misspelt(p *rule.Pass, c *snapshot.CloudConfig) {
	if c == nil || c.Invalid != "" || c.Doc == nil {
		return
	}
	var object map[string]any
	if yaml.Unmarshal(c.Doc.Raw, &object) != nil {
		return
	}
	set := map[string]bool{}
	for k := range object {
		set[strings.ToLower(k)] = true
	}
	f := rule.Finding{Subject: file, Severity: report.Info, Confidence: report.Likely, Why: "the key may be another program's"}
	var say []string
	for _, k := range slices.Sorted(maps.Keys(object)) {
		if meant := nearest(k); meant != "" && !set[strings.ToLower(meant)] {
			say = append(say, fmt.Sprintf("%s (%s is probably meant)", snapshot.Quote(k), meant))
			f.Cites = append(f.Cites, c.Doc.Cite("/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(k)))
		}
	}
	if len(say) == 0 {
		return
	}
	f.Message = fmt.Sprintf("No release of the provider reads %s in azure.json; what is not known is left out without a word.", rule.List(say))
	f.Fix = edit(p, "Correct the spelling.")
	p.Find(f)
}

// nearest is the key of the provider that another one is nearly; empty: none, or it is one.
func nearest(key string) string {
	if slices.ContainsFunc(keys, func(k string) bool { return strings.EqualFold(k, key) }) {
		return "" // before any distance is counted: most keys are right
	}
	low, near, best := strings.ToLower(key), "", 3
	for _, k := range keys {
		if d := desired.Distance(low, strings.ToLower(k)); d < best && d <= len(k)/5 {
			near, best = k, d
		}
	}
	return near
}
