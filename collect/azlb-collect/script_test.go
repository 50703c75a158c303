package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	bundle "azlb/bundle-schema"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"azlb-collect": main, "kubectl-azlb_collect": main,
		"kubectl": func() { os.Exit(fake("kubectl")) },
		"az":      func() { os.Exit(fake("az")) },
	})
}

func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("GORACE", "atexit_sleep_ms=0") // else each fake takes a second
			env.Setenv("FAKE", filepath.Join(env.WorkDir, "fake"))
			return os.CopyFS(filepath.Join(env.WorkDir, "fake"), os.DirFS("testdata/cluster"))
		},
		Condition: func(name string) (bool, error) {
			if name != "hangup" {
				return false, fmt.Errorf("%q is no condition", name)
			}
			return !signal.Ignored(syscall.SIGHUP), nil // nohup keeps it from what it runs
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"only": only, "entry": entry, "holds": holds, "covered": covered, "ran": ran, "waitfor": waitfor, "nothing": nothing,
		},
	})
}

// only [PROGRAM...] leaves nothing else on the PATH.
func only(ts *testscript.TestScript, _ bool, programs []string) {
	dir := ts.MkAbs("only")
	ts.Check(os.MkdirAll(dir, 0o755))
	for _, p := range programs {
		path, err := lookPath(ts.Getenv("PATH"), p)
		ts.Check(err)
		ts.Check(os.Symlink(path, filepath.Join(dir, p)))
	}
	ts.Setenv("PATH", dir)
}

func lookPath(path, program string) (string, error) {
	for _, dir := range filepath.SplitList(path) {
		if file := filepath.Join(dir, program); exists(file) {
			return file, nil
		}
	}
	return "", exec.ErrNotFound
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// bundleOf opens the bundle that matches a pattern and reads it to its end.
func bundleOf(ts *testscript.TestScript, pattern string, visit func(bundle.File)) *bundle.Bundle {
	paths, err := filepath.Glob(ts.MkAbs(pattern))
	ts.Check(err)
	if len(paths) != 1 {
		ts.Fatalf("%s: %d files", pattern, len(paths))
	}
	b, err := bundle.Open(paths, nil)
	ts.Check(err)
	ts.Check(b.Each(func(f bundle.File) error { visit(f); return nil }))
	if len(b.Faults()) > 0 || b.Partial() != "" || b.Manifest == nil {
		ts.Fatalf("the bundle is not whole: %v %s", b.Faults(), b.Partial())
	}
	return b
}

// entry BUNDLE EVIDENCE STATUS [TEXT] looks for an entry, whose reason, scope or
// argv contains TEXT.
func entry(ts *testscript.TestScript, neg bool, args []string) {
	b := bundleOf(ts, args[0], func(bundle.File) {})
	defer b.Close()
	text := strings.Join(args[3:], " ")
	var seen []string
	for _, e := range b.Manifest.Entries {
		if e.Evidence != args[1] {
			continue
		}
		line := string(e.Status) + " " + e.Reason + " " + strings.Join(e.Argv, " ") + " " + e.Path
		for k, v := range e.Scope {
			line += " " + k + "=" + v
		}
		seen = append(seen, line)
		if string(e.Status) == args[2] && strings.Contains(line, text) {
			if neg {
				ts.Fatalf("there is such an entry: %s", line)
			}
			return
		}
	}
	if !neg {
		ts.Fatalf("no such entry of %s:\n%s", args[1], strings.Join(seen, "\n"))
	}
}

// nothing PATTERN... fails where a file matches.
func nothing(ts *testscript.TestScript, _ bool, patterns []string) {
	for _, pattern := range patterns {
		found, err := filepath.Glob(ts.MkAbs(pattern))
		ts.Check(err)
		if len(found) > 0 {
			ts.Fatalf("left behind: %q", found)
		}
	}
}

// holds BUNDLE PATH TEXT looks for TEXT in an entry; PATH * stands for all of them.
func holds(ts *testscript.TestScript, neg bool, args []string) {
	found, text := false, strings.Join(args[2:], " ")
	b := bundleOf(ts, args[0], func(f bundle.File) {
		raw, err := io.ReadAll(f.Reader)
		ts.Check(err)
		found = found || (args[1] == "*" || f.Name == args[1]) && strings.Contains(string(raw), text)
	})
	defer b.Close()
	if manifest, err := b.Manifest.Marshal(); err == nil && (args[1] == "*" || args[1] == bundle.ManifestName) {
		found = found || strings.Contains(string(manifest), text)
	}
	if found == neg {
		ts.Fatalf("%q in %s: %v", text, args[1], found)
	}
}

var planBlank = regexp.MustCompile(`\\\{[a-z]+\\\}`)

var planVersion = regexp.MustCompile(`api-version=[0-9-]+ `)

// unquote takes the plan's shell quotes away.
var unquote = strings.NewReplacer(`'\''`, "'", "'", "")

// covered PLAN LOG fails where a command of LOG is no line of PLAN.
func covered(ts *testscript.TestScript, _ bool, args []string) {
	var patterns []*regexp.Regexp
	for _, line := range strings.Split(ts.ReadFile(args[0]), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		expr := planBlank.ReplaceAllString(regexp.QuoteMeta(unquote.Replace(line)), `\S+`)
		// An older cloud is asked for the version that it lists.
		expr = planVersion.ReplaceAllString(expr, `api-version=\d{4}-\d{2}-\d{2} `)
		// A further page is the line with one more parameter.
		expr = strings.Replace(expr, " --subscription", `( \$skipToken=\S+)? --subscription`, 1)
		patterns = append(patterns, regexp.MustCompile("^"+expr+"$"))
	}
	ran := strings.Split(strings.TrimSpace(ts.ReadFile(args[1])), "\n")
	if len(ran) < 10 {
		ts.Fatalf("only %d commands ran", len(ran))
	}
	for _, command := range ran {
		found := false
		for _, p := range patterns {
			found = found || p.MatchString(command)
		}
		if !found {
			ts.Fatalf("this ran and was not printed: %s", command)
		}
	}
}

// ran PLAN LOG BUNDLE fails where an unconditional line of PLAN neither is in LOG nor stands
// in the manifest as one that was not run.
func ran(ts *testscript.TestScript, _ bool, args []string) {
	log := strings.Split(ts.ReadFile(args[1]), "\n")
	b := bundleOf(ts, args[2], func(bundle.File) {})
	defer b.Close()
	unconditional, seen := false, 0
	for _, line := range strings.Split(ts.ReadFile(args[0]), "\n") {
		if title, ok := strings.CutPrefix(line, "# "); ok {
			unconditional = strings.HasPrefix(title, "discovery reads") || title == "always"
			continue
		}
		if line == "" || !unconditional {
			continue
		}
		seen++
		line = unquote.Replace(line)
		if !slices.Contains(log, line) && !slices.ContainsFunc(b.Manifest.Entries, func(e bundle.Entry) bool {
			return (e.Status == bundle.StatusSkipped || e.Status == bundle.StatusCancelled) && strings.Join(e.Argv, " ") == line && e.Reason != ""
		}) {
			ts.Fatalf("this was printed, did not run and is not recorded as such: %s", line)
		}
	}
	if seen < 20 {
		ts.Fatalf("only %d lines are unconditional", seen)
	}
}

// waitfor FILE TEXT waits until FILE contains TEXT.
func waitfor(ts *testscript.TestScript, _ bool, args []string) {
	for range 200 {
		if raw, err := os.ReadFile(ts.MkAbs(args[0])); err == nil && strings.Contains(string(raw), args[1]) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	ts.Fatalf("%s never contained %q", args[0], args[1])
}
