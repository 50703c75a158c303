package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"azlb/collect"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"azlb-analyze": func() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs the command lines of testdata/script; $SAMPLES is the folder of
// the samples, $HIDDEN one with a bundle b.tgz that has pseudonyms, its map, and another map.
func TestScripts(t *testing.T) {
	samples, err := filepath.Abs("../../samples")
	if err != nil {
		t.Fatal(err)
	}
	hidden := t.TempDir()
	for _, name := range []string{"b", "other"} {
		recording, err := collect.OpenRecording(filepath.Join(samples, "demo", "recording"))
		if err != nil {
			t.Fatal(err)
		}
		o := collect.Options{Since: time.Hour, Timeout: time.Minute, CommandTimeout: time.Minute, Progress: collect.Silent{}, HideNames: true, Output: filepath.Join(hidden, name+".tgz")}
		recording.Apply(&o)
		if _, err := collect.Collect(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("SAMPLES", samples)
			env.Setenv("HIDDEN", hidden)
			return nil
		},
		RequireExplicitExec: true,
	})
}
