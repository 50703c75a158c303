package publicip

import (
	"strings"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
)

// home is the subscription in which the provider looks for public IPs: that of azure.json,
// else the one of all nodes and of the cluster's load balancers; empty: not known. No
// annotation names another.
func home(p *rule.Pass) string {
	if c := p.Snapshot.Config; c != nil && c.Invalid == "" {
		for _, id := range []string{c.NetworkSubscriptionID, c.SubscriptionID} {
			if id != "" {
				return unmasked(id)
			}
		}
	}
	var ids []string
	for _, n := range p.Snapshot.Nodes {
		ids = append(ids, n.Spec.ProviderID)
	}
	for i := range p.Snapshot.Loads {
		if lb := &p.Snapshot.Loads[i]; p.Graph.OwnLoadBalancer(lb) {
			ids = append(ids, lb.ID)
		}
	}
	found := ""
	for _, id := range ids {
		switch in := subscriptionOf(id); {
		case in == "" || strings.EqualFold(in, found):
		case found != "":
			return ""
		default:
			found = in
		}
	}
	return found
}

// subscriptionOf is the subscription of an ARM id; empty where it is masked.
func subscriptionOf(id string) string {
	parsed, _ := az.ParseID(id)
	return unmasked(parsed.Subscription)
}

func unmasked(subscription string) string {
	// Of an id Masked leaves the subscription alone, of a word it does not.
	if az.Masked(subscription) {
		return ""
	}
	return subscription
}

// otherSubscription reports whether an ARM id is known to be of another subscription than the
// provider's.
func otherSubscription(p *rule.Pass, id string) bool {
	own, other := home(p), subscriptionOf(id)
	return own != "" && other != "" && !strings.EqualFold(own, other)
}

// abroad is the public IP of another subscription that a Service means: it has the
// address, or the name in a resource group of the name where the provider looks.
func abroad(p *rule.Pass, what, group string) *snapshot.PublicIP {
	for i := range p.Snapshot.PublicIPs {
		pip := &p.Snapshot.PublicIPs[i]
		if otherSubscription(p, pip.ID) && is(pip, what) && (pip.IPAddress == what || strings.EqualFold(az.GroupOf(pip.ID), group)) {
			return pip
		}
	}
	return nil
}

// noGroup reports whether Azure said that the provider's subscription has no resource
// group of that name.
func noGroup(p *rule.Pass, group string) bool {
	if p.Snapshot.Manifest == nil || group == "" {
		return false
	}
	missing := false
	for _, e := range p.Snapshot.Manifest.Entries {
		if e.Evidence != bundle.Group.ID || !strings.EqualFold(e.Scope["group"], group) {
			continue
		}
		if in := e.Scope["subscription"]; in != "" && home(p) != "" && !strings.EqualFold(in, home(p)) {
			continue
		}
		if e.Status != bundle.StatusNotFound {
			return false
		}
		missing = true
	}
	return missing
}
