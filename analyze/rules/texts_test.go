package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"azlb/analyze/rule"
)

// unmoved are files whose codes do not stand in Texts yet.
var unmoved = []string{"auth/auth02.go", "auth/auth03.go", "deletion/del03.go"}

// TestTexts looks into the sources of the rules for codes that a Check asks an error for:
// each stands in the Texts of a rule of the same topic too, for `explain CODE` looks there.
func TestTexts(t *testing.T) {
	for _, topic := range Topics() {
		files, err := filepath.Glob(filepath.Join(topic.Name, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no sources in the folder of topic %s: %v", topic.Name, err)
		}
		for _, file := range files {
			if slices.Contains(unmoved, filepath.ToSlash(file)) {
				continue
			}
			src, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, code := range asked(src) {
				if !slices.ContainsFunc(topic.Rules, func(r *rule.Rule) bool { return declares(r, code) }) {
					t.Errorf("%s asks for the code %s, which no Texts of its topic have", file, code)
				}
			}
		}
	}
}

// asked are the constants that a file gives to a method Has.
func asked(src *ast.File) []string {
	var out []string
	ast.Inspect(src, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 1 {
			return true
		}
		method, ok := call.Fun.(*ast.SelectorExpr)
		word, isWord := call.Args[0].(*ast.BasicLit)
		if ok && isWord && method.Sel.Name == "Has" {
			if code, err := strconv.Unquote(word.Value); err == nil {
				out = append(out, code)
			}
		}
		return true
	})
	return out
}

// declares reports whether a rule has a code in its Texts.
func declares(r *rule.Rule, code string) bool {
	return slices.ContainsFunc(r.Texts, func(x rule.Text) bool {
		return slices.ContainsFunc(x.Codes, func(c string) bool { return strings.EqualFold(c, code) })
	})
}
