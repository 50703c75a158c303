package snapshot

import (
	"regexp"
	"strings"

	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
)

// supply is the command that would supply a piece of evidence, with the names of
// this bundle filled in where they are known and said in words where not.
func (l *loader) supply(e *bundle.Evidence, scope map[string]string) string {
	if e.Program == bundle.Local {
		return e.Right
	}
	blanks := map[string]string{"context": l.context(), "subscription": l.subscription()}
	if len(l.s.groups) == 1 {
		blanks["group"] = l.spelled(l.s.groups[0])
	}
	for k, v := range scope {
		blanks[k] = v
	}
	words := []string{string(e.Program)}
	for _, a := range e.Args {
		words = append(words, fill(a, blanks))
	}
	switch e.Program {
	case bundle.Kubectl:
		if c := blanks["context"]; c != "" {
			words = append(words, "--context", quoted(c))
		}
	case bundle.Az:
		if s := blanks["subscription"]; s != "" && e.Scope != bundle.PerSubscription {
			words = append(words, "--subscription", quoted(s))
		}
		words = append(words, "--output", "json")
	}
	return strings.Join(words, " ")
}

// supplyAfter is supply for a command that was tried: where it was refused, the
// right comes first.
func (l *loader) supplyAfter(e *bundle.Evidence, entry *bundle.Entry) string {
	command := l.supply(e, entry.Scope)
	switch entry.Status {
	case bundle.StatusDenied:
		return "grant the right to " + e.Right + ", then: " + command
	case bundle.StatusTimeout, bundle.StatusThrottled, bundle.StatusCancelled:
		return "once more: " + command
	}
	return command
}

func (l *loader) context() string {
	if m := l.s.Manifest; m != nil {
		return m.Cluster.Context
	}
	return ""
}

// subscription of the nodes, or else of azure.json.
func (l *loader) subscription() string {
	if m := l.s.Manifest; m != nil && len(m.Cluster.Subscriptions) > 0 {
		return m.Cluster.Subscriptions[0]
	}
	for _, n := range l.s.Nodes {
		if id, ok := az.ParseID(n.Spec.ProviderID); ok && !az.Masked(id.Subscription) {
			return id.Subscription
		}
	}
	if c := l.s.Config; c != nil && !az.Masked(c.SubscriptionID) {
		return c.SubscriptionID
	}
	return ""
}

var blank = regexp.MustCompile(`\{[a-z]+\}`)

// fill puts names into the blanks of a template; a name that is not known is
// said in words.
func fill(template string, blanks map[string]string) string {
	return blank.ReplaceAllStringFunc(template, func(b string) string {
		name := strings.Trim(b, "{}")
		if v := blanks[name]; v != "" {
			return quoted(v)
		}
		switch name {
		case "group":
			return "NODE_RESOURCE_GROUP"
		}
		return strings.ToUpper(name)
	})
}

var safeWord = regexp.MustCompile(`^[A-Za-z0-9@%_+=:,./-]+$`)

// quoted makes one shell word of a name.
func quoted(s string) string {
	if safeWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
