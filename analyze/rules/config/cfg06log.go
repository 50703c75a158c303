package config

import (
	"slices"
	"strings"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// logged reports whether a log of a service controller names the Service. A
// kube-controller-manager without the provider names it as its endpoints' owner.
func logged(p *rule.Pass, s *topology.Service) bool {
	for _, r := range p.Snapshot.Records {
		if serves(r.Log) && !strings.HasPrefix(r.Source, "endpoint") && (strings.Contains(r.Text, s.Key()) || s.Prefix != "" && strings.Contains(r.Text, s.Prefix)) {
			return true
		}
	}
	return false
}

// serves reports whether the log is of a controller that may reconcile Services.
func serves(l *snapshot.LogFile) bool {
	switch l.Kind {
	case snapshot.CloudController:
		return true
	case snapshot.KubeController:
		provider := l.Flags["cloud-provider"]
		return provider == "azure" || provider == "" && len(l.Flags) == 0
	}
	return false
}

// added is where the logs lie that a customer added by hand, of whatever time.
var added = strings.TrimSuffix(bundle.LogFile.Path, "{name}")

// lastLog is the log of a service controller that reaches furthest.
func lastLog(p *rule.Pass) *snapshot.LogFile {
	var last *snapshot.LogFile
	for i := range p.Snapshot.Logs {
		if l := &p.Snapshot.Logs[i]; serves(l) && (last == nil || l.Last.After(last.Last)) {
			last = l
		}
	}
	return last
}

// lastRecord cites the last line of a log that was kept, if there is one.
func lastRecord(p *rule.Pass, log *snapshot.LogFile) []report.Cite {
	for _, r := range slices.Backward(p.Snapshot.Records) {
		if r.Log.File == log.File {
			return []report.Cite{r.Cite("")}
		}
	}
	return nil
}
