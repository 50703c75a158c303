package collect

import (
	"fmt"
	"regexp"
	"strings"

	bundle "azlb/bundle-schema"
)

// ending is what an outcome means: for the manifest, and for what runs next.
type ending struct {
	Status bundle.Status
	Reason string // one sentence without a final period, with a way out
	// Stops says that no further command of this program can succeed.
	Stops bool
	// Fallback says that another way to ask the same may succeed.
	Fallback bool
	// Unreachable: the command never spoke to the cluster's API server, or to Azure.
	Unreachable bool
	// Damaged: the part of az that the command is in cannot run at all.
	Damaged bool
	// Version: this cloud does not know the API version.
	Version bool
	// Unseen: the login does not see the subscription.
	Unseen bool
	// NeedsRight: the reason is completed with the right that the evidence needs.
	NeedsRight bool
}

// pattern is one text of stderr and what it means. The first that matches counts,
// so that narrow ones stand before wide ones.
type pattern struct {
	text *regexp.Regexp
	ending
}

func pat(expr string, e ending) pattern { return pattern{regexp.MustCompile(`(?is)` + expr), e} }

// azPatterns are the failure texts of az 2.0 to 2.88, measured with a real az
// against a local ARM, and from its release notes and issues.
var azPatterns = []pattern{
	pat(`is not recognized as an internal or external command`, azMissing),
	// Below its reason az says to log in again.
	pat(`AADSTS(7000215|7000222|700016|90002)`,
		ending{Status: bundle.StatusFailed, Stops: true, Reason: "the service principal that az is logged in with was refused: run `az login` with valid credentials and collect again"}),
	pat(`Please run 'az login'|az login --scope|AADSTS(700082|70043|50173|50076|50079|53003)|Get Token request returned http error|Interactive authentication is needed`,
		ending{Status: bundle.StatusFailed, Stops: true, Reason: "az is not logged in, or its login has expired: run `az login` and collect again"}),
	pat(`ExpiredAuthenticationToken|InvalidAuthenticationToken`,
		ending{Status: bundle.StatusFailed, Stops: true, Reason: "Azure refused az's access token (stale login, wrong tenant, or the clock is wrong): run `az login` and collect again"}),
	pat(`SubscriptionNotFound|InvalidSubscriptionId|Subscription '[^']*' not found|The subscription of '[^']*' doesn't exist in cloud`,
		ending{Status: bundle.StatusDenied, Unseen: true, Reason: unseenReason}),
	pat(`AuthorizationFailed|does not have authorization to perform action|ERROR: Forbidden\(`,
		ending{Status: bundle.StatusDenied, NeedsRight: true, Reason: "this login may not read it (or the resource group does not exist)"}),
	pat(`ResourceGroupNotFound|Resource group '[^']*' could not be found`,
		ending{Status: bundle.StatusNotFound, Reason: "the resource group does not exist"}),
	pat(`\(ResourceNotFound\)|\(NotFound\)|"code": ?"(ResourceNotFound|NotFound)"|ERROR: Not Found\(`,
		ending{Status: bundle.StatusNotFound, Reason: "Azure has no such resource"}),
	pat(`TooManyRequests|SubscriptionRequestsThrottled|too many requests have been received|excessive volume of traffic|Too Many Requests\(`,
		ending{Status: bundle.StatusThrottled, Reason: "Azure throttles requests of this subscription: wait some minutes and collect again"}),
	pat(`Failed to resolve table|SEM0100`,
		ending{Status: bundle.StatusNotFound, Reason: "the workspace has no such table: nothing was sent to it yet"}),
	pat(`InvalidApiVersionParameter|NoRegisteredProviderFound`,
		ending{Status: bundle.StatusFailed, Fallback: true, Version: true, Reason: "this cloud does not know the API version that was asked for"}),
	pat(`InternalServerError|Service Unavailable|Gateway Timeout|Bad Gateway`,
		ending{Status: bundle.StatusFailed, Fallback: true, Reason: "Azure answered with a server error: collect again later"}),
	pat(`CERTIFICATE_VERIFY_FAILED|certificate verify failed`,
		ending{Status: bundle.StatusFailed, Unreachable: true, Reason: "az does not trust the certificate that it was shown (a proxy that intercepts TLS): set REQUESTS_CA_BUNDLE and collect again"}),
	pat(`Failed to establish a new connection|Max retries exceeded|getaddrinfo failed|Name or service not known|ProxyError|ConnectionResetError|Connection aborted`,
		ending{Status: bundle.StatusFailed, Unreachable: true, Reason: "az cannot reach Azure (no network, or a proxy is missing): set HTTPS_PROXY or run where Azure can be reached"}),
	// az takes a page for its own fault.
	pat(`Unable to deserialize to object|DeserializationError|DecodeError|JSON is invalid|Expecting value: line 1`,
		ending{Status: bundle.StatusFailed, Fallback: true, Reason: "what answered az was not Azure (a proxy that shows a page of its own): set HTTPS_PROXY or run where Azure can be reached"}),
	pat(`Here is the traceback|No module named|object has no attribute|Traceback \(most recent call last\)|ImportError`,
		ending{Status: bundle.StatusFailed, Fallback: true, Damaged: true, Reason: "this az is damaged: install az from Microsoft's packages"}),
	pat(`Read-only file system|PermissionError|Permission denied|CryptUnprotectData`,
		ending{Status: bundle.StatusFailed, Reason: "az cannot use its own configuration folder: set AZURE_CONFIG_DIR to a writable copy of it"}),
	pat(`unrecognized arguments|invalid choice|misspelled or not recognized|the following arguments are required|requires the extension|not supported in the profile`,
		ending{Status: bundle.StatusFailed, Fallback: true, Reason: "this az does not know the command: update az"}),
}

var azMissing = ending{Status: bundle.StatusSkipped, Stops: true,
	Reason: "az is not installed or not on the PATH: install the Azure CLI (https://aka.ms/azure-cli), run `az login` and collect again"}

var kubectlMissing = ending{Status: bundle.StatusSkipped, Stops: true, Unreachable: true,
	Reason: "kubectl is not installed or not on the PATH: install kubectl and collect again"}

// What stands before a reason that is the same for many commands, and before a right.
const (
	notStarted = "not started: "
	endedEarly = "ended: "
	notAsked   = "not asked: "
	notReached = "not asked, because the first reads failed: "
	needsRight = ": it needs the right "
)

const unseenReason = "this login does not see the subscription: log in with an account that does"

const tunnel = "the API server cannot reach the node's kubelet (konnectivity, tunnel or a firewall on port 10250); this is no load balancer fault: read the log on the node and give it with --log-file"

// logPatterns are the failures that only `kubectl logs` has.
var logPatterns = []pattern{
	pat(`error dialing backend|No agent available|konnectivity|tunnelfront|containerLogs.*(i/o timeout|TLS handshake timeout|connection refused|no route to host|EOF|context deadline exceeded|proxyconnect|502|503)|ssh: (rejected|handshake)|No SSH tunnels`,
		ending{Status: bundle.StatusFailed, Reason: tunnel}),
	pat(`previous terminated container .* not found`,
		ending{Status: bundle.StatusNotFound, Reason: "the container has not restarted, so there is no earlier log"}),
	pat(`is waiting to start|ContainerCreating|PodInitializing|trying and failing to pull image`,
		ending{Status: bundle.StatusNotFound, Reason: "the container has not started, so there is no log"}),
}

// kubectlPatterns are the failure texts of kubectl 1.8 to 1.36.
var kubectlPatterns = []pattern{
	pat(`current-context is not set`,
		ending{Status: bundle.StatusNotFound, Reason: "kubectl has no current context: choose one with --context or set KUBECONFIG"}),
	pat(`context was not found|context "[^"]*" does not exist|no context exists`,
		ending{Status: bundle.StatusFailed, Unreachable: true, Reason: "the kube context does not exist: see `kubectl config get-contexts` and choose one with --context"}),
	pat(`You must be logged in to the server|\(Unauthorized\)|the server has asked for the client to provide credentials|getting credentials: exec|AADSTS\d+|No Auth Provider found`,
		ending{Status: bundle.StatusDenied, Unreachable: true, Reason: "the cluster does not accept kubectl's login: log in again (on AKS `az aks get-credentials`, `kubelogin convert-kubeconfig`) and collect again"}),
	pat(`\(Forbidden\)|is forbidden:`,
		ending{Status: bundle.StatusDenied, NeedsRight: true, Reason: "the Kubernetes user may not read it"}),
	pat(`the server doesn't have a resource type|could not find the requested resource|no matches for kind`,
		ending{Status: bundle.StatusNotFound, Reason: "this cluster's API does not have it"}),
	pat(`\(NotFound\)|" not found`,
		ending{Status: bundle.StatusNotFound, Reason: "the cluster has no such object"}),
	pat(`connection to the server .* was refused|connection refused|no such host|no route to host|network is unreachable|i/o timeout|TLS handshake timeout|Unable to connect to the server|context deadline exceeded|Client\.Timeout exceeded|: (unexpected )?EOF|x509:|server misbehaving`,
		ending{Status: bundle.StatusFailed, Unreachable: true, Reason: "the cluster's API server could not be reached: check the kube context, the VPN and the cluster's state"}),
	pat(`TooManyRequests|Too many requests`,
		ending{Status: bundle.StatusThrottled, Reason: "the API server has too many requests: collect again later"}),
	pat(`unknown (flag|shorthand flag|command)`,
		ending{Status: bundle.StatusFailed, Reason: "this kubectl does not know the command: update kubectl"}),
}

// classify says what an outcome means that is no success.
func classify(c Command, o Outcome) ending {
	switch {
	case o.Refused:
		return ending{Status: bundle.StatusSkipped, Reason: "refused: " + o.Err.Error()}
	case o.Unrecorded:
		return ending{Status: bundle.StatusFailed, Reason: "the recording has no answer to this command"}
	case o.Missing && c.Program == bundle.Az:
		return azMissing
	case o.Missing:
		return kubectlMissing
	}
	if o.Killed != "" {
		return ending{Status: bundle.StatusFailed, Fallback: c.Program == bundle.Az,
			Reason: fmt.Sprintf("%s was ended from outside while it ran (%s), by somebody or for want of memory: collect again", c.Program, o.Killed)}
	}
	for _, p := range patternsOf(c) {
		if p.text.MatchString(o.Stderr) {
			e := p.ending
			if e.NeedsRight {
				e.Reason += needsRight + c.Evidence.Right
			}
			return e
		}
	}
	e := ending{Status: bundle.StatusFailed, Reason: string(c.Program) + " failed", Fallback: c.Program == bundle.Az}
	if line := lastLine(o.Stderr); line != "" {
		e.Reason += ": " + line
	} else if o.Err != nil {
		e.Reason += ": " + o.Err.Error()
	}
	return e
}

func patternsOf(c Command) []pattern {
	switch {
	case c.Program == bundle.Az:
		return azPatterns
	case len(c.Args) > 0 && c.Args[0] == "logs":
		return append(logPatterns[:len(logPatterns):len(logPatterns)], kubectlPatterns...)
	default:
		return kubectlPatterns
	}
}

// lastLine is the last line of stderr with text: where programs say what ended them.
func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	line := strings.TrimSpace(lines[len(lines)-1])
	if len(line) > 200 {
		line = strings.ToValidUTF8(line[:200], "") + "…"
	}
	return line
}
