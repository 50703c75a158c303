package collect

import (
	"regexp"
	"strings"
)

// supported is the list of API versions in Azure's NoRegisteredProviderFound ("The
// supported api-versions are '2018-11-01, …'") and InvalidApiVersionParameter ("The
// supported versions are '…'").
var supported = regexp.MustCompile(`(?i)supported (?:api-)?versions are\W+([0-9][0-9A-Za-z, .\s-]*)`)

var stableVersion = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)

// olderVersion is the newest version that Azure lists and that is not newer than the one
// that was asked for, whose shape is known; empty: it lists none. Previews do not count.
func olderVersion(stderr, asked string) string {
	m := supported.FindStringSubmatch(stderr)
	if m == nil {
		return ""
	}
	best := ""
	for version := range strings.SplitSeq(m[1], ",") {
		version = strings.TrimSpace(version)
		if stableVersion.MatchString(version) && version < asked && version > best {
			best = version
		}
	}
	return best
}
