package redact

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestNothingTurnsItOff: no environment, no build and no linker flag reaches what
// removes secrets. A variable that is a plain string could be set by the linker
// (-X), a build constraint could leave a file out.
func TestNothingTurnsItOff(t *testing.T) {
	allowed := []string{"bufio", "bytes", "cmp", "encoding/base64", "encoding/binary", "encoding/hex", "encoding/json", "errors", "fmt", "io", "maps", "math/bits",
		"net/url", "regexp", "slices", "strconv", "strings", "sync", "azlb/bundle-schema", "go.yaml.in/yaml/v3"}
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if base := strings.TrimSuffix(name, ".go"); strings.Contains(base, "_") {
			t.Errorf("%s: its name is a build constraint, or may become one", name)
		}
		for _, group := range file.Comments {
			for _, c := range group.List {
				if strings.HasPrefix(c.Text, "//go:build") || strings.HasPrefix(c.Text, "// +build") || strings.HasPrefix(c.Text, "//go:linkname") {
					t.Errorf("%s: %s", name, c.Text)
				}
			}
		}
		for _, imp := range file.Imports {
			if path := strings.Trim(imp.Path.Value, `"`); !slices.Contains(allowed, path) {
				t.Errorf("%s imports %s: what removes secrets depends on nothing but its input", name, path)
			}
		}
		for _, d := range file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, spec := range g.Specs {
				v := spec.(*ast.ValueSpec)
				kind, _ := v.Type.(*ast.Ident)
				plain := kind != nil && kind.Name == "string"
				for _, value := range v.Values {
					lit, ok := value.(*ast.BasicLit)
					plain = plain || ok && lit.Kind == token.STRING
				}
				if plain {
					t.Errorf("%s: %s is a variable that the linker can set: make it a constant", name, v.Names[0].Name)
				}
			}
		}
	}
}
