package sync

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// SYNC03 is a load balancer that is marked Failed and serves all the same.
var SYNC03 = &rule.Rule{
	ID:       "AZLB-SYNC03",
	Severity: report.Warning,
	Doc: report.Doc{
		Title:   "the load balancer is in provisioningState Failed",
		Symptom: "The portal shows the load balancer as failed, with frontends and rules that look right. Traffic goes on; changes may or may not arrive.",
		Cause: "The state Failed tells of the last write only: it did not come to its end. Azure keeps the configuration that it had and serves with it. The next write that succeeds clears the mark, also one that changes nothing. " +
			"The provider writes the load balancer only when it finds a difference, so the mark can stay for long.",
		Fix: []report.Step{
			{Say: "See what failed.", Run: "az monitor activity-log list --resource-id LOAD_BALANCER_ID --offset 7d --status Failed -o table"},
			{Say: "Read it and write it again without a change; that clears the mark.", Run: "az resource update --ids LOAD_BALANCER_ID", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/networking/troubleshoot-failed-state", "Azure/AKS#326"},
		Healthy:    "Updating is the state while a write is under way, and no failure. Load balancers that are not this cluster's are left alone. A load balancer because of whose state Azure refuses other writes, and interfaces, machines and public IPs that are Failed, are told by AZLB-POOL06.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.LoadBalancers}},
	// What the write that failed would have repaired, or why it failed.
	FollowsFrom: []string{"AZLB-POOL06", "AZLB-SYNC05", "AZLB-SYNC01", "AZLB-SYNC02"},
	Check:       checkSYNC03,
}

func checkSYNC03(p *rule.Pass) {
	for i := range p.Snapshot.Loads {
		if lb := &p.Snapshot.Loads[i]; strings.EqualFold(lb.ProvisioningState, "Failed") && p.Graph.OwnLoadBalancer(lb) && !blamed(p, lb) {
			p.Find(marked(p, lb))
		}
	}
}

// blamed reports whether Azure refuses other writes because of this one's state.
func blamed(p *rule.Pass, lb *snapshot.LoadBalancer) bool {
	culprit := "because resource " + strings.ToLower(lb.ID)
	return slices.ContainsFunc(p.Errors.All, func(e *errtext.Error) bool {
		_, rest, found := strings.Cut(strings.ToLower(e.Message), culprit)
		return found && (strings.HasPrefix(rest, " ") || strings.HasPrefix(rest, "/")) && slices.Contains(p.Errors.Current(e.Service), e)
	})
}

func marked(p *rule.Pass, lb *snapshot.LoadBalancer) rule.Finding {
	id := rule.Word(lb.ID, "LOAD_BALANCER_ID")
	f := rule.Finding{Subject: report.Object{Kind: "LoadBalancer", Name: lb.Name}, Cites: []report.Cite{lb.Doc.Cite(lb.At + "/provisioningState")}}
	equal, differ := 0, 0
	for _, c := range p.Compared.Checks {
		name, _, _ := strings.Cut(c.Object, "/")
		switch {
		case !slices.Contains(inside, c.Hop) || !strings.EqualFold(name, lb.Name):
		case c.Kind == desired.Same:
			equal++
		case c.Kind != desired.NotCompared:
			differ++
		}
	}
	f.Message = fmt.Sprintf("Load balancer %s is in provisioningState Failed: the last write of it did not come to its end. It serves on with the configuration that it has", lb.Name)
	switch {
	case differ > 0:
		f.Message += fmt.Sprintf("; %d things in it are not as the provider writes them.", differ)
	case equal > 0:
		f.Message += ", and all that could be compared in it is as the provider writes it: so the provider sees no need to write it again."
	default:
		f.Message += "."
	}
	ask := report.Step{Say: "See what failed.", Run: fmt.Sprintf("az monitor activity-log list --resource-id %s --offset 7d --status Failed -o table", id)}
	if a := lastFailed(p, lb.ID); a != nil {
		f.Message += fmt.Sprintf(" The write of %s at %s UTC failed.", a.Caller, a.Time.UTC().Format("2006-01-02 15:04:05"))
		f.Cites = append(f.Cites, a.Doc.Cite(a.At+"/caller"))
	}
	f.Fix = []report.Step{ask,
		{Say: "Read it and write it again without a change; that clears the mark.", Run: "az resource update --ids " + id, Changes: true}}
	return f
}

// inside are the hops of what is written with a load balancer.
var inside = []string{desired.HopBalancer, desired.HopFrontend, desired.HopRule, desired.HopProbe, desired.HopPool}

// lastFailed is the newest write of an object that failed, nil where none is known or its
// writer has no name.
func lastFailed(p *rule.Pass, id string) *snapshot.Activity {
	for i := range slices.Backward(p.Snapshot.Activities) {
		a := &p.Snapshot.Activities[i]
		if az.SameID(a.ResourceID, id) && strings.EqualFold(a.Status, "Failed") && strings.HasSuffix(strings.ToLower(a.Operation), "/write") && a.Caller != "" && !az.Masked(a.Caller) {
			return a
		}
	}
	return nil
}
