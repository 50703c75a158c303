package bundle

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

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
