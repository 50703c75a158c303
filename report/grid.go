package report

import (
	"io"
	"math"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// cells is the width of a text on a terminal, the same in every locale.
func cells(s string) int { return twwidth.WidthWithOptions(s, twwidth.Options{}) }

// wrap breaks a text into lines of at most width cells, at spaces where it can
// and inside a word where it must. Line breaks of the text stay.
func wrap(s string, width int) []string {
	var out []string
	for para := range strings.SplitSeq(strings.Trim(s, "\n"), "\n") {
		line := ""
		for _, w := range strings.Fields(para) {
			if line != "" && cells(line)+1+cells(w) > width {
				out = append(out, line)
				line = ""
			}
			if line != "" {
				line += " "
			}
			for cells(line)+cells(w) > width {
				head, tail := divide(w, width-cells(line))
				out = append(out, line+head)
				line, w = "", tail
			}
			line += w
		}
		out = append(out, line)
	}
	return out
}

// divide cuts a word that does not fit behind the last sign that parts names, if
// one stands in the second half of the line.
func divide(w string, width int) (head, tail string) {
	head, _ = cut(w, width)
	if at := strings.LastIndexAny(head, "/-_.,:;=&?#") + 1; at > len(head)/2 {
		return w[:at], w[at:]
	}
	return head, w[len(head):]
}

// cut divides a word after at most width cells, never after none.
func cut(w string, width int) (head, tail string) {
	runes := []rune(w)
	n := 1
	for n < len(runes) && cells(string(runes[:n+1])) <= width {
		n++
	}
	return string(runes[:n]), string(runes[n:])
}

// filledColumns leaves the columns out in which no row has a text.
func filledColumns(head []string, rows [][]string) ([]string, [][]string) {
	keep := func(row []string) []string {
		var out []string
		for i, cell := range row {
			if slices.ContainsFunc(rows, func(r []string) bool { return strings.TrimSpace(r[i]) != "" }) {
				out = append(out, cell)
			}
		}
		return out
	}
	out := make([][]string, len(rows))
	for i, row := range rows {
		out[i] = keep(row)
	}
	return keep(head), out
}

// grid draws a table that is at most width cells wide, without its empty columns;
// without rows it draws nothing.
func grid(w io.Writer, width int, head []string, rows [][]string) error {
	if len(rows) == 0 {
		return nil
	}
	head, rows = filledColumns(head, rows)
	widths := columns(width, append([][]string{head}, rows...))
	none := tw.CellFormatting{AutoWrap: tw.WrapNone, AutoFormat: tw.Off}
	left := tw.CellAlignment{Global: tw.AlignLeft}
	t := tablewriter.NewTable(w,
		tablewriter.WithEastAsian(tw.Off),
		tablewriter.WithRenderer(renderer.NewBlueprint()),
		tablewriter.WithConfig(tablewriter.Config{
			Header: tw.CellConfig{Formatting: none, Alignment: left},
			Row:    tw.CellConfig{Formatting: none, Alignment: left},
		}))
	t.Header(fold(head, widths))
	for _, row := range rows {
		if err := t.Append(fold(row, widths)); err != nil {
			return err
		}
	}
	return t.Render()
}

// columns gives every column its natural width and takes from the widest until
// the table fits. Columns that broke at spaces then need less than they got: the
// rest goes to the one that grew longest.
func columns(width int, rows [][]string) []int {
	widths := used(rows, nil)
	for total(widths) > width {
		widest := slices.Index(widths, slices.Max(widths))
		if widths[widest] <= 4 {
			return widths
		}
		widths[widest]--
	}
	lines := make([]int, len(widths))
	for _, row := range rows {
		for i, cell := range row {
			lines[i] = max(lines[i], len(wrap(cell, widths[i])))
		}
	}
	if longest := slices.Max(lines); longest > 1 {
		widths = used(rows, widths)
		widths[slices.Index(lines, longest)] += width - total(widths)
	}
	return widths
}

// used is the widest line of every column, broken at the widths; nil: unbroken.
func used(rows [][]string, widths []int) []int {
	out := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			room := math.MaxInt
			if widths != nil {
				room = widths[i]
			}
			for _, line := range wrap(cell, room) {
				out[i] = max(out[i], cells(line), 1)
			}
		}
	}
	return out
}

// total is the width of a table with its lines and its padding.
func total(widths []int) int {
	sum := len("|")
	for _, n := range widths {
		sum += n + len("|  ")
	}
	return sum
}

func fold(row []string, widths []int) []string {
	out := make([]string, len(row))
	for i, cell := range row {
		out[i] = strings.Join(wrap(cell, widths[i]), "\n")
	}
	return out
}
