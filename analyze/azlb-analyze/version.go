package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// catalogueDate is when the rules were last changed on purpose.
const catalogueDate = "2026-11-26"

// versionText is "azlb-analyze v1.2.3 (commit abc, go1.26, rules of 2026-11-24)".
func versionText() string {
	version, commit := built()
	return fmt.Sprintf("azlb-analyze %s (commit %s, %s, rules of %s)", version, commit, runtime.Version(), catalogueDate)
}

// built is the version and the commit that this program was built from.
func built() (version, commit string) {
	version, commit = "devel", "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		if v := info.Main.Version; v != "" && v != "(devel)" {
			version = v
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				commit = s.Value[:12]
			}
		}
	}
	return version, commit
}
