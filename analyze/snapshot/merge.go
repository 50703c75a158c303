package snapshot

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// Merge makes one snapshot of two partial ones of the same cluster; the two must
// not be used afterwards. It refuses snapshots whose kube-system uids differ, or
// which have no subscription or no node in common where both have some, and says
// both identities; and snapshots whose names were replaced in different ways. Where both know something, the newer one counts.
func Merge(a, b *Snapshot) (*Snapshot, error) {
	if !sameCluster(a, b) {
		return nil, fmt.Errorf("merging %s and %s: they are of different clusters (%s: %s; %s: %s); analyse each alone", a.Name, b.Name, a.Name, a.identity(), b.Name, b.identity())
	}
	if x, y := a.Manifest, b.Manifest; x != nil && y != nil && x.Names != y.Names {
		return nil, fmt.Errorf("merging %s and %s: the names in them were replaced with different maps, or in one of them only; collect one of them again, with --redact all --names and the map of the other", a.Name, b.Name)
	}
	tellApart(a, b)
	older, newer := a, b
	if b.Now.Before(a.Now) {
		older, newer = b, a
	}
	l := newLoader(mergeManifests(older.Manifest, newer.Manifest))
	s := l.s
	s.Name, s.Now = a.Name, newer.Now
	s.Partial = strings.Join(slices.DeleteFunc([]string{a.Partial, b.Partial}, func(p string) bool { return p == "" }), "; ")
	s.Kubernetes, s.AzCLI = cmp.Or(newer.Kubernetes, older.Kubernetes), cmp.Or(newer.AzCLI, older.AzCLI)
	s.KubeSystemUID = cmp.Or(newer.KubeSystemUID, older.KubeSystemUID)
	s.Account, s.Config = cmp.Or(newer.Account, older.Account), cmp.Or(newer.Config, older.Config)
	for _, from := range []*Snapshot{newer, older} { // the newer first: of equal rows the first stays
		s.Services, s.Nodes = append(s.Services, from.Services...), append(s.Nodes, from.Nodes...)
		s.Slices, s.Pods = append(s.Slices, from.Slices...), append(s.Pods, from.Pods...)
		s.Loads, s.PublicIPs = append(s.Loads, from.Loads...), append(s.PublicIPs, from.PublicIPs...)
		s.NSGs, s.VNets, s.NICs = append(s.NSGs, from.NSGs...), append(s.VNets, from.VNets...), append(s.NICs, from.NICs...)
		s.Routes, s.Links = append(s.Routes, from.Routes...), append(s.Links, from.Links...)
		s.ScaleSets, s.VMs, s.Groups = append(s.ScaleSets, from.ScaleSets...), append(s.VMs, from.VMs...), append(s.Groups, from.Groups...)
		s.NATGateways, s.AKS, s.Metrics = append(s.NATGateways, from.NATGateways...), append(s.AKS, from.AKS...), append(s.Metrics, from.Metrics...)
		s.Activities = append(s.Activities, from.Activities...)
		s.Refusals = unanswered(append(s.Refusals, from.Refusals...), slices.Concat(entries(newer), entries(older)))
		s.RoleAssignments, s.RoleDefinitions = append(s.RoleAssignments, from.RoleAssignments...), append(s.RoleDefinitions, from.RoleDefinitions...)
		s.Locks, s.PolicyAssignments, s.Usages = append(s.Locks, from.Locks...), append(s.PolicyAssignments, from.PolicyAssignments...), append(s.Usages, from.Usages...)
		s.ServiceTags = append(s.ServiceTags, from.ServiceTags...)
		l.takeEvents(from)
		l.takeLogs(from)
		for id, groups := range from.known {
			for g, x := range groups {
				if s.known[id] == nil {
					s.known[id] = map[string]extent{}
				}
				old := s.known[id][g]
				s.known[id][g] = extent{old.read || x.read, old.complete || x.complete}
			}
		}
		s.Files = append(s.Files, from.Files...)
	}
	for id, groups := range s.known { // one half's "nothing was asked" says nothing beside the other's lists
		e := bundle.ByID(id)
		perhapsNone := e != nil && (e.Scope == bundle.PerVM || e.Scope == bundle.PerScaleSet)
		if e != nil && scoped(e) && (len(groups) > 1 || perhapsNone) && !groups[""].read {
			delete(groups, "")
		}
	}
	l.order()
	l.adoptEvents()
	l.adoptLogs()
	s.groups = slices.Compact(slices.Sorted(slices.Values(append(a.groups, b.groups...))))
	l.gaps = slices.Concat(a.Gaps, b.Gaps)
	s.Gaps = l.gaps
	l.apart(a, b)
	l.gaps = slices.DeleteFunc(l.gaps, func(g bundle.Gap) bool {
		declined := g.Status == bundle.StatusSkipped && len(g.Scope) == 0 // by one half, of which the other knows more
		return s.Complete(g.Evidence, groupOf(g.Evidence, g.Scope)) || declined && (s.Have(g.Evidence) || s.Lost(g.Evidence))
	})
	l.sortGaps()
	for _, g := range slices.Concat(a.Spare, b.Spare) {
		if !s.Have(g.Evidence) && !slices.ContainsFunc(slices.Concat(s.Gaps, s.Spare), func(x bundle.Gap) bool { return x.Evidence == g.Evidence }) {
			s.Spare = append(s.Spare, g)
		}
	}
	slices.SortStableFunc(s.Files, func(a, b report.File) int { return strings.Compare(a.Name, b.Name) })
	return s, nil
}

// mergeManifests keeps the newer manifest with the entries of both.
func mergeManifests(older, newer *bundle.Manifest) *bundle.Manifest {
	if older == nil || newer == nil {
		return cmp.Or(newer, older)
	}
	m := *newer
	m.Entries = slices.Concat(newer.Entries, older.Entries)
	c, o := &m.Cluster, older.Cluster
	c.Context, c.UID, c.Region, c.Managed = cmp.Or(c.Context, o.Context), cmp.Or(c.UID, o.UID), cmp.Or(c.Region, o.Region), c.Managed || o.Managed
	c.Subscriptions, c.ResourceGroups = union(c.Subscriptions, o.Subscriptions), union(c.ResourceGroups, o.ResourceGroups)
	return &m
}

// union is a list with what another one adds, without case as Azure compares.
func union(a, b []string) []string {
	out := slices.Clone(a)
	for _, x := range b {
		if !slices.ContainsFunc(out, func(y string) bool { return strings.EqualFold(x, y) }) {
			out = append(out, x)
		}
	}
	return out
}

func entries(s *Snapshot) []bundle.Entry {
	if s.Manifest == nil {
		return nil
	}
	return s.Manifest.Entries
}

func (l *loader) takeEvents(from *Snapshot) {
	for _, e := range from.Events {
		key := strings.Join([]string{e.Namespace, e.Kind, e.Name, e.Reason, e.Message, e.First.String()}, "\x00")
		l.events = append(l.events, eventRow{Event: e, key: key})
	}
}

func (l *loader) takeLogs(from *Snapshot) {
	records := map[*LogFile][]Record{}
	for _, r := range from.Records {
		records[r.Log] = append(records[r.Log], r)
	}
	for i := range from.Logs {
		l.logs = append(l.logs, scanned{from.Logs[i], records[&from.Logs[i]]})
	}
}

// sameCluster decides by the uid of kube-system where both have one.
func sameCluster(a, b *Snapshot) bool {
	if a.KubeSystemUID != "" && b.KubeSystemUID != "" && !az.Masked(a.KubeSystemUID) && !az.Masked(b.KubeSystemUID) {
		return a.KubeSystemUID == b.KubeSystemUID
	}
	return meet(a.subscriptions(), b.subscriptions()) && meet(a.nodeNames(), b.nodeNames()) && groupsMeet(a, b)
}

// meet reports whether two sets have something in common, or one of them is empty.
func meet(a, b []string) bool {
	return len(a) == 0 || len(b) == 0 || slices.ContainsFunc(a, func(x string) bool { return slices.Contains(b, x) })
}

// subscriptions of the snapshot, lower case, sorted, without masked ones.
func (s *Snapshot) subscriptions() []string {
	set := map[string]bool{}
	if s.Manifest != nil {
		for _, sub := range s.Manifest.Cluster.Subscriptions {
			set[strings.ToLower(sub)] = true
		}
	}
	for _, n := range s.Nodes {
		if id, ok := az.ParseID(n.Spec.ProviderID); ok {
			set[strings.ToLower(id.Subscription)] = true
		}
	}
	for _, lb := range s.Loads {
		if id, ok := az.ParseID(lb.ID); ok {
			set[strings.ToLower(id.Subscription)] = true
		}
	}
	if s.Account != nil {
		set[strings.ToLower(s.Account.ID)] = true
	}
	if s.Config != nil {
		set[strings.ToLower(s.Config.SubscriptionID)] = true
	}
	maps.DeleteFunc(set, func(sub string, _ bool) bool { return sub == "" || az.Masked(sub) })
	return slices.Sorted(maps.Keys(set))
}

func (s *Snapshot) nodeNames() []string {
	var out []string
	for _, n := range s.Nodes {
		out = append(out, n.Name)
	}
	return out
}

// identity says which cluster a snapshot is of.
func (s *Snapshot) identity() string {
	var parts []string
	if s.KubeSystemUID != "" {
		parts = append(parts, "kube-system "+s.KubeSystemUID)
	}
	if subs := s.subscriptions(); len(subs) > 0 {
		parts = append(parts, "subscription "+strings.Join(subs, ", "))
	}
	if len(s.groups) > 0 {
		parts = append(parts, "resource group "+strings.Join(s.groups, ", "))
	}
	if nodes := s.nodeNames(); len(nodes) > 3 {
		parts = append(parts, fmt.Sprintf("nodes %s and %d more", strings.Join(nodes[:3], ", "), len(nodes)-3))
	} else if len(nodes) > 0 {
		parts = append(parts, "nodes "+strings.Join(nodes, ", "))
	}
	if len(parts) == 0 {
		return "unknown"
	}
	return strings.Join(parts, ", ")
}

// tellApart puts the snapshots' names before the names of their files where both
// have a file of the same name.
func tellApart(a, b *Snapshot) {
	names := map[string]bool{}
	for _, f := range a.Files {
		names[f.Name] = true
	}
	if slices.ContainsFunc(b.Files, func(f report.File) bool { return names[f.Name] }) {
		a.rename(a.Name + ":")
		b.rename(b.Name + ":")
	}
}

// rename puts a prefix before the names of all files of a snapshot.
func (s *Snapshot) rename(prefix string) {
	for i := range s.Files {
		s.Files[i].Name = prefix + s.Files[i].Name
	}
	for i := range s.Logs {
		s.Logs[i].File = prefix + s.Logs[i].File
	}
	for d := range s.docs() {
		d.File = prefix + d.File
	}
}

// docs are all pieces that the snapshot keeps, each once.
func (s *Snapshot) docs() map[*Doc]bool {
	out := map[*Doc]bool{}
	collect(out, s.Services, func(r *Service) *Doc { return r.Doc })
	collect(out, s.Nodes, func(r *Node) *Doc { return r.Doc })
	collect(out, s.Slices, func(r *EndpointSlice) *Doc { return r.Doc })
	collect(out, s.Pods, func(r *Pod) *Doc { return r.Doc })
	collect(out, s.Events, func(r *Event) *Doc { return r.Doc })
	collect(out, s.Logs, func(r *LogFile) *Doc { return r.Doc })
	collect(out, s.Loads, func(r *LoadBalancer) *Doc { return r.Doc })
	collect(out, s.PublicIPs, func(r *PublicIP) *Doc { return r.Doc })
	collect(out, s.NSGs, func(r *NSG) *Doc { return r.Doc })
	collect(out, s.VNets, func(r *VNet) *Doc { return r.Doc })
	collect(out, s.NICs, func(r *NIC) *Doc { return r.Doc })
	collect(out, s.Routes, func(r *RouteTable) *Doc { return r.Doc })
	collect(out, s.Links, func(r *PrivateLinkService) *Doc { return r.Doc })
	collect(out, s.ScaleSets, func(r *ScaleSet) *Doc { return r.Doc })
	collect(out, s.VMs, func(r *VM) *Doc { return r.Doc })
	collect(out, s.VMs, func(r *VM) *Doc { return r.View })
	collect(out, s.Groups, func(r *Group) *Doc { return r.Doc })
	collect(out, s.NATGateways, func(r *NATGateway) *Doc { return r.Doc })
	collect(out, s.AKS, func(r *AKSCluster) *Doc { return r.Doc })
	collect(out, s.Metrics, func(r *Metric) *Doc { return r.Doc })
	collect(out, s.Activities, func(r *Activity) *Doc { return r.Doc })
	collect(out, s.RoleAssignments, func(r *RoleAssignment) *Doc { return r.Doc })
	collect(out, s.RoleDefinitions, func(r *RoleDefinition) *Doc { return r.Doc })
	collect(out, s.Locks, func(r *Lock) *Doc { return r.Doc })
	collect(out, s.PolicyAssignments, func(r *PolicyAssignment) *Doc { return r.Doc })
	collect(out, s.Usages, func(r *Usage) *Doc { return r.Doc })
	collect(out, s.ServiceTags, func(r *ServiceTags) *Doc { return r.Doc })
	if s.Account != nil {
		out[s.Account.Doc] = true
	}
	if s.Config != nil {
		out[s.Config.Doc] = true
	}
	delete(out, nil)
	return out
}

func collect[T any](out map[*Doc]bool, rows []T, of func(*T) *Doc) {
	for i := range rows {
		out[of(&rows[i])] = true
	}
}
