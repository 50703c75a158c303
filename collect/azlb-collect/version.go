package main

import (
	"fmt"
	"runtime/debug"

	bundle "azlb/bundle-schema"
)

// tool is this program as the manifest names it.
func tool() bundle.Tool {
	t := bundle.Tool{Name: "azlb-collect", Version: "unknown", Commit: "unknown"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return t
	}
	if info.Main.Version != "" {
		t.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			t.Commit = s.Value
		}
	}
	return t
}

func version() string {
	t, goVersion := tool(), "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		goVersion = info.GoVersion
	}
	return fmt.Sprintf("azlb-collect %s, commit %s, %s, catalogue of %s", t.Version, t.Commit, goVersion, bundle.CatalogueDate)
}
