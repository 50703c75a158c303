package collect

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bundle "azlb/bundle-schema"
)

// contents reads a bundle to its end: its entries by name, the manifest included.
func contents(t *testing.T, path string) map[string]string {
	t.Helper()
	b, err := bundle.Open([]string{path}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	raw, err := b.Manifest.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{bundle.ManifestName: string(raw)}
	if err := b.Each(func(f bundle.File) error {
		raw, err := io.ReadAll(f.Reader)
		all[f.Name] = string(raw)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

const leaked = "Cfg~Plain.S3cret-XYZ"

// configured gives options an azure.json that holds the secret leaked.
func configured(t *testing.T, o Options) Options {
	o.CloudConfig = filepath.Join(t.TempDir(), "azure.json")
	if err := os.WriteFile(o.CloudConfig, []byte(`{"aadClientSecret": "`+leaked+`"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	return o
}

// TestWithheld: a log that holds the configured secret bare is left out, stderr is
// cleaned, and everything else is there.
func TestWithheld(t *testing.T) {
	a := cluster()
	a.by["kubectl logs"] = func(call int) (string, Outcome) {
		if call == 1 {
			return "I1123 using " + leaked + " now\n", Outcome{}
		}
		return "", Outcome{Exit: 1, Stderr: "cannot use " + leaked}
	}
	o := configured(t, options(t, a))
	status := map[bundle.Status]int{}
	for _, e := range manifestOf(t, o).Entries {
		if strings.HasPrefix(e.Evidence, bundle.ControllerLog.ID) {
			status[e.Status]++
		}
	}
	if status[bundle.StatusWithheld] != 1 || status[bundle.StatusFailed] != 1 {
		t.Errorf("the logs are %v", status)
	}
	all := contents(t, o.Output)
	for name, text := range all {
		if strings.Contains(text, leaked) {
			t.Errorf("%s holds the secret", name)
		}
	}
	if !strings.Contains(all[bundle.ManifestName], "config-key") || all[bundle.CloudConfig.Path] == "" || all[bundle.Nodes.Path] == "" {
		t.Error("the shape is not named, or other entries are missing")
	}
}

// TestSecretInTheContext: where it cannot be left out there is no bundle.
func TestSecretInTheContext(t *testing.T) {
	o := configured(t, options(t, cluster()))
	o.Context = leaked
	if _, err := Collect(t.Context(), o); err == nil || !strings.Contains(err.Error(), "no bundle is written") || strings.Contains(err.Error(), leaked) || !strings.Contains(err.Error(), "context") {
		t.Errorf("error = %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(o.Output), "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestSecretInAFileName: a log that is named like a secret is left out, and the
// manifest does not say its name.
func TestSecretInAFileName(t *testing.T) {
	o := configured(t, options(t, cluster()))
	o.LogFiles = []string{filepath.Join(t.TempDir(), leaked+".log")}
	if err := os.WriteFile(o.LogFiles[0], []byte("I1123 a line\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	found := false
	for _, e := range manifestOf(t, o).Entries {
		if e.Evidence == bundle.LogFile.ID {
			found = true
			if e.Status != bundle.StatusWithheld || e.Path != "" || !strings.Contains(e.Reason, "config-key") {
				t.Errorf("%+v", e)
			}
		}
	}
	for name, text := range contents(t, o.Output) {
		if !found || strings.Contains(name+text, leaked) {
			t.Errorf("found: %v; %s holds the secret", found, name)
		}
	}
}

// TestSecretFoundTwice: what is still there after entries were left out means no
// bundle, and the error names the file.
func TestSecretFoundTwice(t *testing.T) {
	o := configured(t, options(t, cluster()))
	s, err := begin(o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.spool.close()
	s.collect(t.Context())
	s.spool.learned.Name("nothing was changed") // of the README, which nobody can leave out
	_, err = s.write()
	if err == nil || !strings.Contains(err.Error(), "no bundle is written") || !strings.Contains(err.Error(), "README.md (name)") {
		t.Errorf("error = %v", err)
	}
	if left, _ := os.ReadDir(filepath.Dir(o.Output)); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestRubbishIsQuotedWithoutSecrets: the reason quotes what az said in place of JSON.
func TestRubbishIsQuotedWithoutSecrets(t *testing.T) {
	var lines strings.Builder
	a := cluster()
	a.by["az network lb list"] = says("password=Hunter2-plain")
	a.by["az rest"] = says("password=Hunter2-plain")
	o := options(t, a)
	o.Progress = &Lines{W: &lines}
	r, err := Collect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	r.Write(&lines, lineWidth)
	if folded := strings.Join(strings.Fields(lines.String()), " "); !strings.Contains(folded, "not JSON") || strings.Contains(lines.String(), "Hunter2") {
		t.Error("the secret stands on the terminal, or nothing was quoted")
	}
}

// TestStderrIsCutBetweenLines: half a secret has no form that tells it.
func TestStderrIsCutBetweenLines(t *testing.T) {
	h := &head{max: 20}
	io.WriteString(h, "first line\npassword=Hunter2-plain\n")
	if h.text() != "first line\n" {
		t.Errorf("%q", h.text())
	}
}

// TestTemporaryFolder: only its owner reads it, and it is gone at the end.
func TestTemporaryFolder(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	a := cluster()
	mode := map[string]os.FileMode{}
	a.by["az version"] = func(int) (string, Outcome) {
		filepath.WalkDir(os.TempDir(), func(path string, d os.DirEntry, err error) error {
			if info, err := os.Stat(path); err == nil && path != os.TempDir() {
				mode[path] = info.Mode().Perm()
			}
			return nil
		})
		return "{}", Outcome{}
	}
	o := options(t, a)
	manifestOf(t, o)
	if len(mode) < 3 {
		t.Errorf("nothing was spooled: %v", mode)
	}
	for path, m := range mode {
		if m != 0o600 && m != 0o700 {
			t.Errorf("%s has mode %o", path, m)
		}
	}
	if left, _ := os.ReadDir(os.TempDir()); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if info, err := os.Stat(o.Output); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the bundle: %v %v", info.Mode(), err)
	}
}
