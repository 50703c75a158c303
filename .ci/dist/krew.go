package main

import (
	"fmt"
	"strings"
)

// plugin is the name under which krew, the package manager of kubectl's plugins, knows
// the collector. Krew links it as kubectl-azlb_collect, which kubectl azlb-collect runs.
const plugin = "azlb-collect"

// manifest says to krew what to download for each platform, and which files to keep.
func manifest(made []archive, base string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `apiVersion: krew.googlecontainertools.github.com/v1alpha2
kind: Plugin
metadata:
  name: %s
spec:
  version: %s
  shortDescription: Archive what a diagnosis of Azure load balancers needs
  description: |
    Runs your own kubectl and az, reads only, and writes one bundle of what they say
    about the LoadBalancer Services of a cluster on Azure. Secrets are removed before
    anything is written. azlb-analyze reads the bundle, anywhere and offline.
  platforms:
`, plugin, made[0].version)
	for _, a := range made {
		fmt.Fprintf(&b, `  - selector:
      matchLabels:
        os: %s
        arch: %s
    uri: %s/%s
    sha256: %s
    files:
    - from: %[6]s/%[7]s
      to: .
    - from: %[6]s/LICENSE
      to: .
    bin: %[7]s
`, a.os, a.arch, strings.TrimSuffix(base, "/"), a.name(), a.sum, a.folder(), binary(plugin, a.os))
	}
	return b.String()
}
