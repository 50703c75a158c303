package errtext

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// wrappers are what the service controller and the provider put in front of, or
// behind, the error that they pass on (cloudprovider.md 6.1, 6.3). Each is
// anchored; they are taken off until none is left.
var wrappers = []*regexp.Regexp{
	regexp.MustCompile(`^Error (?:syncing|creating|deleting|cleaning up) load balancer(?: \(will (?:not )?retry\))?: `),
	regexp.MustCompile(`^Error updating load balancer with new hosts .*?(?:\]|\}|\)), error: `),
	regexp.MustCompile(`^Error updating load balancer with new hosts (?:map\[[^\]]*\]|\[[^\]]*\]): `),
	regexp.MustCompile(`^error processing service \S+ \((?:will retry|retrying with exponential backoff|retrying in [^)]+)\): `),
	regexp.MustCompile(`^(?i:failed to process service(?: \S+)?\. (?:not )?retrying(?: in \S+)?): `),
	regexp.MustCompile(`^(?i:failed to (?:ensure|create|delete|update|get|list) (?:managed )?(?:load balancer|LB)(?: for service \S+)?): `),
	regexp.MustCompile(`^failed to (?:check if load balancer exists before cleanup|add load balancer cleanup finalizer|remove load balancer cleanup finalizer|update load balancer status|persist updated status)(?: for service \S+)?: `),
	regexp.MustCompile(`^(?i:error (?:getting|deleting|creating) (?:LB|load balancer)) for service \S+: `),
	regexp.MustCompile(`^(?:reconcile|ensure|get|delete|clean)\w*\([^()]*\) failed: `),
	regexp.MustCompile(`^reconcile\w+ for service ?\([^()]*\) abort backoff: lb\([^()]*\) - updating: `),
	regexp.MustCompile(`^ensure\([^()]*\): (?:lb|backendPoolID)\([^()]*\) - (?:failed to ensure host in pool: )?`),
	regexp.MustCompile(`^(?:reconcileLoadBalancer|reconcileSharedLoadBalancer|ensureHostsInPool|EnsureHostsInPool|ListManagedLBs|ListAgentPoolLBs): `),
	regexp.MustCompile(`^serviceOwnsFrontendIP: unexpected error when finding match public IP of the service \S+ with (?:loadBalancerIP|name) \S*?: `),
	regexp.MustCompile(`^[\w.()]*(?:Client|ClientFactory)[\w.()]*\.(?:Create\w*|Update\w*|Delete\w*|List\w*|Get\w*)\([^()]*\) failed: `),
	regexp.MustCompile(`^failed to run Kubelet: `),
	regexp.MustCompile(`^(?:could not init|couldn't init) cloud provider "?azure"?: `),
	regexp.MustCompile(`^Unable to find node \S+: `),
	regexp.MustCompile(`^list zones: `),
	regexp.MustCompile(`^(?:processHTTPRetryResponse|processRetryResponse): backoff failure, will retry, err=`),
	regexp.MustCompile(`^(?:timed out waiting for the condition, )?Retriable: (?:true|false), RetryAfter: \d+s, HTTPStatusCode: \d+, RawError: `),
}

// requestDump is what the provider logs after a failed write.
var requestDump = regexp.MustCompile(`(?s), (?:LoadBalancer|PublicIP|NSG) request: \{.*$`)

// stripWrappers takes one layer off.
func stripWrappers(m string) string {
	if loc := requestDump.FindStringIndex(m); loc != nil {
		return m[:loc[0]]
	}
	if r := refusal.FindStringSubmatch(m); r != nil {
		return r[1]
	}
	for _, w := range wrappers {
		if loc := w.FindStringIndex(m); loc != nil && loc[1] < len(m) {
			return m[loc[1]:]
		}
	}
	if n := len(m); n > 2 && (m[0] == '[' && m[n-1] == ']' || m[0] == '"' && m[n-1] == '"') {
		if m[0] == '"' {
			if u, err := strconv.Unquote(m); err == nil {
				return u
			}
		}
		if inner := m[1 : n-1]; !strings.ContainsAny(inner, `[]"`) || m[0] == '[' {
			return inner
		}
	}
	return m
}

// known are the provider's own texts that are failures wherever they stand, also
// in a line that is only a warning (cloudprovider.md 6.3, 6.4; failures.md).
var known = []string{
	"timed out waiting for the condition",
	"was not found in resource group",
	"findmatchedpipby",
	"publicip from annotation",
	"user supplied ip address",
	"failed to get subnet",
	"checkloadbalancerresourcesconflicts",
	"failed to get lb publicipaddress",
	"no load balancer ip for setting up security rules",
	"securitygroupname is not configured",
	"securitygroup priorities are exhausted", "security rule priority exhausted", "exceeds the maximum number of",
	"cleanorphanedloadbalancer",
	"failed to find a primary", "failed to determine the ipconfig",
	"failed to ensure host in pool",
	"invalid ip config id", "invalid virtual machine id", "not a vmss instance", "scale set not found", "instance not found",
	"no scale sets found for nodes", "no availability sets found for nodes",
	"selectloadbalancer:",
	"shared security rules are not available", "expected to find",
	"fail to lock azure resources", "fail to unlock azure resources", "lease has not expired yet",
	"no credentials provided for aad application", "could not init cloud provider", "cloud provider azure could not be initialized",
	"couldn't open cloud provider configuration", "failed to parse azure cloud provider config",
	"failed to parse allowediprange", "found invalid", "cannot set both spec.loadbalancersourceranges",
	"isfrontendipconfigunsafetodelete",
	"there are no available nodes for loadbalancer", "failed to find a lb for node",
	"rate limited(", "rate limit reached", "throttled due to too many requests", "client throttled", "throttled for operation",
	"internal load balancers does not support ipv6",
	"only tcp, udp and sctp are supported", "sctp is only supported",
	"idle timeout value must be", "total probe should be less than",
	"multiple standard load balancers are enabled but", "has conflicting load balancer configuration",
}

// advisory are the texts, and advisoryReasons the event reasons, of a sync that
// goes on and may succeed all the same.
var advisory = []string{
	"failed to parse allowediprange", "found invalid", "isfrontendipconfigunsafetodelete",
	"there are no available nodes for loadbalancer", "failed to find a lb for node", "unable to find node",
}

var advisoryReasons = []string{
	"UnAvailableLoadBalancer", "DeletingFrontendIPConfiguration", "FailedToFindLoadBalancerForNode",
	"InvalidConfiguration", "InvalidSourceRanges", "InvalidAllowedIPRanges", "ConflictConfiguration",
}

func mentions(text string, list []string) bool {
	low := strings.ToLower(text)
	return slices.ContainsFunc(list, func(k string) bool { return strings.Contains(low, k) })
}

// kubernetesCode names the answers of the Kubernetes API that the controllers
// retry by themselves.
func kubernetesCode(e *Error) {
	if e.Code != "" {
		return
	}
	switch {
	case strings.Contains(e.Message, "the object has been modified"):
		e.Code, e.Transient = "Conflict", true
	case strings.HasSuffix(e.Message, "already exists"):
		e.Code, e.Transient = "AlreadyExists", true
	}
}
