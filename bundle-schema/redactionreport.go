package bundle

import (
	"bytes"
	_ "embed" // the schema
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// RedactionSchema is the JSON Schema (2020-12) of redaction.json.
//
//go:embed redaction.schema.json
var RedactionSchema []byte

// RedactionReport is redaction.json: how much was removed and where, but no value.
type RedactionReport struct {
	Schema   int            `json:"redactionReport"` // version of this report
	Mode     string         `json:"mode"`            // as in the manifest
	Passes   []Pass         `json:"passes"`
	Removed  map[string]int `json:"removed"` // by shape, in all entries and in what programs said
	Entries  []Removed      `json:"entries"` // sorted by path
	Withheld []Withheld     `json:"withheld"`
}

// Pass is one search for what must not leave.
type Pass struct {
	Name string `json:"name"`
	Over string `json:"over"` // what was searched
	Hits int    `json:"hits"` // places that were replaced, or entries that were withheld
}

// Removed counts what was removed from one entry.
type Removed struct {
	Path    string         `json:"path"`
	Removed map[string]int `json:"removed"` // by shape
}

// Withheld is an entry that was left out, and the shape that it held.
type Withheld struct {
	Evidence string `json:"evidence"`
	Shape    string `json:"shape"`
}

// Marshal is the report as it stands in a bundle: the same report gives the same bytes.
func (r *RedactionReport) Marshal() ([]byte, error) {
	out := *r
	out.Schema = SchemaVersion
	out.Passes = append([]Pass{}, r.Passes...)
	out.Entries = append([]Removed{}, r.Entries...)
	out.Withheld = append([]Withheld{}, r.Withheld...)
	if out.Removed == nil {
		out.Removed = map[string]int{}
	}
	slices.SortStableFunc(out.Entries, func(a, b Removed) int { return strings.Compare(a.Path, b.Path) })
	slices.SortStableFunc(out.Withheld, func(a, b Withheld) int {
		return strings.Compare(a.Evidence+"\x00"+a.Shape, b.Evidence+"\x00"+b.Shape)
	})
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		return nil, fmt.Errorf("encoding the redaction report: %w", err)
	}
	return buf.Bytes(), nil
}
