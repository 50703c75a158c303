package analyze

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	diff "github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"azlb/analyze/rules"
	"azlb/report"
)

// truth is what is known of a recorded cluster. The program never sees it.
type truth struct {
	Service  string   `json:"service"`  // "ns/name", several in a comma list, "many", or none
	Category string   `json:"category"` // "healthy": nothing is wrong
	Rules    []string `json:"rules"`
}

// contradicted are captures whose evidence shows another end than their truth tells:
// nobody could find that there. They stand in the table as misses.
var contradicted = map[string]string{
	"orphan-pip": "the last recorded try came after the lock was gone and deleted the address: no list of Azure has it",
}

// TestCaptures analyses every recorded cluster of the folder that AZLB_CAPTURES
// names, as loose files in a folder of a neutral name, and compares with the truth
// about it. It logs the table of what was expected and what was said.
func TestCaptures(t *testing.T) {
	root := os.Getenv("AZLB_CAPTURES")
	if root == "" {
		t.Skip("AZLB_CAPTURES names no folder of recorded clusters")
	}
	folders, err := filepath.Glob(filepath.Join(root, "*", "truth.yaml"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("no truth.yaml below %s: %v", root, err)
	}
	hops := hopsOfCaptures(t)
	var table strings.Builder
	fmt.Fprintf(&table, "%-4s %-30s %-28s %s\n", "", "capture", "expected", "said")
	for _, path := range few(folders) {
		name := filepath.Base(filepath.Dir(path))
		t.Run(name, func(t *testing.T) {
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var known truth
			if err := yaml.Unmarshal(raw, &known); err != nil {
				t.Fatal(err)
			}
			var expected, said string
			var misses []string
			defer func() {
				fmt.Fprintf(&table, "%-4s %-30s %-28s %s\n", mark(len(misses) == 0 && !t.Failed()), name, expected, said)
			}()
			r := analysed(t, neutral(t, filepath.Dir(path)))
			expected, said, misses = judge(known, r)
			why, excused := contradicted[name]
			switch {
			case excused && len(misses) > 0:
				said += "MISSED: " + why
			case excused:
				t.Errorf("it is found after all; take it out of the list of contradicted captures (%s)", why)
			}
			for _, m := range misses {
				if !excused {
					t.Error(m)
				}
			}
			if d := diff.Diff(hops[name], firstHops(r)); d != "" {
				t.Errorf("first hops that do not pass (-expected +said):\n%s", d)
			}
			for _, f := range r.Bundle.Files {
				if f.As == "" {
					t.Errorf("%s was not recognised: %s", f.Name, f.Note)
				}
			}
		})
	}
	t.Log("\n" + table.String())
}

func mark(ok bool) string {
	if ok {
		return "ok"
	}
	return "MISS"
}

// neutral copies a capture, without the truth, to a folder whose name says nothing.
func neutral(t *testing.T, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "files")
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(to, "truth.yaml")); err != nil {
		t.Fatal(err)
	}
	return to
}

// judge compares a report with the truth: both for the table, and what differs.
func judge(known truth, r *report.Report) (expected, said string, misses []string) {
	miss := func(format string, args ...any) { misses = append(misses, fmt.Sprintf(format, args...)) }
	causes := rootCauses(r)
	named := namedServices(known, r)
	implemented := slices.DeleteFunc(slices.Clone(known.Rules), func(id string) bool { return !isRule(id) })
	switch {
	case known.Category == "healthy":
		for _, f := range every(r.Findings) {
			if f.Severity != report.Info && len(f.Services) > 0 {
				miss("healthy, but %s %s says: %s", f.Severity, f.Rule, f.Message)
			}
		}
		return "nothing", strings.Join(alarms(r), ", "), misses
	case len(implemented) == 0:
		expected = "(" + strings.Join(known.Rules, ", ") + ")" // or SYNC00: of these rules there is none yet
		for _, s := range named {
			if c := causes[s]; c != "" && c != "AZLB-SYNC00" {
				miss("%s: root cause %s, but no rule of the truth (%s) exists", s, c, strings.Join(known.Rules, ", "))
			}
		}
	default:
		expected = strings.Join(implemented, " or ")
		for _, s := range named {
			if cause, exists := causes[s]; exists && !slices.Contains(implemented, cause) {
				miss("%s: root cause %q, want %s", s, cause, expected)
			} else if !exists && (len(r.Findings) == 0 || !slices.Contains(implemented, r.Findings[0].Rule)) {
				miss("%s is gone; the first finding is not %s: %v", s, expected, alarms(r))
			}
		}
	}
	misses = append(misses, spared(named, r)...)
	var parts []string
	for _, s := range named {
		parts = append(parts, s+"="+causes[s])
	}
	return expected, strings.Join(parts, " ") + " | " + strings.Join(alarms(r), ", "), misses
}

// namedServices are those that the truth is about.
func namedServices(known truth, r *report.Report) []string {
	var named []string
	switch known.Service {
	case "":
	case "many":
		for _, s := range r.Services {
			if len(s.Addresses) == 0 {
				named = append(named, s.Key())
			}
		}
	default:
		for _, s := range strings.Split(known.Service, ",") {
			named = append(named, strings.TrimSpace(s))
		}
	}
	return named
}

// spared lists the errors that harm a Service which the truth does not name and
// which has an address and an unbroken path.
func spared(named []string, r *report.Report) []string {
	var out []string
	for _, s := range r.Services {
		if slices.Contains(named, s.Key()) || len(s.Addresses) == 0 || blocked(s) {
			continue
		}
		for _, f := range every(r.Findings) {
			if f.Severity == report.Error && slices.Contains(f.Services, s.Key()) {
				out = append(out, fmt.Sprintf("%s works, but the error %s harms it: %s", s.Key(), f.Rule, f.Message))
			}
		}
	}
	return out
}

func blocked(s report.Service) bool {
	for _, p := range s.Paths {
		for _, h := range p.Hops {
			if h.Verdict == report.Blocks {
				return true
			}
		}
	}
	return false
}

func isRule(id string) bool {
	for _, r := range rules.All() {
		if r.ID == id {
			return true
		}
	}
	return false
}
