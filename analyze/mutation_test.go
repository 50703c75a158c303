package analyze

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"azlb/analyze/desired"
	"azlb/analyze/rule/ruletest"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
)

var everyMutation = flag.Bool("drift.every", false, "mutate every field of large clusters, not every eleventh")

// notCompared are the fields of the provider's objects whose change is no drift: the
// provider does not compare them (cloudprovider.md 2.12 and the functions named), or
// they are not the provider's. "delete" and "change" tell the two mutations apart.
var notCompared = map[string]string{
	"LoadBalancer.Tags":                                     "tags that are in no configuration are kept (ensureLoadBalancerTagged)",
	"LoadBalancer.SKU.Tier":                                 "Azure fills it in",
	"LoadBalancer.Pools.Addresses":                          "Azure mirrors the members of a NIC-based pool here",
	"LoadBalancer.Pools.Rules":                              "Azure writes the back reference",
	"LoadBalancer.Frontends.Zones":                          "findFrontend and isFrontendIPChanged do not look at zones",
	"LoadBalancer.Frontends.PrivateIPAllocationMethod":      "not compared since 1.0.22/1.1.18/1.23.15/1.24.3 (isFrontendIPChanged)",
	"LoadBalancer.Frontends.PrivateIPAddressVersion delete": "absent means IPv4",
	"LoadBalancer.Frontends.Rules":                          "Azure writes the back reference",
	"LoadBalancer.Rules.Pool delete":                        "backendAddressPools mirrors it",
	"LoadBalancer.Rules.Pools":                              "Azure mirrors backendAddressPool here",
	"LoadBalancer.Rules.IdleTimeoutInMinutes delete":        "absent counts as the default 4 (equalLoadBalancingRulePropertiesFormat)",
	"LoadBalancer.Rules.LoadDistribution delete":            "absent means Default",
	"LoadBalancer.Rules.EnableTCPReset udp":                 "compared for TCP only (equalLoadBalancingRulePropertiesFormat)",
	"LoadBalancer.Rules.EnableTCPReset delete":              "absent counts as false",
	"LoadBalancer.Rules.DisableOutboundSNAT delete":         "absent counts as false",
	"LoadBalancer.SKU.Name delete basic":                    "absent means Basic",
	"PublicIP.SKU.Name delete basic":                        "absent means Basic",
	"PublicIP.SKU.Tier":                                     "Azure fills it in",
	"PublicIP.Zones":                                        "decided when the address is made",
	"PublicIP.Location":                                     "an address stays where it was made",
	"PublicIP.Version delete":                               "absent means IPv4",
	"PublicIP.PublicIPPrefix":                               "of an address without a wanted prefix",
	"PublicIP.Tags.k8s-azure-cluster-name delete":           "an address without it is the provider's all the same (serviceOwnsPublicIP)",
	"PublicIP.Tags.kubernetes-cluster-name delete":          "an address without it is the provider's all the same (serviceOwnsPublicIP)",
	"PublicIP.Name byo":                                     "an address that the Service names by its value is looked for by it",
	"PublicIP.AllocationMethod byo":                         "decided by whoever made the address",
	"PublicIP.IPAddress byo":                                "an address that the Service names by its value is looked for by it",
	"PrivateLinkService.Alias":                              "Azure makes it",
	"PrivateLinkService.Location":                           "a link stays where it was made",
	"PrivateLinkService.Connections":                        "endpoints of others",
	"PrivateLinkService.IPConfigurations.Name":              "derived from subnet and address, not compared by us",
	"PrivateLinkService.IPConfigurations.Primary":           "the first address is the primary one",
	"PrivateLinkService.IPConfigurations.Version":           "a link has IPv4 addresses only",
	"PrivateLinkService.IPConfigurations.Allocation":        "only static addresses are wanted by their value",
	"PrivateLinkService.Name delete":                        "it is found by the frontend that it stands on",
	"PrivateLinkService.Name change":                        "it is found by the frontend that it stands on",
	"Subnet.PLSPolicies delete":                             "older versions of az do not show it",
	"SecurityRule.Priority":                                 "a rule keeps the priority that it has (securitygroup helper)",
	"SecurityRule.SourceASGs":                               "the provider writes none",
	"SecurityRule.DestinationASGs":                          "the provider keeps a customer's",
}

// TestMutations deletes and changes each field of the provider's objects in healthy
// clusters, one at a time: each is reported as drift, or stands in notCompared.
func TestMutations(t *testing.T) {
	if raced {
		t.Skip("runs without the race detector")
	}
	for name, s := range healthyClusters(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := &mutator{t: t, s: s, missed: map[string]int{}, used: map[string]bool{}}
			if n := len(m.drift()); n > 0 {
				t.Fatalf("%d differences before any mutation: %+v", n, m.drift()[0])
			}
			m.all()
			for _, miss := range slices.Sorted(maps.Keys(m.missed)) {
				t.Errorf("not reported %d times: %s", m.missed[miss], miss)
			}
			t.Logf("%d mutations reported, %d of fields that are not compared", m.reported, m.excused)
		})
	}
}

// healthyClusters are the healthy samples, and the healthy captures if their folder
// is named.
func healthyClusters(t *testing.T) map[string]*snapshot.Snapshot {
	t.Helper()
	out := map[string]*snapshot.Snapshot{}
	samples, err := filepath.Glob(filepath.Join("..", "samples", "healthy*", "bundle"))
	if err != nil || len(samples) == 0 {
		t.Fatalf("no healthy samples: %v", err)
	}
	for _, dir := range samples {
		out[filepath.Base(filepath.Dir(dir))] = ruletest.World(t, dir).Snapshot
	}
	if root := os.Getenv("AZLB_CAPTURES"); root != "" {
		captures, _ := filepath.Glob(filepath.Join(root, "healthy*"))
		for _, dir := range captures {
			if _, twice := out[filepath.Base(dir)]; twice && !*everyMutation {
				continue // a sample was made of it
			}
			out["capture "+filepath.Base(dir)] = ruletest.World(t, neutral(t, dir)).Snapshot
		}
	}
	return out
}

// mutator changes one field of a snapshot after the other.
type mutator struct {
	t        *testing.T
	s        *snapshot.Snapshot
	n        int
	step     int
	reported int
	excused  int
	missed   map[string]int
	used     map[string]bool // keys of notCompared
}

func (m *mutator) drift() []desired.Check {
	return desired.Compare(desired.All(topology.Build(m.s))).Drift()
}

// all visits the objects that the provider owns.
func (m *mutator) all() {
	g := topology.Build(m.s)
	m.step = 1
	if len(g.Services) > 20 && !*everyMutation {
		m.step = 11
	}
	for i := range m.s.Loads {
		if lb := &m.s.Loads[i]; g.OwnLoadBalancer(lb) {
			m.visit("LoadBalancer", reflect.ValueOf(&lb.LoadBalancer).Elem(), "")
		}
	}
	for i := range m.s.PublicIPs {
		p := &m.s.PublicIPs[i]
		if p.IPConfiguration == nil || !strings.Contains(strings.ToLower(p.IPConfiguration.ID), "/loadbalancers/"+strings.ToLower(g.ClusterName)+"/") {
			continue
		}
		note := ""
		if len(azname.ServicesOfTag(p.Tags)) == 0 {
			note = "byo"
		}
		m.visit("PublicIP", reflect.ValueOf(&p.PublicIP).Elem(), note)
	}
	for i := range m.s.Links {
		m.visit("PrivateLinkService", reflect.ValueOf(&m.s.Links[i].PrivateLinkService).Elem(), "")
	}
	for i := range m.s.ScaleSets {
		nics := m.s.ScaleSets[i].Profile.Network.NICs
		for j := range nics {
			for k := range nics[j].IPConfigurations {
				m.visit("ScaleSet.Pools", reflect.ValueOf(&nics[j].IPConfigurations[k].Pools).Elem(), "")
			}
		}
	}
	m.subnets()
	for i := range m.s.NSGs {
		for j := range m.s.NSGs[i].SecurityRules {
			r := &m.s.NSGs[i].SecurityRules[j]
			_, old := azname.ParsePrefix(r.Name)
			if old || azname.IsManagedSecurityRule(r.Name) {
				m.visit("SecurityRule", reflect.ValueOf(r).Elem(), "")
			}
		}
	}
}

// subnets visits what the provider wants of the subnets of nodes and of private link
// services.
func (m *mutator) subnets() {
	for i := range m.s.VNets {
		for j := range m.s.VNets[i].Subnets {
			sn := &m.s.VNets[i].Subnets[j]
			of := func(c az.IPConfig) bool { return c.Subnet != nil && az.SameID(c.Subnet.ID, sn.ID) }
			if slices.ContainsFunc(m.s.Links, func(p snapshot.PrivateLinkService) bool { return slices.ContainsFunc(p.IPConfigurations, of) }) {
				m.visit("Subnet.PLSPolicies", reflect.ValueOf(&sn.PLSPolicies).Elem(), "")
			}
			// A group at the interfaces is as good: there the subnet's is not the provider's.
			alone, inside := true, false
			for _, n := range m.s.NICs {
				if slices.ContainsFunc(n.IPConfigurations, of) {
					inside, alone = true, alone && n.NSG == nil
				}
			}
			if inside && alone && len(m.s.ScaleSets) > 0 {
				m.visit("Subnet.NSG", reflect.ValueOf(&sn.NSG).Elem(), "")
			}
		}
	}
}

// try applies a mutation and looks for drift.
func (m *mutator) try(field, kind, note string, change, restore func()) {
	for at := field; at != ""; at = at[:max(strings.LastIndexByte(at, '.'), 0)] {
		for _, key := range []string{at, at + " " + kind, at + " " + note, at + " " + kind + " " + note} {
			if _, ok := notCompared[key]; ok {
				m.excused++
				m.used[key] = true
				return
			}
		}
	}
	if m.n++; m.n%m.step != 0 {
		return
	}
	change()
	defer restore()
	if len(m.drift()) == 0 {
		m.missed[field+" "+kind+" "+note]++
		return
	}
	m.reported++
}

// own are fields of every object that are no wish of anybody: what Azure writes.
var own = []string{"ID", "At", "Type", "ProvisioningState"}

func (m *mutator) visit(field string, v reflect.Value, note string) {
	if r, ok := v.Addr().Interface().(*az.LBRule); ok && !strings.EqualFold(r.Protocol, "Tcp") {
		note = "udp"
	}
	if sku, ok := v.Addr().Interface().(*az.SKU); ok && sku.Name == "Basic" {
		note = "basic"
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			switch {
			case slices.Contains(own, f.Name):
			case f.Anonymous:
				m.visit(field, v.Field(i), note)
			default:
				m.visit(field+"."+f.Name, v.Field(i), note)
			}
		}
	case reflect.String, reflect.Int, reflect.Bool:
		m.scalar(field, v, note)
	case reflect.Pointer:
		m.pointer(field, v, note)
	case reflect.Slice:
		m.slice(field, v, note)
	case reflect.Map:
		for _, k := range v.MapKeys() {
			old := v.MapIndex(k)
			m.try(field+"."+k.String(), "delete", note, func() { v.SetMapIndex(k, reflect.Value{}) }, func() { v.SetMapIndex(k, old) })
			m.try(field+"."+k.String(), "change", note, func() { v.SetMapIndex(k, reflect.ValueOf("x"+old.String())) }, func() { v.SetMapIndex(k, old) })
		}
	default:
		m.t.Fatalf("%s is of a kind that is not mutated: %s", field, v.Kind())
	}
}

func (m *mutator) scalar(field string, v reflect.Value, note string) {
	old := reflect.New(v.Type()).Elem()
	old.Set(v)
	restore := func() { v.Set(old) }
	if v.IsZero() && v.Kind() != reflect.Bool {
		return // nothing is there; what the provider does not write it does not own
	}
	m.try(field, "change", note, func() {
		switch v.Kind() {
		case reflect.String:
			v.SetString(v.String() + "x")
		case reflect.Int:
			v.SetInt(v.Int() + 1)
		case reflect.Bool:
			v.SetBool(!v.Bool())
		}
	}, restore)
	if !v.IsZero() && v.Kind() != reflect.Bool {
		m.try(field, "delete", note, func() { v.SetZero() }, restore)
	}
}

func (m *mutator) pointer(field string, v reflect.Value, note string) {
	if v.IsNil() {
		return
	}
	old := reflect.New(v.Type()).Elem()
	old.Set(v)
	restore := func() { v.Set(old) }
	m.try(field, "delete", note, func() { v.SetZero() }, restore)
	changed := reflect.New(v.Type().Elem())
	changed.Elem().Set(v.Elem())
	switch x := changed.Interface().(type) {
	case *az.Ref:
		x.ID += "x"
	case *bool:
		*x = !*x
	case *az.DNSSettings:
		x.DomainNameLabel += "x"
	default:
		m.t.Fatalf("%s points to a type that is not mutated: %s", field, v.Type())
	}
	m.try(field, "change", note, func() { v.Set(changed) }, restore)
}

func (m *mutator) slice(field string, v reflect.Value, note string) {
	if v.Type().Elem().Kind() != reflect.String {
		for i := range v.Len() {
			if _, isRef := v.Index(i).Interface().(az.Ref); !isRef {
				m.visit(field, v.Index(i), note)
			}
		}
	}
	old := reflect.New(v.Type()).Elem()
	old.Set(v)
	for i := range v.Len() {
		without := reflect.AppendSlice(reflect.AppendSlice(reflect.MakeSlice(v.Type(), 0, v.Len()), old.Slice(0, i)), old.Slice(i+1, old.Len()))
		m.try(field, "delete", fmt.Sprint(note), func() { v.Set(without) }, func() { v.Set(old) })
		if v.Type().Elem().Kind() == reflect.String {
			other := reflect.AppendSlice(reflect.MakeSlice(v.Type(), 0, v.Len()), old)
			other.Index(i).SetString(other.Index(i).String() + "x")
			m.try(field, "change", note, func() { v.Set(other) }, func() { v.Set(old) })
		}
	}
}
