package redact

import "encoding/json"

// Rows redacts what Log Analytics answers: every cell is a text of its own, in which
// the known shapes go. Names of columns, times and the order of rows stay.
func Rows(b []byte) ([]byte, Counts, error) { return rows(b, new(Learned)) }

func rows(b []byte, l *Learned) ([]byte, Counts, error) {
	counts := Counts{}
	e := jsonEdit{b: b, choose: func(_ []string, raw []byte) []byte {
		var cell string
		if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &cell) != nil {
			return nil
		}
		s := scrubber{counts: counts, learned: l}
		clean := string(s.text([]byte(cell)))
		if clean == cell {
			return nil
		}
		quoted, _ := json.Marshal(clean) // of a string never fails
		return quoted
	}}
	out, err := e.edit()
	return finished(out, counts, l, err)
}
