package analyze

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// floors says what each package of ours may import of ours. A package that is not
// listed takes the entry of the nearest folder above it.
var floors = map[string][]string{
	"bundle-schema":              {},
	"bundle-schema/az":           {},
	"bundle-schema/azname":       {},
	"bundle-schema/redact":       {"bundle-schema"},
	"bundle-schema/pseudonym":    {"bundle-schema", "bundle-schema/az", "bundle-schema/azname"},
	"report":                     {},
	"bundle-schema/manual":       {},
	"collect":                    {"bundle-schema", "bundle-schema/az", "bundle-schema/pseudonym", "bundle-schema/redact"},
	"collect/azlb-collect":       {"collect", "bundle-schema", "bundle-schema/manual"},
	"analyze":                    {"bundle-schema", "bundle-schema/az", "report", "analyze/snapshot", "analyze/errtext", "analyze/topology", "analyze/desired", "analyze/walk", "analyze/rule", "analyze/rules", "analyze/signature"},
	"analyze/azlb-analyze":       {"analyze", "analyze/rules", "analyze/signature", "analyze/snapshot", "bundle-schema", "bundle-schema/manual", "bundle-schema/pseudonym", "report"},
	"analyze/snapshot":           {"bundle-schema", "bundle-schema/az", "report"},
	"analyze/errtext":            {"bundle-schema", "bundle-schema/az", "bundle-schema/azname", "report", "analyze/snapshot"},
	"analyze/errtext/generation": {"analyze/errtext"},
	"analyze/topology":           {"bundle-schema", "bundle-schema/az", "bundle-schema/azname", "report", "analyze/snapshot"},
	"analyze/desired":            {"bundle-schema", "bundle-schema/az", "bundle-schema/azname", "report", "analyze/snapshot", "analyze/topology"},
	"analyze/nsg":                {"bundle-schema/az"},
	"analyze/walk":               {"bundle-schema", "bundle-schema/az", "report", "analyze/snapshot", "analyze/topology", "analyze/desired", "analyze/nsg"},
	"analyze/rule":               {"bundle-schema", "bundle-schema/az", "bundle-schema/azname", "report", "analyze/snapshot", "analyze/errtext", "analyze/topology", "analyze/desired", "analyze/walk"},
	"analyze/signature":          {"report", "analyze/errtext", "analyze/rule"},
	"analyze/rule/ruletest":      {"bundle-schema", "report", "analyze/snapshot", "analyze/errtext", "analyze/errtext/generation", "analyze/topology", "analyze/desired", "analyze/walk", "analyze/rule"},
	"analyze/rules/":             {"bundle-schema", "bundle-schema/az", "bundle-schema/azname", "report", "analyze/snapshot", "analyze/errtext", "analyze/topology", "analyze/desired", "analyze/nsg", "analyze/walk", "analyze/rule"},
}

// outside lists what only some packages may import from elsewhere, with the reason.
var outside = []struct {
	imports string
	allowed []string // folders, "x/" with everything below
	because string
}{
	{"github.com/mholt/archiver/v4", []string{"bundle-schema"}, "the archive library stays behind the reader and the writer"},
	{"github.com/spf13/pflag", []string{"bundle-schema/manual", "collect/azlb-collect", "analyze/azlb-analyze"}, "flags are the business of the mains"},
	{"github.com/spf13/cobra", []string{"bundle-schema/manual", "collect/azlb-collect", "analyze/azlb-analyze"}, "flags are the business of the mains"},
	{"github.com/olekukonko/tablewriter", []string{"report"}, "tables are drawn by one writer"},
	{"github.com/santhosh-tekuri/jsonschema/v6", []string{"analyze/signature"}, "only files that people write are checked by a schema when they are read"},
	{"os/exec", []string{"collect", ".ci/dist"}, "only the collector starts programs, and what makes a release"},
	{"net/http", nil, "neither program talks to a network itself"},
	{"net", nil, "neither program talks to a network itself"},
	{"log", nil, "what went wrong is in the values"},
	{"os", []string{"bundle-schema/manual", "bundle-schema", "collect", "collect/azlb-collect", "analyze/azlb-analyze", "analyze/rule/ruletest", "samples/testdata/gen", "samples/testdata/", ".ci/dist"}, "input and output are at the two ends only"},
}

// TestFloors keeps the floor plan: arrows point downwards only, topics do not know
// each other, and input and output stay at the two ends.
func TestFloors(t *testing.T) {
	root := ".."
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		rel, _ := filepath.Rel(root, file)
		folder := path.Dir(filepath.ToSlash(rel))
		src, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, imp := range src.Imports {
			name, _ := strconv.Unquote(imp.Path.Value)
			if ours, ok := strings.CutPrefix(name, "azlb/"); ok {
				checkArrow(t, rel, folder, ours)
			}
			for _, o := range outside {
				if o.imports == name && !slices.ContainsFunc(o.allowed, func(a string) bool {
					return a == folder || strings.HasSuffix(a, "/") && strings.HasPrefix(folder+"/", a)
				}) {
					t.Errorf("%s imports %s: %s", rel, name, o.because)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func checkArrow(t *testing.T, file, folder, ours string) {
	t.Helper()
	if strings.Contains(folder, "testdata") {
		return // generators stand outside the house
	}
	if folder == "analyze/rules" {
		if !strings.HasPrefix(ours, "analyze/rules/") && ours != "analyze/rule" {
			t.Errorf("%s imports %s: the list of rules imports only the topics", file, ours)
		}
		return
	}
	key := folder
	if strings.HasPrefix(folder, "analyze/rules/") {
		key = "analyze/rules/"
	}
	allowed, ok := floors[key]
	if !ok {
		t.Errorf("%s: folder %s has no floor; add it to the plan", file, folder)
		return
	}
	if !slices.Contains(allowed, ours) {
		t.Errorf("%s imports %s: that arrow is not in the plan (allowed: %s)", file, ours, strings.Join(allowed, ", "))
	}
}

// TestPrograms counts the packages named main that go install would build.
func TestPrograms(t *testing.T) {
	var mains []string
	err := filepath.WalkDir("..", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && d.Name() != "..") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		src, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly)
		if err == nil && src.Name.Name == "main" {
			mains = append(mains, path.Base(filepath.ToSlash(filepath.Dir(file))))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(mains)
	if got := slices.Compact(mains); !slices.Equal(got, []string{"azlb-analyze", "azlb-collect"}) {
		t.Errorf("go install ./... would give %v", got)
	}
}
