package main

import (
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"testing"

	bundle "azlb/bundle-schema"
)

// TestRedactCannotBeTurnedOff: secrets are removed whatever the command line and the
// environment say. That no build does it either says a test of package redact.
func TestRedactCannotBeTurnedOff(t *testing.T) {
	for _, name := range []string{"AZLB_REDACT", "AZLB_COLLECT_REDACT", "AZLB_NO_REDACT", "REDACT", "NO_REDACT"} {
		t.Setenv(name, "none")
	}
	plan := []string{"plan", "--offline", "--replay", filepath.Join("..", "..", "samples", "demo", "recording")}
	var bad []string
	for _, value := range []string{"none", "off", "no", "false", "0", "", "SECRETS", "secrets,none", "-secrets", "nothing"} {
		bad = append(bad, "--redact="+value)
	}
	for _, arg := range append(bad, "--no-redact", "--redact-off", "--raw", "--unredacted", "--skip-redaction") {
		if code := run(append(plan, arg), io.Discard, io.Discard); code != exitUsage {
			t.Errorf("%s is taken: exit code %d", arg, code)
		}
	}
	var stderr bytes.Buffer
	out := filepath.Join(t.TempDir(), "b.tgz")
	if code := run(append(plan[2:], "--output", out), io.Discard, &stderr); code != exitWritten {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	b, err := bundle.Open([]string{out}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	config := ""
	if err := b.Each(func(f bundle.File) error {
		text, err := io.ReadAll(f.Reader)
		if f.Name == bundle.CloudConfig.Path {
			config = string(text)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(config, `"aadClientSecret": "REDACTED(len=`) || b.Manifest.Redaction != "secrets" {
		t.Errorf("azure.json is %s", config)
	}
}
