package auth

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// AUTH01 is a token that the controller does not get, or that belongs nowhere.
var AUTH01 = &rule.Rule{
	ID:       "AZLB-AUTH01",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the controller gets no token for Azure: its secret, application, tenant or subscription is wrong",
		Symptom: "New Services stay pending and deleted ones do not go; disks and node changes stop too. Events or the controller's log show AADSTS codes, 401 or SubscriptionNotFound; a controller that meets this at its start exits, and then only its log tells.",
		Cause: "Before each call the controller exchanges the client id and secret of azure.json for a token at Microsoft Entra ID. " +
			"A secret expires (on AKS after a year unless it is reset), an application can be deleted, and a wrong tenantId or subscriptionId leads nowhere. Roles do not matter yet: without a token no call reaches Azure Resource Manager.",
		Fix: []report.Step{
			{Say: "See until when the secrets of the application are valid.", Run: "az ad app credential list --id CLIENT_ID -o table"},
			{Say: "Make a new secret beside the old ones; without --append all others end at once, also for whatever else uses the application.", Run: "az ad sp credential reset --id CLIENT_ID --append", Changes: true},
			{Say: "AKS: give it to the cluster.", Run: "az aks update-credentials -g GROUP -n CLUSTER --reset-service-principal --service-principal CLIENT_ID --client-secret SECRET", Changes: true},
			{Say: "Self-managed: put id, secret, tenant and subscription right in azure.json on every control-plane machine (and node, where kubelets use it), then restart the controller there; a restart of the kubelet is not enough.",
				Run: "sudoedit /etc/kubernetes/azure.json", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/entra/identity-platform/reference-error-codes", "https://learn.microsoft.com/azure/aks/update-credentials",
			"Azure/AKS#339", "Azure/AKS#222", "Azure/aks-engine#784"},
		Healthy: "A refused token that a later success of any Service follows is history: the secret was put right. So is one after which Azure answered, if only with another refusal. Refusals of the managed identity endpoint, and of other programs' identities in their own events, are not this fault.",
	},
	Needs: rule.Needs{Any: text},
	Check: checkAUTH01,
}

// refusals names what the codes of Entra ID and Azure Resource Manager mean.
var refusals = []struct {
	codes []string
	kind  string // of what is wrong
	say   string
}{
	{[]string{"AADSTS7000222"}, "secret", "the client secret has expired"},
	{[]string{"AADSTS7000215", "AADSTS50012", "AADSTS70002"}, "secret", "the client secret is not valid"},
	{[]string{"AADSTS700016", "AADSTS70001", "AADSTS7000229"}, "application", "the application is not in the tenant"},
	{[]string{"AADSTS7000112"}, "application", "the application is disabled"},
	{[]string{"AADSTS90002", "AADSTS900023"}, "tenant", "the tenant does not exist"},
	{[]string{"InvalidAuthenticationTokenTenant"}, "tenant", "the token is of another tenant than the subscription"},
	{[]string{"SubscriptionNotFound", "InvalidSubscriptionId"}, "subscription", "the subscription was not found, or the identity has no role in it"},
}

// refusal is what one error says is wrong.
type refusal struct{ code, kind, say string }

func refused(e *errtext.Error) (refusal, bool) {
	for _, r := range refusals {
		for _, c := range r.codes {
			if e.Has(c) {
				return refusal{c, r.kind, r.say}, true
			}
		}
	}
	switch {
	case strings.HasPrefix(e.Code, "AADSTS"):
		return refusal{e.Code, "application", "Entra ID refused the controller's identity"}, true
	case e.Token && ofSecret(e) && (e.Status == 401 || strings.Contains(e.Message, "Status Code = '401'") || strings.Contains(e.Message, "401 Unauthorized")):
		return refusal{"401", "secret", "the secret is wrong or expired, or the application is not in the tenant"}, true
	}
	return refusal{}, false
}

// ofSecret tells the token endpoint of Entra ID from that of the managed identity.
func ofSecret(e *errtext.Error) bool {
	return e.Credential != "ManagedIdentityCredential" && !strings.Contains(e.Raw, "169.254.169.254")
}

var subscription = regexp.MustCompile(`(?i)subscription '([^']+)'`)

// elsewhere reports whether the error is about a subscription that is not the
// cluster's, such as one that an annotation names.
func elsewhere(p *rule.Pass, e *errtext.Error) bool {
	m := subscription.FindStringSubmatch(e.Message)
	c := p.Snapshot.Config
	return m != nil && c != nil && c.SubscriptionID != "" && !az.Masked(c.SubscriptionID) && !az.Masked(m[1]) && !strings.EqualFold(m[1], c.SubscriptionID)
}

func checkAUTH01(p *rule.Pass) {
	errs := p.Current(func(e *errtext.Error) bool {
		r, ok := refused(e)
		return ok && (e.Service != "" || e.FromLog) && (r.kind != "subscription" || !elsewhere(p, e))
	})
	byCode := map[string][]*errtext.Error{}
	var order []refusal
	for _, e := range errs {
		if r, _ := refused(e); !p.Errors.Followed(e) && !answered(p, e) && !p.Gone(e) {
			if byCode[r.code] == nil {
				order = append(order, r)
			}
			byCode[r.code] = append(byCode[r.code], e)
		}
	}
	for _, r := range order {
		if r.code == "401" && len(order) > 1 {
			continue // the others say which it is
		}
		p.Find(noToken(p, r, byCode[r.code]))
	}
}

// answered reports whether Azure Resource Manager answered a later call of the
// controller with a code of its own: then the controller has a token again.
func answered(p *rule.Pass, e *errtext.Error) bool {
	return slices.ContainsFunc(p.Errors.All, func(x *errtext.Error) bool {
		_, again := refused(x)
		return x.Order > e.Order && !x.Token && !x.ClientSide && !again && x.Code != "" && x.Status >= 400 && (x.Service != "" || x.FromLog)
	})
}

func noToken(p *rule.Pass, r refusal, errs []*errtext.Error) rule.Finding {
	told := rule.Tell(errs)
	last := errs[len(errs)-1]
	var client, tenant, sub string
	var cites []report.Cite
	if c := p.Snapshot.Config; c != nil && c.Invalid == "" {
		client, tenant, sub = c.AADClientID, c.TenantID, c.SubscriptionID
		key := map[string]string{"secret": "aadClientId", "application": "aadClientId", "tenant": "tenantId", "subscription": "subscriptionId"}[r.kind]
		cites = append(cites, c.Doc.Cite("/"+key))
	}
	client = known(last.ClientID, client)
	if m := subscription.FindStringSubmatch(last.Message); m != nil {
		sub = m[1]
	}
	waiting := p.Waiting()
	f := rule.Finding{Services: waiting, Errors: errs, Cites: slices.Concat(told.Cites, cites), Fix: renew(p, r, client, tenant, sub)}
	switch r.kind {
	case "subscription":
		f.Subject = report.Object{Kind: "Subscription", Name: known(sub, "of azure.json")}
	case "tenant":
		f.Subject = report.Object{Kind: "CloudConfig", Name: "azure.json"}
	default:
		f.Subject = report.Object{Kind: "Identity", Name: known(client, "of the controller")}
	}
	who := "The controller's identity"
	if client != "" {
		who += " (client id " + client + ")"
	}
	f.Message = fmt.Sprintf("%s is refused with %s, %s: %s. %s", who, r.code, told.Span(), r.say, waitingNow(waiting))
	if len(waiting) == 0 {
		f.Severity = report.Warning
	}
	if r.code == "401" || last.Code == r.code && r.say == "Entra ID refused the controller's identity" {
		f.Confidence, f.Why = report.Likely, "Azure's answer does not say which of the values is wrong"
	}
	return f
}

func renew(p *rule.Pass, r refusal, client, tenant, sub string) []report.Step {
	id := rule.Word(client, "CLIENT_ID")
	var steps []report.Step
	switch r.kind {
	case "subscription":
		steps = append(steps, report.Step{Say: "See whether the subscription exists, in which tenant, and which roles the identity has in it.",
			Run: fmt.Sprintf("az account show --subscription %[1]s; az role assignment list --assignee %[2]s --scope /subscriptions/%[1]s -o table", rule.Word(sub, "SUBSCRIPTION"), id)})
	case "tenant":
		steps = append(steps, report.Step{Say: "Compare the tenant of azure.json (" + known(tenant, "tenantId") + ") with that of the subscription.", Run: "az account list --query \"[].{name:name, subscription:id, tenant:tenantId}\" -o table"})
	case "application":
		steps = append(steps, report.Step{Say: "See whether the application has a service principal in the tenant.", Run: "az ad sp show --id " + id})
	default:
		steps = append(steps,
			report.Step{Say: "See until when the application's secrets are valid.", Run: "az ad app credential list --id " + id + " -o table"},
			report.Step{Say: "Make a new secret beside the old ones; without --append all others end at once, also for whatever else uses the application.", Run: "az ad sp credential reset --id " + id + " --append", Changes: true})
	}
	if p.Graph.Managed() {
		return append(steps, report.Step{Say: "Give the cluster the identity and the new secret.", Changes: true,
			Run: fmt.Sprintf("az aks update-credentials %s --reset-service-principal --service-principal %s --client-secret SECRET", p.AKS("-n"), id)})
	}
	return append(steps,
		report.Step{Say: "Put the values right in azure.json on every control-plane machine, and on nodes whose kubelet uses it.", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true},
		restart(p))
}
