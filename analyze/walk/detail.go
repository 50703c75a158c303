package walk

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/nsg"
	"azlb/analyze/topology"
)

// mostDetails is how many lines stand below one hop.
const mostDetails = 20

// Details are what stands behind the verdict of a hop: the security rules that were
// looked at and why they did not decide, and the members of the pool one by one.
func (w *Walk) Details(kind string) []string {
	var out []string
	switch kind {
	case NSG:
		out = w.considered(ForClient)
	case Probe:
		out = w.answers()
	case Node:
		out = w.members()
	case Endpoint:
		out = w.pods()
	}
	if more := len(out) - mostDetails; more > 0 {
		out = append(out[:mostDetails], fmt.Sprintf("and %d more", more))
	}
	return out
}

// considered lists the rules that a flow met before the one that decided.
func (w *Walk) considered(p Purpose) []string {
	c := w.Decided(p)
	if c == nil {
		return nil
	}
	var out []string
	for rest := c.Decision.Earlier; len(rest) > 0; {
		n := alike(rest)
		if r := rest[0]; n > mostAlike {
			out = append(out, fmt.Sprintf("%s, %s: %d rules (%d to %d) do not match: for another %s", r.Level, r.NSG, n, r.Rule.Priority, rest[n-1].Rule.Priority, failing(r)))
		} else {
			n = 1
			out = append(out, fmt.Sprintf("%s, %s: rule %s (%d, %s) %s", r.Level, r.NSG, r.Rule.Name, r.Rule.Priority, strings.ToLower(r.Rule.Access), met(r)))
		}
		rest = rest[n:]
	}
	if d := c.Decision.Deciding; d != nil {
		out = append(out, fmt.Sprintf("%s, %s: rule %s (%d, %s) decides", d.Level, d.NSG, d.Rule.Name, d.Rule.Priority, strings.ToLower(d.Rule.Access)))
	}
	return out
}

// mostAlike is how many rules in a row that fail by the same part are told one by one.
const mostAlike = 3

// alike counts the rules at the beginning that fail by the same part of the flow.
func alike(list []nsg.Reason) int {
	first := list[0]
	if first.Match != nsg.No || failing(first) == "" {
		return 1
	}
	n := slices.IndexFunc(list, func(r nsg.Reason) bool {
		return r.Match != nsg.No || r.Level != first.Level || r.NSG != first.NSG || failing(r) != failing(first)
	})
	if n < 0 {
		return len(list)
	}
	return n
}

// failing is the part of a flow that a rule does not have.
func failing(r nsg.Reason) string {
	for _, part := range []string{"protocol", "destination port", "destination", "source port", "source"} {
		if strings.HasPrefix(r.Why, part+" ") {
			return part
		}
	}
	return ""
}

func met(r nsg.Reason) string {
	switch r.Match {
	case nsg.Yes:
		return "decides at its level"
	case nsg.Maybe:
		return "may match: it " + r.Why
	}
	return "does not match: " + r.Why
}

// answers puts the members together that should answer the probe alike.
func (w *Walk) answers() []string {
	var order []string
	who := map[string][]string{}
	for _, e := range w.Expected() {
		state := map[ProbeState]string{ProbeUp: "should answer", ProbeDown: "should not answer"}[e.State]
		if e.ByDesign {
			state += ", as designed"
		}
		if state == "" {
			state = "not known"
		}
		key := state + ": " + e.Why
		if who[key] == nil {
			order = append(order, key)
		}
		who[key] = append(who[key], memberName(e.Member))
	}
	var out []string
	for _, key := range order {
		out = append(out, fmt.Sprintf("%s %s", few(who[key]), key))
	}
	return out
}

func memberName(m *topology.Member) string {
	switch {
	case m.Node != nil:
		return m.Node.Name
	case m.Machine != nil:
		return m.Machine.Name
	case m.Address != "":
		return m.Address
	}
	return m.ID
}

// few names up to three things.
func few(names []string) string {
	if len(names) > 3 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:2], ", "), len(names)-2)
	}
	return strings.Join(names, ", ")
}

// members are the machines behind the pool with what is known of each.
func (w *Walk) members() []string {
	var out []string
	crowd := map[string][]string{} // by state, where there are too many to be told one by one
	for _, m := range w.Path.Members {
		parts := []string{}
		if m.Address != "" && memberName(m) != m.Address && len(w.Path.Members) <= mostMembers {
			parts = append(parts, m.Address)
		}
		if power := memberPower(m); power != "" {
			parts = append(parts, "machine "+power)
		}
		if m.Machine != nil && m.Machine.ProvisioningState != "" && !strings.EqualFold(m.Machine.ProvisioningState, "Succeeded") {
			parts = append(parts, "provisioning "+m.Machine.ProvisioningState)
		}
		if m.Node == nil {
			out = append(out, memberName(m)+": "+strings.Join(append(parts, "no node of the bundle"), ", "))
			continue
		}
		parts = append(parts, ready(m.Node))
		if m.Node.Excluded() {
			parts = append(parts, "labelled out of load balancers")
		}
		for _, t := range m.Node.Spec.Taints {
			parts = append(parts, "taint "+t.Key)
		}
		if x := w.graph.Proxy(m.Node); x.State != topology.ProxyUnknown && x.State != topology.ProxyElsewhere {
			parts = append(parts, x.Say)
		}
		n := 0
		for _, e := range w.Path.ReadyEndpoints() {
			if e.NodeName == m.Node.Name {
				n++
			}
		}
		state := strings.Join(parts, ", ") + ", " + counted(n, "ready pod")
		crowd[state] = append(crowd[state], memberName(m))
	}
	for state, names := range crowd {
		slices.Sort(names)
		if len(w.Path.Members) > mostMembers {
			names = []string{few(names)}
		}
		for _, name := range names {
			out = append(out, name+": "+state)
		}
	}
	slices.Sort(out)
	return out
}

// mostMembers is up to how many members of a pool are told one by one.
const mostMembers = 8

func counted(n int, what string) string {
	switch n {
	case 0:
		return "no " + what
	case 1:
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func ready(n *topology.Node) string {
	if why := Down(n); why != "" {
		return why
	}
	return "Ready"
}

// pods are the endpoints behind the Service with their state.
func (w *Walk) pods() []string {
	var out []string
	for _, e := range w.Path.Service.Endpoints {
		if topology.FamilyOf(e.Address) != w.Path.Family {
			continue
		}
		state := "not ready"
		switch {
		case e.Terminating:
			state = "ending"
		case e.Ready:
			state = "ready"
		}
		name := e.Address
		if e.Pod != nil {
			name = e.Pod.Name + " " + e.Address
		}
		out = append(out, fmt.Sprintf("%s on %s: %s", name, e.NodeName, state))
	}
	slices.Sort(out)
	return out
}
