package datapath

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// DATA10 is a selector that no pod matches, while pods are there that nearly do.
var DATA10 = &rule.Rule{
	ID:       "AZLB-DATA10",
	Severity: report.Warning,
	Doc: report.Doc{
		Title:   "the Service's selector matches no pod, but nearly matches some",
		Symptom: "The Service has its address, the application's pods run and are ready, and every connection is refused or times out, inside the cluster as well.",
		Cause: "A Service finds its pods by their labels alone: every pair of its selector must be among them, letter by letter. A typing error, another spelling (Store-Front), or the same value under another key (app instead of app.kubernetes.io/name) matches nothing, and Kubernetes does not complain. " +
			"The load balancer then has nobody to bring packets to, and its health probe fails on every node.",
		Fix: []report.Step{
			{Say: "Compare the selector with the labels of the pods.", Run: "kubectl get pods -n NAMESPACE --show-labels"},
			{Say: "Write the selector as the pods are labelled.", Run: "kubectl patch service -n NAMESPACE SERVICE -p '{\"spec\":{\"selector\":{\"app\":\"VALUE\"}}}'", Changes: true},
		},
		References: []string{"https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/", "https://kubernetes.io/docs/concepts/services-networking/service/"},
		Healthy: "An application that is scaled to nothing, or not installed yet, while others of a like name run: web and web2, blue and green, shop-ui and shop-db are different things, and only one changed letter in a word of five or more, another spelling, or the same value under another key counts as near. " +
			"Pods that another Service of type LoadBalancer has are never near.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.Pods, &bundle.EndpointSlices}, All: []*bundle.Evidence{&bundle.Services, &bundle.Pods, &bundle.EndpointSlices}},
	Check: checkDATA10,
}

// near is a pair of a selector that some pods nearly have.
type near struct {
	key, value string // of the selector
	label, got string // of the pods
	pods       []*snapshot.Pod
}

func checkDATA10(p *rule.Pass) {
	for _, s := range p.Graph.Served() {
		if len(s.Spec.Selector) == 0 || len(living(s)) > 0 || len(s.Endpoints) > 0 || !s.EndpointsKnown() || !p.Complete(&bundle.Pods, s.Namespace) {
			continue
		}
		if n := nearest(p, s); len(n.pods) > 0 {
			p.Find(misnamed(s, n))
		}
	}
}

// nearest are the pods of the namespace that match the selector but for one pair,
// which they nearly have.
func nearest(p *rule.Pass, s *topology.Service) near {
	var best near
	for i := range p.Snapshot.Pods {
		pod := &p.Snapshot.Pods[i]
		if pod.Namespace != s.Namespace || ended(pod) || taken(p, s, pod) {
			continue
		}
		n, ok := but(s.Spec.Selector, pod.Labels)
		switch {
		case !ok:
		case len(best.pods) == 0:
			best = n
			best.pods = []*snapshot.Pod{pod}
		case n.label == best.label && n.got == best.got:
			best.pods = append(best.pods, pod)
		}
	}
	return best
}

// taken reports whether another Service of type LoadBalancer has the pod.
func taken(p *rule.Pass, s *topology.Service, pod *snapshot.Pod) bool {
	return slices.ContainsFunc(p.Graph.Services, func(o *topology.Service) bool { return o != s && slices.Contains(o.Pods, pod) })
}

// but is the one pair of a selector that the labels do not have, with what they have
// for it; not ok where more pairs differ, or the one by more than a slip.
func but(selector, labels map[string]string) (near, bool) {
	var out near
	for key, value := range selector {
		got, has := labels[key]
		if has && got == value {
			continue
		}
		if out.key != "" {
			return near{}, false
		}
		out = near{key: key, value: value, label: key, got: got}
		if has && !slip(value, got) {
			return near{}, false
		}
		if !has {
			out.label = namedSo(labels, value)
			if out.got = value; out.label == "" || !isNameKey(key) {
				return near{}, false
			}
		}
	}
	return out, out.key != ""
}

// nameKeys are the labels that commonly carry an application's name.
var nameKeys = []string{"app", "app.kubernetes.io/name", "app.kubernetes.io/instance", "k8s-app", "name", "run", "application"}

func isNameKey(key string) bool { return slices.Contains(nameKeys, key) }

// namedSo is the first of those labels that has the value, empty where none has.
func namedSo(labels map[string]string, value string) string {
	for _, key := range nameKeys {
		if v, ok := labels[key]; ok && v == value && value != "" {
			return key
		}
	}
	return ""
}

// slip reports whether one of two words is probably meant to be the other: they are
// alike but for case and separators, or one letter of one part is wrong, missing, too
// many or swapped with the next. Numbers are no slips, nor are short parts: those tell
// things apart.
func slip(a, b string) bool {
	if plain(a) == plain(b) {
		return true
	}
	x, y := parts(a), parts(b)
	if len(x) != len(y) {
		return false
	}
	differ := 0
	for i := range x {
		if x[i] == y[i] {
			continue
		}
		if differ++; min(len(x[i]), len(y[i])) < 5 || strings.ContainsAny(x[i]+y[i], "0123456789") || !oneOff(x[i], y[i]) {
			return false
		}
	}
	return differ == 1
}

func plain(s string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "", ".", "").Replace(s))
}

func parts(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r == '-' || r == '_' || r == '.' })
}

// oneOff reports whether one letter makes the difference.
func oneOff(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	switch {
	case len(b)-len(a) > 1:
		return false
	case len(b) > len(a):
		return a[i:] == b[i+1:]
	case a[i+1:] == b[i+1:]:
		return true
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

func misnamed(s *topology.Service, n near) rule.Finding {
	pod := n.pods[0]
	pair := strings.NewReplacer("~", "~0", "/", "~1")
	f := rule.Finding{Subject: object(s), Services: []string{s.Key()}, Confidence: report.Likely,
		Why:   "the application may be scaled to nothing, and the pods with the like label be another's",
		Cites: []report.Cite{s.Doc.Cite("/spec/selector/" + pair.Replace(n.key)), pod.Doc.Cite("/metadata/labels/" + pair.Replace(n.label))}}
	f.Message = fmt.Sprintf("The selector of %s wants %s=%s, which no pod of namespace %s has; %s (%s) %s %s=%s.",
		s.Key(), n.key, n.value, s.Namespace, count(len(n.pods), "pod"), pod.Name, have(len(n.pods)), n.label, n.got)
	change := fmt.Sprintf("%q:%q", n.label, n.got)
	if n.label != n.key {
		change = fmt.Sprintf("%q:null,", n.key) + change
	}
	f.Fix = []report.Step{
		{Say: "Compare the selector with the labels of the pods.", Run: fmt.Sprintf("kubectl get pods -n %s --show-labels", rule.Word(s.Namespace, "NAMESPACE"))},
		{Say: "If those pods are meant, write the selector as they are labelled.", Changes: true,
			Run: rule.Kubectl("patch", s.Key(), "-p "+rule.Word(`{"spec":{"selector":{`+change+`}}}`, ""))},
	}
	return f
}

func have(n int) string {
	if n == 1 {
		return "has"
	}
	return "have"
}
