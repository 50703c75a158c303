package redact

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bundle "azlb/bundle-schema"
)

// pairs reads testdata: lines "< before", each followed by "> after" where it
// changes; without one it must stay as it is.
func pairs(t *testing.T, name string) (before, after []string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		switch text := strings.TrimSuffix(line, "\n"); {
		case strings.HasPrefix(text, "< "):
			before, after = append(before, text[2:]), append(after, text[2:])
		case strings.HasPrefix(text, "> "):
			after[len(after)-1] = text[2:]
		}
	}
	return before, after
}

// assemble joins what the data files keep apart so that no scanner of secrets
// takes them for real ones.
func assemble(s string) string { return strings.ReplaceAll(s, "<+>", "") }

func TestText(t *testing.T) {
	before, after := pairs(t, "text.txt")
	for i := range before {
		in, want := assemble(before[i])+"\n", assemble(after[i])+"\n"
		got, counts := Text([]byte(in))
		if string(got) != want {
			t.Errorf("Text(%q)\n got %q\nwant %q (%v)", in, got, want, counts)
		}
		if hits := Scan([]byte(in)); (len(hits) > 0) != (in != want) || (len(counts) > 0) != (in != want) {
			t.Errorf("Scan(%q): %v, Text counted %v", in, hits, counts)
		}
		for _, h := range Scan([]byte(in)) {
			if h.Offset < 0 || h.Offset >= len(in) {
				t.Errorf("Scan(%q): offset %d", in, h.Offset)
			}
		}
		if shape := new(Learned).Holds([]byte(in)); in == want && shape != "" {
			t.Errorf("the second pass takes %q for %s", in, shape)
		}
		if shape := new(Learned).Holds(got); shape != "" {
			t.Errorf("the second pass finds %s in %q", shape, got)
		}
		settled(t, got)
	}
}

// settled holds for every redacted text: a second pass changes and finds nothing.
func settled(t *testing.T, redacted []byte) {
	t.Helper()
	if again, _ := Text(redacted); !bytes.Equal(again, redacted) {
		t.Errorf("redacting %q again gives %q", redacted, again)
	}
	if hits := Scan(redacted); len(hits) > 0 {
		t.Errorf("still there in %q: %v", redacted, hits)
	}
}

func TestPrivateKeyOverLines(t *testing.T) {
	begin, end := "-----BEGIN RSA "+"PRIVATE KEY-----", "-----END RSA "+"PRIVATE KEY-----"
	body := []string{strings.Repeat("MIIEpAIBAAKCAQEA", 4), strings.Repeat("q83vEjRWeJCrze8S", 4), "c2hvcnQ="}
	for name, c := range map[string]struct{ prefix, in, want string }{
		"plain":       {"", "before\n" + begin + "\n@" + end + "\nafter MIIE\n", "before\nREDACTED\n@REDACTED\nafter MIIE\n"},
		"timestamps":  {"2024-05-06T07:08:09Z ", "2024-05-06T07:08:09Z " + begin + "\n@2024-05-06T07:08:09Z " + end + "\nI0506 after\n", "2024-05-06T07:08:09Z REDACTED\n@2024-05-06T07:08:09Z REDACTED\nI0506 after\n"},
		"in YAML":     {"      ", "    key: |\n      " + begin + "\n@      " + end + "\n    next: value\n", "    key: |\n      REDACTED\n@      REDACTED\n    next: value\n"},
		"behind klog": {"I0506 07:08:09.1 1 x.go:12] ", "I0506 07:08:09.1 1 x.go:12] " + begin + "\n@I0506 07:08:09.1 1 x.go:12] " + end + "\nI0506 after\n", "I0506 07:08:09.1 1 x.go:12] REDACTED\n@I0506 07:08:09.1 1 x.go:12] REDACTED\nI0506 after\n"},
		"cut":         {"", begin + "\n@I0506 07:08:09 the log goes on\nanother line\n", "REDACTED\n@I0506 07:08:09 the log goes on\nanother line\n"},
	} {
		t.Run(name, func(t *testing.T) {
			in, want := c.in, c.want
			var key, gone strings.Builder
			for _, line := range body {
				key.WriteString(c.prefix + line + "\n")
				gone.WriteString(c.prefix + Mark + "\n")
			}
			in, want = strings.Replace(in, "@", key.String(), 1), strings.Replace(want, "@", gone.String(), 1)
			got, counts := Text([]byte(in))
			if string(got) != want || counts[PrivateKey] != 1 {
				t.Errorf("got %q\nwant %q (%v)", got, want, counts)
			}
			settled(t, got)
		})
	}
}

// TestPrivateKeyBetweenLines: another goroutine's line does not end a key.
func TestPrivateKeyBetweenLines(t *testing.T) {
	body, path := strings.Repeat("MIIEpAIBAAKCAQEAq8", 3), "/var/lib/Kubelet/"+strings.Repeat("Abcdefg0", 5)
	digest := strings.Repeat("0123456789abcdef", 4)
	in := "-----BEGIN RSA " + "PRIVATE KEY-----\n" + body + "\nI0506 other line\n" + body + "\nid " + digest + "\nreading " + path + "\n-----END RSA " + "PRIVATE KEY-----\n"
	want := "REDACTED\nREDACTED\nI0506 other line\nREDACTED\nid " + digest + "\nreading " + path + "\nREDACTED\n"
	got, _ := Text([]byte(in))
	if string(got) != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
	settled(t, got)
}

// TestLongSecret: one that is longer than an expression looks is taken whole.
func TestLongSecret(t *testing.T) {
	got, _ := Text([]byte("a token=" + strings.Repeat("q83vEjRW", 1000) + " behind\n"))
	if string(got) != "a token=REDACTED behind\n" {
		t.Errorf("%d bytes: %.60q", len(got), got)
	}
}

// TestHostileLine: what looks like ever new beginnings of a secret costs no more
// time than any other line.
func TestHostileLine(t *testing.T) {
	for _, beginning := range []string{"token=", "password:", "https://a:", "bearer ", "sig=", "==", "eyJ", "authorization: ", "--password ", "%3D", "%25", `\\u0026`, "cookie: a=", "basic ", "TUlJ/", "YWFh", "YWFhLw/", "MIIEpAIBAAKC/"} {
		start := time.Now()
		Text([]byte(strings.Repeat(beginning, 1<<18/len(beginning))))
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%q takes %v", beginning, took)
		}
	}
}

func TestStreamIsText(t *testing.T) {
	before, _ := pairs(t, "text.txt")
	in := []byte(assemble(strings.Join(before, "\r\n"))) // no line end behind the last line
	want, counts := Text(in)
	var out bytes.Buffer
	streamed, err := Stream(&out, bytes.NewReader(in))
	if err != nil || !bytes.Equal(out.Bytes(), want) || streamed.String() != counts.String() || len(counts) < 5 {
		t.Errorf("Stream and Text differ (%v): %s and %s", err, streamed, counts)
	}
	long := strings.Repeat("x", longestLine+100) + "\nafter\n"
	out.Reset()
	if _, err := Stream(&out, strings.NewReader(long)); err != nil || !strings.HasSuffix(out.String(), "longer than 1 MiB\nafter\n") || out.Len() > longestLine+100 {
		t.Errorf("a long line: %v, %d bytes", err, out.Len())
	}
}

// TestCapturedLogsStay runs over recorded logs, events and nodes: a redaction that
// changes them would destroy evidence, because none of them holds a secret.
func TestCapturedLogsStay(t *testing.T) {
	dir := os.Getenv("AZLB_CAPTURES")
	if dir == "" {
		t.Skip("AZLB_CAPTURES is not set: it names the folder of recorded clusters")
	}
	for _, pattern := range []string{"*.log", "*.yaml", "az-*.json"} {
		files, _ := filepath.Glob(filepath.Join(dir, "*", pattern))
		if len(files) == 0 {
			t.Errorf("no %s in the captures", pattern)
		}
		for _, name := range files {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if shape, err := new(Learned).Check(bundle.RedactText, bytes.NewReader(b)); shape != "" || err != nil {
				t.Errorf("the second pass finds %s in %s (%v)", shape, name, err)
			}
			got, _ := Text(b)
			was, is := strings.Split(string(b), "\n"), strings.Split(string(got), "\n")
			for i := range was {
				if was[i] != is[i] {
					t.Errorf("%s:%d changed\n from %s\n to   %s", name, i+1, was[i], is[i])
				}
			}
		}
	}
}
