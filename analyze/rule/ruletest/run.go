package ruletest

import (
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"azlb/analyze/desired"
	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/analyze/walk"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// Run tests every rule against its case file testdata/<ID>.yaml, which must hold
// at least one finding case and one silent case. It checks of every finding that
// it has the wanted words, at least one proof, and that each proof is really there. A
// finding case with an error in it that the rule knows runs in every generation of wrappers,
// and again where a success followed, and on a cluster that has what it asks for (ended).
func Run(t *testing.T, rules []*rule.Rule) {
	t.Helper()
	for _, r := range rules {
		t.Run(r.ID, func(t *testing.T) {
			list, err := cases(filepath.Join("testdata", r.ID+".yaml"))
			if err != nil {
				t.Fatal(err)
			}
			finds, silent := 0, 0
			for _, c := range list {
				if len(c.Want) > 0 {
					finds++
				} else {
					silent++
				}
				t.Run(c.Name, func(t *testing.T) { run(t, r, list, c, true) })
			}
			everyGeneration(t, r, list)
			if finds == 0 || silent == 0 {
				t.Errorf("%d finding and %d silent cases; each rule needs one of both", finds, silent)
			}
		})
	}
}

// run tests one case; laws says whether the laws of errors and of evidence are tried on it
// as well.
func run(t *testing.T, r *rule.Rule, list []Case, c Case, laws bool) {
	all, name, err := edits(list, c)
	if err != nil {
		t.Fatal(err)
	}
	files, err := Load(base(name))
	if err != nil {
		t.Fatal(err)
	}
	if err := files.Apply(all); err != nil {
		t.Fatal(err)
	}
	w := files.World(t)
	outcome := rule.Evaluate(w, []*rule.Rule{r})
	if laws && *ablateCases {
		ablate(t, files, r, c, outcome)
	}
	if len(c.Want) == 0 {
		silent(t, outcome, c)
		return
	}
	if laws {
		ended(t, files, r, w)
	}
	if len(outcome.Findings) != len(c.Want) {
		t.Fatalf("%d findings, want %d:\n%s", len(outcome.Findings), len(c.Want), describe(outcome))
	}
	for i, w := range c.Want {
		compare(t, outcome.Findings[i], w)
		proofs(t, files, outcome.Findings[i])
	}
}

// World reads a bundle directory through every stage before the rules.
func World(t testing.TB, dir string) *rule.World {
	t.Helper()
	return world(t, dir, nil)
}

// World seals the bundle and reads it, as it would be read from an archive.
func (f *Files) World(t testing.TB) *rule.World {
	t.Helper()
	archive, err := f.archive()
	if err != nil {
		t.Fatal(err)
	}
	return world(t, "-", archive)
}

func world(t testing.TB, input string, stdin io.Reader) *rule.World {
	t.Helper()
	b, err := bundle.Open([]string{input}, stdin)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	s, err := snapshot.Load(b)
	if err != nil {
		t.Fatal(err)
	}
	g := topology.Build(s)
	wants := desired.All(g)
	return &rule.World{Snapshot: s, Errors: errtext.Scan(s), Graph: g, Wants: wants, Compared: desired.Compare(wants), Walks: walk.Paths(g, wants)}
}

func silent(t *testing.T, o rule.Outcome, c Case) {
	want := c.State
	if want == "" {
		want = report.Clean
	}
	if len(o.Findings) > 0 || len(o.Verdicts) != 1 || o.Verdicts[0].State != want {
		t.Fatalf("want silence (%s), got:\n%s", want, describe(o))
	}
}

func compare(t *testing.T, f report.Finding, w Want) {
	t.Helper()
	if w.Subject != "" && f.Subject.String() != w.Subject {
		t.Errorf("subject %q, want %q", f.Subject, w.Subject)
	}
	if w.Severity != "" && f.Severity != w.Severity {
		t.Errorf("severity %s, want %s", f.Severity, w.Severity)
	}
	if w.Confidence != "" && f.Confidence != w.Confidence {
		t.Errorf("confidence %s (%s), want %s", f.Confidence, f.Why, w.Confidence)
	}
	if w.Services != nil && !slices.Equal(f.Services, w.Services) {
		t.Errorf("services %v, want %v", f.Services, w.Services)
	}
	for _, part := range w.Says {
		if !strings.Contains(f.Message+"\n"+f.Why, part) {
			t.Errorf("the message lacks %q:\n%s\n%s", part, f.Message, f.Why)
		}
	}
	for _, part := range w.Not {
		if strings.Contains(f.Message, part) || slices.ContainsFunc(f.Fix, func(s report.Step) bool { return strings.Contains(s.Run, part) }) {
			t.Errorf("the finding says or runs %q:\n%s\n%+v", part, f.Message, f.Fix)
		}
	}
	for _, part := range w.Runs {
		if !slices.ContainsFunc(f.Fix, func(s report.Step) bool { return strings.Contains(s.Run, part) }) {
			t.Errorf("no step of the fix runs %q: %+v", part, f.Fix)
		}
	}
}

// proofs checks that every citation leads to a line that holds its quotation.
func proofs(t *testing.T, files *Files, f report.Finding) {
	t.Helper()
	if len(f.Cites) == 0 {
		t.Errorf("%s: no proof", f.Rule)
	}
	there, err := files.sealed()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range f.Cites {
		raw, ok := there[c.File]
		if !ok {
			t.Errorf("%s cites %s, which is not in the bundle", f.Rule, c.File)
			continue
		}
		lines := strings.Split(string(raw), "\n")
		if c.Line < 1 || c.Line > len(lines) {
			t.Errorf("%s cites line %d of %s, which has %d", f.Rule, c.Line, c.File, len(lines))
			continue
		}
		words := strings.Fields(strings.TrimSuffix(c.Quote, "…"))
		near := strings.Join(strings.Fields(strings.Join(lines[c.Line-1:min(len(lines), c.Line+40)], " ")), " ")
		// An error of a log is quoted as "code: message", whatever stands between them.
		if len(words) == 0 || !strings.Contains(near, strings.TrimSuffix(words[0], ":")) {
			t.Errorf("%s cites %s:%d, which does not begin as quoted: %q\n%s", f.Rule, c.File, c.Line, c.Quote, lines[c.Line-1])
		}
	}
}

func describe(o rule.Outcome) string {
	var b strings.Builder
	for _, f := range o.Findings {
		b.WriteString("  " + f.Rule + " " + string(f.Severity) + " " + string(f.Confidence) + " " + f.Subject.String() + ": " + f.Message + "\n")
	}
	for _, v := range o.Verdicts {
		b.WriteString("  verdict " + v.Rule + " " + string(v.State) + " " + v.Subject + ": " + v.Reason + "\n")
	}
	return b.String()
}
