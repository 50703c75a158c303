package platform

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// PLAT02 is a subscription that is off, or an AKS cluster that is stopped or rebuilt.
var PLAT02 = &rule.Rule{
	ID:       "AZLB-PLAT02",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the subscription is disabled, or the AKS cluster is stopped or being upgraded",
		Symptom: "Nothing can be created or changed: every write fails with ReadOnlyDisabledSubscription. Or the API server does not answer and no Service is reachable, because the cluster is stopped.",
		Cause: "A subscription whose credit is used up, whose bill is open or that somebody cancelled is disabled: what is there can be read and deleted, not written, and machines may be switched off. " +
			"`az aks stop` switches off the control plane and all nodes; load balancer and addresses stay, with nobody behind them. While AKS upgrades the control plane, the controller is away for some minutes, and Services that are made then wait.",
		Fix: []report.Step{
			{Say: "See the state of the subscription.", Run: "az account show --subscription SUBSCRIPTION --query \"{name:name, state:state}\""},
			{Say: "A disabled subscription is activated again by its billing owner, in the portal under Cost Management + Billing. The provider then goes on by itself."},
			{Say: "A stopped cluster is started.", Run: "az aks start -g GROUP -n CLUSTER", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/cost-management-billing/manage/subscription-disabled", "https://learn.microsoft.com/azure/cost-management-billing/manage/subscription-states", "https://learn.microsoft.com/azure/aks/start-stop-cluster"},
		Healthy:    "An enabled subscription, a running cluster. An AKS cluster that is being upgraded is worth knowing, and no fault. A subscription that is not found, or in which the identity has no role, is told by AZLB-AUTH01. The account that az used may be of another subscription than the cluster's, and is then left alone; that it is Enabled proves nothing, since az tells what it saw at its last login.",
	},
	Needs: rule.Needs{Any: append([]*bundle.Evidence{&bundle.Account, &bundle.AKSCluster}, text...)},
	Texts: []rule.Text{rule.Codes("ReadOnlyDisabledSubscription", "DisabledSubscription", "SubscriptionDisabled")},
	Check: checkPLAT02,
}

func checkPLAT02(p *rule.Pass) {
	if f, ok := disabled(p); ok {
		p.Find(f)
	}
	for i := range p.Snapshot.AKS {
		if f, ok := halted(p, &p.Snapshot.AKS[i]); ok {
			p.Find(f)
		}
	}
}

// inMessage is the subscription that a refusal names.
var inMessage = regexp.MustCompile(`(?i)subscription '([^']+)' is disabled`)

// disabled is a subscription that takes no writes, by its refusals or by its own state.
func disabled(p *rule.Pass) (rule.Finding, bool) {
	f := rule.Finding{Subject: report.Object{Kind: "Subscription", Name: "of the cluster"}}
	errs := slices.DeleteFunc(p.Current(p.Knows), p.Gone)
	sub := subscription(p)
	if len(errs) > 0 {
		if m := inMessage.FindStringSubmatch(errs[len(errs)-1].Message); m != nil {
			sub = m[1]
		} else if id, ok := az.ParseID(errs[len(errs)-1].Target); ok && sub == "" {
			sub = id.Subscription
		}
	}
	if sub != "" {
		f.Subject.Name = sub
	}
	a := p.Snapshot.Account
	own := a != nil && sub != "" && strings.EqualFold(a.ID, sub)
	off := own && slices.ContainsFunc([]string{"Disabled", "Expired", "Deleted"}, func(s string) bool { return strings.EqualFold(s, a.State) })
	warned := own && (strings.EqualFold(a.State, "Warned") || strings.EqualFold(a.State, "PastDue"))
	told := rule.Tell(errs)
	f.Cites = told.Cites
	switch {
	case len(errs) == 0 && !off && !warned:
		return f, false
	case len(errs) > 0:
		f.Message = fmt.Sprintf("Subscription %s is disabled: Azure refuses every write (%s, %s).", f.Subject.Name, errs[len(errs)-1].Code, told.Span())
		f.Services, _ = p.Named(errs)
	case off:
		f.Message = fmt.Sprintf("Subscription %s is in the state %s: Azure refuses every write, and machines may be switched off.", f.Subject.Name, a.State)
		f.Services = p.Waiting()
	default:
		f.Severity = report.Warning
		f.Message = fmt.Sprintf("Subscription %s is in the state %s: it still works, and is disabled soon if nothing is done.", f.Subject.Name, a.State)
	}
	f.Errors = errs
	if own && (off || warned) {
		f.Cites = append(f.Cites, a.Doc.Cite(a.At+"/state"))
	}
	if len(errs) == 0 {
		f.Confidence, f.Why = report.Likely, "az tells the state that it saw at its last login"
	}
	if len(f.Services) == 0 && f.Severity == "" {
		f.Severity = report.Warning
		f.Message += " Services that have an address keep it, but none can be created, changed or deleted."
	}
	f.Fix = []report.Step{
		{Say: "See the state of the subscription.", Run: fmt.Sprintf("az account show --subscription %s --query \"{name:name, state:state}\"", rule.Word(sub, "SUBSCRIPTION"))},
		{Say: "Let its billing owner activate it again, in the portal under Cost Management + Billing. The provider then goes on by itself."}}
	return f, true
}

// halted is a managed cluster that is off, or whose control plane is being changed.
func halted(p *rule.Pass, c *snapshot.AKSCluster) (rule.Finding, bool) {
	f := rule.Finding{Subject: report.Object{Kind: "Cluster", Name: c.Name}}
	flags := p.AKS("-n")
	switch state := c.ProvisioningState; {
	case strings.EqualFold(c.PowerState.Code, "Stopped"):
		for _, s := range p.Graph.Served() {
			f.Services = append(f.Services, s.Key())
		}
		f.Message = fmt.Sprintf("AKS cluster %s is stopped: its control plane and its nodes are off. Load balancer and addresses are still there, and nobody answers behind them.", c.Name)
		f.Cites = []report.Cite{c.Doc.Cite(c.At + "/powerState/code")}
		f.Fix = []report.Step{
			{Say: "Start it, if that was not on purpose; Services then come back by themselves.", Run: "az aks start " + flags, Changes: true},
			{Say: "Find out who stopped it.", Run: rule.Writers(c.ID, "CLUSTER_ID").Run}}
	case strings.EqualFold(state, "Upgrading"), strings.EqualFold(state, "Stopping"), strings.EqualFold(state, "Starting"), strings.EqualFold(state, "Updating"):
		f.Severity = report.Info
		f.Message = fmt.Sprintf("AKS cluster %s is in the state %s. Meanwhile the controller may be away for some minutes, nodes come and go, and Services that are made or changed wait.", c.Name, state)
		f.Cites = []report.Cite{c.Doc.Cite(c.At + "/provisioningState")}
		f.Fix = []report.Step{{Say: "Wait until it has Succeeded, and collect again if something is still wrong.", Run: "az aks show " + flags + " --query provisioningState"}}
	default:
		return f, false
	}
	return f, true
}
