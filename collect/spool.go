package collect

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/redact"
)

// spool keeps redacted answers in a private temporary folder until the bundle is
// packed, so that memory stays flat and a killed run leaves no secret behind.
type spool struct {
	dir   string
	mu    sync.Mutex
	files map[string]string // path in the bundle → file
}

func newSpool(parent string) (*spool, error) {
	dir, err := os.MkdirTemp(parent, "azlb-collect-") // 0700
	if err != nil {
		return nil, fmt.Errorf("making a temporary folder: %w", err)
	}
	return &spool{dir: dir, files: map[string]string{}}, nil
}

func (s *spool) close() { os.RemoveAll(s.dir) }

// errWithheld says that an answer is not kept, because after its redaction it still
// holds what looks like a secret.
var errWithheld = errors.New("withheld")

// errPartial says that only a part of an answer is kept.
var errPartial = errors.New("partly kept")

// keep redacts an answer, writes it and completes its entry. It fails closed: what
// the redaction cannot read is left out (errPartial), what it leaves and still has
// the shape of a secret is not kept at all (errWithheld).
func (s *spool) keep(e *bundle.Evidence, path string, raw []byte, entry *bundle.Entry) error {
	clean, _, partial := redact.Document(e.Redaction, raw)
	if partial != nil && len(bytes.TrimSpace(clean)) == 0 {
		return fmt.Errorf("removing secrets from %s: %w", path, partial)
	}
	if hits := redact.Scan(clean); len(hits) > 0 {
		return fmt.Errorf("%w: it still holds what looks like a secret (%s)", errWithheld, hits[0].Shape)
	}
	s.mu.Lock()
	_, taken := s.files[path]
	file := filepath.Join(s.dir, strconv.Itoa(len(s.files)))
	if !taken {
		s.files[path] = file
	}
	s.mu.Unlock()
	if taken { // two entries of one name would cost the whole bundle
		return fmt.Errorf("keeping %s: another answer lies there already", path)
	}
	if err := os.WriteFile(file, clean, 0o600); err != nil {
		return fmt.Errorf("writing %s to the temporary folder: %w", path, err)
	}
	sum := sha256.Sum256(clean)
	entry.Path, entry.Bytes, entry.SHA256 = path, int64(len(clean)), hex.EncodeToString(sum[:])
	if partial != nil {
		return fmt.Errorf("%w: %w", errPartial, partial)
	}
	return nil
}

// keepFault is the status of an answer that was not kept as a whole.
func keepFault(err error) bundle.Status {
	switch {
	case errors.Is(err, errWithheld):
		return bundle.StatusWithheld
	case errors.Is(err, errPartial):
		return bundle.StatusTruncated
	}
	return bundle.StatusFailed
}

// sentence removes secrets from what programs say of themselves.
func sentence(s string) string {
	clean, _ := redact.Text([]byte(s))
	return string(clean)
}

// open is the bundle writer's source.
func (s *spool) open(entry bundle.Entry) (io.ReadCloser, error) {
	s.mu.Lock()
	file, ok := s.files[entry.Path]
	s.mu.Unlock()
	if !ok {
		return nil, fmt.Errorf("opening %s: it was never collected", entry.Path)
	}
	return os.Open(file)
}

// read returns what lies at a path of the bundle; nil where nothing does.
func (s *spool) read(path string) []byte {
	s.mu.Lock()
	file := s.files[path]
	s.mu.Unlock()
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	return raw
}
