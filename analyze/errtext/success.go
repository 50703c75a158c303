package errtext

import (
	"slices"
	"strings"

	"azlb/analyze/snapshot"
)

// succeeded are the events that end a sync well. They stand as events and, sent
// by the same controller, as lines of its log.
var succeeded = []string{"EnsuredLoadBalancer", updated, "DeletedLoadBalancer"}

// updated is sent when the nodes changed, for every Service, also for one that has no load
// balancer yet: UpdateLoadBalancer passes over that and says that all is well.
const updated = "UpdatedLoadBalancer"

// success reports whether the event's reason ends a sync of the Service well.
func (n names) success(service, reason string) bool {
	return slices.Contains(succeeded, reason) && !(reason == updated && n.pending[service])
}

// successOf returns the Service whose sync a log line reports as succeeded, ""
// for any other line. Beside the events these are the end of a deletion, which all
// eras log, and the service controller's write of the new status, which follows a
// sync that the provider finished. `finished` of reconcileLoadBalancer is none: the
// security group and the public IPs come after it.
func successOf(r snapshot.Record, l line, n names) string {
	if l.reason != "" {
		if !l.warning && l.kind == "Service" && n.success(l.service, l.reason) {
			return l.service
		}
		return ""
	}
	if r.Level != 'I' {
		return ""
	}
	for _, end := range []string{"): FINISH", "atching status for service "} {
		if strings.Contains(r.Text, end) && (end[0] != ')' || strings.Contains(strings.ToLower(r.Text), "delete")) {
			return l.service
		}
	}
	if strings.HasPrefix(r.Text, `"Finished"`) && strings.Contains(r.Text, `logger="EnsureLoadBalancerDeleted"`) {
		return l.service
	}
	return ""
}
