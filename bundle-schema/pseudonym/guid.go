package pseudonym

import "strings"

// uidLen is the number of hexadecimal digits of a uid.
const uidLen = 32

// isGUID reports whether a word is a uid in its usual form, in any casing.
func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (s[i] == '-') || !dash && !isHex(s[i]) {
			return false
		}
	}
	return true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func allHex(s string) bool {
	for i := range len(s) {
		if !isHex(s[i]) {
			return false
		}
	}
	return true
}

// guid is the pseudonym of a uid. Its first 31 digits depend on the first 31 of the
// original alone, because the names that the provider derives from a uid lack the last.
// Version and variant stay.
func (n *Names) guid(s string, back bool) string {
	if strings.Trim(s, "0-") == "" || n.stays[strings.ToLower(s)] || builtIn[strings.ToLower(s)] {
		return s
	}
	digits := n.hexadecimal(strings.ReplaceAll(strings.ToLower(s), "-", ""), back)
	out := digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:]
	return withCase(s, out)
}

// derivedPrefix is the pseudonym of "a" and the first 31 digits of a uid.
func (n *Names) derivedPrefix(s string, back bool) string {
	digits := n.hexadecimal(strings.ToLower(s[1:])+"0", back)
	return withCase(s, "a"+digits[:uidLen-1])
}

// isPrefix reports the first part of the names that the provider derives from a uid.
func isPrefix(s string) bool {
	return len(s) == uidLen && (s[0] == 'a' || s[0] == 'A') && allHex(s[1:])
}

// withCase writes a result without capitals if the original has none.
func withCase(original, lower string) string {
	if original == strings.ToUpper(original) && original != strings.ToLower(original) {
		return strings.ToUpper(lower)
	}
	return lower
}

// hexadecimal exchanges the 32 digits of a uid: a Feistel network of four rounds over
// the first 31 without version and variant, and the last by itself.
func (n *Names) hexadecimal(s string, back bool) string {
	digits := []byte(s)
	var free []int
	for i := range uidLen - 1 {
		if i != 12 && i != 16 {
			free = append(free, i)
		}
	}
	half := len(free) / 2
	left, right := free[:half], free[half:]
	round := func(number string, to, from []int) {
		var text strings.Builder
		for _, i := range from {
			text.WriteByte(digits[i])
		}
		mask := n.random("uid"+number, text.String())
		for j, i := range to {
			digits[i] = digit(value(digits[i]) ^ mask[j]&15)
		}
	}
	last := func() {
		mask := n.random("uid last", string(digits[:uidLen-1]))
		digits[uidLen-1] = digit(value(digits[uidLen-1]) ^ mask[0]&15)
	}
	if back {
		last()
		round("4", right, left)
		round("3", left, right)
		round("2", right, left)
		round("1", left, right)
		return string(digits)
	}
	round("1", left, right)
	round("2", right, left)
	round("3", left, right)
	round("4", right, left)
	last()
	return string(digits)
}

func digit(v byte) byte { return "0123456789abcdef"[v] }

func value(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c - 'a' + 10
}

// builtIn are ids that Azure gives everybody: of roles of its own.
var builtIn = map[string]bool{
	"8e3af657-a8ff-443c-a75c-2fe8c4bcb635": true, // Owner
	"b24988ac-6180-42a0-ab88-20f7382dd24c": true, // Contributor
	"acdd72a7-3385-48ef-bd42-f606fba81ae7": true, // Reader
	"18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": true, // User Access Administrator
	"4d97b98b-1d4f-4787-a291-c67834d212e7": true, // Network Contributor
	"9980e02c-c2be-4d73-94e8-173b1dc7cf3c": true, // Virtual Machine Contributor
	"f1a07417-d97a-45cb-824c-7a7467783830": true, // Managed Identity Operator
	"7f951dda-4ed3-4680-a7ca-43fe172d538d": true, // AcrPull
	"b12aa53e-6015-4669-85d0-8515ebb3ae7f": true, // Private DNS Zone Contributor
}
