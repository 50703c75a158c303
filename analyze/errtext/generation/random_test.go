package generation_test

import (
	"fmt"
	"math/rand/v2"

	"azlb/analyze/errtext"
)

const network = "Microsoft.Network/"

func pick(r *rand.Rand, s ...string) string { return s[r.IntN(len(s))] }

func resource(r *rand.Rand) string {
	return fmt.Sprintf("/subscriptions/%08x-3c1e-4d0f-9b5e-2f6d7c8a9b10/resourceGroups/rg-%d/providers/%s%s/x%d", r.Uint32(), r.IntN(9), network, pick(r, "loadBalancers", "publicIPAddresses"), r.IntN(99))
}

func subnet(r *rand.Rand) string {
	return fmt.Sprintf("/subscriptions/s/resourceGroups/rg/providers/%svirtualNetworks/v/subnets/%d", network, r.IntN(99))
}

func id(r *rand.Rand) string { return fmt.Sprintf("%08x-0000-4000-8000-00000000c0de", r.Uint32()) }

// kinds are random errors of each kind, as they come out of every wrapper.
var kinds = []func(r *rand.Rand) errtext.Error{
	func(r *rand.Rand) errtext.Error { // a missing role
		res := resource(r)
		e := errtext.Error{Code: "AuthorizationFailed", Status: 403, Target: res, Scope: res, Action: network + pick(r, "a/read", "b/write"), ClientID: id(r), ObjectID: id(r)}
		e.Message = fmt.Sprintf("The client '%s' with object id '%s' does not have authorization to perform action '%s' over scope '%s' or the scope is invalid. If access was recently granted, please refresh your credentials.", e.ClientID, e.ObjectID, e.Action, e.Scope)
		return e
	},
	func(r *rand.Rand) errtext.Error { // on another resource, as it is told since 2022
		e := linked(r)
		e.LinkedScope = subnet(r)
		e.Message = fmt.Sprintf(`The client '%s' with object id '%s' has permission to perform action '%s' on scope '%s'; however, it does not have permission to perform action(s) '%s' on the linked scope(s) '%s' (respectively) or the "linked" scope(s) <%d> are invalid.`, e.ClientID, e.ObjectID, e.Action, e.Scope, e.LinkedAction, e.LinkedScope, r.IntN(9))
		return e
	},
	func(r *rand.Rand) errtext.Error { // on several
		e := linked(r)
		second := errtext.Link{Action: network + "networkSecurityGroups/join/action", Scope: resource(r)}
		e.LinkedScope = subnet(r)
		e.Linked = []errtext.Link{{Action: e.LinkedAction, Scope: e.LinkedScope}, second}
		sep := pick(r, ",", ", ", ";")
		e.Message = fmt.Sprintf("The client '%s' with object id '%s' has permission to perform action '%s' on scope '%s'; however, it does not have permission to perform action(s) '%s' on the linked scope(s) '%s' (respectively) or the linked scope(s) are invalid.", e.ClientID, e.ObjectID, e.Action, e.Scope, e.LinkedAction+sep+second.Action, e.LinkedScope+sep+second.Scope)
		return e
	},
	func(r *rand.Rand) errtext.Error { // a lock
		e := errtext.Error{Code: "ScopeLocked", Status: 409, Target: resource(r), Action: pick(r, "write", "delete"), Scope: "/subscriptions/s/resourceGroups/rg"}
		e.Message = fmt.Sprintf("The scope '%s' cannot perform %s operation because following scope(s) are locked: '%s'. Please remove the lock and try again.", e.Target, e.Action, e.Scope)
		return e
	},
	func(r *rand.Rand) errtext.Error { // a policy, whose message holds JSON
		return errtext.Error{Code: "RequestDisallowedByPolicy", Status: 403, Target: resource(r),
			Message: fmt.Sprintf(`Resource 'x%d' was disallowed by policy. Policy identifiers: '[{"policyAssignment":{"name":"no\public","id":"/providers/p"},"policyDefinition":{"name":"a & b"}}]'.`, r.IntN(99))}
	},
	func(r *rand.Rand) errtext.Error { // an answer with codes inside
		return errtext.Error{Code: "PublicIPCountLimitReached", Inner: []string{"RetryableErrorX", "Deep"}[:r.IntN(3)], Status: 400, Target: resource(r),
			Message: fmt.Sprintf("Cannot create more than %d public IP addresses for this subscription in this region.", r.IntN(99))}
	},
	func(r *rand.Rand) errtext.Error { // too many calls, with the limits
		return errtext.Error{Code: "OperationNotAllowed", Inner: []string{"TooManyRequests"}, Status: 429, Target: resource(r), OperationGroup: pick(r, "HighCostGet30Min", "GetVMScaleSetVM3Min"),
			Allowed: 1 + r.IntN(999), Measured: 1000 + r.IntN(999), RetryAfter: 1 + r.IntN(999), Message: "The server rejected the request because too many requests have been received for this subscription."}
	},
	func(r *rand.Rand) errtext.Error { // and without
		wait := 1 + r.IntN(99)
		return errtext.Error{Code: "SubscriptionRequestsThrottled", Status: 429, Target: resource(r), RetryAfter: wait,
			Message: fmt.Sprintf("Number of requests for subscription exceeded the backend storage limit. Please try again after '%d' seconds.", wait)}
	},
	func(r *rand.Rand) errtext.Error { // what is tried again
		return errtext.Error{Code: "PreconditionFailed", Inner: []string{"EtagMismatch"}, Status: 412, Target: resource(r), Transient: true,
			Message: "Precondition failed.", Detail: fmt.Sprintf(`Etag provided in if-match header W/"%08x" does not match etag W/"%08x" of resource in NRP database.`, r.Uint32(), r.Uint32())}
	},
	func(r *rand.Rand) errtext.Error { // a refused secret
		app := id(r)
		return errtext.Error{Code: "AADSTS7000215", Inner: []string{"invalid_client"}, Status: 401, Token: true, ClientID: app,
			Message: "AADSTS7000215: Invalid client secret provided. Ensure the secret is the value, not the ID, for a secret added to app '" + app + "'."}
	},
	func(*rand.Rand) errtext.Error { // no identity
		return errtext.Error{Code: "invalid_request", Status: 400, Token: true, Message: "Identity not found"}
	},
	func(r *rand.Rand) errtext.Error { // the provider's own words
		return errtext.Error{Message: fmt.Sprintf(pick(r, "user supplied IP Address 10.0.0.%d was not found in resource group rg", "findMatchedPIPByLoadBalancerIP: cannot find public IP with IP address 20.61.100.%d in resource group rg-lab1",
			"idle timeout value must be a whole number representing minutes between 4 and 100, actual value: %d"), r.IntN(200))}
	},
	func(r *rand.Rand) errtext.Error { // those of its limiter
		op := pick(r, "LBList", "NicCreateOrUpdate")
		return errtext.Error{ClientSide: true, OperationGroup: op, Message: "azure - cloud provider rate limited(read) for operation:" + op}
	},
	func(*rand.Rand) errtext.Error {
		return errtext.Error{Status: 429, Message: "throttled due to too many requests"}
	},
}

func linked(r *rand.Rand) errtext.Error {
	res := resource(r)
	return errtext.Error{Code: "LinkedAuthorizationFailed", Status: 403, Target: res, Scope: res, Action: network + "loadBalancers/write", LinkedAction: network + "virtualNetworks/subnets/join/action", ClientID: id(r), ObjectID: id(r)}
}
