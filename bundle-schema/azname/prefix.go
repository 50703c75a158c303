package azname

import "strings"

const prefixLen = 32

// Prefix is what the names of all objects of a Service begin with: "a" and the
// first 31 hexadecimal digits of the Service's uid (the 32nd is lost).
func Prefix(uid string) string {
	name := "a" + strings.ReplaceAll(uid, "-", "")
	return name[:min(len(name), prefixLen)]
}

// ParsePrefix reads the prefix of a frontend, rule, probe or security rule, in
// lower case. It is not ok for names that do not begin with a whole prefix, or go
// on after it with anything but "-": those are not the provider's.
func ParsePrefix(name string) (prefix string, ok bool) {
	if len(name) < prefixLen || len(name) > prefixLen && name[prefixLen] != '-' {
		return "", false
	}
	prefix = strings.ToLower(name[:prefixLen])
	if prefix[0] != 'a' || strings.Trim(prefix[1:], "0123456789abcdef") != "" {
		return "", false
	}
	return prefix, true
}
