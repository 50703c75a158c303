package errtext

import (
	"cmp"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/snapshot"
)

// naming are the ways in which log lines of all eras name a Service, surest first.
var naming = []*regexp.Regexp{
	regexp.MustCompile(`\bservice="([a-z0-9-]+/[a-z0-9-]+)"`),
	regexp.MustCompile(`\bserviceName="([a-z0-9-]+/[a-z0-9-]+)"`),
	regexp.MustCompile(`\bobject="([a-z0-9-]+/[a-z0-9-]+)" fieldPath="[^"]*" kind="Service"`),
	regexp.MustCompile(`(?:error processing|failed to ensure load balancer for|failed to create load balancer for|Failed to process|reconciling) (?i:service) "?([a-z0-9-]+/[a-z0-9-]+)"?`),
	regexp.MustCompile(`(?i)\bservice ?\(([a-z0-9-]+/[a-z0-9-]+)\)`),
	regexp.MustCompile(`\b(?:ensure|delete|update|get|reconcile)\w*\(([a-z0-9-]+/[a-z0-9-]+)\)`),
	regexp.MustCompile(`(?i)\bservice "?([a-z0-9-]+/[a-z0-9-]+)"?`),
}

var (
	glogEvent  = regexp.MustCompile(`Event\(v1\.ObjectReference\{Kind:"(\w+)", Namespace:"([^"]*)", Name:"([^"]*)", UID:"([^"]*)"[^}]*\}\): type: '(\w+)' reason: '(\w+)' `)
	klogEvent  = regexp.MustCompile(`^"Event occurred" (?:logger="[^"]*" )?object="([^"]*)" fieldPath="[^"]*" kind="(\w+)" apiVersion="[^"]*" type="(\w+)" reason="(\w+)" `)
	basename   = regexp.MustCompile(`\ba([0-9a-f]{31})(?:\b|-)`)
	bareName   = regexp.MustCompile(`\bpublic IP of the service ([a-z0-9-]+) with`)
	endpointOf = regexp.MustCompile(`for service ([a-z0-9-]+/[a-z0-9-]+)`)
)

// names finds the Service that a text is about.
type names struct {
	byPrefix map[string]string // 31 digits of the uid → "ns/name"
	byName   map[string]string // name → "ns/name", where it is the only one
	uids     map[string]string // "ns/name" → uid
	pending  map[string]bool   // "ns/name" of those that wait for their first address
}

func namesOf(services []snapshot.Service) names {
	n := names{byPrefix: map[string]string{}, byName: map[string]string{}, uids: map[string]string{}, pending: map[string]bool{}}
	for i := range services {
		s := &services[i]
		key := s.Namespace + "/" + s.Name
		n.uids[key] = string(s.UID)
		n.pending[key] = s.Spec.Type == corev1.ServiceTypeLoadBalancer && s.DeletionTimestamp == nil && len(s.Status.LoadBalancer.Ingress) == 0
		if id := strings.ReplaceAll(strings.ToLower(string(s.UID)), "-", ""); len(id) >= 31 {
			n.byPrefix[id[:31]] = key
		}
		if _, twice := n.byName[s.Name]; twice {
			n.byName[s.Name] = ""
		} else {
			n.byName[s.Name] = key
		}
	}
	return n
}

// earlier reports whether a uid is not that of the Service of today that has the name.
func (n names) earlier(service, uid string) bool {
	living := n.uids[service]
	return uid != "" && living != "" && !strings.EqualFold(uid, living)
}

// OfDeletion reports a failure of a Service's deletion, which old controllers go on with
// after the Service is gone.
func (e *Error) OfDeletion() bool { return ofDeletion(e.Raw) }

func ofDeletion(text string) bool {
	low := strings.ToLower(text)
	return strings.Contains(low, "delete load balancer") || strings.Contains(low, "deleting load balancer")
}

// keyed returns the Service that a value of a structured line is.
func keyed(text string) string {
	return cmp.Or(firstGroup(naming[0], text), firstGroup(naming[1], text))
}

// inText returns the Service that a text names outright.
func (n names) inText(text string) string {
	for _, re := range naming {
		if s := firstGroup(re, text); s != "" {
			return s
		}
	}
	return n.byName[firstGroup(bareName, text)]
}

// byResource returns the Service whose uid is in the name of a resource that the
// text holds, when it is one Service only: a text with the whole load balancer in
// it holds everybody's.
func (n names) byResource(text string) string {
	found := ""
	for _, m := range basename.FindAllStringSubmatch(text, -1) {
		s := n.byPrefix[m[1]]
		if s != "" && found != "" && s != found {
			return ""
		}
		if s != "" {
			found = s
		}
	}
	return found
}
