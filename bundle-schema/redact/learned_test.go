package redact

import (
	"encoding/base64"
	"fmt"
	"net/url"
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

// TestLearnedInEveryForm: a secret that was removed once is found however it is
// written elsewhere, and broken into lines.
func TestLearnedInEveryForm(t *testing.T) {
	const secret = "Plain~Secret+1/é\"x"
	var l Learned
	if _, _, err := l.Document(bundle.RedactConfig, []byte(`{"aadClientSecret": "Plain~Secret+1/é\"x"}`)); err != nil {
		t.Fatal(err)
	}
	b64, rawURL := base64.StdEncoding.EncodeToString, base64.RawURLEncoding.EncodeToString
	everyByte := func(format string) (out string) {
		for i := range len(secret) {
			out += fmt.Sprintf(format, secret[i])
		}
		return out
	}
	const klog = "2026-11-23T09:36:11.123456Z I1123 09:36:11.123456       1 auth.go:12] "
	for name, text := range map[string]string{
		"plain":                         "x " + secret + " y",
		"base64":                        b64([]byte(secret)),
		"base64 behind one byte":        b64([]byte("x" + secret + "yz")),
		"base64 behind two bytes":       b64([]byte("xy" + secret + "z")),
		"base64 for URLs":               rawURL([]byte("??>" + secret + "??>")),
		"base64 behind a path":          "/data/" + b64([]byte("id: "+secret)),
		"base64 of base64":              b64([]byte("x: " + b64([]byte("y"+secret+"z")) + " and more")),
		"URL":                           "?s=" + url.QueryEscape(secret),
		"URL in small letters":          "?s=" + lowerEscapes(url.QueryEscape(secret)),
		"URL of every byte":             everyByte("%%%02x"),
		"URL of a URL":                  url.QueryEscape(url.QueryEscape("a&" + secret)),
		"hexadecimal digits":            fmt.Sprintf("%x", secret),
		"escapes of JSON":               `{"x":"Plain\u007eSecret\u002b1\/é\"x"}`,
		"JSON in JSON":                  `{"x":"{\"y\":\"Plain~Secret+1/é\\\"x\"}"}`,
		"over two lines":                "Plain~Sec\nret+1/é\"x",
		"over three lines of klog":      klog + "a Plai\n" + klog + "n~Secr\n" + klog + "et+1/é\"x b\n",
		"base64 over lines":             "  data: |\n    " + b64([]byte("0123456" + secret))[:14] + "\n    " + b64([]byte("0123456" + secret))[14:] + "\n",
		"at the cut of a long line":     strings.Repeat("x", block-5) + secret + strings.Repeat("y", 100),
		"behind a very long line's cut": strings.Repeat("x", 3*block) + " " + secret + "\n",
	} {
		if got := checked(t, &l, text); got != ConfigKey {
			t.Errorf("%s: Check(%.80q) = %q", name, text, got)
		}
	}
	for _, text := range []string{"Plain~Secret", "plain~secret+1/é", b64([]byte("Plain~Secret-2, another")), klog + "Plain~\n" + klog + "other\n" + klog + "Secret+1/é\"x"} {
		if got := checked(t, &l, text); got != "" {
			t.Errorf("Check(%.80q) = %q", text, got)
		}
	}
}

func checked(t *testing.T, l *Learned, text string) Shape {
	t.Helper()
	got, err := l.Check(bundle.RedactText, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestNames are found as whole words, in any case of letters.
func TestNames(t *testing.T) {
	var l Learned
	if l.Name("web") || !l.Name("kubernetes-dashboard") || !l.Name("StoreFront.example") {
		t.Fatal("a short name is found by chance, and the others are names")
	}
	for text, want := range map[string]Shape{
		"Service kubernetes-dashboard is new": Name,
		"pod kubernetes-dashboard-7d9f-x":     Name,
		"/pools/Kubernetes-Dashboard":         Name,
		"my-kubernetes-dashboard":             Name,
		"mykubernetes-dashboard":              "",
		"kubernetes-dashboards":               "",
		"kubernetes-\ndashboard":              "",
		"https://x?n=kubernetes%2Ddashboard":  Name,
		"name_kubernetes-dashboard_x":         Name,
		`{"n":"kubernetes\u002ddashboard"}`:   Name,
		"storefront.EXAMPLE.":                 Name,
		"web storefront example":              "",
		base64.StdEncoding.EncodeToString([]byte("the kubernetes-dashboard of the shop")): Name,
		base64.StdEncoding.EncodeToString([]byte("all the kubernetes-dashboards there")):  "",
	} {
		if got := checked(t, &l, text); got != want {
			t.Errorf("Check(%q) = %q, want %q", text, got, want)
		}
	}
}

// TestManyNamesAlike: a thousand names that begin alike are all found.
func TestManyNamesAlike(t *testing.T) {
	var l Learned
	for i := range 1000 {
		l.Name(fmt.Sprintf("contoso-production-%d", i))
	}
	if checked(t, &l, "x contoso-production-999 y") != Name || checked(t, &l, "x contoso-production-1000 y") != "" {
		t.Error("not told apart")
	}
}
