package analyze

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestZZExpect(t *testing.T) {
	name := os.Getenv("NAME")
	r := analysed(t, filepath.Join("..", "samples", name, "bundle"))
	out := map[string]any{"services": rootCauses(r), "findings": alarms(r), "hops": firstHops(r), "drift": differences(r)}
	raw, _ := json.MarshalIndent(out, "", " ")
	os.WriteFile("/tmp/mk/"+name+".expect.json", raw, 0o644)
	for _, f := range every(r.Findings) {
		fmt.Printf("%-8s %-12s %-9s %s %v\n    %s\n", f.Severity, f.Rule, f.Confidence, f.Subject, f.Services, f.Message)
	}
	for _, s := range r.Services {
		fmt.Printf("SVC %-28s %-10s %-14s %s\n", s.Key(), s.Status, s.RootCause, s.Summary)
	}
	fmt.Println("HOPS", firstHops(r))
	for _, d := range differences(r) {
		fmt.Println("DRIFT", d)
	}
}
