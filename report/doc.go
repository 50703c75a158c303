package report

import "strconv"

// Doc is everything that a rule says about itself. explain, every format of the
// report and the catalogue of rules render this one text.
type Doc struct {
	Title   string // one line, no period: what is wrong
	Symptom string // what the user sees
	Cause   string // why it happens, for a reader who does not know the other half
	// Fix is the general repair; a finding fills its own names in.
	Fix        []Step
	References []string // URLs or "owner/repo#number"
	Affects    string   // versions; empty: all
	// Healthy says on which healthy cluster the same signs appear and why the rule is silent there.
	Healthy string
	// Tables are comparisons that explain prints after the text.
	Tables []Table
}

// Table is a small comparison; every row has as many cells as Head.
type Table struct {
	Title string
	Head  []string
	Rows  [][]string
}

// Topic is one entry of the catalogue: a rule's id, severity and text.
type Topic struct {
	ID       string
	Severity Severity
	Codes    []string // ARM codes by which it knows an error
	Doc      Doc
}

// Chapter is a part of the catalogue.
type Chapter struct {
	Name   string // by which `rules NAME` finds it
	Title  string // a heading, of letters, digits and blanks
	About  string // what its rules are about, in one sentence
	Topics []Topic
}

func itoa(n int) string { return strconv.Itoa(n) }
