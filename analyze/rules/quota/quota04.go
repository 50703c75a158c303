package quota

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// QUOTA04 is a node's network interface that takes no further rule.
var QUOTA04 = &rule.Rule{
	ID:       "AZLB-QUOTA04",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the nodes' network interfaces have no room for another load balancing rule",
		Symptom: "New Services stay pending, or new nodes join no backend pool; events show LoadBalancerRuleCountLimitReachedForNic or `cannot have more than 299 NAT or load balancing rules combined`, although the load balancer takes 1,500 rules.",
		Cause: "Azure allows a network interface 300 rules, over all its IP configurations and all load balancers: load balancing rules, inbound NAT rules and outbound rules. Every node is in the backend pool of every Service, of the public load balancer and of the internal one, " +
			"and every port of every Service is one rule, twice with two IP families. So 300 ports in the whole cluster is the end, however many nodes there are.",
		Fix: []report.Step{
			{Say: "Count the rules of all load balancers: each counts on every node of its pool.", Run: "az network lb list -g GROUP --query \"[].{name:name, rules:length(loadBalancingRules), outbound:length(outboundRules)}\" -o table"},
			{Say: "Open fewer ports: put an ingress controller in front of the Services, so that they share its few ports."},
			{Say: "An internal Service with many ports can have one rule for all of them (HA ports).", Run: "kubectl annotate service -n NAMESPACE SERVICE --overwrite service.beta.kubernetes.io/azure-load-balancer-enable-high-availability-ports=true", Changes: true},
			{Say: "Or spread the nodes over several Standard load balancers (multipleStandardLoadBalancerConfigurations, 1.28 and later; on AKS `az aks loadbalancer`): a node then has the rules of its own only."},
		},
		References: []string{limitsPage, "https://learn.microsoft.com/troubleshoot/azure/load-balancer/load-balancer-common-deployment-errors", "MicrosoftDocs/azure-docs#47423", "https://cloud-provider-azure.sigs.k8s.io/topics/multislb/"},
		Healthy:    "Fewer than 240 rules on every node. From there on the rule mentions it, as one more Service with many ports may be the last; nothing is broken then. Rules of a customer's own load balancer count where it has the same nodes.",
	},
	Needs: rule.Needs{All: []*bundle.Evidence{&bundle.Services}, Any: append(text, &bundle.LoadBalancers)},
	Texts: []rule.Text{rule.Codes("LoadBalancerRuleCountLimitReachedForNic"), rule.Says(`(?i)nat or load balancing rules combined`)},
	Check: checkQUOTA04,
}

const (
	// mostOnNIC is documented; what Azure says when it is reached allows 299 beside an outbound rule.
	mostOnNIC = 300
	endOfNIC  = 299
	// nearNIC leaves room for a few Services.
	nearNIC = 240
)

func checkQUOTA04(p *rule.Pass) {
	c := ceiling{subject: report.Object{Kind: "NetworkInterface", Name: "of the nodes"}, errs: refused(p), room: "How many rules the nodes' network interfaces have is not in the bundle"}
	nic, shares := fullest(p)
	n := 0
	for _, s := range shares {
		n += s.n
	}
	if nic != nil {
		var parts []string
		for _, s := range shares {
			parts = append(parts, fmt.Sprintf("%d of load balancer %s", s.n, s.lb.Name))
			c.cites = append(c.cites, s.lb.Doc.Cite(s.lb.At+"/name"))
		}
		c.cites = append(c.cites, nic.cite)
		c.room = fmt.Sprintf("The network interface of %s has %s (%s); Azure allows %d", nic.name, counted(n, "rule"), rule.List(parts), mostOnNIC)
	}
	if len(c.errs) == 0 && n < nearNIC {
		return
	}
	if c.full = n >= endOfNIC && n <= mostOnNIC; c.full {
		c.waiting = newcomers(p, func(*topology.Service) bool { return true })
	}
	f := c.finding(p)
	switch {
	case len(c.errs) > 0 || c.full:
	case n > mostOnNIC:
		f.Severity, f.Confidence, f.Why = report.Info, report.Possible, "it has more than the documented limit already, which Azure must have raised here"
	default:
		f.Severity = report.Info
		f.Message += fmt.Sprintf(" With %d more the next Service or port is refused.", mostOnNIC-n)
	}
	f.Fix = lessRules(p, shares)
	p.Find(f)
}

// share is how many rules of one load balancer an interface has.
type share struct {
	lb *snapshot.LoadBalancer
	n  int
}

// member is an interface in a backend pool, or the address of an IP-based pool.
type member struct {
	key, name string
	cite      report.Cite
}

// fullest is the interface with the most rules, the first by name of equal ones, and
// where its rules are; nil: no pool has members.
func fullest(p *rule.Pass) (*member, []share) {
	known := map[string]*member{}
	count := map[string]map[int]int{} // by interface, by load balancer
	for i := range p.Snapshot.Loads {
		lb := &p.Snapshot.Loads[i]
		in := map[string][]string{} // by pool: its interfaces
		for j := range lb.Pools {
			in[az.Key(lb.Pools[j].ID)] = interfaces(p, lb, &lb.Pools[j], known)
		}
		add := func(refs ...az.Ref) { // one rule, which may have several pools
			seen := map[string]bool{}
			for _, r := range refs {
				for _, key := range in[az.Key(r.ID)] {
					if !seen[key] {
						seen[key] = true
						if count[key] == nil {
							count[key] = map[int]int{}
						}
						count[key][i]++
					}
				}
			}
		}
		for j := range lb.Rules {
			add(append(one(lb.Rules[j].Pool), lb.Rules[j].Pools...)...)
		}
		for j := range lb.OutboundRules {
			add(one(lb.OutboundRules[j].Pool)...)
		}
	}
	var best *member
	most := 0
	for _, key := range slices.Sorted(maps.Keys(count)) {
		n := 0
		for _, x := range count[key] {
			n += x
		}
		if m := known[key]; best == nil || n > most || n == most && m.name < best.name {
			best, most = m, n
		}
	}
	if best == nil {
		return nil, nil
	}
	var shares []share
	for i := range p.Snapshot.Loads {
		if n := count[best.key][i]; n > 0 {
			shares = append(shares, share{&p.Snapshot.Loads[i], n})
		}
	}
	slices.SortStableFunc(shares, func(a, b share) int { return strings.Compare(a.lb.Name, b.lb.Name) })
	return best, shares
}

func one(ref *az.Ref) []az.Ref {
	if ref == nil {
		return nil
	}
	return []az.Ref{*ref}
}

// interfaces are the keys of a pool's members. One whose id is masked is nobody's.
func interfaces(p *rule.Pass, lb *snapshot.LoadBalancer, pool *az.BackendPool, known map[string]*member) []string {
	var out []string
	for _, m := range p.Graph.Members(pool) {
		id := m.ID
		if i := strings.Index(strings.ToLower(id), "/ipconfigurations/"); i >= 0 {
			id = id[:i]
		}
		key := strings.ToLower(id)
		if parsed, ok := az.ParseID(id); ok {
			key = az.Key(id)
			if name := parsed.Name("networkInterfaces"); name == "" || az.Masked(name) || az.Masked(parsed.Name("virtualMachines")) {
				continue
			}
		}
		if known[key] == nil {
			x := &member{key: key, name: "one of the nodes (" + az.LastName(id) + ")", cite: lb.Doc.Cite(m.At)}
			if m.Node != nil {
				x.name = "node " + m.Node.Name
			}
			known[key] = x
		}
		if !slices.Contains(out, key) {
			out = append(out, key)
		}
	}
	return out
}

// lessRules counts first, then makes rules fewer.
func lessRules(p *rule.Pass, shares []share) []report.Step {
	group := ""
	if len(shares) > 0 {
		group = az.GroupOf(shares[0].lb.ID)
	} else if groups := p.Graph.ProviderGroups(); len(groups) == 1 {
		group = groups[0]
	}
	steps := []report.Step{
		{Say: "Count the rules of all load balancers: each counts on every node of its pool.", Run: fmt.Sprintf("az network lb list -g %s --query \"[].{name:name, rules:length(loadBalancingRules), outbound:length(outboundRules)}\" -o table", rule.Word(group, "GROUP"))},
		{Say: "Open fewer ports: put an ingress controller in front of the Services, so that they share its few ports."},
	}
	if s := widest(p); s != nil {
		steps = append(steps, report.Step{Say: fmt.Sprintf("%s is internal and has %d ports: with HA ports they are one rule, which then takes every port of its address.", s.Key(), len(s.Spec.Ports)), Changes: true,
			Run: rule.Kubectl("annotate", s.Key(), "--overwrite service.beta.kubernetes.io/azure-load-balancer-enable-high-availability-ports=true")})
	}
	return append(steps, report.Step{Say: "Or spread the nodes over several Standard load balancers (multipleStandardLoadBalancerConfigurations, 1.28 and later; on AKS `az aks loadbalancer`): a node then has the rules of its own only."})
}

// widest is the internal Service with the most ports, if it has several rules.
func widest(p *rule.Pass) *topology.Service {
	var best *topology.Service
	for _, s := range p.Graph.Served() {
		want := p.Wants.Of(s.Key())
		if want.Internal.V && len(want.Lanes) > 0 && len(want.Lanes[0].Rules) > 1 && (best == nil || len(s.Spec.Ports) > len(best.Spec.Ports)) {
			best = s
		}
	}
	return best
}
