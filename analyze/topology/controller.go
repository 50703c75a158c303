package topology

import (
	"fmt"
	"strings"

	"azlb/analyze/snapshot"
	"azlb/report"
)

// Controller is a pod of kube-system that may run the provider's service controller.
type Controller struct {
	Pod     *snapshot.Pod
	Program snapshot.LogKind // CloudController or KubeController
	// CloudProvider is the value of --cloud-provider, from the pod or else from a log
	// of the same program; empty: not known.
	CloudProvider string
}

// Controllers are the controller managers that the bundle shows, in its order.
func (g *Graph) Controllers() []Controller {
	var out []Controller
	for i := range g.Snapshot.Pods {
		p := &g.Snapshot.Pods[i]
		if p.Namespace != "kube-system" {
			continue
		}
		for _, program := range []snapshot.LogKind{snapshot.CloudController, snapshot.KubeController} {
			if p.Labels["component"] == string(program) || strings.Contains(p.Name, string(program)) {
				out = append(out, Controller{Pod: p, Program: program, CloudProvider: g.cloudProvider(p, program)})
				break
			}
		}
	}
	return out
}

func (g *Graph) cloudProvider(p *snapshot.Pod, program snapshot.LogKind) string {
	for _, c := range p.Spec.Containers {
		for _, list := range [][]string{c.Command, c.Args} {
			for _, a := range list {
				if v, ok := strings.CutPrefix(a, "--cloud-provider="); ok {
					return v
				}
			}
		}
	}
	for _, l := range g.Snapshot.Logs {
		if v := l.Flags["cloud-provider"]; v != "" && l.Kind == program {
			return v
		}
	}
	return ""
}

// Serves reports whether the controller reconciles Services in Azure. A
// kube-controller-manager does so only where it is told to.
func (c Controller) Serves() bool {
	if c.Program == snapshot.KubeController {
		return c.CloudProvider == "azure"
	}
	return c.CloudProvider == "azure" || c.CloudProvider == ""
}

// Static reports whether the kubelet runs the pod from a file on its machine.
func (c Controller) Static() bool { return c.Pod.Annotations["kubernetes.io/config.source"] == "file" }

// Down says why the controller does not run, with the proof; empty: it runs, or
// nothing tells.
func (c Controller) Down() (why string, cite report.Cite) {
	for i, s := range c.Pod.Status.ContainerStatuses {
		at := fmt.Sprintf("/status/containerStatuses/%d/state/", i)
		switch {
		case s.State.Waiting != nil:
			why = "it waits: " + s.State.Waiting.Reason
			if t := s.LastTerminationState.Terminated; t != nil {
				why += fmt.Sprintf(" (%d restarts, last exit code %d)", s.RestartCount, t.ExitCode)
			}
			return why, c.Pod.Doc.Cite(at + "waiting/reason")
		case s.State.Terminated != nil:
			return fmt.Sprintf("it ended with exit code %d", s.State.Terminated.ExitCode), c.Pod.Doc.Cite(at + "terminated/exitCode")
		}
	}
	if phase := c.Pod.Status.Phase; phase != "" && phase != "Running" {
		return "its pod is " + string(phase), c.Pod.Doc.Cite("/status/phase")
	}
	return "", report.Cite{}
}

// Managed reports whether this is AKS, whose controllers run out of sight: the
// collector says so, a node carries its label, or an address its tag.
func (g *Graph) Managed() bool {
	if m := g.Snapshot.Manifest; m != nil && m.Cluster.Managed {
		return true
	}
	for _, n := range g.Nodes {
		if _, ok := n.Labels["kubernetes.azure.com/cluster"]; ok {
			return true
		}
	}
	for _, p := range g.Snapshot.PublicIPs {
		for k := range p.Tags {
			if strings.HasPrefix(strings.ToLower(k), "aks-managed-") {
				return true
			}
		}
	}
	return false
}
