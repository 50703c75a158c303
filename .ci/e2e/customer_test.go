package e2e

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// customer is who runs azlb-collect: with which kubectl and az, and with which logins.
type customer struct {
	kubeconfig string
	kubectl    bool   // kubectl is installed
	az         bool   // az is installed
	config     string // AZURE_CONFIG_DIR
	trust      string // REQUESTS_CA_BUNDLE; empty: az trusts nobody
	shim       string // PYTHONPATH; empty: Debian's az as it is
	flags      []string
}

// environment is the customer's; nothing of ours gets in.
func (c customer) environment(t *testing.T) []string {
	t.Helper()
	bin := t.TempDir()
	env := []string{"PATH=" + bin, "HOME=" + t.TempDir(), "KUBECONFIG=" + c.kubeconfig, "LANG=C.UTF-8",
		"AZURE_CONFIG_DIR=" + c.config, "PYTHONDONTWRITEBYTECODE=1"}
	if c.kubectl {
		must(t, os.Symlink(filepath.Join(programs, "kubectl"), filepath.Join(bin, "kubectl")))
	}
	if c.az {
		must(t, os.Symlink(azure, filepath.Join(bin, "az")))
	}
	if c.trust != "" {
		env = append(env, "REQUESTS_CA_BUNDLE="+c.trust)
	}
	if c.shim != "" {
		env = append(env, "PYTHONPATH="+c.shim)
	}
	return env
}

// run runs one of our programs and returns what it printed and its exit code.
func (c customer) run(t *testing.T, program string, args ...string) (stdout, stderr string, exit int) {
	t.Helper()
	var out, errs strings.Builder
	cmd := exec.Command(filepath.Join(programs, program), args...)
	cmd.Dir, cmd.Env = t.TempDir(), c.environment(t)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// entry is one command of the manifest.
type entry struct {
	Evidence string            `json:"evidence"`
	Path     string            `json:"path"`
	Argv     []string          `json:"argv"`
	Scope    map[string]string `json:"scope"`
	Status   string            `json:"status"`
	Reason   string            `json:"reason"`
	Exit     int               `json:"exit"`
	Stderr   string            `json:"stderr"`
}

func (e entry) String() string {
	return fmt.Sprintf("%s %s (%s): %s\n\t%s\n\t%s", e.Evidence, e.Status, strings.Join(e.Argv, " "), e.Reason, e.Path, strings.ReplaceAll(e.Stderr, "\n", "\n\t"))
}

// outcome is a bundle and its diagnosis.
type outcome struct {
	bundle  string
	took    time.Duration
	entries []entry
	files   map[string]string
	report
	exit int // of azlb-analyze
}

// report is what is asserted of `azlb-analyze -f json`.
type report struct {
	Findings []struct {
		Rule     string   `json:"rule"`
		Severity string   `json:"severity"`
		Message  string   `json:"message"`
		Services []string `json:"services"`
	} `json:"findings"`
	Services []struct {
		Namespace string `json:"namespace"`
		Name      string `json:"name"`
		Status    string `json:"status"`
		RootCause string `json:"rootCause"`
	} `json:"services"`
	Verdicts []struct {
		Rule   string `json:"rule"`
		State  string `json:"state"`
		Reason string `json:"reason"`
	} `json:"verdicts"`
	Coverage struct {
		Evidence []covered `json:"evidence"`
	} `json:"coverage"`
}

// covered is what the report says of one piece of evidence.
type covered struct {
	ID      string `json:"id"`
	Status  string `json:"status"`
	Without string `json:"without"`
}

// collect collects and diagnoses; whatever failed on the way, there must be a bundle
// that can be read.
func (c customer) collect(t *testing.T) *outcome {
	t.Helper()
	o := &outcome{bundle: filepath.Join(t.TempDir(), "bundle.tgz"), files: map[string]string{}}
	began := time.Now()
	stdout, stderr, exit := c.run(t, "azlb-collect", append([]string{"--output", o.bundle}, c.flags...)...)
	o.took = time.Since(began)
	if exit != 0 || strings.TrimSpace(stdout) != o.bundle {
		t.Fatalf("azlb-collect: exit %d\n%s\n%s", exit, stdout, stderr)
	}
	o.open(t)
	o.report, o.exit = c.analyze(t, o.bundle)
	t.Logf("collected in %.1f s: %d entries; azlb-analyze: exit %d", o.took.Seconds(), len(o.entries), o.exit)
	t.Cleanup(func() {
		if t.Failed() {
			for _, e := range o.entries {
				if !e.complete() && e.Status != "skipped" {
					t.Log(e)
				}
			}
		}
	})
	return o
}

// analyze diagnoses bundles.
func (c customer) analyze(t *testing.T, bundles ...string) (r report, exit int) {
	t.Helper()
	stdout, stderr, exit := c.run(t, "azlb-analyze", append([]string{"-f", "json"}, bundles...)...)
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatalf("azlb-analyze: exit %d: %v\n%s\n%s", exit, err, stdout, stderr)
	}
	return r, exit
}

// open reads the bundle's files.
func (o *outcome) open(t *testing.T) {
	t.Helper()
	f, err := os.Open(o.bundle)
	must(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	must(t, err)
	r := tar.NewReader(z)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		raw, err := io.ReadAll(r)
		must(t, err)
		o.files[h.Name] = string(raw)
		if path.Base(h.Name) == "manifest.json" {
			var m struct {
				Entries []entry `json:"entries"`
			}
			must(t, json.Unmarshal(raw, &m))
			o.entries = m.Entries
		}
	}
	if len(o.entries) == 0 {
		t.Fatalf("%s has no manifest with entries", o.bundle)
	}
}

// of are the entries of a piece of evidence whose command has that word.
func (o *outcome) of(evidence, word string) []entry {
	return slices.DeleteFunc(slices.Clone(o.entries), func(e entry) bool {
		return e.Evidence != evidence || word != "" && !strings.Contains(strings.Join(e.Argv, " "), word)
	})
}

// complete reports an entry that brought what its command was asked for.
func (e entry) complete() bool { return e.Status == "ok" || e.Status == "empty" }

// expect asserts that a command of a piece of evidence ended so, and why; and that none
// brought it, where it is a failure.
func (o *outcome) expect(t *testing.T, evidence, word, status, reason string) {
	t.Helper()
	found := o.of(evidence, word)
	if !slices.ContainsFunc(found, func(e entry) bool { return e.Status == status && strings.Contains(e.Reason, reason) }) {
		t.Errorf("%s: no entry is %s with %q: %v", evidence, status, reason, found)
	}
	if status == "ok" || status == "empty" {
		return
	}
	if i := slices.IndexFunc(found, entry.complete); i >= 0 {
		t.Errorf("%s, which should be missing: %v", evidence, found[i])
	}
}

// lacks asserts that the report says what cannot be judged without the evidence, and
// that a rule was not evaluated because of it (empty: none needs it).
func (o *outcome) lacks(t *testing.T, evidence, without, rule string) {
	t.Helper()
	i := slices.IndexFunc(o.Coverage.Evidence, func(e covered) bool { return e.ID == evidence })
	if i < 0 {
		t.Errorf("coverage says nothing of %s", evidence)
	} else if e := o.Coverage.Evidence[i]; e.Status == "ok" || !strings.Contains(e.Without, without) {
		t.Errorf("coverage of %s: %s, without it %q, want %q", evidence, e.Status, e.Without, without)
	}
	if rule == "" {
		return
	}
	for _, v := range o.Verdicts {
		if v.Rule == rule && v.State == "not-evaluated" {
			return
		}
	}
	t.Errorf("%s is not among the rules that were not evaluated", rule)
}

// errors are the rules of the findings that are errors.
func (r report) errors() []string {
	var rules []string
	for _, f := range r.Findings {
		if f.Severity == "error" {
			rules = append(rules, f.Rule)
		}
	}
	slices.Sort(rules)
	return slices.Compact(rules)
}

// findings are all rules found with their severity, for a comparison.
func (r report) findings() []string {
	var all []string
	for _, f := range r.Findings {
		all = append(all, f.Severity+" "+f.Rule+" "+strings.Join(f.Services, ","))
	}
	slices.Sort(all)
	return all
}

// rootCause is that of a Service.
func (r report) rootCause(service string) string {
	for _, s := range r.Services {
		if s.Namespace+"/"+s.Name == service {
			return s.RootCause
		}
	}
	return "no such Service"
}
