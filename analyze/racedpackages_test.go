package analyze

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestRacedPackages holds the Makefile's list of what runs with the race detector to the
// code: a folder that starts a goroutine or imports sync, be it in a test, is in it, and
// no other. Of the whole analysis make test runs some samples with it.
func TestRacedPackages(t *testing.T) {
	raw, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^RACED := (.*)$`).FindSubmatch(raw)
	if line == nil {
		t.Fatal("the Makefile has no line RACED := …")
	}
	listed := map[string]bool{} // and whether the code has a reason for it
	for _, folder := range strings.Fields(string(line[1])) {
		listed[strings.TrimPrefix(folder, "./")] = false
	}
	err = filepath.WalkDir("..", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && d.Name() != "..") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(file, ".go") {
			return nil
		}
		src, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil || !concurrent(src) {
			return err
		}
		rel, _ := filepath.Rel("..", file)
		folder := path.Dir(filepath.ToSlash(rel))
		if folder == "analyze" || folder == "analyze/rule/ruletest" {
			return nil // tests that run each sample, or case, in one goroutine
		}
		found := false
		for in := range listed {
			if below, all := strings.CutSuffix(in, "/..."); in == folder || all && strings.HasPrefix(folder+"/", below+"/") {
				listed[in], found = true, true
			}
		}
		if !found {
			t.Errorf("%s starts goroutines or has a lock: add ./%s to RACED in the Makefile", rel, folder)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for in, reason := range listed {
		if !reason {
			t.Errorf("./%s starts no goroutines and has no lock: take it out of RACED in the Makefile", in)
		}
	}
}

// concurrent reports whether a file starts goroutines or imports what keeps them apart.
func concurrent(src *ast.File) bool {
	starts := slices.ContainsFunc(src.Imports, func(i *ast.ImportSpec) bool {
		return slices.Contains([]string{`"sync"`, `"sync/atomic"`, `"golang.org/x/sync/errgroup"`}, i.Path.Value)
	})
	ast.Inspect(src, func(n ast.Node) bool {
		_, is := n.(*ast.GoStmt)
		starts = starts || is
		return !starts
	})
	return starts
}
