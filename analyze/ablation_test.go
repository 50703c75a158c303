package analyze

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"azlb/analyze/rule"
	"azlb/analyze/rule/ruletest"
	"azlb/analyze/rules"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

var everySample = flag.Bool("ablation.every", false, "take evidence from every sample: else from all recorded ones, and from a third of those that are written on top of another")

// TestAblation takes from every sample each piece of evidence, one at a time: each file,
// and all of a kind, and all that tells what became of the syncs. Less evidence may only
// lead to knowing less (see weaker), the report says what is missing, and some piece of
// every sample is one that its root cause cannot be told without: else the sample would
// prove nothing.
func TestAblation(t *testing.T) {
	if raced {
		t.Skip("runs without the race detector")
	}
	var mu sync.Mutex
	rows := map[string]string{}
	t.Run("samples", func(t *testing.T) {
		for i, s := range samples(t) {
			if s.Base != "" && i%3 != 0 && !*everySample {
				continue
			}
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				row := ablate(t, s)
				mu.Lock()
				defer mu.Unlock()
				rows[s.name] = row
			})
		}
	})
	var table strings.Builder
	fmt.Fprintf(&table, "%-30s %-14s %s\n", "sample", "root cause", "is not told without")
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		table.WriteString(rows[name])
	}
	t.Log("\n" + table.String())
}

// ablate takes the pieces from one sample; it returns the lines of the table.
func ablate(t *testing.T, s sample) string {
	files := opened(t, s.input(t))
	dir := laidDown(t, files)
	before := analysed(t, dir)
	causes := map[string]bool{} // of a Service whose cause is a fault, no note
	for _, s := range before.Services {
		if f := causeOf(s.Key(), before.Findings); f != nil {
			causes[f.Rule] = true
		}
	}
	without := map[string][]string{} // by root cause: the pieces that it is not told without
	try := func(p piece) {
		after := analysed(t, p.taken(t, dir, files))
		defer p.restore(t, dir, files)
		for _, fault := range append(weaker(before, after), p.unnamed(after)...) {
			t.Errorf("without %s: %s", p, fault)
		}
		for id := range causes {
			if !slices.ContainsFunc(every(after.Findings), func(f report.Finding) bool { return f.Rule == id && f.Severity != report.Info }) {
				without[id] = append(without[id], p.String())
			}
		}
	}
	for _, p := range pieces(files) {
		try(p)
	}
	for _, p := range twice(files, causes) {
		if len(without) < len(causes) {
			try(p)
		}
	}
	var table strings.Builder
	for _, id := range slices.Sorted(maps.Keys(causes)) {
		fmt.Fprintf(&table, "%-30s %-14s %s\n", s.name, id, cmp.Or(strings.Join(without[id], ", "), "-"))
		if len(without[id]) == 0 {
			t.Errorf("%s is told whatever is taken away: what does it rest on?", id)
		}
	}
	return table.String()
}

// piece is what is taken away at once.
type piece struct {
	kinds []string // of evidence, by id
	paths []string
}

func (p piece) String() string {
	if len(p.paths) == 1 {
		return p.paths[0]
	}
	return "all " + strings.Join(p.kinds, "+")
}

// needed reports whether one of the rules declares that it needs that kind of evidence.
func needed(ids map[string]bool, kind string) bool {
	return slices.ContainsFunc(rules.All(), func(r *rule.Rule) bool {
		return ids[r.ID] && slices.ContainsFunc(slices.Concat(r.Needs.All, r.Needs.Any), func(e *bundle.Evidence) bool { return e.ID == kind })
	})
}

// pieceOf is all files of these kinds.
func pieceOf(files *ruletest.Files, kinds ...string) piece {
	var p piece
	for _, path := range files.Paths() {
		id := files.Entry(path).Evidence
		if !slices.Contains(kinds, id) {
			continue
		}
		p.paths = append(p.paths, path)
		if !slices.Contains(p.kinds, id) {
			p.kinds = append(p.kinds, id)
		}
	}
	return p
}

// syncs are the kinds that tell what became of the syncs of Services. Mostly an event and
// a log tell the same.
var syncs = []string{bundle.Events.ID, bundle.ControllerLog.ID, bundle.ControllerLogPrevious.ID, bundle.LogFile.ID}

// pieces lists every file, all files together of a kind that has several, and syncs.
func pieces(files *ruletest.Files) []piece {
	var out []piece
	for _, path := range files.Paths() {
		if kind := files.Entry(path).Evidence; kind != "" { // README.md and redaction.json are none
			out = append(out, piece{[]string{kind}, []string{path}})
		}
	}
	for _, e := range bundle.Catalogue {
		if p := pieceOf(files, e.ID); len(p.paths) > 1 {
			out = append(out, p)
		}
	}
	return append(out, pieceOf(files, syncs...))
}

// twice lists what tells a fault that both syncs and an object show: syncs with each kind
// of the others that the causes need, and with all of Azure's.
func twice(files *ruletest.Files, causes map[string]bool) []piece {
	var out []piece
	all := slices.Clone(syncs)
	for _, e := range bundle.Catalogue {
		if p := pieceOf(files, e.ID); !slices.Contains(syncs, e.ID) && len(p.paths) > 0 && needed(causes, e.ID) {
			out = append(out, pieceOf(files, append(slices.Clone(syncs), e.ID)...))
			if e.Program == bundle.Az {
				all = append(all, e.ID)
			}
		}
	}
	return append(out, pieceOf(files, all...))
}

// taken is the bundle's directory without the piece, whose commands were refused.
func (p piece) taken(t *testing.T, dir string, files *ruletest.Files) string {
	t.Helper()
	less := ruletest.Files{Manifest: files.Manifest}
	less.Manifest.Entries = slices.Clone(files.Manifest.Entries)
	for _, path := range p.paths {
		e := less.Entry(path)
		e.Path, e.Status, e.Reason, e.Bytes, e.SHA256 = "", bundle.StatusDenied, "access was refused", 0, ""
		if err := os.Remove(filepath.Join(dir, filepath.FromSlash(path))); err != nil {
			t.Fatal(err)
		}
	}
	laidManifest(t, dir, &less.Manifest)
	return dir
}

// restore puts the piece back.
func (p piece) restore(t *testing.T, dir string, files *ruletest.Files) {
	t.Helper()
	for _, path := range p.paths {
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(path)), files.Content[path], 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func laidManifest(t *testing.T, dir string, m *bundle.Manifest) {
	t.Helper()
	raw, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, bundle.ManifestName), raw, 0o644); err != nil {
		t.Fatal(err)
	}
}

// unnamed lists what the report should say is missing and does not.
func (p piece) unnamed(r *report.Report) []string {
	var out []string
	for _, id := range p.kinds {
		i := slices.IndexFunc(r.Coverage.Evidence, func(e report.Evidence) bool { return e.ID == id })
		switch {
		case i < 0:
			out = append(out, "the coverage does not list "+id)
		case r.Coverage.Evidence[i].Without == "" || r.Coverage.Evidence[i].Supply == "":
			out = append(out, fmt.Sprintf("the coverage does not say what is missing and how to supply it: %+v", r.Coverage.Evidence[i]))
		}
	}
	return out
}

// TestCauseNotVisible: a security group that the nodes' subnet should not have drops the
// packets. Without the nodes nothing tells that it should not, and the finding about the
// group stands alone: it says which cause could not be judged, and what would show it.
func TestCauseNotVisible(t *testing.T) {
	files := opened(t, filepath.Join("..", "samples", "nsg-not-on-subnet", "bundle"))
	dir := laidDown(t, files)
	before := analysed(t, dir)
	if f := before.Findings[0]; f.Rule != "AZLB-NSG13" || len(f.Consequences) != 1 || f.Consequences[0].Rule != "AZLB-NSG01" || len(f.Hidden)+len(f.Consequences[0].Hidden) > 0 {
		t.Fatalf("with all evidence: %+v", f)
	}
	after := analysed(t, pieceOf(files, bundle.Nodes.ID).taken(t, dir, files))
	i := slices.IndexFunc(after.Findings, func(f report.Finding) bool { return f.Rule == "AZLB-NSG01" })
	if i < 0 || len(after.Findings[i].Hidden) == 0 {
		t.Fatalf("without the nodes: %+v", after.Findings)
	}
	want := report.Hidden{Rule: "AZLB-NSG13", Title: "the security group that the provider writes to is not at the nodes", Missing: "Nodes",
		Supply: "grant the right to list nodes, then: kubectl get nodes -o yaml --context lab1"}
	if got := after.Findings[i].Hidden[0]; got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	said := "Cause not visible: AZLB-NSG13 (the security group that the provider writes to is not at the nodes)"
	if md := string(written(t, report.Markdown, after)); !strings.Contains(md, said) || !strings.Contains(md, "`kubectl get nodes -o yaml --context lab1`") {
		t.Errorf("the report does not say %q", said)
	}
}

// opened reads a bundle, an archive too, into memory.
func opened(t *testing.T, path string) *ruletest.Files {
	t.Helper()
	b, err := bundle.Open([]string{path}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	files := &ruletest.Files{Manifest: *b.Manifest, Content: map[string][]byte{}}
	err = b.Each(func(f bundle.File) error {
		var content bytes.Buffer
		_, err := io.Copy(&content, f.Reader)
		files.Content[f.Name] = content.Bytes()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
