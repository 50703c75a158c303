package bundle

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Readme is README.md: it tells the person who will send the bundle what it is, in
// plain words, out of the catalogue and the manifest.
func Readme(m *Manifest) []byte {
	var b strings.Builder
	b.WriteString(readmeTitle)
	fmt.Fprintf(&b, `
- Made by: %s
- When: %s UTC
- From: %s

It was made on your own machine with your own kubectl and az. Commands that only
read were run, and nothing was changed, neither in the cluster nor in Azure.
manifest.json names every command and what came of it. Nothing was sent: that is
up to you.

`, quoted(strings.TrimSpace(m.Tool.Name+" "+m.Tool.Version)), m.Finished.UTC().Format("2006-01-02 15:04"), m.Cluster.origin())
	b.WriteString("## What is in it\n\n")
	m.contents(&b)
	m.gaps(&b)
	m.removed(&b)
	b.WriteString(`## How to look into it

    tar tzf BUNDLE.tgz
    tar xzf BUNDLE.tgz -O k8s/services.yaml | less

## How to leave something out

    mkdir look && tar xzf BUNDLE.tgz -C look
    rm look/k8s/events.yaml
    tar czf SMALLER.tgz -C look .

The analysis then says what it could not judge without that file.
`)
	return []byte(b.String())
}

// origin says which cluster it was.
func (c Cluster) origin() string {
	from := "a cluster without a kube context"
	if c.Context != "" {
		from = "the kube context " + quoted(c.Context)
	}
	return from
}

// quoted sets a name of the customer apart from the text; no name ends it.
func quoted(name string) string {
	return "`" + strings.Join(strings.Fields(strings.ReplaceAll(name, "`", "'")), " ") + "`"
}

// contents lists the evidence that is there, and where Azure was asked.
func (m *Manifest) contents(b *strings.Builder) {
	for _, e := range Catalogue {
		var paths []string
		for _, entry := range m.Entries {
			if entry.Evidence == e.ID && entry.Path != "" {
				paths = append(paths, entry.Path)
			}
		}
		slices.Sort(paths)
		switch len(paths) {
		case 0:
		case 1:
			fmt.Fprintf(b, "- %s: %s\n", e.Title, quoted(paths[0]))
		default:
			fmt.Fprintf(b, "- %s: %s and %d more\n", e.Title, quoted(paths[0]), len(paths)-1)
		}
	}
	list := func(what string, names []string) {
		for i, name := range names {
			names[i] = quoted(name)
		}
		if len(names) > 0 {
			fmt.Fprintf(b, "\n%s: %s\n", what, strings.Join(names, ", "))
		}
	}
	list("Subscriptions that Azure was asked about", slices.Clone(m.Cluster.Subscriptions))
	list("Resource groups", slices.Clone(m.Cluster.ResourceGroups))
	b.WriteString("\nNot in it, because nothing asks for them: Secrets, the contents of your volumes,\nand the logs of your own pods.\n\n")
}

// gaps counts what was asked for and is missing.
func (m *Manifest) gaps(b *strings.Builder) {
	words := map[Status]string{
		StatusDenied: "your login may not read it", StatusThrottled: "Azure had too many requests", StatusTimeout: "no answer in time",
		StatusCancelled: "the collection was ended", StatusSkipped: "not asked for", StatusTruncated: "kept in part, because it is long",
		StatusWithheld: "left out, because a secret was still in it", StatusFailed: "the command failed",
	}
	var lines []string
	for _, status := range Statuses {
		titles := map[string]bool{}
		for _, entry := range m.Entries {
			if e := ByID(entry.Evidence); e != nil && entry.Status == status && words[status] != "" {
				titles[e.Title] = true
			}
		}
		var sorted []string
		for _, e := range Catalogue {
			if titles[e.Title] {
				sorted = append(sorted, e.Title)
			}
		}
		if len(sorted) > 0 {
			lines = append(lines, fmt.Sprintf("- %s: %s\n", words[status], strings.Join(sorted, ", ")))
		}
	}
	if len(lines) > 0 {
		b.WriteString("## What is missing\n\n" + strings.Join(lines, "") + "\nmanifest.json says why, one by one.\n\n")
	}
}

// removed says what the redaction does.
func (m *Manifest) removed(b *strings.Builder) {
	b.WriteString(`## What was removed

Passwords, keys and tokens, wherever they have a form that tells them;
environment variables, arguments and commands of containers; the data of Secrets
and ConfigMaps; settings of machine extensions; bodies of requests. REDACTED
stands in their place, and redaction.json counts them. The finished archive was
then searched a second time, what is encoded in it included.
`)
	switch cmp.Or(m.Redaction, "secrets") {
	case "all":
		b.WriteString("\nNames, addresses and ids were replaced by made-up ones, the same everywhere. The\nfile that translates them back lies beside this archive, not in it: keep it.\n\n")
	default:
		b.WriteString("\nNames, addresses and ids of subscriptions are in it, because a diagnosis follows\nthem. To have them replaced by made-up ones, collect again with `--redact all`.\nThe activity log names who changed something, perhaps by e-mail address.\n\n")
	}
}
