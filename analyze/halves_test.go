package analyze

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	diff "github.com/google/go-cmp/cmp"

	"azlb/analyze/rule/ruletest"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/collect"
	"azlb/report"
)

// TestHalvesOfRecordings: who declines az and who has only az each collect a half of a
// recorded cluster, and the two say together what the whole says.
func TestHalvesOfRecordings(t *testing.T) {
	found := 0
	for _, s := range samples(t) {
		if !s.Recording {
			continue
		}
		found++
		half := func(program bundle.Program) *snapshot.Snapshot {
			recording, err := collect.OpenRecording(filepath.Join(s.dir(), "recording"))
			if err != nil {
				t.Fatal(err)
			}
			o := collect.Options{Only: program, Since: 24 * time.Hour, Timeout: time.Minute, CommandTimeout: time.Minute, Progress: collect.Silent{},
				Output: filepath.Join(t.TempDir(), string(program)+".tgz")}
			recording.Apply(&o)
			if program == bundle.Az {
				o.Subscription, o.ResourceGroups = s.flags(t)
				o.CloudConfig, o.LogFiles = "", nil // the other half's
			}
			r, err := collect.Collect(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			return snapshotOf(t, r.Path)
		}
		sameAnswer(t, s.name, analysed(t, s.input(t)), half(bundle.Kubectl), half(bundle.Az))
	}
	if found == 0 {
		t.Error("no sample is a recording")
	}
}

// flags are the subscription and the groups that the recording's bundle knows.
func (s sample) flags(t *testing.T) (string, []string) {
	t.Helper()
	b, err := bundle.Open([]string{s.input(t)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	return b.Manifest.Cluster.Subscriptions[0], b.Manifest.Cluster.ResourceGroups
}

// TestHalvesOfSamples cuts every sample into the half of kubectl and the half of az.
func TestHalvesOfSamples(t *testing.T) {
	for i, s := range few(samples(t)) {
		if s.Recording || i%8 > 0 {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			whole, err := ruletest.Load(filepath.Join(s.dir(), "bundle"))
			if err != nil {
				t.Fatal(err)
			}
			kubectl, az := halfOf(t, whole, bundle.Kubectl, 0), halfOf(t, whole, bundle.Az, 0)
			sameAnswer(t, s.name, analysed(t, filepath.Join(s.dir(), "bundle")), kubectl, az)
		})
	}
}

// halfOf keeps what one program brought, as a collection of it alone does, started so
// much later.
func halfOf(t *testing.T, whole *ruletest.Files, program bundle.Program, later time.Duration) *snapshot.Snapshot {
	t.Helper()
	f := whole.Clone()
	m := &f.Manifest
	m.Started, m.Finished = m.Started.Add(later), m.Finished.Add(later)
	m.Entries = slices.DeleteFunc(m.Entries, func(e bundle.Entry) bool {
		evidence := bundle.ByID(e.Evidence)
		gone := evidence.Program != program && (evidence.Program != bundle.Local || program == bundle.Az)
		if gone {
			delete(f.Content, e.Path)
		}
		return gone
	})
	for _, e := range bundle.Catalogue {
		asked := slices.ContainsFunc(whole.Manifest.Entries, func(x bundle.Entry) bool { return x.Evidence == e.ID })
		if e.Program != program && e.Program != bundle.Local && asked {
			m.Entries = append(m.Entries, bundle.Entry{Evidence: e.ID, Status: bundle.StatusSkipped, Reason: "left out by --only"})
		}
	}
	if program == bundle.Az {
		m.Cluster.Context, m.Cluster.UID, m.Cluster.Region, m.Cluster.Managed = "", "", "", false
	}
	dir := filepath.Join(t.TempDir(), string(program))
	if err := f.Write(dir); err != nil {
		t.Fatal(err)
	}
	return snapshotOf(t, dir)
}

// sameAnswer merges two halves in both orders and compares with the whole.
func sameAnswer(t *testing.T, name string, whole *report.Report, kubectl, az *snapshot.Snapshot) {
	t.Helper()
	s, err := snapshot.Merge(kubectl, az)
	if err != nil {
		t.Fatal(err)
	}
	if d := diff.Diff(said(whole), said(Snapshot(s, "test"))); d != "" {
		t.Errorf("%s: the halves together say something else (-whole +halves):\n%s", name, d)
	}
}

// TestHalvesHoursApart: a half of az that is older or newer by hours proves no absence, and
// a current error stays current; one of another cluster is refused with both identities.
func TestHalvesHoursApart(t *testing.T) {
	load := func(sample string) *ruletest.Files {
		f, err := ruletest.Load(filepath.Join("..", "samples", sample, "bundle"))
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	deleted, denied := load("lb-rule-deleted-by-hand"), load("auth-forbidden")
	for _, later := range []time.Duration{-5 * time.Hour, 5 * time.Hour} {
		s, err := snapshot.Merge(halfOf(t, deleted, bundle.Kubectl, 0), halfOf(t, deleted, bundle.Az, later))
		if err != nil {
			t.Fatal(err)
		}
		r := Snapshot(s, "test")
		for _, d := range r.Drift {
			if d.Kind == "missing" {
				t.Errorf("%v apart: %v misses %s %s", later, d.Services, d.Hop, d.Field)
			}
		}
		for _, f := range r.Findings {
			if f.Severity == report.Error && slices.ContainsFunc(f.Cites, func(c report.Cite) bool { return strings.Contains(c.File, "azure/") }) {
				t.Errorf("%v apart, an error: %s %s", later, f.Rule, f.Message)
			}
		}
		i := slices.IndexFunc(r.Coverage.Evidence, func(e report.Evidence) bool { return e.ID == bundle.LoadBalancers.ID })
		if e := r.Coverage.Evidence[i]; !strings.Contains(e.Reason, "5h0m0s") {
			t.Errorf("%v apart: the load balancers are %s: %s", later, e.Status, e.Reason)
		}
		if s, err = snapshot.Merge(halfOf(t, denied, bundle.Az, later), halfOf(t, denied, bundle.Kubectl, 0)); err != nil {
			t.Fatal(err)
		}
		if r := Snapshot(s, "test"); !slices.ContainsFunc(r.Findings, func(f report.Finding) bool { return f.Rule == "AZLB-AUTH02" && f.Severity == report.Error }) {
			t.Errorf("%v apart: the refusal is no error any more", later)
		}
	}
	stranger := halfOf(t, denied, bundle.Az, 0)
	foreign := load("auth-forbidden")
	for path, text := range foreign.Content {
		foreign.Content[path] = []byte(strings.ReplaceAll(string(text), "resourceGroups/", "resourceGroups/other-"))
	}
	if _, err := snapshot.Merge(stranger, halfOf(t, foreign, bundle.Kubectl, 0)); err == nil || !strings.Contains(err.Error(), "resource group") {
		t.Errorf("halves of two clusters are merged: %v", err)
	}
}

// said is what a report says, without the places of what it cites.
func said(r *report.Report) []string {
	var out []string
	var add func(in string, list []report.Finding)
	add = func(in string, list []report.Finding) {
		for _, f := range list {
			out = append(out, fmt.Sprint(in, f.Rule, " ", f.Severity, " ", f.Confidence, " ", f.Subject, f.Services, f.Message, f.Why))
			add(in+"> ", f.Consequences)
		}
	}
	add("", r.Findings)
	for _, v := range r.Verdicts {
		out = append(out, fmt.Sprint(v.Rule, " ", v.State, " ", v.Reason))
	}
	for _, s := range r.Services {
		out = append(out, fmt.Sprint(s.Key(), " ", s.Status, " ", s.RootCause))
		for _, p := range s.Paths {
			for _, h := range p.Hops {
				out = append(out, fmt.Sprint(h.Kind, " ", h.State, " ", h.Verdict, " ", h.Say))
			}
		}
	}
	for _, d := range r.Drift {
		out = append(out, fmt.Sprint(d.Services, d.Kind, d.Hop, d.Field, d.Want, d.Got))
	}
	for _, e := range r.Coverage.Evidence {
		out = append(out, fmt.Sprint(e.ID, " ", e.Status))
	}
	return append(out, fmt.Sprint(r.Cluster), strings.Join(r.Headline, "\n"))
}
