package snapshot

import (
	"io"
	"strings"

	bundle "azlb/bundle-schema"
)

// logText is what a text is called in which only error codes were looked for.
const logText = "text, searched for error codes"

// log takes a log. hint is the evidence that the manifest names, nil for loose
// files.
func (l *loader) log(f *reading, r io.Reader, hint *bundle.Evidence) {
	log, records, _ := scanLog(f.name, r) // damage is reported by the bundle
	log.Previous = hint == &bundle.ControllerLogPrevious || hint == nil && strings.Contains(f.name, "previous")
	log.Doc = &Doc{File: f.name, Line: 1}
	if hint == &bundle.ControllerLog || hint == &bundle.ControllerLogPrevious {
		nameKind(&log)
	}
	l.logs = append(l.logs, scanned{log, records})
	if hint != nil {
		return
	}
	switch controller := log.Kind == CloudController || log.Kind == KubeController; {
	case controller && log.Previous:
		f.as(&bundle.ControllerLogPrevious)
	case controller:
		f.as(&bundle.ControllerLog)
		g := &given{evidence: &bundle.ControllerLog, file: f.name, list: true}
		if len(log.Flags) == 0 {
			g.partial = "it does not begin with the start of the program"
		}
		l.given = append(l.given, g)
	case log.Kind == Kubelet:
		f.text = "log of the kubelet"
	case !log.First.IsZero():
		f.text = "log"
	default:
		f.text = logText
	}
	if !contains([]string{string(CloudController), string(KubeController)}, string(log.Kind)) {
		l.given = append(l.given, &given{evidence: &bundle.LogFile, file: f.name, list: true})
	}
}

// nameKind takes the kind of a log from the container's name where its lines do
// not tell.
func nameKind(log *LogFile) {
	if log.Kind != OtherLog {
		return
	}
	for _, kind := range []LogKind{CloudController, KubeController} {
		if strings.Contains(log.File, string(kind)) {
			log.Kind = kind
		}
	}
}

// search looks for error codes in a text of no known form.
func (l *loader) search(f *reading, r io.Reader) {
	log, records, _ := scanLog(f.name, r)
	log.Kind, log.Doc = OtherLog, &Doc{File: f.name, Line: 1}
	l.logs = append(l.logs, scanned{log, records})
	f.text = logText
}

// adoptLogs puts the logs in the order of their files and ties every record to
// its log.
func (l *loader) adoptLogs() {
	l.s.Logs = make([]LogFile, len(l.logs))
	for i, x := range l.logs {
		l.s.Logs[i] = x.log
		for _, r := range x.records {
			r.Log = &l.s.Logs[i]
			l.s.Records = append(l.s.Records, r)
		}
	}
}
