// Gen makes the bundles of the samples, from sample.yaml:
//
//   - `capture:` names a recording of a real cluster (a folder below the one that
//     AZLB_CAPTURES names). It is laid out as answers of kubectl and az, which the
//     collector itself replays into a bundle; with `recording: true` those answers
//     are what is kept.
//   - `base:` is another sample's bundle with the `edits:` of sample.yaml.
//   - neither: the bundle is written by hand; its sizes and checksums are made anew.
//
// Run it at the root: go run ./samples/testdata/gen [sample …], all where none is named.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"sigs.k8s.io/yaml"

	"azlb/analyze/rule/ruletest"
	bundle "azlb/bundle-schema"
	"azlb/collect"
)

// sample is the part of sample.yaml that says how the bundle is made.
type sample struct {
	Capture   string          `json:"capture"`   // folder below AZLB_CAPTURES
	Groups    []string        `json:"groups"`    // given with --resource-group
	Later     string          `json:"later"`     // from the last thing that happened to the collection; 30s when empty
	Recording bool            `json:"recording"` // keep the recording instead of a bundle
	Base      string          `json:"base"`      // another sample
	Edits     []ruletest.Edit `json:"edits"`     // on top of any
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(names []string) error {
	if len(names) == 0 {
		list, err := filepath.Glob("samples/*/sample.yaml")
		if err != nil {
			return err
		}
		for _, d := range list {
			names = append(names, filepath.Base(filepath.Dir(d)))
		}
	}
	// Bases first: what is made of them must not be made of their last state.
	for _, derived := range []bool{false, true} {
		for _, name := range names {
			s, err := read(name)
			if err == nil && (s.Base != "") == derived {
				err = s.generate(filepath.Join("samples", name))
			}
			if err != nil {
				return fmt.Errorf("sample %s: %w", name, err)
			}
		}
	}
	return nil
}

func read(name string) (sample, error) {
	var s sample
	raw, err := os.ReadFile(filepath.Join("samples", name, "sample.yaml"))
	if err != nil {
		return s, err
	}
	return s, yaml.Unmarshal(raw, &s)
}

// generate makes what one sample keeps.
func (s sample) generate(dir string) error {
	kept := filepath.Join(dir, "bundle")
	if s.Recording {
		kept = filepath.Join(dir, "recording")
		if err := os.RemoveAll(kept); err != nil {
			return err
		}
		return s.record(kept)
	}
	files, err := s.files(kept)
	if err != nil {
		return err
	}
	if err := files.Apply(s.Edits); err != nil {
		return err
	}
	if err := os.RemoveAll(kept); err != nil {
		return err
	}
	return files.Write(kept)
}

// files is the bundle before the edits.
func (s sample) files(own string) (*ruletest.Files, error) {
	switch {
	case s.Base != "":
		return ruletest.Load(filepath.Join("samples", s.Base, "bundle"))
	case s.Capture == "":
		return ruletest.Load(own)
	}
	dir, err := os.MkdirTemp("", "recording")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := s.record(dir); err != nil {
		return nil, err
	}
	return replay(dir, s.Groups)
}

func (s sample) record(dir string) error {
	captures := os.Getenv("AZLB_CAPTURES")
	if captures == "" {
		return errors.New("AZLB_CAPTURES names no folder of recordings")
	}
	later := 30 * time.Second
	if s.Later != "" {
		var err error
		if later, err = time.ParseDuration(s.Later); err != nil {
			return err
		}
	}
	return record(filepath.Join(captures, s.Capture), dir, s.Groups, later)
}

// replay lets the collector make a bundle of a recording.
func replay(dir string, groups []string) (*ruletest.Files, error) {
	recording, err := collect.OpenRecording(dir)
	if err != nil {
		return nil, err
	}
	o := collect.Options{ResourceGroups: groups, Since: 24 * time.Hour, Timeout: time.Minute, CommandTimeout: time.Minute,
		Output: filepath.Join(dir, "bundle.tgz"), Progress: collect.Silent{}, Tool: bundle.Tool{Name: "azlb-collect", Version: "v0.1.0", Commit: "recorded"}}
	recording.Apply(&o)
	result, err := collect.Collect(context.Background(), o)
	if err != nil {
		return nil, err
	}
	b, err := bundle.Open([]string{result.Path}, nil)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	files := &ruletest.Files{Manifest: *b.Manifest, Content: map[string][]byte{}}
	err = b.Each(func(f bundle.File) error {
		if f.Name == bundle.ManifestName {
			return nil
		}
		raw, err := io.ReadAll(f.Reader)
		files.Content[f.Name] = raw
		return err
	})
	return files, err
}
