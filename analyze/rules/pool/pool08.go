package pool

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// POOL08 is another load balancer of the same kind over the cluster's nodes.
var POOL08 = &rule.Rule{
	ID:       "AZLB-POOL08",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the nodes are already behind another load balancer of the same kind",
		Symptom: "Services get an address that nobody reaches because the backend pool stays empty; or they stay pending, and Azure answers AnotherInternalLoadBalancerExists, VMScaleSetCannotUseMultipleLoadBalancersOfSameType or NetworkInterfaceUsesMultipleLoadBalancersOfSameType.",
		Cause: "Azure lets a machine or a scale set be behind one public and one internal load balancer at most. If somebody put the nodes behind another one (for an ingress, for outbound traffic, for the API server), there is no place left for the one that the provider makes for Services. " +
			"Newer releases of the provider see that and leave such a node where it is, without any warning; older ones try and fail.",
		Fix: []report.Step{
			{Say: "See which load balancers hold the nodes.", Run: "az network lb list -g GROUP --query \"[].{name:name, members:backendAddressPools[].backendIPConfigurations[].id}\" -o json"},
			{Say: "Take the nodes out of the other load balancer (of a scale set in its model, and then upgrade the instances), or let the provider use it: a load balancer of the cluster's name may have frontends, rules and pools of yours.",
				Run: "az vmss update -g GROUP -n SCALE_SET --remove 'virtualMachineProfile.networkProfile.networkInterfaceConfigurations[0].ipConfigurations[0].loadBalancerBackendAddressPools' INDEX", Changes: true},
			{Say: "Make the provider fill its pool.", Run: "kubectl annotate service -n NAMESPACE SERVICE azlb-resync=\"$(date +%s)\" --overwrite", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/load-balancer/load-balancer-common-deployment-errors", "giantswarm/azure-operator#117", "seanknox/aztack#3", "kubermatic/kubeone#612", "openshift/installer#3440",
			"EnsureHostInPool of cloud-provider-azure"},
		Healthy: "One public and one internal load balancer over the same nodes are normal, so are several pools of one load balancer, several load balancers that azure.json names, and another load balancer that holds only control-plane nodes, or that holds the nodes by their addresses instead of their interfaces. Where only some nodes are elsewhere, the others carry the Services: that is told as an information.",
	},
	Needs: rule.Needs{
		Any: append([]*bundle.Evidence{&bundle.LoadBalancers}, text...),
		All: []*bundle.Evidence{&bundle.Services, &bundle.Nodes, &bundle.CloudConfig},
	},
	Texts: []rule.Text{tooMany},
	Check: checkPOOL08,
}

var tooMany = rule.Codes("AnotherInternalLoadBalancerExists", "VMScaleSetCannotUseMultipleLoadBalancersOfSameType", "NetworkInterfaceUsesMultipleLoadBalancersOfSameType")

func checkPOOL08(p *rule.Pass) {
	errs := slices.DeleteFunc(p.Current(p.Knows), p.Gone)
	if len(errs) > 0 {
		p.Find(refusedSecond(p, errs))
		return
	}
	if p.Wants.Settings.Balancer.Unknown != "" || len(p.Wants.Settings.Many) > 0 || strings.EqualFold(p.Wants.Settings.PoolType.V, "nodeIP") {
		return // among several load balancers of its own the provider distributes the nodes; addresses may be in many pools
	}
	for i := range p.Snapshot.Loads {
		if lb := &p.Snapshot.Loads[i]; p.Graph.OwnLoadBalancer(lb) {
			for j := range lb.Pools {
				if f, ok := taken(p, lb, &lb.Pools[j]); ok {
					p.Find(f)
				}
			}
		}
	}
}

var loadBalancerID = regexp.MustCompile(`(?i)/subscriptions/[^\s'",]+/loadBalancers/([^\s'",/]+)`)

// refusedSecond is Azure's refusal to put nodes behind a second load balancer.
func refusedSecond(p *rule.Pass, errs []*errtext.Error) rule.Finding {
	told := rule.Tell(errs)
	last := errs[len(errs)-1]
	f := rule.Finding{Errors: errs, Cites: told.Cites, Subject: report.Object{Kind: "LoadBalancer", Name: "of the message"}}
	var names []string
	for _, m := range loadBalancerID.FindAllStringSubmatch(last.Message, -1) {
		name := strings.TrimRight(m[1], ".")
		if !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) }) {
			names = append(names, name)
		}
	}
	if i := slices.IndexFunc(names, func(n string) bool {
		return !strings.EqualFold(azname.LoadBalancer(p.Graph.ClusterName, azname.IsInternalName(n)), n)
	}); i >= 0 {
		f.Subject.Name = names[i]
	}
	f.Message = fmt.Sprintf("Azure refuses to put the nodes behind a second load balancer of the same kind (%s, %s).", tooMany.Codes[slices.IndexFunc(tooMany.Codes, last.Has)], told.Span())
	if len(names) > 0 {
		f.Message += fmt.Sprintf(" The message names %s.", rule.List(names))
	}
	f.Message += " The provider fails the sync until the nodes are out of the other one."
	var working []string
	if f.Services, working = p.Named(errs); len(f.Services) == 0 {
		f.Severity, f.Services = report.Warning, working
		f.Message += " The Services named keep working as they are, but cannot be changed at present."
	}
	return f
}

// taken tells of nodes that are not in a pool of ours because another load balancer
// of the same kind holds them.
func taken(p *rule.Pass, lb *snapshot.LoadBalancer, pool *az.BackendPool) (rule.Finding, bool) {
	services := on(p, pool.ID)
	if len(services) == 0 {
		return rule.Finding{}, false
	}
	inside := func(n *topology.Node, pool *az.BackendPool) *topology.Member {
		members := p.Graph.Members(pool)
		if i := slices.IndexFunc(members, func(m *topology.Member) bool { return m.Node == n }); i >= 0 {
			return members[i]
		}
		return nil
	}
	f := rule.Finding{Subject: report.Object{}, Services: services}
	var nodes []string
	here := 0
	for _, n := range p.Graph.Nodes {
		switch other, m := holder(p, n, lb, inside); {
		case inside(n, pool) != nil:
			here++
		case eligible(n) && other != nil:
			if f.Subject.Name == "" {
				f.Subject = report.Object{Kind: "LoadBalancer", Name: other.Name}
				f.Fix = moveOut(p, lb, other, n, services[0])
			}
			if len(nodes) < 3 {
				f.Cites = append(f.Cites, other.Doc.Cite(m.At))
			}
			nodes = append(nodes, n.Name)
		}
	}
	if len(nodes) == 0 {
		return rule.Finding{}, false
	}
	f.Cites = append(f.Cites, lb.Doc.Cite(pool.At+"/name"))
	f.Message = fmt.Sprintf("%s %s behind load balancer %s, which is of the same kind as the cluster's %s. Azure allows one of each kind, so the provider leaves %s out of backend pool %s/%s.",
		rule.List(nodes), is(len(nodes)), f.Subject.Name, lb.Name, them(len(nodes)), lb.Name, pool.Name)
	if here == 0 {
		f.Message += fmt.Sprintf(" No node is left for it: nobody reaches %s.", rule.List(services))
	} else {
		f.Severity = report.Info
		f.Message += " Other nodes carry the Services."
	}
	return f, true
}

// holder is another load balancer of the same kind and SKU that holds the node by its
// interface.
func holder(p *rule.Pass, n *topology.Node, than *snapshot.LoadBalancer, inside func(*topology.Node, *az.BackendPool) *topology.Member) (*snapshot.LoadBalancer, *topology.Member) {
	for i := range p.Snapshot.Loads {
		lb := &p.Snapshot.Loads[i]
		if lb == than || p.Graph.OwnLoadBalancer(lb) || public(lb) != public(than) || !strings.EqualFold(lb.SKU.Name, than.SKU.Name) {
			continue
		}
		for j := range lb.Pools {
			if m := inside(n, &lb.Pools[j]); m != nil && !byAddress(&lb.Pools[j]) {
				return lb, m
			}
		}
	}
	return nil, nil
}

// byAddress reports a pool of addresses: Azure's limit and the provider look at the
// interfaces, which know nothing of it.
func byAddress(pool *az.BackendPool) bool {
	return slices.ContainsFunc(pool.Addresses, func(a az.PoolAddress) bool { return a.IPAddress != "" && a.NICIPConfiguration == nil })
}

// public reports whether a load balancer has public frontends; Azure does not let
// the kinds be mixed.
func public(lb *snapshot.LoadBalancer) bool {
	return slices.ContainsFunc(lb.Frontends, func(f az.Frontend) bool { return f.PublicIP != nil || f.PublicIPPrefix != nil })
}

func is(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func them(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

// moveOut takes the nodes out of the other load balancer.
func moveOut(p *rule.Pass, lb, other *snapshot.LoadBalancer, n *topology.Node, service string) []report.Step {
	group, name := rule.Word(az.GroupOf(other.ID), "GROUP"), rule.Word(other.Name, "LOAD_BALANCER")
	steps := []report.Step{{Say: fmt.Sprintf("See what %s is for, and who made it.", other.Name), Run: fmt.Sprintf("az network lb show -g %s -n %s -o json", group, name)}}
	if n.ScaleSet != "" {
		set, at := rule.Word(n.ScaleSet, "SCALE_SET"), rule.Word(n.Group, "GROUP")
		steps = append(steps,
			report.Step{Say: "If it is not needed, take its pool out of the scale set's model: find its index (from 0) in the list ...", Run: fmt.Sprintf("az vmss show -g %s -n %s --query \"virtualMachineProfile.networkProfile.networkInterfaceConfigurations[0].ipConfigurations[0].loadBalancerBackendAddressPools[].id\" -o tsv", at, set)},
			report.Step{Say: "... remove it ...", Run: fmt.Sprintf("az vmss update -g %s -n %s --remove 'virtualMachineProfile.networkProfile.networkInterfaceConfigurations[0].ipConfigurations[0].loadBalancerBackendAddressPools' INDEX", at, set), Changes: true},
			report.Step{Say: "... and bring the instances up to date with the model.", Run: fmt.Sprintf("az vmss update-instances -g %s -n %s --instance-ids '*'", at, set), Changes: true})
	} else {
		pool, nic, config := other.ID+"/backendAddressPools/POOL", "NIC", "IP_CONFIG"
		for i := range other.Pools {
			for _, m := range p.Graph.Members(&other.Pools[i]) {
				if m.Node == n && m.NIC != nil {
					pool, nic, config = other.Pools[i].ID, rule.Word(m.NIC.Name, "NIC"), rule.Word(az.LastName(m.ID), "IP_CONFIG")
				}
			}
		}
		steps = append(steps, report.Step{Say: fmt.Sprintf("If it is not needed, take the nodes' interfaces out of its pool, one by one; %s's for example.", n.Name),
			Run: fmt.Sprintf("az network nic ip-config address-pool remove -g %s --nic-name %s --ip-config-name %s --address-pool %s", rule.Word(n.Group, "GROUP"), nic, config, rule.Word(pool, "POOL_ID")), Changes: true})
	}
	steps = append(steps, report.Step{Say: fmt.Sprintf("If it is needed, move what it does to %s: a load balancer of the cluster's name may have frontends, rules and pools of yours.", lb.Name)})
	if s := p.Graph.Service(service); s != nil {
		steps = append(steps, rule.Resync(s, "Then make the provider fill its pool."))
	}
	return steps
}
