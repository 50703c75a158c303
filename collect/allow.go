package collect

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	bundle "azlb/bundle-schema"
)

// Allowed reports why a command may not run; nil: it is one of the catalogue's
// templates, filled with values of the right kind. Every runner asks it for every
// command, so nothing else ever runs, whatever a cluster's annotations say.
func Allowed(c Command, windows bool) error {
	for _, e := range bundle.Catalogue {
		if e.Program != c.Program {
			continue
		}
		if rest, ok := matchWords(e.Args, c.Args, windows); ok && !e.RestOnly() && additions(e, rest, windows) {
			return nil
		}
		if c.Program == bundle.Az && restAllowed(e, c, windows) {
			return nil
		}
	}
	return fmt.Errorf("%q is no command that this program may run", c)
}

// matchWords matches the template at the beginning of args and returns the rest.
func matchWords(template, args []string, windows bool) ([]string, bool) {
	if len(args) < len(template) {
		return nil, false
	}
	for i, t := range template {
		if !matchWord(t, args[i], windows) {
			return nil, false
		}
	}
	return args[len(template):], true
}

// matchWord matches one word of a template: fixed, a blank, or blanks between fixed text
// that begins or ends at a slash or a quote.
func matchWord(template, word string, windows bool) bool {
	names := blanks(template)
	switch {
	case len(names) == 0:
		return template == word
	case template == "{"+names[0]+"}":
		return check(names[0], word, windows) == nil
	}
	var expr strings.Builder
	last := 0
	for i, at := range blank.FindAllStringIndex(template, -1) {
		value := `([^/']+)`
		if names[i] == "logs" {
			value = `(https://[^/']+)`
		}
		expr.WriteString(regexp.QuoteMeta(template[last:at[0]]) + value)
		last = at[1]
	}
	found := regexp.MustCompile("^" + expr.String() + regexp.QuoteMeta(template[last:]) + "$").FindStringSubmatch(word)
	if found == nil {
		return false
	}
	for i, name := range names {
		if check(name, found[i+1], windows) != nil {
			return false
		}
	}
	return true
}

// additions matches what the collector adds behind a template.
func additions(e *bundle.Evidence, args []string, windows bool) bool {
	if e.Program == bundle.Az {
		return azAdditions(args, windows)
	}
	if e.ID == bundle.ControllerLog.ID && len(args) >= 2 && args[0] == "--since" {
		if d, err := time.ParseDuration(args[1]); err != nil || d <= 0 {
			return false
		}
		args = args[2:]
	}
	if podLog(e) && len(args) >= 2 && args[0] == "--tail" {
		if n, err := strconv.Atoi(args[1]); err != nil || n <= 0 {
			return false
		}
		args = args[2:]
	}
	if len(args) == 2 && args[0] == "--context" && check("context", args[1], windows) == nil {
		args = nil
	}
	return len(args) == 0
}

func azAdditions(args []string, windows bool) bool {
	if len(args) == 5 && args[0] == "--subscription" && check("subscription", args[1], windows) == nil {
		args = args[2:]
	}
	return slices.Equal(args, []string{"-o", "json", "--only-show-errors"})
}

// parameter is one word behind --url-parameters: the api-version, the catalogue's
// own ones, and the paging token that ARM chose (az reads a file for one that begins
// with "@").
var parameter = regexp.MustCompile(`^(api-version=\d{4}-\d{2}-\d{2}(-preview)?|\$[sS]kip[tT]oken=[^@\s\x00-\x1f][^\s\x00-\x1f]*)$`)

// restAllowed matches `az rest --method get` on a path that is built from e.
func restAllowed(e *bundle.Evidence, c Command, windows bool) bool {
	args := c.Args
	head := []string{"rest", "--method", "get", "--url"}
	if e.Rest == "" || len(args) < len(head)+2 || !slices.Equal(args[:len(head)], head) || args[len(head)+1] != "--url-parameters" {
		return false
	}
	if !restPath(e, args[len(head)], c.ARM, windows) {
		return false
	}
	params := args[len(head)+2:]
	for len(params) > 0 && !strings.HasPrefix(params[0], "-") {
		if !parameter.MatchString(params[0]) && !slices.Contains(e.RestParams, params[0]) {
			return false
		}
		if windows && strings.ContainsAny(params[0], shellSpecial) {
			return false
		}
		params = params[1:]
	}
	return azAdditions(params, windows)
}

// restPath reports whether address is e's path on one of the known endpoints or on
// that of az's own cloud, without query, user or fragment.
func restPath(e *bundle.Evidence, address, arm string, windows bool) bool {
	u, err := url.Parse(address)
	if err != nil || !knownEndpoint(u.Scheme+"://"+u.Host, arm) || u.User != nil || strings.ContainsAny(address, "?#") {
		return false
	}
	want, got := strings.Split(e.Rest, "/"), strings.Split(u.Path, "/")
	if len(want) != len(got) {
		return false
	}
	rest, ok := matchWords(foldLiterals(want, got), got, windows)
	return ok && len(rest) == 0
}

// foldLiterals spells the template's fixed words as the address does where only
// the case differs: ARM answers with its own casing in nextLink.
func foldLiterals(template, got []string) []string {
	folded := slices.Clone(template)
	for i, t := range folded {
		if len(blanks(t)) == 0 && strings.EqualFold(t, got[i]) {
			folded[i] = got[i]
		}
	}
	return folded
}
