package collect

import (
	"slices"
	"testing"
)

func TestAzEnviron(t *testing.T) {
	got := azEnviron([]string{"HOME=/h", "AZURE_CONFIG_DIR=/c", "HTTPS_PROXY=p", "AZURE_DEFAULTS_GROUP=narrow", "azure_defaults_location=x", "AZURE_CORE_OUTPUT=table"})
	for _, want := range []string{"HOME=/h", "AZURE_CONFIG_DIR=/c", "HTTPS_PROXY=p", "AZURE_CORE_OUTPUT=json", "AZURE_CORE_COLLECT_TELEMETRY=false", "AZURE_EXTENSION_USE_DYNAMIC_INSTALL=no"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is missing", want)
		}
	}
	for _, bad := range []string{"AZURE_DEFAULTS_GROUP=narrow", "azure_defaults_location=x", "AZURE_CORE_OUTPUT=table"} {
		if slices.Contains(got, bad) {
			t.Errorf("%s is still there", bad)
		}
	}
}
