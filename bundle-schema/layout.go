package bundle

import (
	"fmt"
	"strings"
)

// Layout is LAYOUT.md: the entries of a bundle as the catalogue has them.
func Layout() string {
	var b strings.Builder
	b.WriteString(`# What lies where in a bundle

Written from catalogue.go by ` + "`go test ./bundle-schema -run Layout -update`" + `; do not edit.

` + "`" + ManifestName + "`" + ` is the first entry: it names every command that was planned, what came of it, and the
size and SHA-256 of what it wrote; manifest.schema.json describes it. The other entries follow, sorted by
path, and among them two that are no evidence: ` + "`" + ReadmeName + "`" + ` says in words what the bundle is, and ` + "`" + RedactionName + "`" + `
(redaction.schema.json) counts what was removed from it. Blanks in braces are filled from the scope: one file for each cluster, namespace, container,
subscription, resource group, scale set, vm, load balancer, rule, subnet, AKS cluster, workspace, query, location
or file. The collector adds ` + "`--context`" + ` to kubectl, and
` + "`--subscription`" + ` and ` + "`-o json`" + ` to az.

| Path | What | One for each | Command | Needs | Without it |
| --- | --- | --- | --- | --- | --- |
`)
	for _, e := range Catalogue {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", e.Path, e.Title, e.Scope, e.command(), e.Right, e.Without)
	}
	b.WriteString("\n## What is tried where az fails\n\nOnly where az itself is broken or too old, not where login or permission is missing, or where az has no command:\n`az rest --method get` on the cloud's ARM endpoint.\n\n| What | Path | api-version |\n| --- | --- | --- |\n")
	for _, e := range Catalogue {
		if e.Rest != "" {
			fmt.Fprintf(&b, "| %s | `%s` | %s |\n", e.Title, strings.Join(append([]string{e.Rest}, e.RestParams...), " "), e.RestVersion)
		}
	}
	b.WriteString("\n## What is kept of it\n\nOf the activity log the caller stays as Azure writes it, the object id of an identity or the e-mail address of a\nuser: who wrote last is what it is collected for. Of the properties of an event the status and Azure's error text stay, the\nbodies of requests and answers do not. Leave that file out of the bundle where this must not be.\n\n| What | Redaction | At most |\n| --- | --- | --- |\n")
	for _, e := range Catalogue {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", e.Title, e.Redaction, size(e.Cap))
	}
	b.WriteString("\nOf a log the newest lines stay (`--since`, `--tail`, `--max-log`). Where all of it is larger than `--max-size`, the oldest\nlines of the longest logs go first, down to 1 MiB of each; then logs from before a restart, then the other logs, then the\nfiles from the end of the list above. The manifest says of each what is missing.\n")
	return b.String()
}

// command is the template as the customer would type it.
func (e *Evidence) command() string {
	if e.Program == Local {
		return "the file as it lies there"
	}
	if e.RestOnly() {
		return "`az rest --method get` on the path below"
	}
	return "`" + strings.ReplaceAll(strings.Join(append([]string{string(e.Program)}, e.Args...), " "), "|", `\|`) + "`"
}
