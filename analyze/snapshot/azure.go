package snapshot

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"strings"

	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
)

// azTypes are the ARM types that are read. A type stands for objects of exactly
// this depth; the last one of an id decides.
var azTypes = []struct {
	evidence *bundle.Evidence
	provider string
	types    []string
}{
	{&bundle.LoadBalancers, "Microsoft.Network", []string{"loadBalancers"}},
	{&bundle.PublicIPs, "Microsoft.Network", []string{"publicIPAddresses"}},
	{&bundle.NSGs, "Microsoft.Network", []string{"networkSecurityGroups"}},
	{&bundle.VNets, "Microsoft.Network", []string{"virtualNetworks"}},
	{&bundle.NICs, "Microsoft.Network", []string{"networkInterfaces"}},
	{&bundle.RouteTables, "Microsoft.Network", []string{"routeTables"}},
	{&bundle.PrivateLinkServices, "Microsoft.Network", []string{"privateLinkServices"}},
	{&bundle.NATGateways, "Microsoft.Network", []string{"natGateways"}},
	{&bundle.PublicIPPrefixes, "Microsoft.Network", []string{"publicIPPrefixes"}},
	{&bundle.ASGs, "Microsoft.Network", []string{"applicationSecurityGroups"}},
	{&bundle.PrivateEndpoints, "Microsoft.Network", []string{"privateEndpoints"}},
	{&bundle.ApplicationGateways, "Microsoft.Network", []string{"applicationGateways"}},
	{&bundle.Firewalls, "Microsoft.Network", []string{"azureFirewalls"}},
	{&bundle.Subnets, "Microsoft.Network", []string{"virtualNetworks", "subnets"}},
	{&bundle.AvailabilitySets, "Microsoft.Compute", []string{"availabilitySets"}},
	{&bundle.Workspace, "Microsoft.OperationalInsights", []string{"workspaces"}},
	{&bundle.AKSCluster, "Microsoft.ContainerService", []string{"managedClusters"}},
	{&bundle.ScaleSets, "Microsoft.Compute", []string{"virtualMachineScaleSets"}},
	{&bundle.ScaleSetInstances, "Microsoft.Compute", []string{"virtualMachineScaleSets", "virtualMachines"}},
	{&bundle.ScaleSetNICs, "Microsoft.Compute", []string{"virtualMachineScaleSets", "virtualMachines", "networkInterfaces"}},
	{&bundle.ScaleSetNICs, "Microsoft.Network", []string{"virtualMachineScaleSets", "virtualMachines", "networkInterfaces"}},
	{&bundle.VMs, "Microsoft.Compute", []string{"virtualMachines"}},
}

// azMarks are keys that only one type has: they decide where the id is masked.
var azMarks = []struct {
	evidence *bundle.Evidence
	keys     []string
}{
	{&bundle.LoadBalancers, []string{"loadbalancingrules", "frontendipconfigurations"}},
	{&bundle.PublicIPs, []string{"publicipallocationmethod"}},
	{&bundle.NSGs, []string{"defaultsecurityrules"}},
	{&bundle.VNets, []string{"addressspace"}},
	{&bundle.RouteTables, []string{"routes"}},
	{&bundle.PrivateLinkServices, []string{"visibility", "autoapproval"}},
	{&bundle.AKSCluster, []string{"agentpoolprofiles", "noderesourcegroup"}},
	{&bundle.ScaleSets, []string{"virtualmachineprofile"}},
	{&bundle.ScaleSetInstances, []string{"instanceid"}},
	{&bundle.VMs, []string{"hardwareprofile"}},
	{&bundle.NICs, []string{"enableipforwarding", "macaddress"}},
}

// azMetrics are the metrics that are read, each of a load balancer.
var azMetrics = map[string]*bundle.Evidence{
	"DipAvailability":     &bundle.ProbeMetrics,
	"VipAvailability":     &bundle.PathMetrics,
	"SnatConnectionCount": &bundle.SNATConnectionMetrics,
	"AllocatedSnatPorts":  &bundle.SNATPortMetrics,
	"UsedSnatPorts":       &bundle.SNATPortMetrics,
}

// azEvidence says what an az object is: by its id, by its type, by its keys.
// other names a type that is not read.
func azEvidence(item az.Item) (e *bundle.Evidence, other string) {
	if item.IsActivity() { // its id is below the one of the resource
		return &bundle.ActivityLog, ""
	}
	if name := item.MetricName(); name != "" { // and so is a metric's
		return azMetrics[name], "metric " + name
	}
	if e := allows(item); e != nil { // and so is a lock's
		return e, ""
	}
	if e := further(item); e != nil {
		return e, ""
	}
	id, ok := az.ParseID(item.Text("id"))
	if ok && id.Provider != "" {
		for _, t := range azTypes {
			if id.Is(t.provider, t.types...) {
				return t.evidence, ""
			}
		}
		return nil, id.Provider + "/" + strings.Join(id.Types, "/")
	}
	if ok && id.Group != "" {
		return &bundle.Group, ""
	}
	if typ := item.Text("type"); strings.Contains(typ, "/") {
		for _, t := range azTypes {
			if strings.EqualFold(typ, t.provider+"/"+strings.Join(t.types, "/")) {
				return t.evidence, ""
			}
		}
		return nil, typ
	}
	if item.Has("tenantid") && (item.Has("environmentname") || item.Has("hometenantid") || item.Has("user")) && item.Has("id") {
		return &bundle.Account, ""
	}
	if item.Has("azure-cli") {
		return &bundle.AzVersion, ""
	}
	for _, m := range azMarks {
		for _, key := range m.keys {
			if item.Has(key) {
				return m.evidence, ""
			}
		}
	}
	return nil, ""
}

// isAzure reports whether a JSON document is something that az or ARM printed.
func isAzure(items []az.Item) bool {
	for _, item := range items {
		if e, other := azEvidence(item); e != nil || other != "" {
			return true
		}
	}
	return false
}

// azure takes the objects of one document of az. hint is the evidence that the
// manifest names, nil for loose files.
func (l *loader) azure(f *reading, doc *Doc, items []az.Item, damage error, hint *bundle.Evidence) {
	partial := nextPage(doc.Raw)
	lists := map[*bundle.Evidence]*given{}
	for _, item := range items {
		evidence, other := hint, ""
		if evidence == nil {
			evidence, other = azEvidence(item)
		}
		if evidence == nil {
			f.unused(cmp.Or(other, "an object of an unknown type"))
			continue
		}
		f.as(evidence)
		id, err := l.row(f, evidence, item, doc)
		if err != nil {
			damage = errors.Join(damage, err)
		}
		g := lists[evidence]
		if g == nil {
			g = &given{evidence: evidence, file: f.name, list: item.At != "", partial: partial, groups: map[string]bool{}, sets: map[string]bool{}}
			lists[evidence] = g
			l.given = append(l.given, g)
		}
		if p, ok := az.ParseID(id); ok && !az.Masked(p.Group) {
			g.groups[strings.ToLower(p.Group)] = true
			g.sets[setKey(p)] = true
		}
	}
	if len(items) == 0 && damage == nil {
		evidence := hint
		if evidence == nil {
			evidence = byFileName(f.name)
		}
		if evidence == nil {
			f.note("it is an empty list, and its name does not say of what")
			return
		}
		f.as(evidence)
		l.given = append(l.given, &given{evidence: evidence, file: f.name, list: true, empty: true})
	}
	if damage != nil {
		evidence := hint
		for e := range lists {
			if evidence == nil || e.ID < evidence.ID {
				evidence = e
			}
		}
		if evidence == nil {
			evidence = byFileName(f.name)
		}
		l.fault(f, evidence, fault{doc.Line, strings.ReplaceAll(damage.Error(), "\n", "; ")})
	}
}

// nextPage says that a list has a further page that is not in the file.
func nextPage(raw []byte) string {
	if !bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
		return ""
	}
	var envelope struct {
		NextLink  string `json:"nextLink"`
		SkipToken string `json:"skip_token"`
		Skip      string `json:"$skipToken"`
	}
	if json.Unmarshal(raw, &envelope) == nil && envelope.NextLink+envelope.SkipToken+envelope.Skip != "" {
		return "it is one page of a longer list"
	}
	return ""
}

// row decodes one object of az into its table and returns its id.
func (l *loader) row(f *reading, e *bundle.Evidence, item az.Item, doc *Doc) (id string, err error) {
	s := l.s
	switch e {
	case &bundle.LoadBalancers:
		v, err := az.As[az.LoadBalancer](item)
		return add(&s.Loads, LoadBalancer{v, doc}, v.ID, err)
	case &bundle.PublicIPs:
		v, err := az.As[az.PublicIP](item)
		return add(&s.PublicIPs, PublicIP{v, doc}, v.ID, err)
	case &bundle.NSGs:
		v, err := az.As[az.NSG](item)
		return add(&s.NSGs, NSG{v, doc}, v.ID, err)
	case &bundle.VNets:
		v, err := az.As[az.VNet](item)
		return add(&s.VNets, VNet{v, doc}, v.ID, err)
	case &bundle.NICs, &bundle.ScaleSetNICs:
		v, err := az.As[az.NIC](item)
		return add(&s.NICs, NIC{v, doc}, v.ID, err)
	case &bundle.RouteTables:
		v, err := az.As[az.RouteTable](item)
		return add(&s.Routes, RouteTable{v, doc}, v.ID, err)
	case &bundle.PrivateLinkServices:
		v, err := az.As[az.PrivateLinkService](item)
		return add(&s.Links, PrivateLinkService{v, doc}, v.ID, err)
	case &bundle.NATGateways:
		v, err := az.As[az.NATGateway](item)
		return add(&s.NATGateways, NATGateway{v, doc}, v.ID, err)
	case &bundle.AKSCluster:
		v, err := az.As[az.AKSCluster](item)
		return add(&s.AKS, AKSCluster{v, doc}, v.ID, err)
	case &bundle.ProbeMetrics, &bundle.PathMetrics, &bundle.SNATConnectionMetrics, &bundle.SNATPortMetrics:
		return l.metric(f, e, item, doc)
	case &bundle.ScaleSets:
		v, err := az.As[az.ScaleSet](item)
		return add(&s.ScaleSets, ScaleSet{v, doc}, v.ID, err)
	case &bundle.VMs, &bundle.ScaleSetInstances, &bundle.VMInstanceViews:
		v, err := az.As[az.VM](item)
		return add(&s.VMs, VM{v, doc, doc}, v.ID, err)
	case &bundle.VMStatuses:
		v, err := az.As[az.VM](item)
		return add(&l.states, VM{v, doc, doc}, v.ID, err)
	case &bundle.Group:
		v, err := az.As[az.Group](item)
		return add(&s.Groups, Group{v, doc}, v.ID, err)
	case &bundle.Account:
		v, err := az.As[az.Account](item)
		isDefault := strings.EqualFold(item.Text("isdefault"), "true")
		_, err = add(&l.accounts, account{Account{v, doc}, isDefault}, "", err)
		return "", err
	case &bundle.ActivityLog:
		v, err := az.AsActivity(item)
		l.saw(v.Time)
		return add(&s.Activities, Activity{v, doc}, v.ResourceID, err)
	case &bundle.RoleAssignments:
		v, err := az.As[az.RoleAssignment](item)
		return add(&s.RoleAssignments, RoleAssignment{v, doc}, "", err)
	case &bundle.RoleDefinitions:
		v, err := az.As[az.RoleDefinition](item)
		return add(&s.RoleDefinitions, RoleDefinition{v, doc}, "", err)
	case &bundle.SubscriptionLocks, &bundle.Locks:
		v, err := az.As[az.Lock](item)
		return add(&s.Locks, Lock{v, doc}, v.ID, err)
	case &bundle.PolicyAssignments:
		v, err := az.As[az.PolicyAssignment](item)
		return add(&s.PolicyAssignments, PolicyAssignment{v, doc}, v.ID, err)
	case &bundle.NetworkUsages:
		v, err := az.As[az.Usage](item)
		return add(&s.Usages, Usage{v, doc}, v.ID, err)
	case &bundle.ServiceTags:
		v, err := az.As[az.ServiceTags](item)
		return add(&s.ServiceTags, ServiceTags{v, doc}, "", err)
	case &bundle.AzVersion:
		s.AzCLI = cmp.Or(s.AzCLI, item.Text("azure-cli"))
	}
	return "", nil
}

// account is one subscription; `az account list` prints all of a user.
type account struct {
	Account
	isDefault bool
}

func add[T any](table *[]T, row T, id string, err error) (string, error) {
	if err == nil {
		*table = append(*table, row)
	}
	return id, err
}

// setKey names the scale set that an id belongs to, "" where it belongs to none.
func setKey(id az.ID) string {
	return strings.ToLower(id.Group + "/" + id.Name("virtualMachineScaleSets"))
}
