package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"azlb/report"
)

// showRule prints what a rule says of itself, or which rules know a code of Azure.
func showRule(args []string, catalogue []report.Chapter, stdout io.Writer, fail func(int, error) int) int {
	if len(args) != 1 {
		return fail(exitUsage, errors.New("explain takes one rule or one code, for example: azlb-analyze explain AZLB-SKU02, or azlb-analyze explain SubnetIsFull"))
	}
	var all, know []report.Topic
	code := ""
	topic := false
	for _, c := range catalogue {
		all = append(all, c.Topics...)
		topic = topic || strings.EqualFold(c.Name, args[0])
	}
	for _, t := range all {
		if strings.EqualFold(t.ID, args[0]) || strings.EqualFold(t.ID, "AZLB-"+args[0]) {
			return printed(report.Explain(stdout, t), fail)
		}
		if i := slices.IndexFunc(t.Codes, func(c string) bool { return strings.EqualFold(c, args[0]) }); i >= 0 {
			know, code = append(know, t), t.Codes[i]
		}
	}
	switch len(know) {
	case 0:
		if topic {
			return fail(exitUsage, fmt.Errorf("%s is a topic: azlb-analyze rules %[1]s lists its rules, and explain takes one of them", args[0]))
		}
		return fail(exitUsage, unknown(args[0], all))
	case 1:
		return printed(report.Explain(stdout, know[0]), fail)
	}
	return printed(report.Choice(stdout, code, know), fail)
}

// unknown names what the word may have been meant for.
func unknown(word string, all []report.Topic) error {
	var names []string
	for _, t := range all {
		names = append(append(names, t.ID), t.Codes...)
	}
	said := fmt.Sprintf("there is no rule %s, and no rule knows a code of that name", word)
	if near := nearest(word, names); len(near) > 0 {
		return fmt.Errorf("%s; near it are: %s", said, strings.Join(near, ", "))
	}
	return fmt.Errorf("%s (azlb-analyze rules lists the rules; for a code that none knows, give the whole bundle: the report repeats what Azure said)", said)
}

// listRules prints the rules of topics, or all.
func listRules(words []string, format string, catalogue []report.Chapter, stdout io.Writer, fail func(int, error) int) int {
	list, err := choose(catalogue, words)
	if err != nil {
		return fail(exitUsage, err)
	}
	switch format {
	case "", "table":
		return printed(report.Rules(stdout, list), fail)
	case "markdown":
		return printed(report.Catalogue(stdout, list), fail)
	}
	return fail(exitUsage, fmt.Errorf("rules are printed as table or markdown, not as %s", format))
}

// choose picks the chapters of the words: names of topics, or how ids of rules begin.
func choose(catalogue []report.Chapter, words []string) ([]report.Chapter, error) {
	if len(words) == 0 {
		return catalogue, nil
	}
	used := make([]bool, len(words))
	var out []report.Chapter
	var names []string
	for _, c := range catalogue {
		names = append(names, c.Name)
		part := c
		part.Topics = slices.DeleteFunc(slices.Clone(c.Topics), func(t report.Topic) bool {
			meant := false
			for i, w := range words {
				w = strings.ToUpper(w)
				if w != "" && (strings.EqualFold(c.Name, w) || strings.HasPrefix(t.ID, w) || strings.HasPrefix(t.ID, "AZLB-"+w)) {
					used[i], meant = true, true
				}
			}
			return !meant
		})
		if len(part.Topics) > 0 {
			out = append(out, part)
		}
	}
	if i := slices.Index(used, false); i >= 0 {
		return nil, fmt.Errorf("there is no topic %s, and no rule whose id begins so; the topics are: %s", words[i], strings.Join(slices.Compact(names), ", "))
	}
	return out, nil
}

func printed(err error, fail func(int, error) int) int {
	if err != nil {
		return fail(exitUnread, fmt.Errorf("printing: %w", err))
	}
	return exitClean
}
