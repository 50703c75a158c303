package bundle

import (
	"bytes"
	"path"
)

// The companions lie in a bundle beside the evidence, for the person who looks into
// it before it is sent. They are no evidence, and the manifest does not name them.
const (
	ReadmeName    = "README.md"
	RedactionName = "redaction.json"
)

// How the companions begin, wherever they lie and whatever they are called.
const (
	readmeTitle    = "# Evidence about Azure load balancers, collected by azlb-collect\n"
	redactionBegin = "{\n  \"redactionReport\":"
)

// Companion is a file beside the evidence.
type Companion struct {
	Name string
	Body []byte
}

// CompanionOf names the companion that a file is, by how it begins; empty: it is none.
func CompanionOf(begin []byte) string {
	begin = bytes.ReplaceAll(begin[:min(len(begin), 1<<10)], []byte("\r\n"), []byte("\n"))
	switch {
	case bytes.HasPrefix(begin, []byte(readmeTitle)):
		return "what the bundle is, in words"
	case bytes.HasPrefix(begin, []byte(redactionBegin)):
		return "what was removed from the bundle"
	}
	return ""
}

// isCompanion reports names that only companions may have in a bundle.
func isCompanion(name string) bool {
	return path.Clean(name) == ReadmeName || path.Clean(name) == RedactionName
}
