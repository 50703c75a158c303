package rule

import (
	"regexp"
	"strings"
)

var plainWord = regexp.MustCompile(`^[A-Za-z0-9@%_+=:,./-]+$`)

// Word makes one shell word of a name from the evidence, or of its stand-in where
// the name is not known. Names of resource groups may hold parentheses.
func Word(name, standIn string) string {
	switch {
	case name == "":
		return standIn
	case plainWord.MatchString(name):
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
}
