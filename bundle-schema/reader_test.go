package bundle

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSameWordsFromEveryContainer reads one bundle in every packing.
func TestSameWordsFromEveryContainer(t *testing.T) {
	body := []entry{{name: "azure/g/lb.json", body: "[]"}, {name: "k8s/services.yaml", body: "items: []\n"}}
	all := append([]entry{manifestOf(t, body...)}, body...)
	foldered := []entry{{name: "case/", kind: tar.TypeDir}}
	for _, e := range append(slices.Clone(body), all[0]) { // the manifest last, as a file system may list it
		foldered = append(foldered, entry{name: "case/" + e.name, body: e.body})
	}
	dotted := []entry{{name: "./", kind: tar.TypeDir}, {name: "./._x", body: "mac"}, {name: "__MACOSX/y", body: "mac"}, {name: ".DS_Store", body: "mac"}}
	for _, e := range all {
		dotted = append(dotted, entry{name: "./" + e.name, body: e.body})
	}
	dir := t.TempDir()
	for _, e := range append(slices.Clone(all), entry{name: ".git/HEAD", body: "ref"}) {
		p := filepath.Join(dir, filepath.FromSlash(e.name))
		if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(e.body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	outer := filepath.Join(t.TempDir(), "outer")
	if err := os.CopyFS(filepath.Join(outer, "case"), os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	old := tarOf(t, all...)
	for at := 0; at < len(old); at += 512 { // a tar from before POSIX has no magic
		if bytes.HasPrefix(old[at+257:], []byte("ustar")) {
			for i := 257; i < 265; i++ {
				old[at+i] = 0
			}
			var sum int
			copy(old[at+148:], "        ")
			for _, c := range old[at : at+512] {
				sum += int(c)
			}
			copy(old[at+148:], fmt.Sprintf("%06o\x00 ", sum))
		}
	}
	want := heard{Files: []string{"azure/g/lb.json*=[]", "k8s/services.yaml*=items: []\n"}}
	for name, c := range map[string]struct {
		inputs []string
		stdin  []byte
	}{
		"tgz":              {inputs: []string{write(t, "b.tgz", gz(t, tarOf(t, all...)))}},
		"tgz on stdin":     {inputs: []string{"-"}, stdin: gz(t, tarOf(t, all...))},
		"misnamed":         {inputs: []string{write(t, "b.zip", gz(t, tarOf(t, all...)))}},
		"tar":              {inputs: []string{write(t, "b", tarOf(t, all...))}},
		"old tar":          {inputs: []string{write(t, "b", old)}},
		"tar on stdin":     {inputs: []string{"-"}, stdin: tarOf(t, all...)},
		"zstd":             {inputs: []string{write(t, "b", zst(t, tarOf(t, all...)))}},
		"zip":              {inputs: []string{write(t, "b", zipOf(t, all...))}},
		"packed again":     {inputs: []string{write(t, "b", gz(t, tarOf(t, foldered...)))}},
		"zip with folder":  {inputs: []string{write(t, "b", zipOf(t, foldered[1:]...))}},
		"packed on a Mac":  {inputs: []string{write(t, "b", gz(t, tarOf(t, dotted...)))}},
		"directory":        {inputs: []string{dir}},
		"directory around": {inputs: []string{outer}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(want, hear(t, defaultLimits, c.stdin, c.inputs...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRefusedEntries puts what must not be read between two good entries.
func TestRefusedEntries(t *testing.T) {
	small := defaultLimits
	small.Entry = 10
	for _, c := range []struct {
		bad  entry
		want string
	}{
		{entry{name: "x", kind: tar.TypeSymlink, link: "/etc/passwd"}, "x: it is a symbolic link"},
		{entry{name: "x", kind: tar.TypeLink, link: "a"}, "x: it is a hard link"},
		{entry{name: "x", kind: tar.TypeChar}, "x: it is a device"},
		{entry{name: "x", kind: tar.TypeFifo}, "x: it is a device"},
		{entry{name: "/etc/x", body: "1"}, "/etc/x: its name is absolute"},
		{entry{name: "a/../x", body: "1"}, `a/../x: its name contains ".."`},
		{entry{name: `a\x`, body: "1"}, `a\x: its name contains a backslash`},
		{entry{name: "C:x", body: "1"}, "C:x: its name begins with a drive letter"},
		{entry{name: "a\x1b[2Jx", body: "1"}, `a\x1b[2Jx: its name contains control characters`},
		{entry{name: "a\xff", body: "1"}, `a\xff: its name is not UTF-8`},
		{entry{name: strings.Repeat("n", 2000), body: "1"}, strings.Repeat("n", 40) + "…: its name is longer"},
		{entry{name: "a", body: "2"}, "a: there is an entry of that name already"},
		{entry{name: "./a", body: "2"}, "a: there is an entry of that name already"},
		{entry{name: "x", body: "12345678901"}, "x: it is larger than 10 bytes"},
	} {
		t.Run(c.want, func(t *testing.T) {
			got := hear(t, small, nil, write(t, "b.tgz", gz(t, tarOf(t, entry{name: "a", body: "1"}, c.bad, entry{name: "b", body: "3"}))))
			if diff := cmp.Diff([]string{"a=1", "b=3"}, got.Files); diff != "" {
				t.Error(diff)
			}
			if len(got.Faults) != 1 || !strings.HasPrefix(got.Faults[0], c.want) || got.Partial != "" {
				t.Errorf("faults %q, partial %q, want one fault %q", got.Faults, got.Partial, c.want)
			}
		})
	}
}

func TestRefusedInZipAndDirectory(t *testing.T) {
	z := write(t, "b.zip", zipOf(t, entry{name: "a", body: "1"}, entry{name: "l", kind: tar.TypeSymlink, body: "/etc/passwd"}, entry{name: `d\..\x`, body: "1"}, entry{name: `d\y`, body: "2"}))
	got := hear(t, defaultLimits, nil, z)
	want := heard{Files: []string{"a=1", "d/y=2"}, Faults: []string{
		"l: it is a symbolic link, and a bundle holds plain files only", `d/../x: its name contains ".."`}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a"), []byte("1"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "l")); err != nil {
		t.Skipf("this system has no symbolic links: %v", err)
	}
	want = heard{Files: []string{"a=1"}, Faults: want.Faults[:1]}
	if diff := cmp.Diff(want, hear(t, defaultLimits, nil, dir)); diff != "" {
		t.Error(diff)
	}
}

func TestLimits(t *testing.T) {
	three := tarOf(t, entry{name: "a", body: "1234"}, entry{name: "b", body: "5678"}, entry{name: "c", body: "9"})
	for _, c := range []struct {
		name    string
		l       limits
		input   []byte
		files   int
		partial string
	}{
		{"entries", limits{Entry: 99, Total: 9999, Manifest: 99, Entries: 2, Ratio: 99, RatioFloor: 9999}, three, 2, "it holds more than 2 entries"},
		{"total of entries", limits{Entry: 99, Total: 7, Manifest: 99, Entries: 9, Ratio: 99, RatioFloor: 9999}, zipOf(t, entry{name: "a", body: "1234"}, entry{name: "b", body: "5678"}, entry{name: "c", body: "9"}), 2, "it unpacks to more than 7 bytes"},
		{"total of the tar", limits{Entry: 99, Total: 1100, Manifest: 99, Entries: 9, Ratio: 99, RatioFloor: 9999}, gz(t, three), 1, "it unpacks to more than 1100 bytes"},
		{"ratio", limits{Entry: 1 << 30, Total: 1 << 30, Manifest: 99, Entries: 9, Ratio: 50, RatioFloor: 1 << 16}, gz(t, tarOf(t, entry{name: "bomb", body: strings.Repeat("0", 1<<20)})), 1, "more than 50 times its size"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := hear(t, c.l, nil, write(t, "b", c.input))
			if len(got.Files) != c.files || !strings.Contains(got.Partial, c.partial) {
				t.Errorf("%d files, partial %q; want %d and %q", len(got.Files), got.Partial, c.files, c.partial)
			}
		})
	}
}

// TestSecondManifest: it is a duplicate like any other, wherever the first one stands.
func TestSecondManifest(t *testing.T) {
	body := entry{name: "a", body: "1"}
	manifest := manifestOf(t, body)
	for name, order := range map[string][]entry{"first": {manifest, body, manifest}, "later": {body, manifest, manifest}} {
		for _, folder := range []string{"", "case/"} {
			var all []entry
			for _, e := range order {
				e.name = folder + e.name
				all = append(all, e)
			}
			got := hear(t, defaultLimits, nil, write(t, "b.tgz", gz(t, tarOf(t, all...))))
			want := heard{Files: []string{"a*=1"}, Faults: []string{"manifest.json: there is an entry of that name already, and only the first is read"}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s in %q: %s", name, folder, diff)
			}
		}
	}
}
