package analyze

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	chosen   = regexp.MustCompile(`-(?:run|fuzz) '?\^?([A-Z]\w*)`)
	inFolder = regexp.MustCompile(`\s\./(\S+)`)
)

// TestMakefile looks for tests that the Makefile runs by name: one that was renamed
// would be run no more, and make would still succeed.
func TestMakefile(t *testing.T) {
	raw, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for line := range strings.Lines(string(raw)) {
		name, in := chosen.FindStringSubmatch(line), inFolder.FindStringSubmatch(line)
		if name == nil || in == nil {
			continue
		}
		named++
		if !hasTest(t, filepath.Join("..", in[1]), name[1]) {
			t.Errorf("no test of %s begins with %s: %s", in[1], name[1], strings.TrimSpace(line))
		}
	}
	if named < 5 {
		t.Errorf("only %d targets of the Makefile name a test", named)
	}
}

// hasTest reports whether a test, or fuzz target, of a folder contains the name, as go
// test -run matches.
func hasTest(t *testing.T, dir, name string) bool {
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	function := regexp.MustCompile(`(?m)^func (?:Test|Fuzz)?\w*` + name)
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if function.Match(raw) {
			return true
		}
	}
	return false
}
