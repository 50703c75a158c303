package collect

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	bundle "azlb/bundle-schema"
)

// TestLongLog: of a log that is too long the newest lines stay, whole and in order.
func TestLongLog(t *testing.T) {
	for name, lines := range map[string]int{"short": 5, "long": 1000} {
		t.Run(name, func(t *testing.T) {
			s, err := newSpool(t.TempDir(), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer s.close()
			var log strings.Builder
			for i := range lines {
				fmt.Fprintf(&log, "line %05d\n", i)
			}
			e, entry, end := &bundle.Evidence{Cap: 4000}, bundle.Entry{}, ending{Status: bundle.StatusOK}
			kept, err := s.stream(e.Cap, strings.NewReader(log.String()))
			if err != nil {
				t.Fatal(err)
			}
			kept.keep("x.log", &entry, &end)
			got := string(s.read("x.log"))
			if !strings.HasSuffix(log.String(), got) || !strings.HasPrefix(got, "line ") || int64(len(got)) > e.Cap {
				t.Errorf("it is no end of the log: %d bytes, %.20q", len(got), got)
			}
			if cut := lines > 400; cut != (end.Status == bundle.StatusTruncated) || cut && int64(len(got)) < e.Cap/2 || !cut && got != log.String() {
				t.Errorf("%s %q with %d bytes", end.Status, end.Reason, len(got))
			}
		})
	}
}

// TestLogFile: the customer's own file is text of any kind, or refused.
func TestLogFile(t *testing.T) {
	wide := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune("I1123 password=Hunter2-plain x\r\n")) {
		wide = append(wide, byte(unit), byte(unit>>8))
	}
	key := "-----BEGIN RSA " + "PRIVATE KEY-----\n" + strings.Repeat(strings.Repeat("MIIEpAIBAAKCAQEAq8", 3)+"\n", 100)
	long := strings.Repeat("a line before\n", 300) + key + "-----END RSA " + "PRIVATE KEY-----\n" + strings.Repeat("a line behind\n", 250)
	for name, tt := range map[string]struct {
		raw           string
		cap           int64
		status        bundle.Status
		without, with string
	}{
		"UTF-16":          {string(wide), 1 << 20, bundle.StatusOK, "Hunter2", "password=REDACTED x"},
		"long UTF-16":     {string(wide[:2]) + strings.Repeat(string(wide[2:]), 2000), 8000, bundle.StatusTruncated, "Hunter2", ""},
		"packed":          {"\x1f\x8b\x08\x00", 1 << 20, bundle.StatusFailed, "\x1f", ""},
		"binary":          {"text\x00text", 1 << 20, bundle.StatusFailed, "text", ""},
		"cut in a key":    {long, 8000, bundle.StatusTruncated, "MIIE", "a line behind\n"},
		"nothing but end": {"\n\n", 8000, bundle.StatusEmpty, "x", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := newSpool(t.TempDir(), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer s.close()
			path := filepath.Join(t.TempDir(), "kubelet.log")
			if err := os.WriteFile(path, []byte(tt.raw), 0o600); err != nil {
				t.Fatal(err)
			}
			x := &executor{spool: s}
			e, entry := &bundle.Evidence{Cap: tt.cap}, bundle.Entry{}
			end, err := readRegular(path, func(f *os.File, size int64) (ending, error) { return x.logFile(e, f, size, "x.log", &entry) })
			if err != nil {
				end.Status = bundle.StatusFailed
			}
			got := string(s.read("x.log"))
			if end.Status != tt.status || strings.Contains(got, tt.without) || !strings.Contains(got, tt.with) {
				t.Errorf("%s %v: %.200q", end.Status, err, got)
			}
		})
	}
}
