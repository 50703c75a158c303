package snapshot

import (
	"bytes"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	bundle "azlb/bundle-schema"
)

// kubeKinds are the kinds that are read, with the evidence that they are.
var kubeKinds = map[string]*bundle.Evidence{
	"Service": &bundle.Services, "Node": &bundle.Nodes, "EndpointSlice": &bundle.EndpointSlices, "Endpoints": &bundle.Endpoints,
	"Pod": &bundle.Pods, "Event": &bundle.Events, "Namespace": &bundle.KubeSystem,
}

// kubeSystem is the namespace of the control plane.
const kubeSystem = "kube-system"

// kubernetes takes the objects of one file and notes what the file held. hint is
// the evidence that the manifest names, nil for loose files.
func (l *loader) kubernetes(f *reading, p pieces, hint *bundle.Evidence) {
	lists := map[*bundle.Evidence]*given{}
	for _, piece := range p.all {
		head := piece.header()
		if head.kind == "" && hint != nil {
			head.kind = kindOf(hint)
		}
		if head.kind == "Status" && piece.json {
			f.note("it is the API server's refusal: " + statusMessage(piece))
			continue
		}
		evidence := kubeKinds[head.kind]
		if systemKinds[head.kind] != nil {
			evidence = l.system(head, piece, hint)
		}
		if evidence == nil {
			if head.kind == "" {
				f.note(at(piece.doc) + " holds an object without a kind")
			} else {
				f.unused(head.kind)
			}
			continue
		}
		namespace, name, err := l.object(head, piece)
		if evidence == &bundle.Pods && namespace == kubeSystem {
			evidence = &bundle.ControllerPods
		}
		if err != nil {
			if hint != nil {
				evidence = hint
			}
			f.as(evidence)
			l.fault(f, evidence, yamlFault(piece.doc.Line, err))
			continue
		}
		f.as(evidence)
		g := lists[evidence]
		if g == nil {
			g = &given{evidence: evidence, file: f.name, namespaces: map[string]bool{}}
			lists[evidence] = g
			l.given = append(l.given, g)
		}
		g.list = g.list || piece.list
		g.namespaces[namespace] = true
		g.cluster = g.cluster || namespace == "default" && (name == "kubernetes" || strings.HasPrefix(name, "kubernetes-"))
	}
	for _, kind := range p.empty {
		evidence := kubeKinds[kind]
		if evidence == nil {
			evidence = byFileName(f.name)
		}
		if hint != nil {
			evidence = hint
		}
		if evidence == nil {
			f.note("it is an empty list, and its name does not say of what")
			continue
		}
		f.as(evidence)
		l.given = append(l.given, &given{evidence: evidence, file: f.name, list: true, empty: true})
	}
	for _, x := range p.faults {
		evidence := hint
		if evidence == nil && len(p.all) > 0 {
			evidence = kubeKinds[p.all[len(p.all)-1].header().kind]
		}
		if evidence == nil {
			evidence = byFileName(f.name)
		}
		l.fault(f, evidence, x)
	}
}

// system is the evidence that an object of the control plane is, nil for other people's.
func (l *loader) system(head header, p piece, hint *bundle.Evidence) *bundle.Evidence {
	if hint != nil {
		return hint
	}
	var object struct{ Metadata metav1.ObjectMeta }
	if p.decode(&object) != nil {
		return nil
	}
	return system(head.kind, object.Metadata.Namespace, object.Metadata.Name)
}

func kindOf(e *bundle.Evidence) string {
	if e == &bundle.ControllerPods {
		return "Pod"
	}
	for kind, evidence := range kubeKinds {
		if evidence == e {
			return kind
		}
	}
	return ""
}

func statusMessage(p piece) string {
	var s struct{ Message, Reason string }
	if p.decode(&s) != nil || s.Message == "" {
		return s.Reason
	}
	return Quote(s.Message)
}

// object decodes one object into its table.
func (l *loader) object(head header, p piece) (namespace, name string, err error) {
	var meta metav1.ObjectMeta
	switch head.kind {
	case "Service":
		row := Service{Doc: p.doc}
		if err = p.decode(&row.Service); err == nil {
			l.s.Services = append(l.s.Services, row)
			for _, c := range row.Status.Conditions {
				l.saw(c.LastTransitionTime.Time)
			}
		}
		meta = row.ObjectMeta
	case "Node":
		row := Node{Doc: p.doc}
		if err = p.decode(&row.Node); err == nil {
			row.ExternalID = externalID(p)
			l.s.Nodes = append(l.s.Nodes, row)
			for _, c := range row.Status.Conditions {
				l.saw(c.LastHeartbeatTime.Time)
				l.saw(c.LastTransitionTime.Time)
			}
		}
		meta = row.ObjectMeta
	case "EndpointSlice":
		row := EndpointSlice{Doc: p.doc}
		if err = p.decode(&row.EndpointSlice); err == nil {
			if strings.HasSuffix(head.apiVersion, "/v1beta1") {
				nodesOfBeta(p, &row.EndpointSlice)
			}
			l.s.Slices = append(l.s.Slices, row)
		}
		meta = row.ObjectMeta
	case "Endpoints":
		meta, err = l.endpoints(p)
	case "Pod":
		row := Pod{Doc: p.doc}
		if err = p.decode(&row.Pod); err == nil {
			l.s.Pods = append(l.s.Pods, row)
			l.sawPod(row.Status)
		}
		meta = row.ObjectMeta
	case "Event":
		return l.event(p)
	case "Namespace":
		var ns corev1.Namespace
		if err = p.decode(&ns); err == nil && ns.Name == kubeSystem {
			l.s.KubeSystemUID = string(ns.UID)
		}
		meta = ns.ObjectMeta
	default:
		var object struct{ Metadata metav1.ObjectMeta }
		err = p.decode(&object)
		meta = object.Metadata
	}
	if err != nil {
		return "", "", err
	}
	l.saw(meta.CreationTimestamp.Time)
	for _, m := range meta.ManagedFields {
		if m.Time != nil {
			l.saw(m.Time.Time)
		}
	}
	return meta.Namespace, meta.Name, nil
}

func (l *loader) sawPod(s corev1.PodStatus) {
	for _, c := range s.Conditions {
		l.saw(c.LastTransitionTime.Time)
	}
	for _, c := range s.ContainerStatuses {
		for _, state := range []corev1.ContainerState{c.State, c.LastTerminationState} {
			if r := state.Running; r != nil {
				l.saw(r.StartedAt.Time)
			}
			if t := state.Terminated; t != nil {
				l.saw(t.FinishedAt.Time)
			}
		}
	}
}

// externalID reads spec.externalID, which today's types call deprecated.
func externalID(p piece) string {
	if !bytes.Contains(p.body, []byte("externalID")) {
		return ""
	}
	var n struct {
		Spec struct {
			ExternalID string `json:"externalID"`
		} `json:"spec"`
	}
	if p.decode(&n) != nil {
		return ""
	}
	return n.Spec.ExternalID
}

// nodesOfBeta fills nodeName, which discovery.k8s.io/v1beta1 kept in the
// topology under the hostname label before Kubernetes 1.20.
func nodesOfBeta(p piece, s *discoveryv1.EndpointSlice) {
	var beta struct {
		Endpoints []struct{ Topology map[string]string }
	}
	if p.decode(&beta) != nil {
		return
	}
	for i := range s.Endpoints {
		if host := beta.Endpoints[i].Topology["kubernetes.io/hostname"]; s.Endpoints[i].NodeName == nil && host != "" {
			s.Endpoints[i].NodeName = &host
		}
	}
}

// saw keeps the newest time that stands in the evidence.
func (l *loader) saw(t time.Time) {
	if t.After(l.newest) {
		l.newest = t
	}
}
