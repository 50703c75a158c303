package snapshot

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"azlb/bundle-schema/az"
)

// order sorts every table and removes what is there twice, so that neither the
// order of files nor of lists shows in the snapshot.
func (l *loader) order() {
	s := l.s
	s.Services = objects(s.Services, func(r *Service) (*metav1.ObjectMeta, *Doc) { return &r.ObjectMeta, r.Doc })
	s.Nodes = objects(s.Nodes, func(r *Node) (*metav1.ObjectMeta, *Doc) { return &r.ObjectMeta, r.Doc })
	s.Slices = objects(s.Slices, func(r *EndpointSlice) (*metav1.ObjectMeta, *Doc) { return &r.ObjectMeta, r.Doc })
	s.Pods = objects(s.Pods, func(r *Pod) (*metav1.ObjectMeta, *Doc) { return &r.ObjectMeta, r.Doc })
	s.Loads = resources(s.Loads, func(r *LoadBalancer) (*az.Resource, *Doc) { return &r.Resource, r.Doc })
	s.PublicIPs = resources(s.PublicIPs, func(r *PublicIP) (*az.Resource, *Doc) { return &r.Resource, r.Doc })
	s.NSGs = resources(s.NSGs, func(r *NSG) (*az.Resource, *Doc) { return &r.Resource, r.Doc })
	s.VNets = resources(s.VNets, func(r *VNet) (*az.Resource, *Doc) { return &r.Resource, r.Doc })
	s.NICs = resources(s.NICs, func(r *NIC) (*az.Resource, *Doc) { return &r.Resource, r.Doc })
	s.Routes = resources(s.Routes, func(r *RouteTable) (*az.Resource, *Doc) { return &r.Resource, r.Doc })
	s.Links = resources(s.Links, func(r *PrivateLinkService) (*az.Resource, *Doc) { return &r.Resource, r.Doc })
	s.NATGateways = resources(s.NATGateways, func(r *NATGateway) (*az.Resource, *Doc) { return &r.Resource, r.Doc })
	s.AKS = resources(s.AKS, func(r *AKSCluster) (*az.Resource, *Doc) { return &r.Resource, r.Doc })
	s.Metrics = metrics(s.Metrics)
	s.ScaleSets = resources(s.ScaleSets, func(r *ScaleSet) (*az.Resource, *Doc) { return &r.Resource, r.Doc })
	s.Groups = resources(s.Groups, func(r *Group) (*az.Resource, *Doc) { return &r.Resource, r.Doc })
	l.adoptStates()
	// `az vm list` and `az vm get-instance-view` print the same machine; the second has its state.
	slices.SortStableFunc(s.VMs, func(a, b VM) int { return cmp.Compare(withoutView(a), withoutView(b)) })
	s.VMs = resources(s.VMs, func(r *VM) (*az.Resource, *Doc) { return &r.Resource, r.Doc })
	s.Activities = activities(s.Activities)
	s.RoleAssignments = hung(s.RoleAssignments, func(r *RoleAssignment) (string, string, *Doc) { return r.ID, r.At, r.Doc })
	s.RoleDefinitions = hung(s.RoleDefinitions, func(r *RoleDefinition) (string, string, *Doc) { return r.ID, r.At, r.Doc })
	s.Locks = hung(s.Locks, func(r *Lock) (string, string, *Doc) { return r.ID, r.At, r.Doc })
	s.PolicyAssignments = hung(s.PolicyAssignments, func(r *PolicyAssignment) (string, string, *Doc) { return r.ID, r.At, r.Doc })
	s.Usages = hung(s.Usages, func(r *Usage) (string, string, *Doc) { return r.ID, r.At, r.Doc })
	s.ServiceTags = hung(s.ServiceTags, func(r *ServiceTags) (string, string, *Doc) { return r.ID, r.At, r.Doc })
	l.sortParts()
	slices.SortStableFunc(l.logs, func(a, b scanned) int { return strings.Compare(a.log.File, b.log.File) })
}

// adoptStates gives machines the state that another list has of them. Of a machine that no
// list has, the state tells nothing that anybody asks for.
func (l *loader) adoptStates() {
	states := map[string]VM{}
	for _, v := range l.states {
		if _, twice := states[az.Key(v.ID)]; !twice && !az.Masked(v.ID) {
			states[az.Key(v.ID)] = v
		}
	}
	for i := range l.s.VMs {
		v := &l.s.VMs[i]
		if state, ok := states[az.Key(v.ID)]; ok && v.InstanceView == nil && v.PowerStateText == "" {
			v.InstanceView, v.View = state.InstanceView, state.Doc
		}
	}
}

func withoutView(v VM) int {
	if v.InstanceView != nil {
		return 0
	}
	return 1
}

// objects sorts by namespace and name; of an object that was given twice the one
// with the newest resourceVersion stays, and before a text the one with a uid.
func objects[T any](rows []T, of func(*T) (*metav1.ObjectMeta, *Doc)) []T {
	slices.SortStableFunc(rows, func(x, y T) int {
		a, docA := of(&x)
		b, docB := of(&y)
		return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name),
			-cmp.Compare(boolInt(a.UID != ""), boolInt(b.UID != "")), -compareVersions(a.ResourceVersion, b.ResourceVersion),
			strings.Compare(docA.File, docB.File), cmp.Compare(docA.Line, docB.Line))
	})
	return slices.CompactFunc(rows, func(x, y T) bool {
		a, _ := of(&x)
		b, _ := of(&y)
		return a.Namespace == b.Namespace && a.Name == b.Name
	})
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// activities sorts events of the activity log, oldest first, and removes what two
// files have of the same.
func activities(rows []Activity) []Activity {
	key := func(a Activity) string {
		return strings.Join([]string{az.Key(a.ResourceID), a.Operation, a.Status, a.Caller}, "\x00")
	}
	slices.SortStableFunc(rows, func(a, b Activity) int {
		return cmp.Or(a.Time.Compare(b.Time), strings.Compare(key(a), key(b)), strings.Compare(a.Doc.File, b.Doc.File), cmp.Compare(len(a.At), len(b.At)), strings.Compare(a.At, b.At))
	})
	return slices.CompactFunc(rows, func(a, b Activity) bool { return a.Time.Equal(b.Time) && key(a) == key(b) })
}

// compareVersions orders resource versions, which are numbers in practice.
func compareVersions(a, b string) int {
	x, errX := strconv.ParseUint(a, 10, 64)
	y, errY := strconv.ParseUint(b, 10, 64)
	if errX != nil || errY != nil {
		return strings.Compare(a, b)
	}
	return cmp.Compare(x, y)
}

// resources sorts by id and removes what has the same id; objects whose id can be
// compared with nothing are all kept.
func resources[T any](rows []T, of func(*T) (*az.Resource, *Doc)) []T {
	slices.SortStableFunc(rows, func(x, y T) int {
		a, docA := of(&x)
		b, docB := of(&y)
		if c := cmp.Or(strings.Compare(strings.ToLower(a.ID), strings.ToLower(b.ID)), strings.Compare(a.Name, b.Name)); c != 0 || az.SameID(a.ID, b.ID) {
			return c
		}
		return cmp.Or(strings.Compare(docA.File, docB.File), cmp.Compare(len(a.At), len(b.At)), strings.Compare(a.At, b.At))
	})
	return slices.CompactFunc(rows, func(x, y T) bool {
		a, _ := of(&x)
		b, _ := of(&y)
		return az.SameID(a.ID, b.ID)
	})
}

// hung sorts what hangs at other objects by its id, and removes what two lists have of
// the same: those of a group and of the subscription overlap.
func hung[T any](rows []T, of func(*T) (id, at string, doc *Doc)) []T {
	slices.SortStableFunc(rows, func(x, y T) int {
		a, atA, docA := of(&x)
		b, atB, docB := of(&y)
		if c := strings.Compare(strings.ToLower(a), strings.ToLower(b)); c != 0 || az.SameID(a, b) {
			return c
		}
		return cmp.Or(strings.Compare(docA.File, docB.File), cmp.Compare(len(atA), len(atB)), strings.Compare(atA, atB))
	})
	return slices.CompactFunc(rows, func(x, y T) bool {
		a, _, _ := of(&x)
		b, _, _ := of(&y)
		return az.SameID(a, b)
	})
}

// sortParts sorts the lists inside the Azure objects whose order means nothing.
// Those inside Kubernetes objects stay: cites go by their index.
func (l *loader) sortParts() {
	byID := func(id string) string { return strings.ToLower(id) }
	for i := range l.s.Loads {
		lb := &l.s.Loads[i].LoadBalancer
		slices.SortStableFunc(lb.Frontends, func(a, b az.Frontend) int { return compareNamed(a.Resource, b.Resource) })
		slices.SortStableFunc(lb.Pools, func(a, b az.BackendPool) int { return compareNamed(a.Resource, b.Resource) })
		slices.SortStableFunc(lb.Rules, func(a, b az.LBRule) int { return compareNamed(a.Resource, b.Resource) })
		slices.SortStableFunc(lb.Probes, func(a, b az.Probe) int { return compareNamed(a.Resource, b.Resource) })
		slices.SortStableFunc(lb.OutboundRules, func(a, b az.OutboundRule) int { return compareNamed(a.Resource, b.Resource) })
		for j := range lb.OutboundRules {
			slices.SortStableFunc(lb.OutboundRules[j].Frontends, func(a, b az.Ref) int { return strings.Compare(byID(a.ID), byID(b.ID)) })
		}
		for j := range lb.Pools {
			p := &lb.Pools[j]
			slices.SortStableFunc(p.IPConfigurations, func(a, b az.Ref) int { return strings.Compare(byID(a.ID), byID(b.ID)) })
			slices.SortStableFunc(p.Addresses, func(a, b az.PoolAddress) int {
				return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.IPAddress, b.IPAddress))
			})
		}
	}
	for i := range l.s.AKS {
		slices.SortStableFunc(l.s.AKS[i].Pools, func(a, b az.AgentPool) int { return strings.Compare(a.Name, b.Name) })
	}
	for i := range l.s.NSGs {
		g := &l.s.NSGs[i].NSG
		slices.SortStableFunc(g.SecurityRules, compareRules)
		slices.SortStableFunc(g.DefaultSecurityRules, compareRules)
	}
	for i := range l.s.VNets {
		slices.SortStableFunc(l.s.VNets[i].Subnets, func(a, b az.Subnet) int { return compareNamed(a.Resource, b.Resource) })
	}
	for i := range l.s.Routes {
		slices.SortStableFunc(l.s.Routes[i].Routes, func(a, b az.Route) int { return compareNamed(a.Resource, b.Resource) })
	}
}

func compareNamed(a, b az.Resource) int {
	return cmp.Or(strings.Compare(strings.ToLower(a.ID), strings.ToLower(b.ID)), strings.Compare(a.Name, b.Name))
}

func compareRules(a, b az.SecurityRule) int {
	return cmp.Or(strings.Compare(strings.ToLower(a.Direction), strings.ToLower(b.Direction)), cmp.Compare(a.Priority, b.Priority), strings.Compare(a.Name, b.Name))
}

// adoptEvents sets the times of events that have only an age, removes what is
// there twice and sorts: oldest first, those without a time before all.
func (l *loader) adoptEvents() {
	for i := range l.events {
		e := &l.events[i]
		if e.fromText && !l.s.Now.IsZero() && e.age >= 0 {
			e.Last = l.s.Now.Add(-e.age)
			e.First = l.s.Now.Add(-e.firstAge)
		}
	}
	slices.SortStableFunc(l.events, func(a, b eventRow) int {
		return cmp.Or(a.Last.Compare(b.Last), -cmp.Compare(a.age, b.age), strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Kind, b.Kind),
			strings.Compare(a.Name, b.Name), strings.Compare(a.UID, b.UID), strings.Compare(a.Reason, b.Reason), strings.Compare(a.Message, b.Message),
			cmp.Compare(a.Count, b.Count), strings.Compare(a.key, b.key))
	})
	objects, texts, told := map[string]int{}, map[string]int{}, map[string]bool{}
	for i, e := range l.events { // the last is the newest
		if e.key != "" {
			objects[e.key] = i
		}
		if e.fromText {
			texts[e.words()] = i
		} else {
			told[e.words()] = true
		}
	}
	for i, e := range l.events {
		switch {
		case e.key != "" && objects[e.key] != i:
		case e.fromText && (told[e.words()] || texts[e.words()] != i):
		default:
			l.s.Events = append(l.s.Events, e.Event)
		}
	}
}

// words are what a text and an object have in common of the same event.
func (e eventRow) words() string {
	return strings.Join([]string{e.Kind, e.Name, e.Reason, strings.Join(strings.Fields(e.Message), " ")}, "\x00")
}
