package analyze

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	diff "github.com/google/go-cmp/cmp"

	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/pseudonym"
	"azlb/collect"
	"azlb/report"
)

// TestRedactionOfTwoSides: one person sends what kubectl says, another what az says, the
// second with the map of the first. The two agree, and the analysis of both together says
// what it says with the real names. With a map of its own the second is refused.
func TestRedactionOfTwoSides(t *testing.T) {
	collected := func(side bundle.Program, hide bool, names string) collect.Result {
		recording, err := collect.OpenRecording(filepath.Join("..", "samples", "demo", "recording"))
		if err != nil {
			t.Fatal(err)
		}
		o := collect.Options{Since: 24 * time.Hour, Timeout: time.Minute, CommandTimeout: time.Minute, HideNames: hide, Names: names,
			Output: filepath.Join(t.TempDir(), "b.tgz"), Progress: collect.Silent{}, ResourceGroups: []string{"rg-lab1"}, Subscription: "6f5a8a52-3c1e-4d0f-9b5e-2f6d7c8a9b10"}
		recording.Apply(&o)
		o.Runner = oneSided{o.Runner, side}
		r, err := collect.Collect(context.Background(), o)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	both := func(a, b collect.Result) *report.Report {
		s, err := snapshot.Merge(snapshotOf(t, a.Path), snapshotOf(t, b.Path))
		if err != nil {
			t.Fatal(err)
		}
		return Snapshot(s, "test")
	}
	same := func(s string) string { return s }
	want := lawful(both(collected(bundle.Kubectl, false, ""), collected(bundle.Az, false, "")), same)
	kube := collected(bundle.Kubectl, true, "")
	az := collected(bundle.Az, true, kube.Map)
	if d := diff.Diff(want, lawful(both(kube, az), restorer(t, az.Map))); d != "" {
		t.Errorf("another answer with pseudonyms (-real +pseudonyms, names put back):\n%s", d)
	}
	if _, err := snapshot.Merge(snapshotOf(t, kube.Path), snapshotOf(t, collected(bundle.Az, true, "").Path)); err == nil {
		t.Error("two bundles with pseudonyms of two maps are merged")
	}
}

// oneSided is a customer who has one of the two programs only.
type oneSided struct {
	collect.Runner
	has bundle.Program
}

func (r oneSided) Run(ctx context.Context, c collect.Command, stdout io.Writer) collect.Outcome {
	if c.Program != r.has {
		return collect.Outcome{Exit: -1, Missing: true}
	}
	return r.Runner.Run(ctx, c, stdout)
}

// restorer puts back the names of a map's file.
func restorer(t *testing.T, path string) func(string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pseudonym.Read(raw)
	if err != nil {
		t.Fatal(err)
	}
	return names.Restore
}
