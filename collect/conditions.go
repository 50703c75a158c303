package collect

import (
	"fmt"
	"slices"

	bundle "azlb/bundle-schema"
)

// conditions lists what may run in addition to commands.
func (p *planner) conditions() {
	if p.asks(bundle.Kubectl) {
		p.plan.Conditional = append(p.plan.Conditional, Condition{"EndpointSlices cannot be read or the cluster does not have them", []string{p.template(&bundle.Endpoints)}})
	}
	if !p.asks(bundle.Az) {
		return
	}
	var rest []string
	for _, c := range p.plan.Always {
		if c.Program != bundle.Az || c.Skip != "" || c.Evidence.RestOnly() {
			continue
		}
		if r, err := p.restCommand(c, c.Evidence.RestVersion); err == nil {
			rest = append(rest, r.String())
		}
	}
	if len(rest) > 0 {
		p.plan.Conditional = append(p.plan.Conditional,
			Condition{"the az command above fails for another reason than login or permission; once more with $skiptoken={page} for each further page", rest},
			Condition{throttledAgain, nil}, Condition{olderAgain, nil},
			Condition{notSeen, []string{p.template(&bundle.Accounts)}})
	}
	p.plan.Conditional = append(p.plan.Conditional,
		Condition{fmt.Sprintf("the list of the states of all virtual machines is refused (at most %d machines)", vmCap), []string{p.template(&bundle.VMInstanceViews), p.restTemplate(&bundle.VMInstanceViews)}})
	var further, furtherRest []string
	for _, e := range append(perGroup(), &bundle.ScaleSetInstances, &bundle.ScaleSetNICs) {
		further = append(further, p.template(e))
		if e.Rest != "" {
			furtherRest = append(furtherRest, p.restTemplate(e))
		}
	}
	named := []string{}
	for _, e := range append(perBalancer(), &bundle.AKSCluster) {
		named = append(named, p.template(e))
	}
	furtherRest = append(furtherRest, p.restTemplate(&bundle.AKSCluster))
	var logs, inside []string
	for _, e := range []*bundle.Evidence{&bundle.DiagnosticSettings, &bundle.Workspace, &bundle.AKSLog, &bundle.AKSLogShared} {
		logs = append(logs, p.template(e))
	}
	for _, e := range perKind() {
		inside = append(inside, p.template(e))
	}
	for _, e := range append(perKind(), &bundle.DiagnosticSettings, &bundle.Workspace, &bundle.Subnets, &bundle.ServiceTags) {
		if !e.RestOnly() {
			furtherRest = append(furtherRest, p.restTemplate(e))
		}
	}
	var wider []string
	for _, e := range append(perSubscription(), &bundle.NetworkUsages) {
		wider = append(wider, p.template(e))
		furtherRest = append(furtherRest, p.restTemplate(e))
	}
	p.plan.Conditional = append(p.plan.Conditional, Condition{
		fmt.Sprintf("an answer of Azure names a resource group or a scale set that is not listed above (at most %d groups and %d scale sets)", furtherGroups, furtherScaleSets), further},
		Condition{fmt.Sprintf("an answer of Azure names a Standard load balancer in a group of the nodes (at most %d), or the AKS cluster (at most %d)", balancerCap, clusterCap), named},
		Condition{fmt.Sprintf("an answer of Azure names a subscription that is not listed above (at most %d in all), or the location of a group of the nodes (at most %d)", subscriptionCap, locationCap), wider},
		Condition{"a further group has load balancers of the provider", []string{p.template(&bundle.ResourceHealth)}},
		Condition{"the inventory of a resource group shows one", inside},
		Condition{fmt.Sprintf("a subnet in use is in a virtual network that may not be read (at most %d)", subnetCap), []string{p.template(&bundle.Subnets)}},
		Condition{"a security rule names a service tag", []string{p.template(&bundle.ServiceTags)}},
		Condition{fmt.Sprintf("AKS manages the cluster; the workspaces are those that its diagnostic settings or --workspace name (at most %d)", workspaceCap), logs})
	if p.deep {
		p.plan.Conditional = append(p.plan.Conditional, Condition{fmt.Sprintf("--deep is given, and Azure tells it to a POST, which changes nothing (at most %d rules)", ruleCap), p.deepTemplates()})
	}
	p.plan.Conditional = append(p.plan.Conditional,
		Condition{"one of these fails for another reason than login or permission; once more with $skiptoken={page} for each further page", furtherRest})
}

// asks reports whether the plan has a command of a program.
func (p *planner) asks(program bundle.Program) bool {
	return slices.ContainsFunc(p.plan.Always, func(c Command) bool { return c.Program == program })
}

// deepTemplates are the commands that --deep adds.
func (p *planner) deepTemplates() []string {
	var list []string
	for _, e := range bundle.Catalogue {
		if e.Deep {
			list = append(list, p.template(e))
		}
	}
	return list
}

// onlyDeep records what --deep would add, and which right that takes.
func (p *planner) onlyDeep() {
	for _, e := range bundle.Catalogue {
		if e.Deep && !p.deep {
			p.miss(e, nil, bundle.StatusSkipped, withoutDeep(e))
		}
	}
}

func withoutDeep(e *bundle.Evidence) string {
	return "it is asked for with --deep only, because it needs the right " + e.Right
}
