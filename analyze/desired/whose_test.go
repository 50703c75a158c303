package desired_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"azlb/analyze/rule/ruletest"
	bundle "azlb/bundle-schema"
)

// The names of the two Services of the sample healthy, and of a dead one.
const (
	storefront = "a596a2662264f4a86ae3959f9a844a26"
	orders     = "a1de3dfea2cd84752a493ebfcc9eb720"
	dead       = "a5003ba9551354db7a2b911cc31897bb"
)

// lab is the sample healthy while a case changes it.
type lab struct {
	t      *testing.T
	f      *ruletest.Files
	loads  []object // lb.json
	public []object // public-ip.json
	byHand bool     // files without a manifest
}

// without takes files away, as if nobody had the right to see them.
func (l *lab) without(parts ...string) {
	for _, path := range l.f.Paths() {
		if slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(path, p) }) {
			e := l.f.Entry(path)
			delete(l.f.Content, path)
			e.Path, e.Status, e.Bytes, e.SHA256 = "", bundle.StatusDenied, 0, ""
		}
	}
}

// loose leaves only what somebody might send by mail.
func (l *lab) loose(keep ...string) {
	l.byHand = true
	for _, path := range l.f.Paths() {
		if !slices.ContainsFunc(keep, func(p string) bool { return strings.HasSuffix(path, p) }) {
			delete(l.f.Content, path)
		}
	}
}

// replace changes a text in every file.
func (l *lab) replace(old, text string) {
	for path, b := range l.f.Content {
		l.f.Content[path] = bytes.ReplaceAll(b, []byte(old), []byte(text))
	}
	l.loads, l.public = l.again(l.loads, old, text), l.again(l.public, old, text)
}

// again are the objects with other texts in them: old, new, old, new.
func (l *lab) again(list []object, pairs ...string) []object {
	l.t.Helper()
	raw, err := json.Marshal(list)
	if err != nil {
		l.t.Fatal(err)
	}
	return parsed(l.t, []byte(strings.NewReplacer(pairs...).Replace(string(raw))))
}

func parsed(t *testing.T, raw []byte) []object {
	t.Helper()
	var out []object
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// config sets a key of azure.json.
func (l *lab) config(key string, value any) {
	var c object
	if err := json.Unmarshal(l.f.Content[config], &c); err != nil {
		l.t.Fatal(err)
	}
	c[key] = value
	raw, err := json.Marshal(c)
	if err != nil {
		l.t.Fatal(err)
	}
	l.f.Content[config] = raw
}

// address is the sample's public IP under other names.
func (l *lab) address(name, ip string, tags object) object {
	o := l.again(l.public[:1], "kubernetes-"+storefront, name)[0]
	o["ipAddress"], o["tags"], o["ipConfiguration"] = ip, tags, nil
	return o
}

// unruled takes the first rule of a load balancer away.
func unruled(lb object) { lb["loadBalancingRules"] = lb["loadBalancingRules"].([]any)[1:] }

// told are the differences in short.
func (l *lab) told() []string {
	l.t.Helper()
	for path, list := range map[string][]object{balancers: l.loads, addresses: l.public} {
		if l.f.Content[path] == nil {
			continue
		}
		raw, err := json.Marshal(list)
		if err != nil {
			l.t.Fatal(err)
		}
		l.f.Content[path] = raw
	}
	dir := laid(l.t, l.f)
	if l.byHand {
		if err := os.Remove(filepath.Join(dir, bundle.ManifestName)); err != nil {
			l.t.Fatal(err)
		}
	}
	out := []string{}
	for _, c := range ruletest.World(l.t, dir).Compared.Drift() {
		out = append(out, fmt.Sprintf("%s %s %s %s", c.Kind, c.Hop, c.Object, c.Field))
	}
	return out
}

const ruleOfStorefront = "missing rule kubernetes/" + storefront + "-TCP-80 existence"

// TestWhose: what is another cluster's, or stands where the provider may have put it, is
// no difference; what is missing of the Services of this one still is. Each case is told
// twice, the second time without a rule of the load balancer of that index.
func TestWhose(t *testing.T) {
	base, err := ruletest.Load(filepath.Join("..", "..", "samples", "healthy", "bundle"))
	if err != nil {
		t.Fatal(err)
	}
	otherCluster := func(l *lab) {
		l.without("logs/", config)
		o := l.address("alpha-"+dead, "20.1.1.1", object{"k8s-azure-cluster-name": "alpha", "k8s-azure-service": "x/y"})
		o["ipConfiguration"] = object{"id": network + "loadBalancers/alpha/frontendIPConfigurations/" + dead}
		lb := l.again(l.loads[:1], "/loadBalancers/kubernetes", "/loadBalancers/alpha", storefront, dead, "/backendAddressPools/kubernetes", "/backendAddressPools/alpha")[0]
		lb["name"], lb["backendAddressPools"] = "alpha", []object{{"name": "alpha", "id": network + "loadBalancers/alpha/backendAddressPools/alpha"}}
		l.public, l.loads = append([]object{o}, l.public...), append([]object{lb}, l.loads...)
	}
	everything := func(l *lab, keep ...string) {
		l.loose(append(keep, services, balancers, addresses)...)
		l.loads = append(l.again(l.loads, "rg-lab1", "MC_other", storefront, dead, orders, "a"+dead[2:]+"0"), l.loads...)
		l.public = append(l.again(l.public, "rg-lab1", "MC_other", storefront, dead, "shop/", "x/"), l.public...)
		l.public[0]["ipAddress"] = "20.1.1.1"
	}
	named := func(l *lab) { // by azure.json, and only internal Services
		l.without("logs/", "pods-kube-system")
		if err := l.f.Apply([]ruletest.Edit{{In: "Service shop/storefront", Remove: true}}); err != nil {
			t.Fatal(err)
		}
		l.public, l.loads = []object{}, l.loads[1:]
		l.replace("/loadBalancers/kubernetes", "/loadBalancers/mylb")
		l.loads[0]["name"] = "mylb-internal"
		l.config("loadBalancerName", "mylb")
	}
	several := func(l *lab) {
		l.without(config)
		lb := l.again(l.loads[:1], "/loadBalancers/kubernetes", "/loadBalancers/lb1")[0]
		lb["name"] = "lb1"
		l.public = l.again(l.public, "/loadBalancers/kubernetes", "/loadBalancers/lb1")
		old := l.loads[0]
		old["loadBalancingRules"], old["probes"], old["frontendIPConfigurations"] = []any{}, []any{}, []any{}
		l.loads = append(l.loads, lb)
	}
	elsewhere := func(l *lab) {
		l.without(config)
		l.replace("rg-lab1/providers/Microsoft.Network/loadBalancers", "rg-lbs/providers/Microsoft.Network/loadBalancers")
	}
	basic := func(l *lab) {
		l.config("loadBalancerSku", "basic")
		l.config("primaryScaleSetName", "k8s-pool1-vmss")
		l.loads[0] = l.again(l.loads[:1], "/loadBalancers/kubernetes", "/loadBalancers/k8s-pool2-vmss")[0]
		l.loads[0]["name"] = "k8s-pool2-vmss"
		l.public = l.again(l.public, "/loadBalancers/kubernetes", "/loadBalancers/k8s-pool2-vmss")
		l.public[0]["sku"] = object{"name": "Basic"}
		for i, lb := range l.loads {
			lb["sku"] = object{"name": "Basic"}
			p := lb["backendAddressPools"].([]any)[0].(map[string]any)
			set := []string{"k8s-pool2-vmss", "k8s-pool1-vmss"}[i]
			p["loadBalancerBackendAddresses"] = nil
			p["backendIPConfigurations"] = slices.DeleteFunc(p["backendIPConfigurations"].([]any), func(c any) bool { return !strings.Contains(c.(map[string]any)["id"].(string), set) })
			for _, r := range lb["loadBalancingRules"].([]any) {
				r.(map[string]any)["enableTcpReset"] = false
			}
		}
	}
	for _, c := range []struct {
		name   string
		change func(*lab)
		less   int // the load balancer that loses a rule the second time
		want   string
	}{
		{"another cluster in the resource group", otherCluster, 1, ruleOfStorefront},
		{"files of a whole subscription", func(l *lab) { everything(l) }, 2, ruleOfStorefront},
		{"files of a whole subscription, and the nodes", func(l *lab) { everything(l, "nodes.yaml") }, 2, ruleOfStorefront},
		{"a name in azure.json, and only internal Services", named, 0, "missing rule mylb-internal/" + orders + "-TCP-9090 existence"},
		{"several Standard load balancers, and no azure.json", several, 2, "missing rule lb1/" + storefront + "-TCP-80 existence"},
		{"load balancers in another resource group, and no azure.json", elsewhere, 0, ruleOfStorefront},
		{"a Basic load balancer that the Service's annotation once chose", basic, 0, "missing rule k8s-pool2-vmss/" + storefront + "-TCP-80 existence"},
		{"masked values in azure.json", func(l *lab) {
			for _, key := range []string{"resourceGroup", "loadBalancerName", "loadBalancerSku", "clusterServiceLoadBalancerHealthProbeMode"} {
				l.config(key, "***")
			}
		}, 0, ruleOfStorefront},
		{"a list by hand that lacks a load balancer", func(l *lab) {
			l.loose(services, balancers, addresses, "nodes.yaml")
			l.loads = l.loads[:1]
		}, 0, ruleOfStorefront},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, want := range [][]string{{}, {c.want}} {
				l := &lab{t: t, f: base.Clone()}
				l.loads, l.public = parsed(t, l.f.Content[balancers]), parsed(t, l.f.Content[addresses])
				c.change(l)
				if len(want) > 0 {
					unruled(l.loads[c.less])
				}
				if d := cmp.Diff(want, l.told()); d != "" {
					t.Errorf("-want +told:\n%s", d)
				}
			}
		})
	}
	for _, c := range []struct {
		name   string
		change func(*lab)
		want   []string
	}{
		{"another cluster in the resource group, and an address of a dead Service of this one", func(l *lab) {
			left := l.address("kubernetes-"+dead, "20.9.9.9", nil)
			otherCluster(l)
			l.public = append(l.public, left)
		}, []string{"leftover public-ip kubernetes-" + dead + " existence"}},
		{"an address in another resource group, of another cluster of the same name", func(l *lab) {
			l.public = append(l.public, l.again([]object{l.address("kubernetes-"+dead, "20.9.9.9", nil)}, "rg-lab1", "MC_other")[0])
		}, []string{}},
		{"the public load balancer is gone", func(l *lab) {
			l.without("logs/", config)
			l.loads = l.loads[1:]
			l.public[0]["ipConfiguration"] = nil
		}, []string{"missing load-balancer kubernetes existence"}},
		{"it is gone, in files by hand", func(l *lab) {
			l.loose(services, balancers, addresses, "nodes.yaml")
			l.loads = l.loads[1:]
			l.public[0]["ipConfiguration"] = nil
		}, []string{"missing load-balancer kubernetes existence"}},
		{"it is not in the evidence, and in another resource group", func(l *lab) {
			elsewhere(l)
			l.loads = l.loads[1:]
		}, []string{}},
		{"a Standard load balancer of another name than azure.json tells", func(l *lab) {
			l.replace("/loadBalancers/kubernetes/", "/loadBalancers/lb1/")
			l.loads[0]["name"] = "lb1"
		}, []string{"missing load-balancer kubernetes existence"}},
		{"the names of the Services' objects contradict each other", func(l *lab) {
			l.without("logs/")
			l.public = append(l.public, l.address("alpha-"+orders, "20.9.9.9", nil), l.address("alpha-"+dead, "20.9.9.8", nil), l.address("kubernetes-"+dead, "20.9.9.7", nil))
		}, []string{}},
		{"two addresses and a frontend of one dead Service", func(l *lab) {
			l.public = append(l.public, l.address("kubernetes-"+dead, "20.9.9.9", object{"k8s-azure-service": "x/y"}), l.address("kubernetes-"+dead+"-IPv6", "2603:1020::9", nil))
			front := maps.Clone(l.loads[0]["frontendIPConfigurations"].([]any)[0].(map[string]any))
			front["name"], front["id"], front["loadBalancingRules"] = dead, network+"loadBalancers/kubernetes/frontendIPConfigurations/"+dead, nil
			front["publicIPAddress"] = object{"id": network + "publicIPAddresses/kubernetes-" + dead}
			l.loads[0]["frontendIPConfigurations"] = append(l.loads[0]["frontendIPConfigurations"].([]any), front)
		}, []string{"leftover public-ip kubernetes-" + dead + " existence", "leftover public-ip kubernetes-" + dead + "-IPv6 existence", "leftover frontend kubernetes/" + dead + " existence"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := &lab{t: t, f: base.Clone()}
			l.loads, l.public = parsed(t, l.f.Content[balancers]), parsed(t, l.f.Content[addresses])
			c.change(l)
			if d := cmp.Diff(c.want, l.told()); d != "" {
				t.Errorf("-want +told:\n%s", d)
			}
		})
	}
}
