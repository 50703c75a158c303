package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

const usage = `azlb-analyze says why a Kubernetes LoadBalancer Service on Azure does not work.

  azlb-analyze BUNDLE...        print a summary, leave NAME.report.html and
                                NAME.report.md here
  azlb-analyze expected BUNDLE... --service NS/NAME
                                what the provider would build, next to what is
                                there, as table, markdown or json
  azlb-analyze trace BUNDLE... --to NS/NAME[:PORT]
                                the way of a packet hop by hop, from any client,
                                --from IP, --from-node NODE, --from-pod NS/POD,
                                as table or json
  azlb-analyze explain ID|CODE  what a rule means and how it is repaired; for a
                                code of Azure, such as SubnetIsFull, the rules
                                that know it
  azlb-analyze rules [TOPIC...] list the rules, of topics such as nsg, or whose
                                ids begin so; -f markdown prints the catalogue

BUNDLE is what azlb-collect wrote, a directory, a .zip, single files such as
svc.yaml lb.json ccm.log, or - for an archive or a file on standard input.

  -f, --format FORMAT   table, markdown, html or json, on standard output
  -o, --output FILE     write to FILE; the format follows -f, else the name
      --signatures FILE add failures that your team knows by their text; can be
                        repeated, for an analysis, rules and explain (see README)
      --service NS/NAME only this Service and what it depends on
      --to, --from, --from-node, --from-pod   who calls what, for trace
      --version         version, commit, Go, date of the rules
  -h, --help            this text

exit: 0 no errors found, 1 errors found or a Service is broken, 2 wrong usage,
      3 not readable, 4 nothing could be evaluated; of a trace: 0 the packet
      arrives, 1 it stops, 4 not known

  azlb-analyze azlb-prod-20261124T020000Z.tgz
  azlb-analyze svc.yaml lb.json ccm.log -f markdown
  azlb-analyze trace azlb-prod.tgz --to shop/web:443 --from 203.0.113.7
  kubectl get svc -A -o yaml | azlb-analyze - -f json
`

// catalogueDate is when the rules were last changed on purpose.
const catalogueDate = "2026-11-26"

// versionText is "azlb-analyze v1.2.3 (commit abc, go1.26, rules of 2026-11-24)".
func versionText() string {
	version, commit := "devel", "unknown"
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
	return fmt.Sprintf("azlb-analyze %s (commit %s, %s, rules of %s)", version, commit, runtime.Version(), catalogueDate)
}
