package pool

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// compared are the checks of backend pools with that field, differences and others.
func compared(p *rule.Pass, field string) []desired.Check {
	return slices.DeleteFunc(slices.Clone(p.Compared.Checks), func(c desired.Check) bool { return c.Hop != desired.HopPool || c.Field != field })
}

// members is the field of a check that asks whether a node is in a pool.
const members = "members"

// pooled finds the pool of a check, "load balancer/pool". The pool is nil where the
// load balancer has none of that name.
func pooled(p *rule.Pass, object string) (*snapshot.LoadBalancer, *az.BackendPool) {
	name, pool, _ := strings.Cut(object, "/")
	for i := range p.Snapshot.Loads {
		lb := &p.Snapshot.Loads[i]
		if !strings.EqualFold(lb.Name, name) {
			continue
		}
		j := slices.IndexFunc(lb.Pools, func(x az.BackendPool) bool { return strings.EqualFold(x.Name, pool) })
		if j < 0 {
			return lb, nil
		}
		return lb, &lb.Pools[j]
	}
	return nil, nil
}

// failing reports whether the newest sync of each of the Services failed.
func failing(p *rule.Pass, services []string) bool {
	return len(services) > 0 && !slices.ContainsFunc(services, func(key string) bool { return !p.Failing(key) })
}

// join adds names to a sorted list that holds each once.
func join(list []string, more ...string) []string {
	list = append(slices.Clone(list), more...)
	slices.Sort(list)
	return slices.Compact(list)
}

// refill makes the provider fill each of the pools again: one sync for each.
func refill(p *rule.Pass, checks []desired.Check, say string) []report.Step {
	var steps []report.Step
	var done []string
	for _, c := range checks {
		if s := p.Graph.Service(c.Services[0]); s != nil && !slices.Contains(done, c.Object) {
			done = append(done, c.Object)
			steps = append(steps, rule.Resync(s, fmt.Sprintf("%s (%s).", say, c.Object)))
		}
	}
	return steps
}

// objects names the pools of checks, each once, in order.
func objects(checks []desired.Check) []string {
	var out []string
	for _, c := range checks {
		if !slices.Contains(out, c.Object) {
			out = append(out, c.Object)
		}
	}
	return out
}

// beyond are the Services with externalTrafficPolicy Local all of whose ready pods
// run on nodes that are out; no other node passes packets on to them.
func beyond(p *rule.Pass, out func(*topology.Node) bool) []*topology.Service {
	var stranded []*topology.Service
	for _, s := range p.Graph.Served() {
		ready := s.ReadyEndpoints()
		if s.Local() && len(s.Status.LoadBalancer.Ingress) > 0 && len(ready) > 0 &&
			!slices.ContainsFunc(ready, func(e topology.Endpoint) bool {
				return e.Node == nil || !out(e.Node) || slices.Contains(s.PoolNodes(), e.NodeName)
			}) {
			stranded = append(stranded, s)
		}
	}
	return stranded
}

// history asks Azure who changed an object.
func history(id string) report.Step {
	return report.Step{Say: "Find out who changed it, or it will happen again.", Run: fmt.Sprintf("az monitor activity-log list --resource-id %s --offset 7d -o table", rule.Word(id, "ID"))}
}

// writers ends a finding with who last wrote one of the objects, or of what holds
// them, and returns the steps that ask Azure where the bundle does not tell: those
// about histories. Where syncs fail nobody else need have written anything.
func writers(p *rule.Pass, f *rule.Finding, histories []string, objects ...string) []report.Step {
	var steps []report.Step
	for _, id := range histories {
		steps = append(steps, history(id))
	}
	if failing(p, f.Services) || len(p.LastWritten(f, steps[0], objects...)) > 0 {
		return steps
	}
	return nil
}

// carriers are the ids under which the pool membership of a node is written: its machine
// and its interfaces, or, in a pool of addresses, the load balancer.
func carriers(p *rule.Pass, n *topology.Node, lb *snapshot.LoadBalancer) []string {
	if p.Wants.Settings.PoolType.V == "nodeIP" {
		return []string{lb.ID}
	}
	ids := []string{strings.TrimPrefix(n.Spec.ProviderID, "azure://")}
	for _, nic := range n.NICs {
		ids = append(ids, nic.ID)
	}
	return ids
}

// machineID is the Azure id of what carries a node: its scale set, or its machine.
func machineID(n *topology.Node) string {
	id := strings.TrimPrefix(n.Spec.ProviderID, "azure://")
	if n.Machine != nil && n.Machine.ID != "" {
		id = n.Machine.ID
	}
	if n.ScaleSet != "" {
		return az.Parent(id)
	}
	return id
}
