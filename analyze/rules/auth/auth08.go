package auth

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// AUTH08 is a cloud configuration without credentials, or one that is not read.
var AUTH08 = &rule.Rule{
	ID:       "AZLB-AUTH08",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the cloud provider has no credentials: azure.json is empty or invalid, or its managed identity is overlooked",
		Symptom: "The kubelet or the controller manager ends at its start with \"No credentials provided for AAD application\", or runs and reaches nothing in Azure; Services stay pending without any event.",
		Cause: "The provider takes its identity from azure.json: a managed identity, or a client id with a secret or certificate. " +
			"A file that does not parse, has a value of the wrong type or names none of them leaves it without. " +
			"The alpha, beta and rc releases of Kubernetes 1.10.0 overlooked useManagedIdentityExtension, the key that asks for a managed identity, so that a right file fails there as well.",
		Fix: []report.Step{
			{Say: "Check the file on every machine.", Run: "sudo python3 -m json.tool /etc/kubernetes/azure.json /dev/null"},
			{Say: "Give it either useManagedIdentityExtension: true or aadClientId with aadClientSecret, on every control-plane machine and on nodes whose kubelet uses it; then restart the controller manager, and the kubelet where it failed.",
				Run: "sudoedit /etc/kubernetes/azure.json && sudo systemctl restart kubelet", Changes: true},
			{Say: "With a managed identity on a 1.10.0 alpha, beta or rc: upgrade to 1.10.0 or later, which is the first release with the correction."},
		},
		References: []string{"kubernetes/kubernetes#60691", "kubernetes/kubernetes#60775", "kubernetes/kubernetes#66449", "kubernetes/kubernetes#70562"},
		Affects:    "the managed identity bug: 1.10.0 alpha, beta and rc; everything else: all versions",
		Healthy:    "A file that names no secret is right where a certificate, a federated token or a managed identity does its work, and where the rest comes from a Kubernetes secret. While Services are reconciled, or Azure answers the controller if only with a refusal, it evidently has credentials, whatever a file says that somebody added.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.CloudConfig, &bundle.ControllerLog}},
	Check: checkAUTH08,
}

// unreleased are the versions with the managed identity bug.
var unreleased = regexp.MustCompile(`^v?1\.10\.0-(?:alpha|beta|rc)`)

// other are settings by which the provider gets an identity without a secret, a
// certificate or the machine's own identity.
var other = regexp.MustCompile(`(?i)"?(?:aadMSIDataPlaneIdentityPath|aadFederatedTokenFile)"?\s*:\s*"[^"]`)

func checkAUTH08(p *rule.Pass) {
	errs := p.Current(func(e *errtext.Error) bool {
		return strings.Contains(e.Message, "No credentials provided for AAD application")
	})
	var now []*errtext.Error
	for _, e := range errs {
		if !p.Errors.Followed(e) && !recovered(p, e) {
			now = append(now, e)
		}
	}
	c := p.Snapshot.Config
	flaw, cite := configFlaw(p, c)
	waiting := p.Waiting()
	onlyKubelets := len(now) > 0 && !slices.ContainsFunc(now, func(e *errtext.Error) bool { return !ofKubelet(e) })
	f := rule.Finding{Subject: report.Object{Kind: "CloudConfig", Name: "azure.json"}, Services: waiting}
	told := rule.Tell(now)
	f.Cites = told.Cites
	version, versionCite := version(p)
	switch {
	case len(now) == 0 && (flaw == "" || len(p.Errors.Successes) > 0 || presented(p)):
		return
	case flaw != "":
		f.Message = fmt.Sprintf("azure.json gives the cloud provider no credentials: %s.", flaw)
		f.Cites = append(f.Cites, cite)
		if len(now) == 0 {
			f.Confidence, f.Why = report.Likely, "no log of a start with this file is in the bundle"
		} else {
			f.Message += " The start failed for it " + told.Span() + "."
		}
	case unreleased.MatchString(version) && c != nil && c.UseManagedIdentityExtension:
		f.Message = fmt.Sprintf("azure.json asks for a managed identity, but Kubernetes %s overlooks useManagedIdentityExtension; the start failed %s. 1.10.0 is the first release without the bug.", version, told.Span())
		f.Cites = append(f.Cites, c.Doc.Cite("/useManagedIdentityExtension"), versionCite)
	case unreleased.MatchString(version) && c == nil:
		f.Message = fmt.Sprintf("The cloud provider finds no credentials, %s. If azure.json asks for a managed identity, that is the bug of Kubernetes %s; else azure.json is empty or invalid.", told.Span(), version)
		f.Cites = append(f.Cites, versionCite)
		f.Confidence, f.Why = report.Possible, "azure.json is not in the bundle"
	default:
		f.Message = fmt.Sprintf("The cloud provider finds no credentials, %s: azure.json is empty, invalid or not given with --cloud-config on that machine.", told.Span())
		f.Confidence, f.Why = report.Likely, "the azure.json of the machine that failed is not in the bundle"
	}
	if flaw == "" {
		f.Errors = now // nothing else shows it
	}
	switch {
	case len(waiting) > 0:
		f.Message += " " + waitingNow(waiting)
	case onlyKubelets:
		f.Severity = report.Warning
		f.Message += " The kubelet does not start there, so the machine does not become a node that takes traffic."
	default:
		f.Severity = report.Warning
		f.Message += " " + waitingNow(waiting)
	}
	var restarts []report.Step
	if slices.ContainsFunc(now, ofKubelet) {
		restarts = append(restarts, report.Step{Say: "Restart the kubelet on each machine where it failed.", Run: "sudo systemctl restart kubelet", Changes: true})
	}
	if !onlyKubelets || len(waiting) > 0 {
		restarts = append(restarts, restart(p))
	}
	f.Fix = []report.Step{
		{Say: "Check the file on every machine: it must parse.", Run: "sudo python3 -m json.tool /etc/kubernetes/azure.json /dev/null"},
		{Say: "Give it either useManagedIdentityExtension: true or aadClientId with aadClientSecret.", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true}}
	if strings.Contains(f.Message, "1.10.0") {
		f.Fix = []report.Step{{Say: "Upgrade the control plane and the nodes to 1.10.0 or later.", Changes: true},
			{Say: "Until then a service principal works: put aadClientId and aadClientSecret into azure.json on every machine and set useManagedIdentityExtension to false.", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true}}
	}
	f.Fix = append(f.Fix, restarts...)
	p.Find(f)
}

// presented reports whether the controller has credentials wherever it took them from:
// Azure Resource Manager answered it, or Entra ID refused those that it showed.
func presented(p *rule.Pass) bool {
	return slices.ContainsFunc(p.Errors.All, func(e *errtext.Error) bool {
		_, entra := refused(e)
		return (e.Service != "" || e.FromLog) && !e.ClientSide && (entra || !e.Token && e.Code != "" && e.Status >= 400)
	})
}

// configFlaw says why azure.json holds no credentials, empty where it does or is
// not known.
func configFlaw(p *rule.Pass, c *snapshot.CloudConfig) (string, report.Cite) {
	switch {
	case c == nil || elsewhereConfigured(p):
		return "", report.Cite{}
	case c.Invalid != "":
		return "it is no valid configuration (" + c.Invalid + ")", c.Doc.CiteWhole()
	case c.HasSecret || c.UseManagedIdentityExtension || c.UseFederatedIdentity || other.Match(c.Doc.Raw):
		return "", report.Cite{}
	case p.Snapshot.Manifest == nil && c.AADClientID != "" && !strings.Contains(strings.ToLower(string(c.Doc.Raw)), "aadclientsecret"):
		return "", report.Cite{} // a customer takes the secret out before mailing the file
	}
	return "useManagedIdentityExtension is not true, and neither a secret nor a certificate is set", c.Doc.Cite("/useManagedIdentityExtension")
}

// elsewhereConfigured reports whether the controller takes its configuration from
// a Kubernetes secret.
func elsewhereConfigured(p *rule.Pass) bool {
	for _, l := range p.Snapshot.Logs {
		if l.Kind == snapshot.CloudController && (l.Flags["cloud-config-secret-name"] != "" || l.Flags["enable-dynamic-reloading"] == "true") {
			return true
		}
	}
	return false
}

// ofKubelet reports whether a kubelet's start failed: its own words are around the
// error, in whatever journal they stand.
func ofKubelet(e *errtext.Error) bool { return strings.Contains(e.Raw, "failed to run Kubelet") }

// recovered reports whether the log that tells of a kubelet's failed start went on
// for so long that a later start succeeded: systemd tries again at once.
func recovered(p *rule.Pass, e *errtext.Error) bool {
	for _, l := range p.Snapshot.Logs {
		if len(e.Cites) > 0 && l.File == e.Cites[0].File && ofKubelet(e) {
			return l.Last.Sub(e.Last) > 5*time.Minute
		}
	}
	return false
}

// version of the nodes' kubelets, else of the API server.
func version(p *rule.Pass) (string, report.Cite) {
	for _, n := range p.Graph.Nodes {
		if v := n.Status.NodeInfo.KubeletVersion; unreleased.MatchString(v) {
			return v, n.Doc.Cite("/status/nodeInfo/kubeletVersion")
		}
	}
	for _, l := range p.Snapshot.Logs {
		if unreleased.MatchString(l.Version) {
			return l.Version, l.Doc.CiteWhole()
		}
	}
	return "", report.Cite{}
}
