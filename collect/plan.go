package collect

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
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

// restTemplate is the fallback of e with its blanks.
func (p *planner) restTemplate(e *bundle.Evidence) string {
	words := append([]string{"az", "rest", "--method", "get", "--url", p.endpoint + e.Rest, "--url-parameters", "api-version=" + e.RestVersion}, e.RestParams...)
	return quote(append(words, "--subscription", "{subscription}", "-o", "json", "--only-show-errors"))
}

// template is the command of e with its blanks.
func (p *planner) template(e *bundle.Evidence) string {
	if e.RestOnly() {
		return p.restTemplate(e)
	}
	words := append([]string{string(e.Program)}, e.Args...)
	switch {
	case e.Program == bundle.Az && ofLogin(e):
		words = append(words, "-o", "json", "--only-show-errors")
	case e.Program == bundle.Az:
		words = append(words, "--subscription", "{subscription}", "-o", "json", "--only-show-errors")
	}
	if e.ID == bundle.ControllerLog.ID && p.since > 0 {
		words = append(words, "--since", p.since.String())
	}
	if podLog(e) && p.tail > 0 {
		words = append(words, "--tail", strconv.Itoa(p.tail))
	}
	if e.Program == bundle.Kubectl && e.ID != bundle.KubeContext.ID && p.context != "" {
		words = append(words, "--context", p.context)
	}
	return quote(words)
}

// Templates is the plan of a cluster that nobody has asked anything yet.
func Templates(o Options) Plan {
	p := newPlanner(builder{context: "{context}", endpoint: "{endpoint}", since: o.Since, tail: o.Tail})
	var always, rest []string
	for _, e := range bundle.Catalogue {
		if e.Program == bundle.Local || e == &bundle.Endpoints || e == &bundle.Accounts || e.Deep {
			continue
		}
		always = append(always, p.template(e))
		if e.Rest != "" && !e.RestOnly() {
			rest = append(rest, p.restTemplate(e))
		}
	}
	p.plan.Conditional = []Condition{
		{"its blanks are filled: once for each thing of that kind that the cluster names", always},
		{"EndpointSlices cannot be read or the cluster does not have them", []string{p.template(&bundle.Endpoints)}},
		{"the az command above fails for another reason than login or permission; once more with $skiptoken={page} for each further page", rest},
		{throttledAgain, nil},
		{olderAgain, nil},
		{notSeen, []string{p.template(&bundle.Accounts)}},
		{"--deep is given", p.deepTemplates()},
	}
	return p.plan
}

// Write prints the plan.
func (p Plan) Write(w io.Writer) error {
	var b strings.Builder
	section := func(title string, lines []string) {
		fmt.Fprintf(&b, "# %s\n", title)
		for _, l := range lines {
			fmt.Fprintln(&b, l)
		}
		fmt.Fprintln(&b)
	}
	if len(p.Discovery)+len(p.Always) > 0 {
		p.Say(&b) // of a builder never fails
		fmt.Fprintln(&b)
	}
	if len(p.Discovery) > 0 {
		section("discovery reads (plan has run these; collecting runs them again)", lines(p.Discovery, false))
	}
	if always := lines(p.Always, false); len(always) > 0 {
		section("always", always)
	}
	for _, c := range p.Conditional {
		section("only if "+c.If, c.Lines)
	}
	var without []string
	for _, c := range p.Always {
		if c.Skip != "" {
			without = append(without, fmt.Sprintf("# %s: %s", c, c.Skip))
		}
	}
	for _, e := range p.Missing {
		without = append(without, fmt.Sprintf("# %s: %s", bundle.ByID(e.Evidence).Title, e.Reason))
	}
	if len(without) > 0 {
		section("not run", without)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func lines(commands []Command, skipped bool) []string {
	var list []string
	for _, c := range commands {
		if (c.Skip != "") == skipped {
			list = append(list, c.String())
		}
	}
	return list
}
