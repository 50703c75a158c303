// Package annotation holds the rules about what Services ask for by annotations that
// the provider does not take as it is meant.
package annotation

import (
	"fmt"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// Rules of this topic: first what keeps a Service from being made, then who can
// reach it, then how, then what is merely of no use.
var Rules = []*rule.Rule{ANN07, ANN02, ANN08, ANN03, ANN01, ANN04, ANN05, ANN06, ANN10, ANN09}

// needs are those of every rule of the topic: the Service shows the problem, and a
// failed sync tells it too. What the provider makes of a value depends on its release.
var needs = rule.Needs{All: []*bundle.Evidence{&bundle.Services}, Clean: []*bundle.Evidence{&bundle.KubeVersion, &bundle.Events, &bundle.ControllerLog}}

// upstream are where the annotations are listed.
const (
	keysPage   = "https://cloud-provider-azure.sigs.k8s.io/topics/loadbalancer/"
	keysSource = "https://github.com/kubernetes-sigs/cloud-provider-azure/blob/master/pkg/consts/consts.go"
)

// see shows the Service's annotations.
var see = report.Step{Say: "See the Service's annotations.", Run: "kubectl get service -n NAMESPACE SERVICE -o jsonpath='{.metadata.annotations}'"}

// name is a Service as kubectl takes it.
func name(s *topology.Service) string {
	return fmt.Sprintf("-n %s %s", rule.Word(s.Namespace, "NAMESPACE"), rule.Word(s.Name, "SERVICE"))
}

// without takes a useless annotation out.
func without(s *topology.Service, x desired.Problem) report.Step {
	return rule.Unannotate(s, x.Key, "Take the annotation out, so that nobody relies on it.")
}

// public is the address that the Service has on the Internet.
func public(_ *rule.Pass, s *topology.Service) []report.Cite {
	for _, f := range s.Frontends {
		if f.PublicIP != nil {
			return []report.Cite{f.PublicIP.Doc.Cite(f.PublicIP.At + "/ipAddress")}
		}
	}
	return nil
}
