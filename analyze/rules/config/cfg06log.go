package config

import (
	"strings"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
)

// logged reports whether a log of a service controller names the Service. A
// kube-controller-manager without the provider names it as its endpoints' owner.
func logged(p *rule.Pass, s *topology.Service) bool {
	for _, r := range p.Snapshot.Records {
		if r.Log.Serves() && !strings.HasPrefix(r.Source, "endpoint") && (strings.Contains(r.Text, s.Key()) || s.Prefix != "" && strings.Contains(r.Text, s.Prefix)) {
			return true
		}
	}
	return false
}

// added is where the logs lie that a customer added by hand, of whatever time.
var added = strings.TrimSuffix(bundle.LogFile.Path, "{name}")

// lastLog is the log of a service controller that reaches furthest. The end of an excerpt
// tells nothing.
func lastLog(p *rule.Pass) *snapshot.LogFile {
	var last *snapshot.LogFile
	for i := range p.Snapshot.Logs {
		if l := &p.Snapshot.Logs[i]; l.Serves() && !l.Excerpt && (last == nil || l.Last.After(last.Last)) {
			last = l
		}
	}
	return last
}
