package bundle

import (
	"path"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestName is the longest name of an entry that is read, in bytes.
const longestName = 1024

// entryName judges the name that an archive gives to an entry: the name to use,
// or why it is refused. Nothing is ever written under that name; but the report
// prints it and the manifest is joined by it.
func entryName(raw string) (name, refusal string) {
	switch {
	case len(raw) > longestName:
		return raw[:40] + "…", "its name is longer than " + strconv.Itoa(longestName) + " bytes"
	case !utf8.ValidString(raw):
		return printable(raw), "its name is not UTF-8"
	case strings.ContainsFunc(raw, unicode.IsControl):
		return printable(raw), "its name contains control characters"
	case strings.ContainsRune(raw, '\\'):
		return raw, "its name contains a backslash"
	case strings.HasPrefix(raw, "/"):
		return raw, "its name is absolute"
	case len(raw) > 1 && raw[1] == ':' && unicode.IsLetter(rune(raw[0])):
		return raw, "its name begins with a drive letter"
	}
	for _, part := range strings.Split(raw, "/") {
		if part == ".." {
			return raw, `its name contains ".."`
		}
	}
	name = path.Clean(raw)
	if name == "." {
		return raw, "it has no name"
	}
	return name, ""
}

// printable shows a name that must not reach a terminal as it stands.
func printable(raw string) string {
	quoted := strconv.QuoteToASCII(raw)
	return quoted[1 : len(quoted)-1]
}

// droppings reports what operating systems and version control leave beside
// files; it is no evidence and not worth a word.
func droppings(name string) bool {
	for _, part := range strings.Split(name, "/") {
		switch part {
		case ".git", ".DS_Store", "__MACOSX", "Thumbs.db", "desktop.ini":
			return true
		}
	}
	return strings.HasPrefix(path.Base(name), "._")
}
