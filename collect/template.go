package collect

import (
	"fmt"
	"maps"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"unicode"
)

// Values are what the blanks of a template are filled with, by the blank's name.
type Values map[string]string

var blank = regexp.MustCompile(`\{([a-z]+)\}`)

// kinds is the grammar of each blank. What fills a blank comes from strangers (an
// annotation, a providerID), so nothing that is not the name of such a thing gets in.
var kinds = map[string]struct {
	what  string
	valid func(string) bool
}{
	"subscription": {"a subscription id", subscriptionGrammar.MatchString},
	"group":        {"a resource group's name", resourceGroup},
	"scaleset":     {"a scale set's name", computeName},
	"vm":           {"a virtual machine's name", computeName},
	"loadbalancer": {"a load balancer's name", computeName},
	"cluster":      {"an AKS cluster's name", computeName},
	"rule":         {"a load balancing rule's name", computeName},
	"vnet":         {"a virtual network's name", computeName},
	"subnet":       {"a subnet's name", computeName},
	"workspace":    {"a workspace's name", computeName},
	"workspaceid":  {"a workspace's id", subscriptionGrammar.MatchString},
	"logs":         {"an address of Log Analytics", func(s string) bool { return s != "" && slices.Contains(slices.Collect(maps.Values(logEndpoints)), s) }},
	"location":     {"a location's name", regexp.MustCompile(`^[a-z][a-z0-9]{1,59}$`).MatchString},
	"namespace":    {"a namespace's name", dnsLabel},
	"container":    {"a container's name", dnsLabel},
	"pod":          {"a pod's name", dnsSubdomain},
	"context":      {"a kube context's name", printable},
}

// check reports why value may not fill the blank of that name, nil: it may. On
// Windows az is a batch file, so what cmd.exe interprets is refused as well.
func check(name, value string, windows bool) error {
	k, ok := kinds[name]
	switch {
	case !ok:
		return fmt.Errorf("filling {%s}: no such blank", name)
	case strings.HasPrefix(value, "-"):
		return fmt.Errorf("%q is refused as %s: it begins with a dash and would be read as a flag", value, k.what)
	case !k.valid(value):
		return fmt.Errorf("%q is refused: it is not %s", value, k.what)
	case windows && strings.ContainsAny(value, shellSpecial):
		return fmt.Errorf("%q is refused as %s: it holds characters that the Windows command line interprets", value, k.what)
	}
	return nil
}

// shellSpecial is what cmd.exe interprets in the arguments of a batch file.
const shellSpecial = "&|<>^%!\"()\r\n"

// fill replaces the blanks of a template. It fails on a blank without a value and
// on a value that its grammar refuses.
func fill(template string, values Values, windows bool) (string, error) {
	var fault error
	filled := blank.ReplaceAllStringFunc(template, func(b string) string {
		name := b[1 : len(b)-1]
		value, ok := values[name]
		if !ok && fault == nil {
			fault = fmt.Errorf("filling %q: no value for %s", template, b)
		}
		if err := check(name, value, windows); ok && err != nil && fault == nil {
			fault = err
		}
		return value
	})
	return filled, fault
}

// blanks lists the names of a template's blanks.
func blanks(template string) []string {
	var names []string
	for _, m := range blank.FindAllStringSubmatch(template, -1) {
		names = append(names, m[1])
	}
	return names
}

// resourceGroup is the rule of Azure: up to 90 letters, digits and _-.(), not
// ending in a period.
func resourceGroup(s string) bool {
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-.()", r) {
			return false
		}
	}
	return s != "" && len([]rune(s)) <= 90 && !strings.HasSuffix(s, ".")
}

var subscriptionGrammar = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

var computeGrammar = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,78}[A-Za-z0-9_-])?$`)

func computeName(s string) bool { return computeGrammar.MatchString(s) }

var labelGrammar = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

func dnsLabel(s string) bool { return labelGrammar.MatchString(s) }

var subdomainGrammar = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`)

func dnsSubdomain(s string) bool { return len(s) <= 253 && subdomainGrammar.MatchString(s) }

func printable(s string) bool {
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return s != "" && len(s) <= 512
}

// CheckNames reports the first name of the command line that is no name of its kind.
func CheckNames(o Options) error {
	given := []struct {
		flag, kind string
		values     []string
	}{
		{"--context", "context", []string{o.Context}},
		{"--subscription", "subscription", []string{o.Subscription}},
		{"--workspace", "workspaceid", []string{o.Workspace}},
		{"--resource-group", "group", o.ResourceGroups},
		{"--namespace", "namespace", o.Namespaces},
	}
	for _, g := range given {
		for _, value := range g.values {
			if value == "" && len(g.values) == 1 {
				continue
			}
			if err := check(g.kind, value, runtime.GOOS == "windows"); err != nil {
				return fmt.Errorf("%s: %w", g.flag, err)
			}
		}
	}
	return nil
}
