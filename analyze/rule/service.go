package rule

import (
	"strings"

	"azlb/report"
)

// Subject is the Service "ns/name" as the object at fault.
func Subject(key string) report.Object {
	ns, name, _ := strings.Cut(key, "/")
	return report.Object{Kind: "Service", Namespace: ns, Name: name}
}

// Kubectl is a command about the Service "ns/name"; what follows its name comes as it is.
func Kubectl(verb, key, rest string) string {
	ns, name, _ := strings.Cut(key, "/")
	return strings.TrimRight("kubectl "+verb+" service -n "+Word(ns, "NAMESPACE")+" "+Word(name, "SERVICE")+" "+rest, " ")
}
