package redact

import (
	"strings"
	"testing"

	bundle "azlb/bundle-schema"
)

// TestLearned: what was removed in one document is found bare in another text.
func TestLearned(t *testing.T) {
	const pod = "kind: Pod\napiVersion: v1\nspec:\n  containers:\n  - args:\n    - --client-secret\n    - Arg4Secret!x\n    env:\n    - name: DB_PASSWORD\n      value: Env5Secret!x\n    - name: REGION\n      value: westeurope-2\n"
	tests := map[string]struct {
		kind bundle.Redaction
		in   string
		text string
		want Shape
	}{
		"azure.json":          {bundle.RedactConfig, `{"aadClientSecret": "Plain~Secret1"}`, "it is Plain~Secret1.", ConfigKey},
		"azure.json in YAML":  {bundle.RedactConfig, "aadClientSecret: Plain~Secret1\n", "x Plain~Secret1", ConfigKey},
		"as JSON spells it":   {bundle.RedactConfig, `{"aadClientSecret": "Quo\"ted\\Secret1"}`, `{"msg": "Quo\"ted\\Secret1"}`, ConfigKey},
		"as URLs spell it":    {bundle.RedactConfig, `{"aadClientSecret": "a+b/c=d&e"}`, "GET /?s=a%2Bb%2Fc%3Dd%26e", ConfigKey},
		"environment":         {bundle.RedactObject, pod, "connecting with Env5Secret!x", Environment},
		"argument":            {bundle.RedactObject, pod, "connecting with Arg4Secret!x", Assignment},
		"virtual machine":     {bundle.RedactARM, `{"osProfile": {"adminPassword": "Adm1n!Password"}}`, "Adm1n!Password", VMSecret},
		"a token in a log":    {bundle.RedactText, "sig=AbCdEfGh0123456789%2FxyzXYZ\n", "bare AbCdEfGh0123456789%2FxyzXYZ", SAS},
		"a word in a log":     {bundle.RedactText, "password=Production-West\n", "in Production-West", ""},
		"other environment":   {bundle.RedactObject, pod, "in westeurope-2", ""},
		"a short one":         {bundle.RedactConfig, `{"aadClientSecret": "short"}`, "a short text", ""},
		"a word":              {bundle.RedactConfig, `{"aadClientSecret": "production"}`, "in production", ""},
		"the id, not a value": {bundle.RedactConfig, `{"aadClientSecret": "6f5a8a52-3c1e-4d0f-9b5e-2f6d7c8a9b10"}`, "app 6f5a8a52-3c1e-4d0f-9b5e-2f6d7c8a9b10", ""},
		"a user's name":       {bundle.RedactARM, `{"osProfile": {"adminUsername": "Azure-User1"}}`, "Azure-User1", ""},
		"a path":              {bundle.RedactConfig, `{"aadFederatedTokenFile": "/var/run/Secrets/token1"}`, "mount /var/run/Secrets/token1", ""},
		"known form":          {bundle.RedactText, "", "Authorization: Basic dXNlcjpwYXNz", Header},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var l Learned
			if _, _, err := l.Document(tt.kind, []byte(tt.in)); err != nil {
				t.Fatal(err)
			}
			for _, text := range []string{tt.text, "before\n" + tt.text + "\nafter\n", strings.Repeat("x", longestLine-4) + tt.text} {
				if name == "known form" && strings.HasPrefix(text, "x") {
					continue
				}
				got, err := l.Check(bundle.RedactText, strings.NewReader(text))
				if err != nil || got != tt.want {
					t.Errorf("Check(%.60q) = %q, %v, want %q", text, got, err, tt.want)
				}
			}
		})
	}
}
