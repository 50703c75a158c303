package analyze

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"azlb/analyze/rule/ruletest"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// partner is a sample that others are merged with.
type partner struct {
	sample
	files  *ruletest.Files
	docs   map[string]any // what is decoded of the files, by path
	report *report.Report
	texts  map[string]bool // addresses, and names derived from a uid, anywhere in the files
}

// partners are the samples with a cause that are bundles, by era: of one cluster,
// provider, SKU, kind of machines, year and with the same kinds of evidence refused. All
// of an era are shifted to stop at the same time, so that what one tells is not older
// than what the others do; what is said of them does not depend on that.
func partners(t *testing.T) map[string][]*partner {
	t.Helper()
	out := map[string][]*partner{}
	for _, s := range samples(t) {
		if s.Recording || s.Cause == "" {
			continue
		}
		files, err := ruletest.Load(s.dir() + "/bundle")
		if err != nil {
			t.Fatal(err)
		}
		p := &partner{sample: s, files: files, report: s.report(t)}
		era := p.era(t)
		out[era] = append(out[era], p)
	}
	for _, list := range out {
		last := list[0].stop(t)
		for _, p := range list {
			p.files.Shift(last.Sub(p.stop(t)))
			p.decode(t)
		}
	}
	return out
}

// stop is when the last thing happened to the sample, half a minute before the collection
// where it says nothing else.
func (p *partner) stop(t *testing.T) time.Time {
	t.Helper()
	if p.Later == "" {
		return p.files.Manifest.Finished
	}
	later, err := time.ParseDuration(p.Later)
	if err != nil {
		t.Fatal(err)
	}
	return p.files.Manifest.Finished.Add(-later)
}

// failing is when the first sync failed that the report tells of: as the events have it, or
// the cited line of a log. Zero where none did.
func (p *partner) failing() time.Time {
	var all []time.Time
	for _, e := range p.items(bundle.Events.ID) {
		if at, err := time.Parse(time.RFC3339, word(e, "firstTimestamp")); err == nil && word(e, "involvedObject", "kind") == "Service" && word(e, "type") == "Warning" {
			all = append(all, at)
		}
	}
	for _, f := range every(p.report.Findings) {
		for _, c := range f.Cites {
			lines := bytes.Split(p.files.Content[c.File], []byte("\n"))
			if f.Severity == report.Info || bundle.ByID(p.files.Entry(c.File).Evidence).Format != bundle.Log || c.Line < 1 {
				continue
			}
			if m := stamp.FindSubmatch(lines[c.Line-1]); m != nil {
				at, _ := time.Parse(time.RFC3339Nano, string(m[1])) // the expression is that of a time
				all = append(all, at)
			}
		}
	}
	if len(all) == 0 {
		return time.Time{}
	}
	return slices.MinFunc(all, time.Time.Compare)
}

// older is the same sample so much earlier.
func (p *partner) older(t *testing.T, by time.Duration) *partner {
	t.Helper()
	out := *p
	out.files = p.files.Clone()
	out.files.Shift(-by)
	out.decode(t)
	return &out
}

func (p *partner) decode(t *testing.T) {
	t.Helper()
	p.docs, p.texts = map[string]any{}, map[string]bool{}
	for path, raw := range p.files.Content {
		var doc any
		var err error
		switch ev := bundle.ByID(p.files.Entry(path).Evidence); ev.Format {
		case bundle.JSON:
			err = json.Unmarshal(raw, &doc)
		case bundle.YAML:
			err = yaml.Unmarshal(raw, &doc)
		}
		if err != nil {
			t.Fatalf("reading %s of %s: %v", path, p.name, err)
		}
		p.docs[path] = doc
		for _, re := range []*regexp.Regexp{ipv4, ipv6, derived} {
			for _, m := range re.FindAll(raw, -1) {
				p.texts[string(m)] = true
			}
		}
	}
}

// clusterName is the flag that names the load balancers.
var clusterName = regexp.MustCompile(`--cluster-name="([^"]+)"`)

// era tells which samples can be of one cluster.
func (p *partner) era(t *testing.T) string {
	t.Helper()
	c, m := p.report.Cluster, p.files.Manifest
	var config struct{ VMType, LoadBalancerSKU string }
	refused := map[string]bool{}
	for _, e := range m.Entries {
		switch e.Status {
		case bundle.StatusOK, bundle.StatusEmpty, bundle.StatusNotFound, bundle.StatusSkipped:
		default:
			refused[e.Evidence] = true
		}
		if e.Evidence == bundle.CloudConfig.ID && e.Path != "" {
			if err := json.Unmarshal(p.files.Content[e.Path], &config); err != nil {
				t.Fatalf("reading %s of %s: %v", e.Path, p.name, err)
			}
		}
	}
	kind := "vmType " + cmp.Or(config.VMType, "standard")
	if m.Cluster.Managed {
		kind = "AKS, " + kind
	}
	parts := []string{c.Provider, "Kubernetes " + c.Kubernetes, cmp.Or(config.LoadBalancerSKU, "basic"), kind, "cluster " + m.Cluster.UID, fmt.Sprint(m.Finished.Year())}
	for _, log := range p.files.Paths() {
		if m := clusterName.FindSubmatch(p.files.Content[log]); m != nil && p.files.Entry(log).Evidence == bundle.ControllerLog.ID {
			parts = append(parts, "named "+string(m[1]))
		}
	}
	if len(refused) > 0 {
		parts = append(parts, "without "+strings.Join(slices.Sorted(maps.Keys(refused)), " and "))
	}
	return strings.Join(parts, ", ")
}

// identity are the uids of the subscription, the cluster and its identity.
func (p *partner) identity() map[string]bool {
	raw, _ := json.Marshal([]any{p.files.Manifest.Cluster, p.all(bundle.CloudConfig.ID), p.all(bundle.Account.ID)})
	out := map[string]bool{}
	for _, id := range uuid.FindAllString(string(raw), -1) {
		out[id] = true
	}
	return out
}

// namespaces are those of the Services, their events and pods, but default.
func (p *partner) namespaces() []string {
	out := map[string]bool{}
	for _, e := range []*bundle.Evidence{&bundle.Services, &bundle.Events, &bundle.Pods} {
		for _, item := range p.items(e.ID) {
			if ns := word(item, "metadata", "namespace"); ns != "" && ns != "default" && !strings.HasPrefix(ns, "kube-") {
				out[ns] = true
			}
		}
	}
	return longest(slices.Collect(maps.Keys(out)))
}

// chosenNames are those that somebody chose for addresses, labels and private links.
func (p *partner) chosenNames() []string {
	out := map[string]bool{}
	for _, e := range []*bundle.Evidence{&bundle.PublicIPs, &bundle.PrivateLinkServices} {
		for _, item := range p.items(e.ID) {
			if name := word(item, "name"); name != "" && !derived.MatchString(name) {
				out[name] = true
			}
		}
	}
	for _, s := range p.items(bundle.Services.ID) {
		annotations, _ := at(s, "metadata", "annotations").(map[string]any)
		for k, v := range annotations {
			for _, ending := range []string{"azure-pip-name", "azure-pip-name-ipv6", "azure-dns-label-name", "azure-pls-name"} {
				if name, _ := v.(string); name != "" && !derived.MatchString(name) && strings.HasSuffix(k, ending) {
					out[name] = true
				}
			}
		}
	}
	return longest(slices.Collect(maps.Keys(out)))
}

func (p *partner) derivedNames() []string {
	var out []string
	for s := range p.texts {
		if derived.MatchString(s) {
			out = append(out, s)
		}
	}
	return out
}

// longest sorts longer names before those that they may begin with.
func longest(names []string) []string {
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	return names
}

func (p *partner) loadBalancers() []string {
	var out []string
	for _, lb := range p.items(bundle.LoadBalancers.ID) {
		out = append(out, word(lb, "name"))
	}
	return out
}

// node is what addresses depend on.
type node struct {
	addresses []string
	pods      netip.Prefix // invalid where the node has none
}

func (p *partner) nodes() map[string]node {
	out := map[string]node{}
	for _, item := range p.items(bundle.Nodes.ID) {
		var n node
		for _, a := range list(item, "status", "addresses") {
			if word(a, "type") == "InternalIP" {
				n.addresses = append(n.addresses, word(a, "address"))
			}
		}
		n.pods, _ = netip.ParsePrefix(word(item, "spec", "podCIDR"))
		out[word(item, "metadata", "name")] = n
	}
	return out
}
