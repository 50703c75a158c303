package ruletest

import (
	"os"
	"testing"

	"azlb/analyze/signature"
)

// TestSignatures runs the cases of a file of signatures, as those of rules are run.
func TestSignatures(t *testing.T) {
	content, err := os.ReadFile("testdata/team.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f, err := signature.Load("team.yaml", content)
	if err != nil {
		t.Fatal(err)
	}
	Run(t, f.Rules)
}
