// Gen makes the bundles of the samples. A sample that says `capture:` is made from
// a recording of a real cluster (the folder that AZLB_CAPTURES names); one that
// says `base:` is another sample's bundle with the edits that its sample.yaml lists.
//
//	go run ./samples/testdata/gen [sample …]      all where none is named
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"

	"azlb/analyze/rule/ruletest"
)

// sample is the part of sample.yaml that says how the bundle is made.
type sample struct {
	Capture string          `json:"capture"` // folder below AZLB_CAPTURES
	Groups  []string        `json:"groups"`  // further resource groups that were collected
	Base    string          `json:"base"`    // another sample
	Edits   []ruletest.Edit `json:"edits"`   // on top of either
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(names []string) error {
	if len(names) == 0 {
		dirs, err := filepath.Glob("samples/*/sample.yaml")
		if err != nil {
			return err
		}
		for _, d := range dirs {
			names = append(names, filepath.Base(filepath.Dir(d)))
		}
	}
	for _, name := range names {
		if err := one(name); err != nil {
			return fmt.Errorf("sample %s: %w", name, err)
		}
	}
	return nil
}

// one makes the bundle of one sample.
func one(name string) error {
	dir := filepath.Join("samples", name)
	raw, err := os.ReadFile(filepath.Join(dir, "sample.yaml"))
	if err != nil {
		return err
	}
	var s sample
	if err := yaml.Unmarshal(raw, &s); err != nil {
		return err
	}
	var files *ruletest.Files
	switch {
	case s.Capture != "":
		if files, err = fromCapture(s); err != nil {
			return err
		}
	case s.Base != "":
		if files, err = ruletest.Load(filepath.Join("samples", s.Base, "bundle")); err != nil {
			return err
		}
	default:
		return nil // written by hand as a whole
	}
	if err := files.Apply(s.Edits); err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Join(dir, "bundle")); err != nil {
		return err
	}
	return files.Write(filepath.Join(dir, "bundle"))
}
