package collect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	bundle "azlb/bundle-schema"
)

var kubernetesList = regexp.MustCompile(`(?m)^(apiVersion|kind|items):`)

var emptyItems = regexp.MustCompile(`(?m)^items:\s*\[\]\s*$`)

// malformed says what an answer is that is not what its command prints; empty: it is.
func malformed(e *bundle.Evidence, raw []byte) string {
	switch {
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
		return emptyItems.Match(text)
	}
	var list struct {
		Value *[]json.RawMessage `json:"value"`
	}
	if bytes.HasPrefix(text, []byte("[")) {
		return len(bytes.TrimSpace(text[1:len(text)-1])) == 0
	}
	return json.Unmarshal(text, &list) == nil && list.Value != nil && len(*list.Value) == 0
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
