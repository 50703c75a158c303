package snapshot

import (
	"bytes"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"sigs.k8s.io/yaml"

	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
)

var (
	configKeys = regexp.MustCompile(`(?mi)^[\s{,]*"?(aadClientId|aadClientSecret|useManagedIdentityExtension|userAssignedIdentityID)"?\s*:`)
	// secretValue is a secret key with its value: in quotes, as a block, or bare.
	secretValue = regexp.MustCompile(`(?mi)(["']?\b(?:aadClientSecret|aadClientCertPassword|[a-z]*password|[a-z]*(?:client|shared)secret)["']?[ \t]*:[ \t]*)` +
		`("(?:[^"\\\n]|\\.)+"?|'[^'\n]+'?|[|>][^\n]*\n(?:[ \t]+[^\n]*\n?)+|[^\s"'{\[,][^\n,}]*)`)
	secretSet = regexp.MustCompile(`(?mi)["']?\b(?:aadClientSecret|aadClientCertPath)["']?[ \t]*:[ \t]*(?:"[^"]|'[^']|[^\s"',}])`)
)

// isConfig reports whether an object with these keys, in lower case, is an azure.json.
func isConfig(keys map[string]bool) bool {
	if keys["aadclientid"] || keys["usemanagedidentityextension"] || keys["userassignedidentityid"] {
		return true
	}
	return keys["subscriptionid"] && keys["resourcegroup"] &&
		(keys["vnetname"] || keys["securitygroupname"] || keys["vmtype"] || keys["loadbalancersku"] || keys["routetablename"])
}

func isConfigText(text []byte) bool { return configKeys.Match(text) }

// config takes an azure.json. The provider reads it as YAML, of which JSON is a
// part, and refuses the whole file where one value has the wrong type.
func (l *loader) config(f *reading, text []byte) {
	f.as(&bundle.CloudConfig)
	c := CloudConfig{HasSecret: hasSecret(text)}
	text = withoutSecrets(text)
	c.Doc = &Doc{File: f.name, Line: 1, Raw: text}
	if err := decodeConfig(text, &c); err != nil {
		c = CloudConfig{HasSecret: c.HasSecret, Doc: c.Doc, Invalid: Quote(yamlFault(1, err).reason)}
		f.note("it is no valid configuration: " + c.Invalid)
	}
	l.configs = append(l.configs, c)
	l.given = append(l.given, &given{evidence: &bundle.CloudConfig, file: f.name, list: true})
	if len(l.configs) > 1 {
		f.note("there is more than one azure.json; the first that is valid is used")
	}
}

// withoutSecrets replaces the values of secret keys; they are never kept, not even
// in the piece that cites are made from. Lines stay where they are.
func withoutSecrets(text []byte) []byte {
	return secretValue.ReplaceAllFunc(text, func(found []byte) []byte {
		m := secretValue.FindSubmatch(found)
		return append(append(bytes.Clone(m[1]), `"***"`...), bytes.Repeat([]byte("\n"), bytes.Count(m[2], []byte("\n")))...)
	})
}

// hasSecret reports whether a secret or a certificate is set. Of a file that does
// not parse the text decides.
func hasSecret(text []byte) bool {
	var object map[string]any
	if yaml.Unmarshal(text, &object) != nil {
		return secretSet.Match(text)
	}
	for key, v := range object {
		if s, _ := v.(string); s != "" && (strings.EqualFold(key, "aadClientSecret") || strings.EqualFold(key, "aadClientCertPath")) {
			return true
		}
	}
	return false
}

func decodeConfig(text []byte, c *CloudConfig) error {
	var object map[string]any
	if err := yaml.Unmarshal(text, &object); err != nil {
		return err
	}
	if object == nil {
		return fmt.Errorf("it holds no settings")
	}
	dropMasked(object, reflect.TypeFor[CloudConfig]())
	clean, err := yaml.Marshal(object)
	if err != nil {
		return err
	}
	return yaml.Unmarshal(clean, c)
}

// dropMasked removes masked texts where the type wants no text.
func dropMasked(object map[string]any, t reflect.Type) {
	for key, v := range object {
		s, isText := v.(string)
		if !isText || !az.Masked(s) {
			continue
		}
		for i := range t.NumField() {
			field := t.Field(i)
			if strings.EqualFold(field.Tag.Get("json"), key) && field.Type.Kind() != reflect.String {
				delete(object, key)
			}
		}
	}
}
