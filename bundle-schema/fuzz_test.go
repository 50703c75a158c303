package bundle

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzReader reads arbitrary bytes as a file and as standard input. The reader may
// refuse them; it may not panic, hang, or deliver more than its limits.
func FuzzReader(f *testing.F) {
	body := entry{name: "k8s/services.yaml", body: "items: []\n"}
	whole := tarOf(f, manifestOf(f, body), body, entry{name: "l", kind: '2', link: "x"})
	for _, seed := range [][]byte{whole, gz(f, whole), zst(f, whole), zipOf(f, manifestOf(f, body), body), gz(f, whole)[:200], whole[:900], {}, []byte("kind: List"), gz(f, []byte(strings.Repeat("0", 1<<16)))} {
		f.Add(seed)
	}
	small := limits{Entry: 1 << 12, Total: 1 << 14, Manifest: 1 << 12, Entries: 20, Ratio: 100, RatioFloor: 1 << 12}
	p := filepath.Join(f.TempDir(), "input")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(p, data, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, input := range []string{p, "-"} {
			b, err := open([]string{input}, bytes.NewReader(data), small)
			if err != nil {
				continue
			}
			total, seen := int64(0), map[string]bool{}
			err = b.Each(func(file File) error {
				n, err := io.Copy(io.Discard, file.Reader) // UTF-8 can be half as long again as UTF-16
				if total += n; n > 2*small.Entry || total > 2*small.Total {
					t.Errorf("%s: %d bytes, %d in all", file.Name, n, total)
				}
				if seen[file.Name] || len(seen) >= small.Entries || !filepath.IsLocal(file.Name) {
					t.Errorf("%q must not be delivered", file.Name)
				}
				seen[file.Name] = true
				return err
			})
			if err != nil {
				t.Errorf("damage must not be an error: %v", err)
			}
			if err := b.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}
