package probe

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// PROBE04 are pods that fail while nothing takes them out of the Service.
var PROBE04 = &rule.Rule{
	ID:       "AZLB-PROBE04",
	Severity: report.Warning,
	Doc: report.Doc{
		Title:   "pods behind the Service fail, and no readiness probe takes them out of it",
		Symptom: "Some connections succeed and others hang or are refused; in Azure the backends go up and down, at times all at once.",
		Cause: "Azure probes a node port, and kube-proxy hands the probe to any pod of the Service, on whatever node. Without a readiness probe Kubernetes counts a started container as ready, so that a pod that does not answer keeps its share of connections and probes. " +
			"A probe that meets it counts against the node that asked, although that node is well; a few such pods can take all nodes out of the load balancer.",
		Fix: []report.Step{
			{Say: "See why the pods fail.", Run: "kubectl describe pods -n NAMESPACE -l SELECTOR"},
			{Say: "Give the container a readiness probe that asks what clients ask, so that a pod that does not answer leaves the Service.", Run: "kubectl edit deployment -n NAMESPACE SERVICE", Changes: true},
		},
		References: []string{"https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/", "https://github.com/feiskyer/kubernetes-handbook/blob/master/en/troubleshooting/azure.md"},
		Healthy:    "Many healthy Services have no readiness probe; that alone is nothing. A restart of hours ago is over, and a single one is only an information. Only pods that restarted or failed a check within the last hour count, in the container that declares the Service's target port or is the only one.",
	},
	Needs: rule.Needs{
		Any: []*bundle.Evidence{&bundle.Pods, &bundle.Events},
		All: []*bundle.Evidence{&bundle.Services, &bundle.Pods},
	},
	FollowsFrom: []string{"AZLB-DATA04"},
	Check:       checkPROBE04,
}

// recent is how long a failed pod is news: the API server keeps events that long.
const recent = time.Hour

// ailing is one pod that fails.
type ailing struct {
	pod       *snapshot.Pod
	container string // without a readiness probe
	say       string
	once      bool // it restarted a single time, and nothing else tells against it
	loops     bool // it dies again and again
	inside    bool // it is a ready endpoint of the Service
	cites     []report.Cite
}

func checkPROBE04(p *rule.Pass) {
	byOwner := map[report.Object][]ailing{}
	services := map[report.Object][]*topology.Service{}
	var order []report.Object
	for _, s := range selecting(p) {
		for _, pod := range living(s) {
			a, ok := ails(p, s, pod)
			if !ok {
				continue
			}
			a.inside = slices.ContainsFunc(s.ReadyEndpoints(), func(e topology.Endpoint) bool { return e.Pod == pod })
			o := owner(pod)
			if byOwner[o] == nil {
				order = append(order, o)
			}
			if !slices.ContainsFunc(byOwner[o], func(x ailing) bool { return x.pod == pod }) {
				byOwner[o] = append(byOwner[o], a)
			}
			if !slices.Contains(services[o], s) {
				services[o] = append(services[o], s)
			}
		}
	}
	for _, o := range order {
		p.Find(flapping(o, byOwner[o], services[o]))
	}
}

// owner is the controller of the pod, else the pod itself.
func owner(pod *snapshot.Pod) report.Object {
	for _, r := range pod.OwnerReferences {
		if r.Controller != nil && *r.Controller {
			return report.Object{Kind: r.Kind, Namespace: pod.Namespace, Name: r.Name}
		}
	}
	return report.Object{Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name}
}

// serves reports whether the container is the one that clients of the Service reach:
// it declares a target port, or is the pod's only one. What ships logs beside it fails
// no connection.
func serves(s *topology.Service, pod *snapshot.Pod, c corev1.Container) bool {
	if isProxy(c.Name) {
		return false
	}
	if !slices.ContainsFunc(pod.Spec.Containers, func(x corev1.Container) bool { return x.Name != c.Name && !isProxy(x.Name) }) {
		return true
	}
	return slices.ContainsFunc(c.Ports, func(cp corev1.ContainerPort) bool {
		return slices.ContainsFunc(s.Spec.Ports, func(sp corev1.ServicePort) bool {
			return (cp.Protocol == "" || cp.Protocol == topology.ProtocolOf(sp)) && (sp.TargetPort.StrVal != "" && cp.Name == sp.TargetPort.StrVal || sp.TargetPort.StrVal == "" && cp.ContainerPort == target(sp))
		})
	})
}

// ails reports whether the pod failed within the last hour in a container that serves
// the Service and has no readiness probe.
func ails(p *rule.Pass, s *topology.Service, pod *snapshot.Pod) (ailing, bool) {
	for i, c := range pod.Spec.Containers {
		if c.ReadinessProbe != nil || !serves(s, pod, c) {
			continue
		}
		a := ailing{pod: pod, container: c.Name, cites: []report.Cite{pod.Doc.Cite(fmt.Sprintf("/spec/containers/%d/name", i))}}
		for j, st := range pod.Status.ContainerStatuses {
			if st.Name != c.Name {
				continue
			}
			at := fmt.Sprintf("/status/containerStatuses/%d", j)
			if w := st.State.Waiting; w != nil && w.Reason == "CrashLoopBackOff" {
				a.say = fmt.Sprintf("%s is in CrashLoopBackOff after %d restarts", pod.Name, st.RestartCount)
				a.cites = append(a.cites, pod.Doc.Cite(at+"/state/waiting/reason"))
				a.loops = true
				return a, true
			}
			if t := st.LastTerminationState.Terminated; t != nil && st.RestartCount > 0 && fresh(p, t.FinishedAt.Time) {
				a.once = st.RestartCount == 1
				a.say = fmt.Sprintf("%s restarted %d times, last at %s", pod.Name, st.RestartCount, t.FinishedAt.UTC().Format("15:04:05 UTC"))
				if a.once {
					a.say = fmt.Sprintf("%s restarted once, at %s", pod.Name, t.FinishedAt.UTC().Format("15:04:05 UTC"))
				}
				a.cites = append(a.cites, pod.Doc.Cite(at+"/restartCount"))
				if !a.once {
					return a, true
				}
			}
		}
		for _, e := range p.Snapshot.Events {
			if e.Kind == "Pod" && e.Namespace == pod.Namespace && e.Name == pod.Name && (e.UID == "" || pod.UID == "" || e.UID == string(pod.UID)) &&
				e.Type == corev1.EventTypeWarning && concerns(e, pod, c.Name) && fresh(p, e.Last) {
				a.say, a.once = fmt.Sprintf("%s: %s", pod.Name, snapshot.Quote(e.Message)), false
				a.cites = append(a.cites, e.Doc.Cite("/message"))
				return a, true
			}
		}
		if a.once {
			return a, true
		}
	}
	return ailing{}, false
}

// concerns reports whether the event tells of a failure of the container without a
// readiness probe. A failed readiness probe is another container's, and takes the
// pod out of the Service; other checks do not name their container.
func concerns(e snapshot.Event, pod *snapshot.Pod, container string) bool {
	switch e.Reason {
	case "BackOff":
		return strings.Contains(e.Message, container+" in pod") || len(pod.Spec.Containers) == 1
	case "Unhealthy":
		if strings.HasPrefix(e.Message, "Readiness probe") {
			return false
		}
		i := slices.IndexFunc(pod.Spec.Containers, func(c corev1.Container) bool { return c.Name == container })
		c := pod.Spec.Containers[i]
		return c.LivenessProbe != nil || c.StartupProbe != nil || len(pod.Spec.Containers) == 1
	}
	return false
}

// fresh reports whether a time is within the last hour of the collection; one that
// is not known is not.
func fresh(p *rule.Pass, t time.Time) bool {
	return !t.IsZero() && !p.Snapshot.Now.IsZero() && p.Snapshot.Now.Sub(t) <= recent
}

func flapping(o report.Object, list []ailing, services []*topology.Service) rule.Finding {
	f := rule.Finding{Subject: o, Confidence: report.Likely, Why: "whether the pods answered at a given moment is not in the bundle"}
	var keys, says []string
	for _, s := range services {
		f.Services = append(f.Services, s.Key())
		keys = append(keys, s.Key())
	}
	for i, a := range list {
		says = append(says, a.say)
		if i < 3 {
			f.Cites = append(f.Cites, a.cites...)
		}
	}
	first := list[0]
	becomes := "so Kubernetes counts such a pod as ready as soon as the container runs, whether it answers or not."
	switch {
	case slices.ContainsFunc(list, func(a ailing) bool { return a.loops }):
		becomes = "so such a pod comes and goes: it counts as ready from the moment that the container starts, and gets connections and health probes until it dies again."
	case slices.ContainsFunc(list, func(a ailing) bool { return a.inside }):
		becomes = "so such a pod keeps getting connections and health probes until it answers again."
	}
	if !slices.ContainsFunc(list, func(a ailing) bool { return !a.once }) {
		f.Severity = report.Info // one restart is over
		becomes = "so such a pod gets connections as soon as the container runs, whether it answers or not."
	}
	f.Message = fmt.Sprintf("%d of %d pods behind %s failed within the last hour (%s). Container %s has no readiness probe, %s",
		len(list), len(living(services[0])), rule.List(keys), rule.List(says), first.container, becomes)
	f.Fix = []report.Step{
		{Say: "See why the pod fails.", Run: fmt.Sprintf("kubectl describe pod -n %s %s", rule.Word(o.Namespace, "NAMESPACE"), rule.Word(first.pod.Name, "POD"))},
		{Say: "See what it said before its last restart.", Run: fmt.Sprintf("kubectl logs -n %s %s -c %s --previous", rule.Word(o.Namespace, "NAMESPACE"), rule.Word(first.pod.Name, "POD"), rule.Word(first.container, "CONTAINER"))},
		{Say: fmt.Sprintf("Give container %s a readiness probe that asks what clients ask; edit the object that makes the pods.", first.container),
			Run: fmt.Sprintf("kubectl edit -n %s %s", rule.Word(o.Namespace, "NAMESPACE"), rule.Word(editable(o), "OBJECT")), Changes: true},
	}
	return f
}

// editable names the object to edit: a ReplicaSet belongs to a Deployment, which is
// named like it without the last part.
func editable(o report.Object) string {
	if o.Kind == "ReplicaSet" {
		for i := len(o.Name) - 1; i > 0; i-- {
			if o.Name[i] == '-' {
				return "deployment/" + o.Name[:i]
			}
		}
	}
	return o.Kind + "/" + o.Name
}
