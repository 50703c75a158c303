package collect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	bundle "azlb/bundle-schema"
)

// Plan is what a collection runs, before it runs.
type Plan struct {
	Discovery   []Command      // reads that decide what else is read
	Always      []Command      // in order, those of discovery not repeated; some with Skip
	Conditional []Condition    // what runs in addition, and when
	Missing     []bundle.Entry // evidence for which there is no command here, and why
}

// The conditions that repeat a command, and the one about the login.
const (
	throttledAgain = "Azure throttles a command above: the same command again, once, after the time that Azure asks to wait"
	olderAgain     = "this cloud does not know the api-version of an az rest above: the same once more, with the newest older one that Azure lists"
	notSeen        = "this login does not see a subscription that the cluster names"
)

// Condition is a group of commands that run only if something happens. Blanks in
// braces stand for what is not known before.
type Condition struct {
	If    string
	Lines []string
}

// perGroup is what is asked of every resource group, in the order of the catalogue: what
// az lists with a reader's rights.
func perGroup() []*bundle.Evidence {
	return slices.DeleteFunc(slices.Clone(bundle.Catalogue), func(e *bundle.Evidence) bool {
		return e.Scope != bundle.PerGroup || e.Kind != "" || e.Deep || e.RestOnly()
	})
}

// subscriptionCap is how many subscriptions are asked for their roles and locks.
const subscriptionCap = 5

// perSubscription is what is asked of every subscription after its groups: roles and locks.
func perSubscription() []*bundle.Evidence {
	return slices.DeleteFunc(slices.Clone(bundle.Catalogue), func(e *bundle.Evidence) bool {
		return e.Scope != bundle.PerSubscription || ofLogin(e) || e == &bundle.Account || e == &bundle.VMStatuses
	})
}

// How many namespaces' pods and how many containers' logs are read.
const (
	namespaceCap  = 100
	controllerCap = 12
)

// planner makes the plan out of what was discovered.
type planner struct {
	builder
	paths  map[string]bool             // in use, lower case
	known  []string                    // subscriptions whose lists are planned
	asked  int                         // locations that are planned
	listed []string                    // subscriptions whose machines' states are planned
	deep   bool                        // --deep
	lacks  func(*bundle.Evidence) bool // what a recording cannot be asked for; nil: nothing
	plan   Plan
}

func newPlanner(b builder) *planner { return &planner{builder: b, paths: map[string]bool{}} }

// add appends the command of e, or the gap where its values are refused.
func (p *planner) add(e *bundle.Evidence, v Values) *Command {
	if p.lacks != nil && p.lacks(e) {
		return nil
	}
	c, err := p.command(e, v)
	if err != nil {
		p.miss(e, scopeOf(e, v), bundle.StatusSkipped, err.Error())
		return nil
	}
	c.Path = p.unique(c)
	p.plan.Always = append(p.plan.Always, c)
	return &p.plan.Always[len(p.plan.Always)-1]
}

// unique keeps two groups of one name in two subscriptions apart.
func (p *planner) unique(c Command) string {
	path := c.Path
	if p.paths[strings.ToLower(path)] && c.Scope["subscription"] != "" {
		path = strings.Replace(path, "azure/", "azure/"+c.Scope["subscription"]+"/", 1)
	}
	p.paths[strings.ToLower(path)] = true
	return path
}

func (p *planner) miss(e *bundle.Evidence, scope Values, status bundle.Status, reason string) {
	if p.lacks != nil && p.lacks(e) {
		return
	}
	p.plan.Missing = append(p.plan.Missing, gapEntry(e, nil, scope, status, reason))
}

// cluster plans what is asked of the cluster beside discovery.
func (p *planner) cluster(d *Discovered, servicesRead, podsRead bool) {
	for _, e := range bundle.Catalogue {
		switch {
		case e.Program != bundle.Kubectl:
		case e.Scope == bundle.PerCluster && !slices.Contains(discoveryReads, e) && e != &bundle.Endpoints && e != &bundle.KubeContext:
			p.add(e, nil)
		case e == &bundle.Pods:
			for i, ns := range d.Namespaces {
				if c := p.add(e, Values{"namespace": ns}); c != nil && i >= namespaceCap {
					c.Skip = fmt.Sprintf("the pods of at most %d namespaces are read: name it with --namespace or --service", namespaceCap)
				}
			}
			for _, ns := range d.LeftOut {
				if c := p.add(e, Values{"namespace": ns}); c != nil {
					c.Skip = "left out by --namespace or --service"
				}
			}
			if len(d.Namespaces)+len(d.LeftOut) == 0 && servicesRead {
				p.miss(e, nil, bundle.StatusEmpty, "there is no Service of type LoadBalancer")
			} else if !servicesRead {
				p.miss(e, nil, bundle.StatusSkipped, "the Services could not be read, so their namespaces are not known")
			}
		case e.Scope == bundle.PerContainer:
			for i, c := range d.Controllers {
				if c := p.add(e, Values{"namespace": c.Namespace, "pod": c.Pod, "container": c.Name}); c != nil && i >= controllerCap {
					c.Skip = fmt.Sprintf("the logs of at most %d containers are read: give it with --log-file", controllerCap)
				}
			}
			if len(d.Controllers) == 0 {
				p.miss(e, nil, bundle.StatusSkipped, noController(d, podsRead))
			}
		}
	}
}

// Why there is no log of a controller in kube-system.
const (
	onAKS = "AKS runs the controller-manager where kubectl cannot read it: enable the diagnostic setting for cloud-controller-manager, or give its log with --log-file"
	noPod = "no pod of kube-system is a controller-manager: it may run outside the cluster; give its log with --log-file"
)

func noController(d *Discovered, podsRead bool) string {
	switch {
	case !podsRead:
		return "the pods of kube-system could not be read, so the controller-manager's pod is not known"
	case d.Managed:
		return onAKS
	default:
		return noPod
	}
}

// azure plans what is asked of Azure.
func (p *planner) azure(d *Discovered, subscription string, nodesRead bool) {
	p.add(&bundle.AzVersion, nil)
	for _, s := range d.subscriptions(subscription) {
		p.add(&bundle.Account, Values{"subscription": s})
	}
	for i, g := range d.Groups {
		p.group(g, g.without(i >= d.groupCap()))
	}
	d.addLocation(d.Region, cmp.Or(d.subscription(), subscription), "the region of a node", p.windows)
	p.locations(d)
	subscriptions := d.subscriptions(subscription)
	p.subscriptions(subscriptions)
	if len(subscriptions) == 0 {
		for _, e := range perSubscription() {
			p.miss(e, nil, bundle.StatusSkipped, "no subscription is known: name it with --subscription")
		}
	}
	if len(d.Groups) == 0 {
		for _, e := range perGroup() {
			p.miss(e, nil, bundle.StatusSkipped, "no resource group is known: name it with --resource-group")
		}
	}
	for _, s := range d.ScaleSets {
		v := Values{"subscription": s.Group.Subscription, "group": s.Group.Name, "scaleset": s.Name}
		p.add(&bundle.ScaleSetInstances, v)
		p.add(&bundle.ScaleSetNICs, v)
	}
	p.machines(d)
	status, reason := bundle.StatusEmpty, "no node is "
	if !nodesRead || d.AzureNodes == 0 {
		status, reason = bundle.StatusSkipped, "the nodes are not known, so it is not known whether one is "
	}
	if len(d.ScaleSets) == 0 {
		p.miss(&bundle.ScaleSetInstances, nil, status, reason+"an instance of a scale set")
		p.miss(&bundle.ScaleSetNICs, nil, status, reason+"an instance of a scale set")
	}
	if len(d.VMs) == 0 {
		p.miss(&bundle.VMInstanceViews, nil, status, reason+"a plain virtual machine")
	}
}

// subscriptions plans the lists of each subscription that it has not planned before.
func (p *planner) subscriptions(ids []string) {
	for _, id := range ids {
		if slices.ContainsFunc(p.known, func(known string) bool { return strings.EqualFold(known, id) }) {
			continue
		}
		p.known = append(p.known, id)
		for _, e := range perSubscription() {
			c := p.add(e, Values{"subscription": id})
			if c != nil && len(p.known) > subscriptionCap {
				c.Skip = fmt.Sprintf("at most %d subscriptions are read", subscriptionCap)
			}
		}
	}
}

// without says why a group is not read; empty: it is.
func (g Group) without(beyond bool) string {
	switch {
	case g.Others:
		return "left out by --service or --namespace: only another Service names this group"
	case beyond:
		return fmt.Sprintf("at most %d groups beside those of the nodes are read: name it with --resource-group", furtherGroups)
	}
	return ""
}

// group plans the lists of one group; one that is not read stands as skipped.
func (p *planner) group(g Group, skip string) {
	list := perGroup()
	if g.Nodes {
		list = append(list, &bundle.ResourceHealth)
	}
	for _, e := range list {
		c := p.add(e, Values{"subscription": g.Subscription, "group": g.Name})
		if c != nil {
			c.Skip = skip
		}
	}
}

// declined records that nothing is asked of a program, and why. What is asked only where
// something else failed is not missed.
func (p *planner) declined(program bundle.Program, reason string) {
	for _, e := range bundle.Catalogue {
		if e.Program == program && e != &bundle.Accounts && e != &bundle.Endpoints {
			p.miss(e, nil, bundle.StatusSkipped, reason)
		}
	}
}

// refused records the values of strangers that were not let in.
func (p *planner) refused(d *Discovered) {
	for _, r := range d.Refused {
		p.miss(r.Evidence, Values{r.Blank: r.Value}, bundle.StatusSkipped, fmt.Sprintf("%v (it comes from %s)", r.Why, r.From))
	}
}
