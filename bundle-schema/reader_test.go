package bundle

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

// entry is one entry of a test's archive.
type entry struct {
	name, body string
	kind       byte   // of a tar, 0: a regular file
	link       string // target of a link
}

func tarOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: 0o644, Size: int64(len(e.body)), Typeflag: e.kind, Linkname: e.link}
		if e.kind == 0 {
			h.Typeflag = tar.TypeReg
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func gz(t testing.TB, b []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func zst(t testing.TB, b []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(b, nil)
}

func zipOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		if e.kind == tar.TypeSymlink {
			h.SetMode(os.ModeSymlink | 0o777)
		}
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, e.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// manifestOf is a manifest that names these entries with their checksums.
func manifestOf(t testing.TB, entries ...entry) entry {
	t.Helper()
	m := Manifest{Schema: SchemaVersion, MinReader: 1, Entries: []Entry{}}
	for _, e := range entries {
		sum := sha256.Sum256([]byte(e.body))
		m.Entries = append(m.Entries, Entry{Evidence: "services", Path: e.name, Status: StatusOK, Bytes: int64(len(e.body)), SHA256: hex.EncodeToString(sum[:])})
	}
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return entry{name: ManifestName, body: string(b)}
}

func write(t testing.TB, name string, b []byte) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(p, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

// heard is all that a pass said.
type heard struct {
	Files   []string // name, "*" where the manifest names it, "=" and the body, "!" where it was cut
	Faults  []string
	Partial string
}

func listen(t testing.TB, b *Bundle) heard {
	t.Helper()
	var h heard
	if err := b.Each(func(f File) error {
		body, err := io.ReadAll(f.Reader)
		line := f.Name
		if f.Entry != nil {
			line += "*"
		}
		line += "=" + string(body)
		if err != nil {
			if err != io.ErrUnexpectedEOF {
				t.Errorf("%s: the reader ended with %v, want io.ErrUnexpectedEOF", f.Name, err)
			}
			line += "!"
		}
		h.Files = append(h.Files, line)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for _, f := range b.Faults() {
		h.Faults = append(h.Faults, f.Name+": "+f.Reason)
	}
	h.Partial = b.Partial()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	return h
}

func hear(t testing.TB, l limits, stdin []byte, inputs ...string) heard {
	t.Helper()
	b, err := open(inputs, bytes.NewReader(stdin), l)
	if err != nil {
		t.Fatal(err)
	}
	return listen(t, b)
}

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

// TestEveryCutIsReported cuts a bundle after each byte: what was whole is
// delivered, and the rest is never passed over in silence.
func TestEveryCutIsReported(t *testing.T) {
	body := []entry{{name: "a", body: strings.Repeat("some line of a log\n", 20)}, {name: "b", body: "short"}}
	whole := gz(t, tarOf(t, append([]entry{manifestOf(t, body...)}, body...)...))
	p := write(t, "b.tgz", nil)
	for n := 2; n < len(whole); n++ { // a single byte is a loose file of one byte
		if err := os.WriteFile(p, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := Open([]string{p}, nil)
		if err != nil {
			continue
		}
		if got := listen(t, b); got.Partial == "" && len(got.Faults) == 0 {
			t.Fatalf("cut after byte %d of %d: %q, and not a word about it", n, len(whole), got.Files)
		}
	}
}

func TestCutEntryIsDeliveredAsFarAsItGoes(t *testing.T) {
	whole := tarOf(t, entry{name: "a", body: "first"}, entry{name: "b", body: strings.Repeat("0123456789", 100)})
	got := hear(t, defaultLimits, nil, write(t, "b.tar", whole[:512+512+512+7]))
	if diff := cmp.Diff([]string{"a=first", "b=0123456!"}, got.Files); diff != "" {
		t.Error(diff)
	}
	if len(got.Faults) != 1 || !strings.HasPrefix(got.Faults[0], "b: only its first 7 bytes") || !strings.Contains(got.Partial, "after b") {
		t.Errorf("faults %q, partial %q", got.Faults, got.Partial)
	}
}

// TestDamageBehindTheEndMark changes and cuts each of the last 20 bytes.
func TestDamageBehindTheEndMark(t *testing.T) {
	body := entry{name: "a", body: "evidence"}
	whole := gz(t, tarOf(t, manifestOf(t, body), body))
	p := write(t, "b.tgz", nil)
	check := func(what string, b []byte) {
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
		opened, err := Open([]string{p}, nil)
		if err != nil {
			return
		}
		if got := listen(t, opened); got.Partial == "" && len(got.Faults) == 0 {
			t.Errorf("%s: not reported", what)
		}
	}
	for i := 1; i <= 20; i++ {
		at := len(whole) - i
		check(fmt.Sprintf("last %d bytes cut", i), whole[:at])
		check(fmt.Sprintf("byte -%d missing", i), slices.Delete(slices.Clone(whole), at, at+1))
		changed := slices.Clone(whole)
		changed[at] ^= 0xff
		check(fmt.Sprintf("byte -%d changed", i), changed)
	}
	loose := tarOf(t, entry{name: "a", body: "1"}, entry{name: "b", body: "2"})
	check("a tar that ends behind its first entry", loose[:1024])
	check("a second archive behind the first", gz(t, append(tarOf(t, body), tarOf(t, entry{name: "b", body: "more"})...)))
	check("rubbish behind the gzip stream", append(slices.Clone(whole), "rubbish"...))
}

func TestManifestAgainstContent(t *testing.T) {
	a, b := entry{name: "a", body: "1"}, entry{name: "b", body: "2"}
	m := manifestOf(t, a, b)
	got := hear(t, defaultLimits, nil, write(t, "b.tgz", gz(t, tarOf(t, m, entry{name: "a", body: "X"}, entry{name: "extra", body: "3"}))))
	want := heard{Files: []string{"a*=X", "extra=3"}, Faults: []string{
		"a: it does not match the manifest's checksum (1 bytes here, 1 in the manifest): it was changed after it was collected",
		"b: the manifest names it, but the bundle does not hold it"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

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
