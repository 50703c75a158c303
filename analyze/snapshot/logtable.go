package snapshot

import (
	"cmp"
	"slices"
	"strings"

	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
)

// logTable takes the log of the AKS controller as Log Analytics has it: one log for each
// pod, whose lines have the times at which they were written there. hint is the evidence
// that the manifest names, nil for loose files.
func (l *loader) logTable(f *reading, rows []az.LogRow, shared bool, hint *bundle.Evidence) {
	type source struct{ category, pod string }
	by := map[source]*logScan{}
	var order []source
	for _, row := range rows {
		from := source{row.Category, row.Pod}
		s := by[from]
		if s == nil {
			s = newScan(f.name)
			by[from], order = s, append(order, from)
		}
		s.row(row)
	}
	slices.SortFunc(order, func(a, b source) int {
		return cmp.Or(strings.Compare(a.category, b.category), strings.Compare(a.pod, b.pod))
	})
	tells := false
	for _, from := range order {
		log, records := by[from].end()
		log.Excerpt, log.Doc = true, &Doc{File: f.name, Line: 1}
		for _, kind := range []LogKind{CloudController, KubeController} {
			if from.category == string(kind) {
				log.Kind = kind
			}
		}
		tells = tells || log.Serves()
		l.logs = append(l.logs, scanned{log, records})
	}
	l.excerpt = l.excerpt || tells
	switch {
	case hint != nil:
	case !tells && len(rows) > 0:
		f.text = "log"
	default:
		evidence := &bundle.AKSLog
		if shared {
			evidence = &bundle.AKSLogShared
		}
		f.as(evidence)
		l.given = append(l.given, &given{evidence: evidence, file: f.name, list: true, partial: "it holds only the lines that a query chose"})
	}
}

// row takes one row. A line without a header continues the one before where it is
// indented, and else has the level that the table gives it.
func (s *logScan) row(row az.LogRow) {
	s.log.Lines = row.Line // for the record that begins here
	for i, line := range strings.Split(strings.TrimRight(row.Text, "\r\n"), "\n") {
		h, body, program := parseLine([]byte(line))
		if h.level == 0 && i == 0 && line != "" && !strings.ContainsAny(line[:1], " \t") {
			h.level = levelOf(row.Level)
		}
		if h.level == 0 && s.open {
			s.grow(body)
			continue
		}
		h.at = stamp{form: parsedStamp, t: row.Time}
		s.begin(h, body, program)
	}
}

// levelOf is the letter of a level that a table spells out; 0: it has none.
func levelOf(level string) byte {
	if level == "" {
		return 0
	}
	switch c := level[0] &^ 0x20; c {
	case 'I', 'W', 'E', 'F':
		return c
	}
	return 0
}

// coverExcerpt makes the controller's log count as read where Log Analytics has some of
// it: an error in it is told, and nothing is concluded from what is not in it.
func (l *loader) coverExcerpt() {
	if l.excerpt {
		l.cover(&bundle.ControllerLog, "", false)
	}
}
