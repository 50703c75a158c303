package walk

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// pod adds the port of the pods. That a container declares no such port proves
// nothing, for what it declares is informational: it leaves the hop open.
func (w *Walk) pod() {
	p := w.Path
	ready := p.ReadyEndpoints()
	if len(ready) == 0 {
		at, why := w.Hop(Endpoint).State, "there is no ready endpoint to receive the packet"
		if at == report.HopUnknown {
			why = "which pods receive the packet is not known"
		}
		w.behind(Pod, at, why)
		return
	}
	ports, cites := podPorts(ready, p.Port.Name)
	if len(ports) == 0 {
		w.add(Pod, "", report.HopUnknown, report.VerdictUnknown, "the EndpointSlices name no port", cites)
		return
	}
	at := "port " + strings.Join(ports, " or ")
	unseen := func(e topology.Endpoint) bool { return e.Pod == nil && e.Slice.Endpoints[e.Index].TargetRef != nil }
	if !w.graph.Snapshot.Complete(&bundle.Pods, p.Service.Namespace) && slices.ContainsFunc(ready, unseen) {
		w.add(Pod, "", report.HopUnknown, report.VerdictUnknown, at+"; the pods are not in the bundle, so whether they have it is not known", cites)
		return
	}
	if others, cite := w.undeclared(ready, ports); len(others) > 0 {
		w.add(Pod, "", report.HopFound, report.VerdictUnknown,
			fmt.Sprintf("the packet goes to %s of the pods, and none of them declares it (they declare %s): perhaps nothing listens there", at, strings.Join(others, ", ")), append(cites, cite))
		return
	}
	w.add(Pod, "", report.HopFound, report.Passes, at, cites)
}

// podPorts are the ports of the pods behind the Service port of that name.
func podPorts(ready []topology.Endpoint, name string) (ports []string, cites []report.Cite) {
	for _, e := range ready {
		for i, port := range e.Slice.Ports {
			same := port.Name == nil && name == "" || port.Name != nil && *port.Name == name
			if !same || port.Port == nil {
				continue
			}
			if n := strconv.Itoa(int(*port.Port)); !slices.Contains(ports, n) {
				ports = append(ports, n)
				cites = append(cites, e.Slice.Doc.Cite(fmt.Sprintf("/ports/%d/port", i)))
			}
		}
	}
	return ports, cites[:min(len(cites), 2)]
}

// undeclared are the ports that the pods declare instead of those that the packets go
// to. None where a pod is not in the bundle, declares no port at all, or declares or
// checks one of them.
func (w *Walk) undeclared(ready []topology.Endpoint, ports []string) (others []string, cite report.Cite) {
	for _, e := range ready {
		if e.Pod == nil {
			return nil, cite
		}
		declared := topology.DeclaredPorts(e.Pod, topology.ProtocolOf(w.Path.Port))
		if len(declared) == 0 {
			return nil, cite
		}
		for _, d := range declared {
			n := strconv.Itoa(int(d.ContainerPort.ContainerPort))
			if slices.Contains(ports, n) {
				return nil, cite
			}
			if cite.File == "" {
				cite = e.Pod.Doc.Cite(d.At + "/containerPort")
			}
			if !slices.Contains(others, n) {
				others = append(others, n)
			}
		}
		for _, n := range ports {
			if port, err := strconv.Atoi(n); err == nil && topology.Checked(e.Pod, int32(port)) {
				return nil, cite
			}
		}
	}
	return others, cite
}
