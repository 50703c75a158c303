package bundle

import (
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write LAYOUT.md anew")

// blanks are what each scope fills.
var blanks = map[Scope][]string{
	PerCluster:      {},
	PerNamespace:    {"{namespace}"},
	PerContainer:    {"{namespace}", "{pod}", "{container}"},
	PerSubscription: {"{subscription}"},
	PerGroup:        {"{subscription}", "{group}"},
	PerScaleSet:     {"{subscription}", "{group}", "{scaleset}"},
	PerVM:           {"{subscription}", "{group}", "{vm}"},
	PerLoadBalancer: {"{subscription}", "{group}", "{loadbalancer}"},
	PerAKSCluster:   {"{subscription}", "{group}", "{cluster}"},
	PerLocation:     {"{subscription}", "{location}"},
	PerSubnet:       {"{subscription}", "{group}", "{vnet}", "{subnet}"},
	PerRule:         {"{subscription}", "{group}", "{loadbalancer}", "{rule}"},
	PerWorkspace:    {"{subscription}", "{group}", "{workspace}"},
	PerQuery:        {"{subscription}", "{group}", "{cluster}", "{workspaceid}", "{logs}"},
	PerFile:         {"{name}"},
}

var blank = regexp.MustCompile(`\{[^}]*\}`)

func TestCatalogue(t *testing.T) {
	ids, paths := map[string]bool{}, map[string]bool{}
	for _, e := range Catalogue {
		if e.ID == "" || ids[e.ID] || ByID(e.ID) != e {
			t.Errorf("%q: the id is empty or not unique", e.ID)
		}
		if e.Path == "" || paths[e.Path] {
			t.Errorf("%s: the path %q is empty or not unique", e.ID, e.Path)
		}
		ids[e.ID], paths[e.Path] = true, true
		if name, refusal := entryName(e.Path); name != e.Path || refusal != "" || e.Path == ManifestName {
			t.Errorf("%s: a reader would refuse the path %s: %s", e.ID, e.Path, refusal)
		}
		allowed, known := blanks[e.Scope]
		if !known {
			t.Errorf("%s: unknown scope %q", e.ID, e.Scope)
		}
		template := append([]string{e.Path, e.Rest}, append(e.Args, e.RestParams...)...)
		for _, used := range blank.FindAllString(strings.Join(template, " "), -1) {
			if !slices.Contains(allowed, used) {
				t.Errorf("%s: the blank %s is not filled by the scope %s", e.ID, used, e.Scope)
			}
		}
		for _, b := range allowed {
			if e != &CloudConfig && e.Scope != PerSubscription && b != "{subscription}" && b != "{namespace}" && b != "{logs}" && !strings.Contains(e.Path, b) {
				t.Errorf("%s: the path lacks %s, so two files would have one name", e.ID, b)
			}
		}
		for _, text := range []string{e.Title, e.Right, e.Without} {
			if text == "" || strings.HasSuffix(text, ".") || strings.ContainsAny(text, "|\n") {
				t.Errorf("%s: %q must be a clause without a final period", e.ID, text)
			}
		}
		if !slices.Contains([]Format{YAML, JSON, Log}, e.Format) || !slices.Contains([]Redaction{RedactText, RedactObject, RedactARM, RedactConfig, RedactActivity, RedactRows, RedactProxy}, e.Redaction) {
			t.Errorf("%s: unknown format %q or redaction %q", e.ID, e.Format, e.Redaction)
		}
		if e.Cap <= 0 || e.Cap > defaultLimits.Entry {
			t.Errorf("%s: the cap of %d bytes is not between 1 and what a reader accepts", e.ID, e.Cap)
		}
		if (e.Rest == "") != (e.RestVersion == "") || e.Rest != "" && !strings.HasPrefix(e.Rest, "/subscriptions/{subscription}/") {
			t.Errorf("%s: the fallback %q with version %q is not whole", e.ID, e.Rest, e.RestVersion)
		}
		if e.Program != Local && len(e.Args) == 0 && (e.Program != Az || e.Rest == "") {
			t.Errorf("%s: there is no command that supplies it", e.ID)
		}
		if e.Kind != "" && (e.Scope != PerGroup || !strings.HasSuffix(e.Rest, "/providers/"+e.Kind) || !e.Extra) {
			t.Errorf("%s: %q is not the type of what is listed in a group", e.ID, e.Kind)
		}
		if reads := regexp.MustCompile(`^Microsoft\.[A-Za-z./]+/read$`).MatchString; e.Program == Az && strings.HasPrefix(e.Right, "Microsoft.") {
			for _, action := range strings.Split(e.Right, " and ") {
				if !reads(action) && !e.Deep {
					t.Errorf("%s: a reader does not have the right %q, so it takes --deep", e.ID, action)
				}
			}
		}
	}
}

// TestTemplatesOnlyRead holds every command to reading, whatever fills its blanks.
func TestTemplatesOnlyRead(t *testing.T) {
	reading := map[Program]*regexp.Regexp{
		Kubectl: regexp.MustCompile(`^(?:version|logs|get [a-z0-9.]+|config current-context)( |$)`),
		Az: regexp.MustCompile(`^$|^(?:[a-z-]+ )*(?:version|list|show|list-instances|list-usages|list-service-tags|get-instance-view)( |$)` +
			`|^rest --method get --url \{logs\}/v1/workspaces/\{workspaceid\}/query --url-parameters query=` +
			`|^resource invoke-action --action health --ids /subscriptions/\S+/loadBalancingRules/\{rule\} --api-version `),
		Local: regexp.MustCompile(`^$`),
	}
	for _, e := range Catalogue {
		line := strings.Join(e.Args, " ")
		if re := reading[e.Program]; re == nil || !re.MatchString(line) {
			t.Errorf("%s: %q is not known to be a reading command", e.ID, line)
		}
		if strings.Contains(line, "--raw") || e.Program == Kubectl && len(e.Args) > 1 && strings.Contains(e.Args[1], "secret") {
			t.Errorf("%s: %q could read secrets", e.ID, line)
		}
		for i, arg := range e.Args {
			mixed := blank.MatchString(arg) && blank.FindString(arg) != arg
			if mixed && !strings.Contains(arg, "/subscriptions/{subscription}/") && !strings.HasPrefix(arg, "{logs}/") {
				t.Errorf("%s: %q mixes a blank with text", e.ID, arg)
			}
			// On Windows az is a batch file: a word with a blank is quoted, and in quotes
			// cmd.exe interprets only these.
			if strings.ContainsAny(arg, "\"%!\r\n") || strings.ContainsAny(arg, "&|<>^()") && !strings.Contains(arg, " ") {
				t.Errorf("%s: the Windows command line would interpret a part of %q", e.ID, arg)
			}
			positional := i > 0 && !strings.HasPrefix(e.Args[i-1], "--")
			if blank.MatchString(arg) && positional && !strings.HasPrefix(line, "logs ") {
				t.Errorf("%s: the blank %s has no flag before it", e.ID, arg)
			}
			if strings.HasPrefix(arg, "-") && blank.MatchString(arg) {
				t.Errorf("%s: %q begins a blank with a dash", e.ID, arg)
			}
		}
	}
}

func TestLayoutIsWrittenFromTheCatalogue(t *testing.T) {
	if *update {
		if err := os.WriteFile("LAYOUT.md", []byte(Layout()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile("LAYOUT.md")
	if err != nil || string(b) != Layout() {
		t.Errorf("LAYOUT.md is not what the catalogue says (%v): go test ./bundle-schema -run Layout -update", err)
	}
}
