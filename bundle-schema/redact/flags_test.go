package redact

import (
	"slices"
	"testing"
)

// TestVerbosityIsANumber: another program's --v may mean anything.
func TestVerbosityIsANumber(t *testing.T) {
	args := []string{"--v=4", "--v=Secret1", "--cluster-name=lab"}
	if got, want := keptArguments(args, true), []string{"--v=4", Mark, "--cluster-name=lab"}; !slices.Equal(got, want) {
		t.Errorf("kept %v, want %v", got, want)
	}
}
