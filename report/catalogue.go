package report

import (
	"fmt"
	"io"
	"strings"
)

// intro says what the page is, for whoever comes to it from a search.
const intro = `A Kubernetes Service of type LoadBalancer asks for an address that clients can reach. On Azure a controller in the cluster, the cloud provider, sees the Service and writes the objects that make such an address: a public IP, a frontend, rules and a probe on a load balancer, and rules in a security group. Then a packet goes

*client → public IP → frontend → rule → security group → backend pool → node → kube-proxy → pod*

and it stops where one of these is missing or says no. This page has every failure on that way that ` + "`azlb-analyze`" + ` knows: what one sees, why it happens, how it is repaired, and on which healthy cluster the same signs appear. The next part explains the words, for readers who know one half only.

An *error* harms a Service now. A *warning* is a Service that works and cannot be changed, or soon may not. An *info* is worth knowing, and no fault. A step of a fix is marked as reading or as **changing** something; words in capitals, such as GROUP, stand for names of yours. *Not this fault* says where the same signs are healthy, or belong to another rule.

The page is made from the rules themselves. ` + "`azlb-analyze explain AZLB-NSG01`" + ` prints one rule, ` + "`azlb-analyze explain SubnetIsFull`" + ` those that know a code of Azure, and ` + "`azlb-analyze rules nsg`" + ` lists a topic.`

// Catalogue writes the page of all rules in Markdown, chapter by chapter.
func Catalogue(w io.Writer, chapters []Chapter) error {
	m := &markdown{}
	m.f("# Catalogue of rules\n\n%s\n\n", intro)
	m.glossary()
	m.f("## Contents\n\nIn the order in which the controller, and then a packet, meets them.\n\n| Topic | What it is about | Rules |\n| --- | --- | --- |\n")
	for _, c := range chapters {
		m.f("| [%s](#%s) | %s | %d |\n", c.Title, strings.ReplaceAll(strings.ToLower(c.Title), " ", "-"), inline(c.About), len(c.Topics))
	}
	m.f("\n")
	for _, c := range chapters {
		m.f("## %s\n\n%s `azlb-analyze rules %s` lists them.\n\n| Rule | Severity | What is wrong |\n| --- | --- | --- |\n", c.Title, inline(c.About), c.Name)
		for _, t := range c.Topics {
			id := ruleID(t.ID)
			m.f("| [%s](#%s) | %s | %s |\n", id, strings.ToLower(id), inline(string(t.Severity)), inline(t.Doc.Title))
		}
		m.f("\n")
		for _, t := range c.Topics {
			m.topic(t)
		}
	}
	if _, err := w.Write(m.Bytes()); err != nil {
		return fmt.Errorf("writing the catalogue of rules: %w", err)
	}
	return nil
}

func (m *markdown) glossary() {
	m.f("## Words\n\n")
	for _, half := range glossary {
		m.f("| %s | |\n| --- | --- |\n", half.title)
		for _, t := range half.terms {
			m.f("| %s | %s |\n", strong(inline(t.Name)), inline(t.Value))
		}
		m.f("\n")
	}
}

func (m *markdown) topic(t Topic) {
	d := t.Doc
	m.f("### %s\n\n", ruleID(t.ID))
	m.para(strong(inline(d.Title)) + " (" + inline(string(t.Severity)) + ")")
	for _, part := range parts(t) {
		if part.Value != "" {
			m.f("%s: %s\n\n", part.Name, inline(part.Value))
		}
	}
	m.steps(d.Fix)
	for _, table := range d.Tables {
		m.para(inline(table.Title))
		head := make([]string, len(table.Head))
		for i, cell := range table.Head {
			head[i] = inline(cell)
		}
		m.table(head, table.Rows)
	}
	if len(d.References) > 0 {
		m.f("References:\n\n")
		for _, ref := range d.References {
			m.f("- %s\n", reference(ref))
		}
		m.f("\n")
	}
}
