package auth

import (
	"fmt"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// AUTH09 is a managed identity that the controller's machine does not have.
var AUTH09 = &rule.Rule{
	ID:       "AZLB-AUTH09",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the machine's endpoint for managed identities gives the controller no token",
		Symptom: "New Services stay pending and deleted ones do not go; events or the controller's log show HTTP 400 from 169.254.169.254, with “Identity not found” or “Multiple user assigned identities exist”. A controller that meets this at its start exits, and then only its log tells.",
		Cause: "With a managed identity (useManagedIdentityExtension in azure.json) there is no secret: the controller asks an address that only the machine it runs on reaches, 169.254.169.254, for a token. That endpoint only knows identities that are assigned to this machine. " +
			"It refuses where none is, where azure.json names another one (userAssignedIdentityID is a client id), and where the machine has several and azure.json names none. Roles do not matter yet.",
		Fix: []report.Step{
			{Say: "See which identities the control-plane machine has.", Run: "az vm identity show -g GROUP -n VM"},
			{Say: "Assign the identity to every control-plane machine, ...", Run: "az vm identity assign -g GROUP -n VM --identities IDENTITY_ID", Changes: true},
			{Say: "... on a scale set that upgrades by hand also to each machine, ...", Run: "az vmss update-instances -g GROUP -n SCALESET --instance-ids INSTANCE", Changes: true},
			{Say: "... or name one that is assigned, by its client id, as userAssignedIdentityID in azure.json there, and restart the controller.", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#error-handling", "kubernetes/kubernetes#56167", "kubernetes/autoscaler#6934"},
		Healthy:    "A refusal that a later success of any Service, or any later answer of Azure Resource Manager to the controller, follows is history: the identity was assigned. A refused secret of a service principal is AZLB-AUTH01. Other programs have identities of their own and tell of them in their own logs.",
	},
	Needs: rule.Needs{Any: text, Clean: []*bundle.Evidence{&bundle.CloudConfig}},
	Texts: []rule.Text{rule.Codes("invalid_request"), rule.Says(`Refresh request failed\. Status Code = '400'`), rule.Says(`Identity not found|Multiple user assigned identities exist`)},
	Check: checkAUTH09,
}

func checkAUTH09(p *rule.Pass) {
	var errs []*errtext.Error
	for _, e := range p.Current(func(e *errtext.Error) bool {
		return p.Knows(e) && (e.Service != "" || e.FromLog) && ofMachine(p, e)
	}) {
		if !p.Errors.Followed(e) && !answered(p, e) && !p.Gone(e) {
			errs = append(errs, e)
		}
	}
	if len(errs) > 0 {
		p.Find(noIdentity(p, errs))
	}
}

// ofMachine reports whether a token was refused by the endpoint of the machine, and not by
// Entra ID: by its address, its words, or the credential; by azure.json where the text has
// none of these.
func ofMachine(p *rule.Pass, e *errtext.Error) bool {
	_, entra := refused(e)
	cfg := p.Snapshot.Config
	switch {
	case entra || !e.Token:
		return false
	case e.Credential == "ManagedIdentityCredential", strings.Contains(e.Raw, "169.254.169.254"), refusesIdentity(e):
		return true
	}
	return e.Credential == "" && cfg != nil && cfg.Invalid == "" && cfg.UseManagedIdentityExtension
}

func refusesIdentity(e *errtext.Error) bool {
	return strings.Contains(e.Message, "Identity not found") || strings.Contains(e.Message, "Multiple user assigned identities exist")
}

func noIdentity(p *rule.Pass, errs []*errtext.Error) rule.Finding {
	told, last := rule.Tell(errs), errs[len(errs)-1]
	waiting := p.Waiting()
	f := rule.Finding{Subject: report.Object{Kind: "Identity", Name: "of the controller's machine"}, Services: waiting, Errors: errs, Cites: told.Cites}
	if len(waiting) == 0 {
		f.Severity = report.Warning
	}
	client := ""
	if c := p.Snapshot.Config; c != nil && c.Invalid == "" && c.UseManagedIdentityExtension {
		client = c.UserAssignedIdentityID
		key := "/useManagedIdentityExtension"
		if client != "" {
			key = "/userAssignedIdentityID"
		}
		f.Cites = append(f.Cites, c.Doc.Cite(key))
	}
	if az.Masked(client) {
		client = ""
	}
	which := "the controller's managed identity"
	if client != "" {
		which += " (client id " + client + " of azure.json)"
	}
	f.Message = fmt.Sprintf("The endpoint for managed identities on the controller's machine refuses a token for %s, %s: “%s”.", which, told.Span(), firstWords(last.Message))
	several := strings.Contains(last.Message, "Multiple user assigned identities exist")
	switch {
	case several:
		f.Message += " The machine has several identities, and azure.json does not say which one to take."
	case strings.Contains(last.Message, "Identity not found"):
		f.Message += " The machine does not have that identity."
	default:
		f.Confidence, f.Why = report.Likely, "the answer of the endpoint is not in the text"
	}
	f.Message += " " + waitingNow(waiting)
	f.Fix = giveIdentity(p, client, several)
	return f
}

func giveIdentity(p *rule.Pass, client string, several bool) []report.Step {
	if p.Graph.Managed() { // its machines are not the customer's
		return []report.Step{
			{Say: "See which identity the cluster has, and whether that still exists: one that somebody deleted must be made anew, and given to the cluster.", Run: "az aks show " + p.AKS("-n") + " --query identity -o json"},
			{Say: "If it exists, let AKS put the control plane in order; it asks whether to reconcile.", Run: "az aks update " + p.AKS("-n"), Changes: true},
			{Say: "If it is refused after that, open a support request: nobody else reaches the machines of the control plane."},
		}
	}
	program, flags := "az vm", "-g GROUP -n VM"
	for _, c := range p.Graph.Controllers() {
		if n := p.Graph.Node(c.Pod.Spec.NodeName); n != nil {
			switch {
			case n.ScaleSet != "":
				program, flags = "az vmss", fmt.Sprintf("-g %s -n %s", rule.Word(n.Group, "GROUP"), rule.Word(n.ScaleSet, "SCALESET"))
			case n.VM != "":
				flags = fmt.Sprintf("-g %s -n %s", rule.Word(n.Group, "GROUP"), rule.Word(n.VM, "VM"))
			}
		}
	}
	steps := []report.Step{{Say: "See which identities the control-plane machine has; compare their client ids with azure.json.", Run: program + " identity show " + flags}}
	if client != "" && !several {
		steps = append(steps, report.Step{Say: "Find the identity's own id by its client id.", Run: fmt.Sprintf("az identity list --query \"[?clientId=='%s'].id\" -o tsv", client)})
	}
	if !several {
		steps = append(steps, report.Step{Say: "Assign it to every control-plane machine, ...", Run: program + " identity assign " + flags + " --identities IDENTITY_ID", Changes: true})
		if program == "az vmss" {
			steps = append(steps, report.Step{Say: "... and, where the scale set upgrades by hand, bring its machines to the new model, one after the other: what else differs from the model changes as well, and may restart them.", Run: "az vmss update-instances " + flags + " --instance-ids INSTANCE", Changes: true})
		}
	}
	return append(steps, report.Step{Say: "Name an identity that is assigned, by its client id, as userAssignedIdentityID in azure.json on every control-plane machine.", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true}, restart(p))
}

// firstWords keep a quoted answer short.
func firstWords(s string) string {
	const most = 160
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
