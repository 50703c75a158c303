package az

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// LogRow is one line of a log that Log Analytics has.
type LogRow struct {
	Line     int       // of the document in which its text stands, from 1
	Time     time.Time // TimeGenerated; zero where there is none
	Category string    // "cloud-controller-manager"
	Pod      string
	Level    string // of the resource-specific table; empty in the shared one
	Text     string
}

// LogRows reads the rows of a container's log out of what Log Analytics answers, oldest
// first: a table ({"tables": …}), or the list of objects that az's extension prints. The
// text stands in Message (AKSControlPlane) or in log_s (AzureDiagnostics). ok says that
// the document is one of these; of one that ends early the rows before its end come back.
func LogRows(raw []byte) (rows []LogRow, ok bool) {
	if !bytes.Contains(raw, []byte("TimeGenerated")) {
		return nil, false
	}
	r := &rowReader{raw: raw, dec: json.NewDecoder(bytes.NewReader(raw)), line: 1}
	first, err := r.dec.Token()
	switch {
	case err != nil:
		return nil, false
	case first == json.Delim('{'):
		r.tables()
	case first == json.Delim('['):
		for r.dec.More() && r.object() {
		}
	}
	if !r.log {
		return nil, false
	}
	if n := len(r.rows); n > 1 && r.rows[0].Time.After(r.rows[n-1].Time) {
		slices.Reverse(r.rows) // as they were asked for, so that lines of one moment keep their order
	}
	slices.SortStableFunc(r.rows, func(a, b LogRow) int { return a.Time.Compare(b.Time) })
	return r.rows, true
}

// rowReader walks a document and counts its lines.
type rowReader struct {
	raw     []byte
	dec     *json.Decoder
	line    int // at counted
	counted int
	log     bool // some row has a text: it is a log
	rows    []LogRow
}

// tables reads {"tables": [{"columns": […], "rows": […]}]}. It returns false at the end
// of what can be read.
func (r *rowReader) tables() bool {
	for r.dec.More() {
		key, err := r.dec.Token()
		if err != nil {
			return false
		}
		if name, _ := key.(string); !strings.EqualFold(name, "tables") {
			if !r.skip() {
				return false
			}
			continue
		}
		if open, err := r.dec.Token(); err != nil || open != json.Delim('[') {
			return false
		}
		for r.dec.More() {
			if open, err := r.dec.Token(); err != nil || open != json.Delim('{') || !r.table() {
				return false
			}
		}
		if _, err := r.dec.Token(); err != nil {
			return false
		}
	}
	return true
}

func (r *rowReader) table() bool {
	var columns []struct{ Name string }
	for r.dec.More() {
		key, err := r.dec.Token()
		if err != nil {
			return false
		}
		switch name, _ := key.(string); strings.ToLower(name) {
		case "columns":
			if r.dec.Decode(&columns) != nil {
				return false
			}
		case "rows":
			if open, err := r.dec.Token(); err != nil || open != json.Delim('[') {
				return false
			}
			for r.dec.More() {
				if open, err := r.dec.Token(); err != nil || open != json.Delim('[') {
					return false
				}
				var row LogRow
				has := false
				for i := 0; r.dec.More(); i++ {
					name := ""
					if i < len(columns) {
						name = columns[i].Name
					}
					told, whole := r.cell(&row, name)
					if !whole {
						return false
					}
					has = has || told
				}
				if _, err := r.dec.Token(); err != nil {
					return false
				}
				r.add(row, has)
			}
			if _, err := r.dec.Token(); err != nil {
				return false
			}
		default:
			if !r.skip() {
				return false
			}
		}
	}
	// A table of a log that has no row is a log all the same.
	for _, c := range columns {
		r.log = r.log || textColumn(c.Name)
	}
	_, err := r.dec.Token()
	return err == nil
}

// object reads one row of a list of objects.
func (r *rowReader) object() bool {
	if open, err := r.dec.Token(); err != nil || open != json.Delim('{') {
		return false
	}
	var row LogRow
	has := false
	for r.dec.More() {
		key, err := r.dec.Token()
		if err != nil {
			return false
		}
		name, _ := key.(string)
		told, whole := r.cell(&row, name)
		if !whole {
			return false
		}
		has = has || told
	}
	if _, err := r.dec.Token(); err != nil {
		return false
	}
	r.add(row, has)
	return true
}

func (r *rowReader) add(row LogRow, has bool) {
	if has && !row.Time.IsZero() {
		r.log = true
		r.rows = append(r.rows, row)
	}
}

func textColumn(name string) bool {
	return strings.EqualFold(name, "Message") || strings.EqualFold(name, "log_s")
}

// cell reads the value of one column. told says that it is the row's text.
func (r *rowReader) cell(row *LogRow, column string) (told, whole bool) {
	var raw json.RawMessage
	if r.dec.Decode(&raw) != nil {
		return false, false
	}
	start := int(r.dec.InputOffset()) - len(raw)
	r.line += bytes.Count(r.raw[r.counted:start], []byte("\n"))
	r.counted = start
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return false, true
	}
	switch strings.ToLower(column) {
	case "timegenerated":
		if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
			row.Time = t.UTC()
		}
	case "category":
		row.Category = text
	case "podname", "pod_s":
		row.Pod = text
	case "level":
		row.Level = text
	case "message", "log_s":
		row.Text, row.Line = text, r.line
		return true, true
	}
	return false, true
}

func (r *rowReader) skip() bool {
	var skipped json.RawMessage
	return r.dec.Decode(&skipped) == nil
}
