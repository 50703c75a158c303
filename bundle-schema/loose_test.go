package bundle

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

func TestLooseFiles(t *testing.T) {
	dir := t.TempDir()
	for name, body := range map[string]string{"svc.yaml": "kind: List", "one/lb.json": "[1]", "one-b": "1", "two/lb.json": "[2]", "manifest.json": `{"name":"a web page"}`} {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	log := write(t, "ccm.log.gz", gz(t, []byte("I0102 line\n")))
	t.Chdir(dir)
	for name, c := range map[string]struct {
		inputs []string
		stdin  string
		want   []string
	}{
		"one":            {[]string{"svc.yaml"}, "", []string{"svc.yaml=kind: List"}},
		"several":        {[]string{"svc.yaml", "one/lb.json", "two/lb.json"}, "", []string{"svc.yaml=kind: List", "one/lb.json=[1]", "two/lb.json=[2]"}},
		"packed log":     {[]string{log}, "", []string{"ccm.log=I0102 line\n"}},
		"stdin":          {[]string{"-"}, "kind: Service", []string{"stdin=kind: Service"}},
		"stdin and file": {[]string{"svc.yaml", "-"}, "kind: Service", []string{"svc.yaml=kind: List", "stdin=kind: Service"}},
		"directory":      {[]string{"."}, "", []string{`manifest.json={"name":"a web page"}`, "one-b=1", "one/lb.json=[1]", "svc.yaml=kind: List", "two/lb.json=[2]"}},
		"directories":    {[]string{"one", "two"}, "", []string{"one/lb.json=[1]", "two/lb.json=[2]"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(heard{Files: c.want}, hear(t, defaultLimits, []byte(c.stdin), c.inputs...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLooseFilesOfWindows(t *testing.T) {
	const text = "kind: \u00e4\U0001f600\n"
	little, big := []byte("\xff\xfe"), []byte("\xfe\xff")
	for _, u := range utf16.Encode([]rune(text)) {
		little, big = append(little, byte(u), byte(u>>8)), append(big, byte(u>>8), byte(u))
	}
	for name, c := range map[string]struct{ in, want string }{
		"UTF-8 with mark": {"\xef\xbb\xbf" + text, text},
		"UTF-16LE":        {string(little), text},
		"UTF-16BE":        {string(big), text},
		"half a pair":     {"\xff\xfe\x3d\xd8a\x00", "\ufffda"},
		"an odd byte":     {"\xff\xfea\x00b", "a\ufffd"},
		"only a mark":     {"\xff\xfe", ""},
		"one byte":        {"\xff", "\xff"},
		"empty":           {"", ""},
	} {
		got := hear(t, defaultLimits, nil, write(t, "f", []byte(c.in)))
		if diff := cmp.Diff(heard{Files: []string{"f=" + c.want}}, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	future := entry{name: ManifestName, body: `{"schema":9,"minReader":9,"entries":[]}`}
	wrong := entry{name: ManifestName, body: `{"schema":1,"minReader":1,"entries":{}}`}
	two := func() []string {
		return []string{write(t, "a.tgz", gz(t, tarOf(t, manifestOf(t)))), write(t, "b.tgz", gz(t, tarOf(t, manifestOf(t))))}
	}
	for _, c := range []struct {
		inputs []string
		stdin  []byte
		want   string
	}{
		{nil, nil, "no input"},
		{[]string{filepath.Join(t.TempDir(), "none")}, nil, "opening "},
		{[]string{"-"}, nil, "it is empty"},
		{[]string{"-"}, zipOf(t, entry{name: "a"}), "save it as a file"},
		{[]string{write(t, "a.7z", []byte("7z\xbc\xaf\x27\x1c....."))}, nil, "7z archives are not read"},
		{[]string{write(t, "a.zip", zipOf(t, entry{name: "a", body: "1"})[:30])}, nil, "cut or damaged"},
		{[]string{write(t, "a.tgz", []byte("\x1f\x8b\x08\x00"))}, nil, "cut or damaged at its beginning"},
		{[]string{write(t, "a.tgz", gz(t, tarOf(t, future)))}, nil, "install a newer azlb-analyze"},
		{[]string{write(t, "a.tgz", gz(t, tarOf(t, wrong)))}, nil, "does not follow schema 1"},
		{[]string{"reader.go", "./reader.go"}, nil, "given twice"},
		{two(), nil, "are both bundles"},
	} {
		b, err := Open(c.inputs, bytes.NewReader(c.stdin))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Open(%q): %v, want %q", c.inputs, err, c.want)
		}
		if b != nil {
			b.Close()
		}
	}
}

func TestVisitEndsThePass(t *testing.T) {
	b, err := Open([]string{write(t, "b.tgz", gz(t, tarOf(t, entry{name: "a"}, entry{name: "b"})))}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	n := 0
	if err := b.Each(func(File) error { n++; return io.ErrClosedPipe }); err != io.ErrClosedPipe || n != 1 {
		t.Errorf("%v after %d visits, want the visit's own error after one", err, n)
	}
	if err := b.Each(func(File) error { return nil }); err == nil {
		t.Error("a second pass must be an error: the bytes are gone")
	}
}
