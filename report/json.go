package report

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
)

// Schema is the JSON Schema (2020-12) of what JSON writes.
//
//go:embed report.schema.json
var Schema []byte

// JSON writes the report as it was built, indented by two spaces. Lists are
// never null; texts are as they stand in the evidence.
func JSON(w io.Writer, r *Report) error {
	return encode(w, copied(r, func(s string) string { return s }))
}

func encode(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	return nil
}
