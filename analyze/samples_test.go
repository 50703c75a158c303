package analyze

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	diff "github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"sigs.k8s.io/yaml"

	"azlb/analyze/rule/ruletest"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/collect"
	"azlb/report"
)

var update = flag.Bool("update", false, "write the samples' golden reports anew")

// sample is one complete incident: samples/<name>/sample.yaml.
type sample struct {
	Capture   string          `json:"capture"`
	Groups    []string        `json:"groups"`
	Later     string          `json:"later"`
	Recording bool            `json:"recording"`
	Base      string          `json:"base"`
	Edits     []ruletest.Edit `json:"edits"`
	// Cause is whose the cause is: of a "service" where all that shows it are Services,
	// their objects, events and log lines; of the "cluster" where it shows in what all
	// Services share; and the cluster is "alone" where the other's machines or settings
	// would take the cause away. Empty without findings.
	Cause  string `json:"cause"`
	Expect struct {
		// Services holds the root cause of every Service that the report lists.
		Services map[string]string `json:"services"`
		// Findings are exactly those at error and warning, consequences too, sorted.
		Findings []string `json:"findings"`
		// Hops are the Services whose packets do not get through: the first hop that blocks,
		// or "nsg?" for one that cannot be decided where none does. All others walk through
		// to their pods and back.
		Hops map[string]string `json:"hops"`
		// Drift are exactly the differences: "missing rule kubernetes/a…-TCP-80 existence".
		Drift []string `json:"drift"`
	} `json:"expect"`

	name string
}

func (s sample) dir() string { return filepath.Join("..", "samples", s.name) }

// samples reads every sample.yaml.
func samples(t *testing.T) []sample {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "samples", "*", "sample.yaml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	var list []sample
	for _, p := range paths {
		raw, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		s := sample{name: filepath.Base(filepath.Dir(p))}
		if err := yaml.UnmarshalStrict(raw, &s); err != nil {
			t.Fatalf("reading %s: %v", p, err)
		}
		list = append(list, s)
	}
	return list
}

// few is one in sixteen with the race detector, with which an analysis takes ten times as
// long: all of them run without it, and each is the work of one goroutine.
func few[T any](list []T) []T {
	if !raced {
		return list
	}
	var out []T
	for i := 0; i < len(list); i += 16 {
		out = append(out, list[i])
	}
	return out
}

// input is what the analyser is given: the bundle's directory, or the archive that
// the collector makes of a recording.
func (s sample) input(t *testing.T) string {
	t.Helper()
	if !s.Recording {
		return filepath.Join(s.dir(), "bundle")
	}
	recording, err := collect.OpenRecording(filepath.Join(s.dir(), "recording"))
	if err != nil {
		t.Fatal(err)
	}
	o := collect.Options{Since: 24 * time.Hour, Timeout: time.Minute, CommandTimeout: time.Minute,
		Output: filepath.Join(t.TempDir(), s.name+".tgz"), Progress: collect.Silent{}, Tool: bundle.Tool{Name: "azlb-collect", Version: "v0.1.0", Commit: "replayed"}}
	recording.Apply(&o)
	result, err := collect.Collect(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return result.Path
}

// analysed is the report on a file or a folder.
func analysed(t *testing.T, path string) *report.Report {
	t.Helper()
	b, err := bundle.Open([]string{path}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	r, err := Bundle(b, "azlb-analyze test")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// snapshotOf is what stands in a file or a folder.
func snapshotOf(t *testing.T, path string) *snapshot.Snapshot {
	t.Helper()
	b, err := bundle.Open([]string{path}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	s, err := snapshot.Load(b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// reports are those on the samples, each made once for all tests that begin with it.
var reports sync.Map

func (s sample) report(t *testing.T) *report.Report {
	t.Helper()
	once, _ := reports.LoadOrStore(s.name, sync.OnceValue(func() *report.Report { return analysed(t, s.input(t)) }))
	return once.(func() *report.Report)()
}

func written(t *testing.T, write func(io.Writer, *report.Report) error, r *report.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// rootCauses are the report's answer for each Service.
func rootCauses(r *report.Report) map[string]string {
	causes := map[string]string{}
	for _, s := range r.Services {
		causes[s.Key()] = s.RootCause
	}
	return causes
}

// every lists findings with their consequences.
var every = ruletest.Every

// alarms are the findings at error and warning, sorted.
func alarms(r *report.Report) []string {
	out := []string{}
	for _, f := range every(r.Findings) {
		if f.Severity != report.Info {
			out = append(out, fmt.Sprintf("%s %s", f.Severity, f.Rule))
		}
	}
	slices.Sort(out)
	return out
}

// differences are the report's drift, a line each.
func differences(r *report.Report) []string {
	out := []string{}
	for _, d := range r.Drift {
		out = append(out, strings.Join([]string{d.Kind, d.Hop, d.Object, d.Field}, " "))
	}
	return out
}

// TestSamples analyses every sample: the root causes and the findings are those
// that its sample.yaml expects, the report is the golden one, the same bytes come
// on a second run, from the packed bundle, and the JSON is what its schema says.
func TestSamples(t *testing.T) {
	schema := reportSchema(t)
	for _, s := range few(samples(t)) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			r := s.report(t)
			if d := diff.Diff(s.Expect.Services, rootCauses(r)); d != "" {
				t.Errorf("root causes (-expected +said):\n%s", d)
			}
			if d := diff.Diff(s.Expect.Findings, alarms(r)); d != "" {
				t.Errorf("findings at error and warning (-expected +said):\n%s", d)
			}
			if d := diff.Diff(s.Expect.Hops, firstHops(r)); d != "" {
				t.Errorf("first hops that do not pass (-expected +said):\n%s", d)
			}
			if d := diff.Diff(append([]string{}, s.Expect.Drift...), differences(r)); d != "" {
				t.Errorf("differences from what the provider would build (-expected +told):\n%s", d)
			}
			if strings.HasPrefix(s.name, "healthy") && len(alarms(r)) > 0 {
				t.Errorf("a healthy cluster has findings: %v", alarms(r))
			}
			markdown := written(t, report.Markdown, r)
			golden(t, filepath.Join(s.dir(), "report.md"), markdown)
			again := s.input(t)
			if !s.Recording {
				again = pack(t, again)
			}
			second := analysed(t, again)
			second.Bundle.Name = r.Bundle.Name
			if d := diff.Diff(string(markdown), string(written(t, report.Markdown, second))); d != "" {
				t.Errorf("a second run, of the packed bundle, gives another report:\n%s", d)
			}
			doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(written(t, report.JSON, r)))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(doc); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestSamplesIndex keeps samples/README.md, the list of all samples.
func TestSamplesIndex(t *testing.T) {
	var b strings.Builder
	b.WriteString(`# Samples

Complete incidents, each in a folder: the story (README.md), what must be found in it (sample.yaml), the bundle as a readable directory, and the report (report.md).
` + "`make samples`" + ` makes bundles and reports again. A recorded sample comes from a real cloud-controller-manager, kubectl and az; a written one from the sources of its era.

| Sample | Story | Found | Source |
| --- | --- | --- | --- |
`)
	for _, s := range samples(t) {
		raw, err := os.ReadFile(filepath.Join(s.dir(), "README.md"))
		if err != nil {
			t.Fatal(err)
		}
		head, _, _ := strings.Cut(string(raw), "\n")
		name, title, ok := strings.Cut(strings.TrimPrefix(head, "# "), ": ")
		if !ok || name != s.name {
			t.Errorf("%s: the first line of README.md is not \"# %s: …\"", s.name, s.name)
		}
		source := "written"
		switch {
		case s.Capture != "" && len(s.Edits) > 0:
			source = "recorded, with edits"
		case s.Capture != "":
			source = "recorded"
		case s.Base != "":
			source += ", on top of " + s.Base
		}
		fmt.Fprintf(&b, "| [%s](%s/README.md) | %s | %s | %s |\n", s.name, s.name, title, cmp.Or(strings.Join(s.Expect.Findings, ", "), "nothing"), source)
	}
	golden(t, filepath.Join("..", "samples", "README.md"), []byte(b.String()))
}

// golden compares with a file, or writes it.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; if the sample is new, run `go test ./analyze -run TestSamples -update`", err)
	}
	if d := diff.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s (-golden +got); if the change is meant, run `go test ./analyze -run TestSamples -update`:\n%s", path, d)
	}
}

// pack makes an archive of a bundle's directory, as the collector does.
func pack(t *testing.T, dir string) string {
	t.Helper()
	files, err := ruletest.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "packed.tgz")
	err = bundle.Create(path, &files.Manifest, func(e bundle.Entry) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(files.Content[e.Path])), nil
	}, bundle.Beside{})
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func reportSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(report.Schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("report.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}
