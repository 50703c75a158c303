package snapshot

import (
	"bufio"
	"bytes"
	"cmp"
	"regexp"
	"strings"

	bundle "azlb/bundle-schema"
)

var (
	describeName  = regexp.MustCompile(`(?m)^Name:[ \t]+\S`)
	describeField = regexp.MustCompile(`(?m)^(Namespace|Labels|Annotations|Events):`)
	eventsHeader  = regexp.MustCompile(`(?m)^(NAMESPACE[ \t]+)?(LAST ?SEEN|FIRST ?SEEN)[ \t]+.*\b(REASON|MESSAGE)\b`)
	serverVersion = regexp.MustCompile(`(?m)^Server Version: .*?(v\d+\.\d+\.\d+[^\s",}]*)`)
	// failedCommand is how kubectl and az begin when they have no answer.
	failedCommand = regexp.MustCompile(`^(ERROR: |Error from server|error: |Unable to connect to the server|The connection to the server|Please run 'az login')`)
	refused       = regexp.MustCompile(`(?i)forbidden|AuthorizationFailed|does not have authorization`)
)

// text takes a loose file that is neither YAML nor JSON: what kubectl describe
// and kubectl get events print, the error of a command, or a log.
func (l *loader) text(f *reading, head []byte, r *bufio.Reader) {
	first := bytes.TrimSpace(head)
	first = bytes.TrimSpace(first[:lineEnd(first)])
	switch {
	case len(head) < peekSize && failedCommand.Match(first):
		f.text = "error of a command"
		f.note("the command failed: " + Quote(string(first)))
		l.fail(byFileName(f.name), f.name, string(head))
	case bytes.HasPrefix(first, []byte("No resources found")):
		l.kubernetes(f, pieces{empty: []string{""}}, nil)
	case len(head) < peekSize && serverVersion.Match(head):
		f.as(&bundle.KubeVersion)
		l.s.Kubernetes = cmp.Or(l.s.Kubernetes, string(serverVersion.FindSubmatch(head)[1]))
		l.given = append(l.given, &given{evidence: &bundle.KubeVersion, file: f.name, list: true})
	case describeName.Match(head) && describeField.Match(head) || eventsHeader.Match(head):
		l.printed(f, drain(r))
	default:
		l.log(f, r, nil)
	}
}

// fail notes that a command which would have supplied evidence had no answer.
func (l *loader) fail(e *bundle.Evidence, file, answer string) {
	if e == nil {
		return
	}
	status := bundle.StatusFailed
	if refused.MatchString(answer) {
		status = bundle.StatusDenied
	}
	l.failed[e] = bundle.Gap{Status: status, Reason: file + " holds the error of the command: " + Quote(answer[:lineEnd([]byte(answer))])}
}

// printed takes what kubectl printed for people. Lines that belong to nothing
// known are searched for error codes.
func (l *loader) printed(f *reading, text []byte) {
	p := printout{file: f.name}
	var rest bytes.Buffer
	n := 0
	for line := range bytes.Lines(text) {
		n++
		l := strings.TrimRight(string(line), "\r\n")
		if !p.line(expandTabs(l), n) && strings.TrimSpace(l) != "" {
			rest.WriteString(l)
		}
		rest.WriteByte('\n')
	}
	p.close()
	services := &given{evidence: &bundle.Services, file: f.name, namespaces: map[string]bool{}, partial: "it is a description of single objects"}
	for _, s := range p.services {
		l.s.Services = append(l.s.Services, s)
		services.namespaces[s.Namespace] = true
	}
	if len(p.services) > 0 {
		f.as(&bundle.Services)
		l.given = append(l.given, services)
	}
	if len(p.events) > 0 || p.tables > 0 {
		f.as(&bundle.Events)
		events := &given{evidence: &bundle.Events, file: f.name, namespaces: map[string]bool{}, list: p.tables > 0}
		if !events.list {
			events.partial = "it is a description of single objects"
		}
		for _, e := range p.events {
			events.namespaces[e.Namespace] = true
		}
		l.given = append(l.given, events)
	}
	l.events = append(l.events, p.events...)
	if len(bytes.TrimSpace(rest.Bytes())) > 0 {
		was := f.text
		l.search(f, &rest)
		if len(f.evidence) > 0 {
			f.text = was
		}
	}
	if len(f.evidence) == 0 && f.text == "" {
		f.text = "description of objects that are not read"
	}
}

// expandTabs puts spaces for tabs, as a terminal does: kubectl before 1.9 used
// tabs to align its columns.
func expandTabs(line string) string {
	if !strings.Contains(line, "\t") {
		return line
	}
	var b strings.Builder
	column := 0
	for _, r := range line {
		if r != '\t' {
			b.WriteRune(r)
			column++
			continue
		}
		for {
			b.WriteByte(' ')
			if column++; column%8 == 0 {
				break
			}
		}
	}
	return b.String()
}
