package collect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	bundle "azlb/bundle-schema"
)

var kubernetesList = regexp.MustCompile(`(?m)^(apiVersion|kind|items):`)

var emptyItems = regexp.MustCompile(`(?m)^items:\s*\[\]\s*$`)

// malformed says what an answer is that is not what its command prints; empty: it is.
func malformed(e *bundle.Evidence, raw []byte) string {
	switch {
	case len(bytes.TrimSpace(raw)) == 0 && slices.Contains(e.Args, "--ignore-not-found"):
		return "" // there is none
	case len(bytes.TrimSpace(raw)) == 0:
		return "nothing"
	case e.Format == bundle.JSON && !json.Valid(raw):
		return "something that is not JSON: " + beginning(raw)
	case e.Format == bundle.YAML && !kubernetesList.Match(raw):
		return "something that is not a Kubernetes object: " + beginning(raw)
	}
	return ""
}

// empty reports whether the answer is that there is nothing.
func empty(e *bundle.Evidence, raw []byte) bool {
	text := bytes.TrimSpace(raw)
	if e.Format == bundle.YAML {
		return len(text) == 0 || emptyItems.Match(text)
	}
	if e.Redaction == bundle.RedactRows {
		return len(tableOf(text).rows()) == 0
	}
	var list struct {
		Value *[]json.RawMessage `json:"value"`
	}
	if bytes.HasPrefix(text, []byte("[")) {
		return len(bytes.TrimSpace(text[1:len(text)-1])) == 0
	}
	return json.Unmarshal(text, &list) == nil && list.Value != nil && len(*list.Value) == 0
}

// table is what Log Analytics answers.
type table struct {
	Tables []struct {
		Rows []json.RawMessage `json:"rows"`
	} `json:"tables"`
	Error *struct {
		Code string `json:"code"`
	} `json:"error"`
}

func tableOf(raw []byte) (t table) {
	_ = json.Unmarshal(raw, &t) // what is none has no rows
	return t
}

func (t table) rows() []json.RawMessage {
	if len(t.Tables) == 0 {
		return nil
	}
	return t.Tables[0].Rows
}

// partial says why an answer is not the whole of it; empty: it is.
func partial(e *bundle.Evidence, raw []byte) string {
	if e.Redaction != bundle.RedactRows {
		return ""
	}
	switch t := tableOf(raw); {
	case t.Error != nil:
		return "Log Analytics ended the query early: " + t.Error.Code
	case len(t.rows()) >= bundle.MostRows:
		return fmt.Sprintf("these are the newest %d lines of the day; what is older is not in it", bundle.MostRows)
	}
	return ""
}

// beginning quotes the first words of an answer, without its secrets.
func beginning(raw []byte) string {
	text, _, _ := strings.Cut(strings.TrimSpace(strings.ToValidUTF8(string(raw[:min(len(raw), 4<<10)]), "?")), "\n")
	text = sentence(text)
	if len(text) > 60 {
		text = strings.ToValidUTF8(text[:60], "") + "…"
	}
	return fmt.Sprintf("%q", text)
}

// listed reads a list in the shape of az, or of ARM with its envelope; an answer in no
// known shape holds nothing.
func listed[T any](raw []byte) []T {
	var list []T
	if json.Unmarshal(raw, &list) == nil {
		return list
	}
	var envelope struct {
		Value []T `json:"value"`
	}
	_ = json.Unmarshal(raw, &envelope)
	return envelope.Value
}
