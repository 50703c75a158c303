package rule

import (
	"testing"

	"azlb/analyze/desired"
	"azlb/analyze/snapshot"
	"azlb/bundle-schema/az"
)

func TestLastWriter(t *testing.T) {
	const (
		group    = "/subscriptions/s1/resourceGroups/rg"
		lb       = group + "/providers/Microsoft.Network/loadBalancers/kubernetes"
		subnet   = group + "/providers/Microsoft.Network/virtualNetworks/vnet/subnets/nodes"
		provider = "5e6f7a8b-0000-4000-8000-00000000c0de"
		other    = "11111111-2222-4000-8000-000000000001"
		jane     = "jane@example.com"
		write    = "Microsoft.Network/loadBalancers/write"
	)
	act := func(clock, caller, operation, id string) snapshot.Activity {
		return snapshot.Activity{Activity: az.Activity{Time: at("2026-11-23 " + clock), Caller: caller, Operation: operation, ResourceID: id, Status: "Succeeded"}, Doc: &snapshot.Doc{File: "activity-log.json"}}
	}
	as := func(status string, a snapshot.Activity) snapshot.Activity { a.Status = status; return a }
	jane9 := act("09:00:00", jane, write, lb)
	thrice := []snapshot.Activity{act("07:00:00", other, write, lb), act("07:10:00", other, write, lb), act("07:20:00", other, write, lb)}
	for _, c := range []struct {
		name   string
		log    []snapshot.Activity // oldest first
		config string              // the client id in azure.json
		ids    []string
		want   string // the caller; empty: not ok
		is     desired.Answer
	}{
		{name: "no log", ids: []string{lb}},
		{name: "nothing about it", log: []snapshot.Activity{act("09:00:00", jane, write, lb+"2")}, ids: []string{lb}},
		{name: "the newest", log: []snapshot.Activity{act("08:00:00", "joe@example.com", write, lb), jane9}, ids: []string{lb}, want: jane},
		{name: "in another spelling", log: []snapshot.Activity{act("09:00:00", jane, "MICROSOFT.NETWORK/LOADBALANCERS/WRITE", "/subscriptions/S1/resourcegroups/RG/providers/microsoft.network/loadbalancers/kubernetes")}, ids: []string{lb}, want: jane},
		{name: "one that failed, and one that only began", log: []snapshot.Activity{jane9, as("Failed", act("09:10:00", "x", write, lb)), as("Started", act("09:20:00", "x", write, lb))}, ids: []string{lb}, want: jane},
		{name: "a deletion", log: []snapshot.Activity{jane9, act("09:10:00", "joe@example.com", "Microsoft.Network/loadBalancers/delete", lb)}, ids: []string{lb}, want: "joe@example.com"},
		{name: "an action writes nothing", log: []snapshot.Activity{jane9, act("09:10:00", "x", "Microsoft.Network/loadBalancers/health/action", lb)}, ids: []string{lb}, want: jane},
		{name: "a part of it", log: []snapshot.Activity{act("09:00:00", jane, "Microsoft.Network/loadBalancers/backendAddressPools/write", lb+"/backendAddressPools/kubernetes")}, ids: []string{lb}, want: jane},
		{name: "what it is a part of", log: []snapshot.Activity{act("09:00:00", jane, "Microsoft.Network/virtualNetworks/write", az.Parent(subnet))}, ids: []string{subnet}, want: jane},
		{name: "a sibling", log: []snapshot.Activity{act("09:00:00", jane, "Microsoft.Network/virtualNetworks/subnets/write", subnet+"2")}, ids: []string{subnet}},
		{name: "the group is not what it is a part of", log: []snapshot.Activity{act("09:00:00", jane, "Microsoft.Resources/subscriptions/resourceGroups/write", group)}, ids: []string{lb}},
		{name: "a lock on it", log: []snapshot.Activity{act("09:00:00", jane, "Microsoft.Authorization/locks/write", lb+"/providers/Microsoft.Authorization/locks/keep")}, ids: []string{lb}},
		{name: "its tags", log: []snapshot.Activity{act("09:00:00", jane, "Microsoft.Resources/tags/write", lb+"/providers/Microsoft.Resources/tags/default")}, ids: []string{lb}, want: jane},
		{name: "any of several", log: []snapshot.Activity{act("08:00:00", "joe@example.com", write, lb), act("09:00:00", jane, "Microsoft.Network/virtualNetworks/subnets/write", subnet)}, ids: []string{lb, subnet}, want: jane},
		{name: "in any subscription", log: []snapshot.Activity{jane9}, ids: []string{"/resourceGroups/RG/providers/Microsoft.Network/loadBalancers/kubernetes"}, want: jane},
		{name: "a name that was removed", log: []snapshot.Activity{act("08:00:00", jane, write, lb), act("09:00:00", "REDACTED", write, lb)}, ids: []string{lb}},
		{name: "an id that is not known", log: []snapshot.Activity{jane9}, ids: []string{""}},
		{name: "the identity of azure.json", log: []snapshot.Activity{act("09:00:00", provider, write, lb)}, config: provider, ids: []string{lb}, want: provider, is: desired.Yes},
		{name: "most writes, nothing else is known", log: append(thrice[:3:3], act("09:00:00", other, write, lb)), ids: []string{lb}, want: other, is: desired.Perhaps},
		{name: "most writes, and azure.json names an identity that the log does not know", log: thrice, config: provider, ids: []string{lb}, want: other, is: desired.Perhaps},
		{name: "most writes, but the one of azure.json is another", log: append([]snapshot.Activity{act("06:00:00", provider, write, lb)}, thrice...), config: provider, ids: []string{lb}, want: other, is: desired.No},
		{name: "two writes are no habit", log: thrice[:2], ids: []string{lb}, want: other, is: desired.No},
		{name: "as many as another", log: append([]snapshot.Activity{act("06:00:00", provider, write, lb), act("06:10:00", provider, write, lb), act("06:20:00", provider, write, lb)}, thrice...), ids: []string{lb}, want: other, is: desired.No},
		{name: "a user is never the provider", log: []snapshot.Activity{jane9, jane9, jane9, jane9}, ids: []string{lb}, want: jane, is: desired.No},
	} {
		w := &World{Snapshot: &snapshot.Snapshot{Activities: c.log}}
		if c.config != "" {
			w.Snapshot.Config = &snapshot.CloudConfig{AADClientID: c.config}
		}
		who, ok := w.LastWriter(c.ids...)
		if ok != (c.want != "") || who.Caller != c.want || who.Provider != c.is {
			t.Errorf("%s: %+v %v, want %q %v", c.name, who, ok, c.want, c.is)
		}
	}
	who := Writer{Caller: jane, Time: at("2026-11-23 09:41:02"), What: write}
	if got, want := who.Says(), "Last written by jane@example.com at 2026-11-23 09:41:02 UTC (Microsoft.Network/loadBalancers/write)."; got != want {
		t.Errorf("says %q, want %q", got, want)
	}
}
