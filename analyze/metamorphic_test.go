package analyze

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	diff "github.com/google/go-cmp/cmp"

	"azlb/analyze/rule/ruletest"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// TestMetamorphic changes in every sample what must not matter: what things are
// called, in which order they are listed, when it happened. The answer must be the
// same; names are translated.
func TestMetamorphic(t *testing.T) {
	if raced {
		t.Skip("runs without the race detector")
	}
	same := func(s string) string { return s }
	for _, s := range samples(t) {
		if s.Recording {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			files, err := ruletest.Load(filepath.Join(s.dir(), "bundle"))
			if err != nil {
				t.Fatal(err)
			}
			r := s.report(t)
			check := func(name string, change func(*testing.T, *ruletest.Files) string, translate func(string) string) bool {
				d := diff.Diff(answer(r, translate), answer(analysed(t, change(t, files.Clone())), same))
				if d != "" {
					t.Errorf("%s: another answer (-before +after):\n%s", name, d)
				}
				return d == ""
			}
			if !check("all changes", everyChange, rename) {
				check("renamed only", renamedBundle, rename)
				check("shuffled only", shuffledBundle, same)
				check("shifted only", shiftedBundle, same)
			}
		})
	}
}

// answer is what must stay the same, in an order that does not depend on names.
func answer(r *report.Report, translate func(string) string) []string {
	var out []string
	for _, s := range r.Services {
		out = append(out, fmt.Sprintf("service %s %s %q", translate(s.Key()), s.Status, s.RootCause))
		for _, p := range s.Paths {
			way := fmt.Sprintf("path %s:%d/%s %s", translate(s.Key()), p.Port, p.Protocol, translate(p.Address))
			for _, h := range p.Hops {
				way += fmt.Sprintf(" %s=%s,%s,%s", h.Kind, translate(h.Name), h.State, h.Verdict)
			}
			out = append(out, way)
		}
	}
	var add func(depth string, list []report.Finding)
	add = func(depth string, list []report.Finding) {
		for _, f := range list {
			var services []string
			for _, s := range f.Services {
				services = append(services, translate(s))
			}
			slices.Sort(services)
			out = append(out, fmt.Sprintf("%s %s %s %s: %s harms %s", depth, f.Rule, f.Severity, f.Confidence, translate(f.Subject.String()), strings.Join(services, ", ")))
			add(depth+">", f.Consequences)
		}
	}
	add("finding", r.Findings)
	slices.Sort(out)
	return out
}

func everyChange(t *testing.T, f *ruletest.Files) string {
	f.Shift(later)
	return shuffledBundle(t, renamed(t, f))
}

// later leads most samples into another year, which the lines of klog do not tell.
const later = 40*24*time.Hour + 7*time.Hour

func shiftedBundle(t *testing.T, f *ruletest.Files) string {
	f.Shift(later)
	return laidDown(t, f)
}

func renamedBundle(t *testing.T, f *ruletest.Files) string { return laidDown(t, renamed(t, f)) }

func laidDown(t *testing.T, f *ruletest.Files) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "bundle")
	if err := f.Write(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// words are the names of namespaces, Services, groups, nodes, networks and clusters
// in the samples, longer ones before those that they begin with.
var words = []struct{ from, to string }{
	{"rgold-cluster", "blue-k8s"}, {"rgold", "group-77"}, {"rg-lab1", "MC_team-x_prod"}, {"rg-shared-ips", "net-addresses"},
	{"payments", "billing"}, {"shop", "depot"}, {"gateway", "edge"}, {"storefront", "facade"}, {"orders", "intake"},
	{"web", "zeta"}, {"intern", "alpha"}, {"nginx35", "old-one"},
	{"nsg-node", "farm-nsg"}, {"nsg-corporate", "office-nsg"}, {"vnet-lab1", "hub"}, {"node-subnet", "farm"}, {"rt-node", "ways"},
	{"lab1", "prod-7"}, {"cp-0", "head-1"},
}

var (
	uuid     = regexp.MustCompile(`\b[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b`)
	derived  = regexp.MustCompile(`\ba[0-9a-f]{31}\b`)
	tenant   = regexp.MustCompile(`\btenant-(\d+)\b`)
	agent    = regexp.MustCompile(`27347916|agentpool[12]`)
	instance = regexp.MustCompile(`k8s-(pool\d)-vmss(?:(/virtualMachines/|_)(\d+)|(\d{6}))?`)
	ordinal  = regexp.MustCompile(`"instanceId": "(\d+)"`)
	named    = func() *regexp.Regexp {
		var names []string
		for _, w := range words {
			names = append(names, regexp.QuoteMeta(w.from))
		}
		return regexp.MustCompile(`(?i)\b(?:` + strings.Join(names, "|") + `)\b`)
	}()
)

// networkContributor is a role of Azure's own, which has the same id everywhere.
const networkContributor = "4d97b98b-1d4f-4787-a291-c67834d212e7"

// rename is the consistent renaming of one text. Ids keep their shape; the names
// that the provider derives from a uid follow it; scale-set instances get numbers
// of which the last six characters of the node's name are the base-36 form.
func rename(s string) string {
	s = instance.ReplaceAllStringFunc(s, func(m string) string {
		p := instance.FindStringSubmatch(m)
		name := "aks-" + strings.Replace(p[1], "pool", "crew", 1) + "-vmss"
		switch {
		case p[3] != "":
			return name + p[2] + strconv.FormatInt(moved(p[3]), 10)
		case p[4] != "":
			return name + fmt.Sprintf("%06s", strconv.FormatInt(moved(p[4]), 36))
		}
		return name
	})
	s = ordinal.ReplaceAllStringFunc(s, func(m string) string {
		return fmt.Sprintf(`"instanceId": "%d"`, moved(ordinal.FindStringSubmatch(m)[1]))
	})
	s = named.ReplaceAllStringFunc(s, func(m string) string {
		i := slices.IndexFunc(words, func(w struct{ from, to string }) bool { return strings.EqualFold(w.from, m) })
		return words[i].to
	})
	s = tenant.ReplaceAllString(s, "customer-$1")
	s = agent.ReplaceAllStringFunc(s, func(m string) string {
		return map[string]string{"27347916": "90125555", "agentpool1": "linuxset1", "agentpool2": "winset2"}[m]
	})
	s = uuid.ReplaceAllStringFunc(s, func(m string) string {
		if m == networkContributor {
			return m
		}
		return digits(m)
	})
	return derived.ReplaceAllStringFunc(s, func(m string) string { return "a" + digits(m[1:]) })
}

// moved is the new number of a scale-set instance.
func moved(n string) int64 {
	i, _ := strconv.ParseInt(n, 10, 64)
	return i*37 + 371
}

// digits exchanges hexadecimal digits.
func digits(s string) string {
	return strings.NewReplacer("0", "7", "7", "c", "c", "0", "1", "e", "e", "1", "3", "9", "9", "3", "b", "5", "5", "b").Replace(s)
}

// renamed renames contents, paths and the manifest.
func renamed(t *testing.T, f *ruletest.Files) *ruletest.Files {
	t.Helper()
	raw, err := f.Manifest.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	out := &ruletest.Files{Content: map[string][]byte{}}
	if err := json.Unmarshal([]byte(rename(string(raw))), &out.Manifest); err != nil {
		t.Fatal(err)
	}
	for p, b := range f.Content {
		out.Content[rename(p)] = []byte(rename(string(b)))
	}
	return out
}

// shuffledBundle writes an archive whose files, manifest entries, items and sets
// are in another order.
func shuffledBundle(t *testing.T, f *ruletest.Files) string {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	for _, p := range f.Paths() {
		switch e := bundle.ByID(f.Entry(p).Evidence); {
		case e.Format == bundle.YAML:
			f.Content[p] = shuffledItems(r, f.Content[p])
		case e.Program == bundle.Az:
			f.Content[p] = shuffledSets(t, r, f.Content[p])
		}
	}
	f.Seal()
	raw, err := f.Manifest.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	var manifest map[string]any
	if err := json.Unmarshal(raw, &manifest); err != nil {
		t.Fatal(err)
	}
	entries := manifest["entries"].([]any)
	r.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
	if raw, err = json.Marshal(manifest); err != nil {
		t.Fatal(err)
	}
	paths := f.Paths()
	r.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
	return archive(t, raw, paths, f.Content)
}

// shuffledItems shuffles the items of a Kubernetes List without decoding them.
func shuffledItems(r *rand.Rand, raw []byte) []byte {
	head, body, ok := strings.Cut(string(raw), "\nitems:\n")
	end := strings.Index(body, "\nkind: ")
	if !ok || end < 0 {
		return raw
	}
	items := strings.Split("\n"+body[:end], "\n- ")[1:]
	r.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
	return []byte(head + "\nitems:\n- " + strings.Join(items, "\n- ") + body[end:])
}

// shuffledSets shuffles every list of an answer of az: Azure gives none an order.
func shuffledSets(t *testing.T, r *rand.Rand, raw []byte) []byte {
	t.Helper()
	var doc any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	var visit func(any)
	visit = func(v any) {
		switch v := v.(type) {
		case []any:
			r.Shuffle(len(v), func(i, j int) { v[i], v[j] = v[j], v[i] })
			for _, e := range v {
				visit(e)
			}
		case map[string]any:
			for _, k := range sortedKeys(v) {
				visit(v[k])
			}
		}
	}
	visit(doc)
	out, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(out, '\n')
}

func sortedKeys(m map[string]any) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, cmp.Compare[string])
	return keys
}

// archive packs files in the order given; the writer of bundles would sort them.
func archive(t *testing.T, manifest []byte, paths []string, content map[string][]byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bundle")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(f)
	w := tar.NewWriter(z)
	add := func(name string, b []byte) {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(b))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	add(bundle.ManifestName, manifest)
	for _, p := range paths {
		add(p, content[p])
	}
	for _, c := range []interface{ Close() error }{w, z, f} {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return path
}
