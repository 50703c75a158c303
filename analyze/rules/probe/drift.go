package probe

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// compared is what the rules about altered probes read.
var compared = rule.Needs{Any: []*bundle.Evidence{&bundle.LoadBalancers}, All: []*bundle.Evidence{&bundle.Services, &bundle.LoadBalancers}, Clean: []*bundle.Evidence{&bundle.KubeVersion}}

// altered is one probe that is missing or differs, for the Services that it serves.
type altered struct {
	object   string // "kubernetes/a…-TCP-80"
	services []string
	checks   []desired.Check
}

// changed are all of them, in the order of the comparison.
func changed(p *rule.Pass) []*altered {
	index := map[string]*altered{}
	var out []*altered
	for _, c := range p.Compared.Drift() {
		if c.Hop != desired.HopProbe || c.Kind == desired.Leftover || len(c.Services) == 0 {
			continue
		}
		key := c.Object + " " + strings.Join(c.Services, ",")
		if index[key] == nil {
			index[key] = &altered{object: c.Object, services: c.Services}
			out = append(out, index[key])
		}
		index[key].checks = append(index[key].checks, c)
	}
	return out
}

// field is the difference in one field, nil where there is none.
func (a *altered) field(name string) *desired.Check {
	for i := range a.checks {
		if a.checks[i].Field == name {
			return &a.checks[i]
		}
	}
	return nil
}

func (a *altered) missing() bool { return a.checks[0].Kind == desired.Missing }

func (a *altered) name() string {
	_, name, _ := strings.Cut(a.object, "/")
	return name
}

// shared reports the one probe of all Services in the shared mode.
func (a *altered) shared() bool { return strings.EqualFold(a.name(), azname.SharedProbe) }

// The range of node ports, unless the API server was told another one.
const firstNodePort, lastNodePort = 30000, 32767

// stale reports a probe at a node port that is not the one which the Service has.
func (a *altered) stale() bool {
	c := a.field("port")
	if c == nil || a.shared() {
		return false
	}
	port, err := strconv.Atoi(c.Got)
	return err == nil && port >= firstNodePort && port <= lastNodePort
}

// say is what differs, with the reason for the value that is wanted.
func (a *altered) say() string {
	if a.missing() {
		return fmt.Sprintf("probe %s is not there (%s is wanted: %s)", a.object, a.checks[0].Want, a.checks[0].Because)
	}
	words := map[string]string{"intervalInSeconds": "interval in seconds", "numberOfProbes": "number of failures", "probeThreshold": "number of failures", "requestPath": "path"}
	var parts []string
	for _, c := range a.checks {
		what := words[c.Field]
		if what == "" {
			what = c.Field
		}
		parts = append(parts, fmt.Sprintf("%s %s instead of %s (%s)", what, c.Got, c.Want, c.Because))
	}
	return fmt.Sprintf("probe %s has %s", a.object, rule.List(parts))
}

func present(lb *snapshot.LoadBalancer, name string) *az.Probe {
	for i := range lb.Probes {
		if strings.EqualFold(lb.Probes[i].Name, name) {
			return &lb.Probes[i]
		}
	}
	return nil
}

// restore are the steps that write the probes of a load balancer anew.
func restore(p *rule.Pass, lb *snapshot.LoadBalancer, list []*altered) []report.Step {
	var steps []report.Step
	flags := map[string]string{"port": "--port", "protocol": "--protocol", "requestPath": "--path", "intervalInSeconds": "--interval", "numberOfProbes": "--threshold", "probeThreshold": "--probe-threshold"}
	for _, a := range list {
		command := ""
		for _, c := range a.checks {
			if !c.Heals && c.Want != "none" && flags[c.Field] != "" {
				command += " " + flags[c.Field] + " " + rule.Word(c.Want, "VALUE")
			}
		}
		if command != "" {
			steps = append(steps, report.Step{Say: "Write the probe as the Service asks for it.", Changes: true,
				Run: fmt.Sprintf("az network lb probe update -g %s --lb-name %s -n %s%s", rule.Word(az.GroupOf(lb.ID), "GROUP"), rule.Word(lb.Name, "LOAD_BALANCER"), rule.Word(a.name(), "PROBE"), command)})
		}
	}
	if slices.ContainsFunc(list, func(a *altered) bool {
		return slices.ContainsFunc(a.checks, func(c desired.Check) bool { return c.Heals })
	}) {
		steps = append(steps, p.ResyncAll(list[0].services, "Make the provider sync the Service; it then writes the probe.")...)
	}
	return steps
}

// told makes one finding of the altered probes of the same Services; more is said after
// what the provider does with it.
func told(p *rule.Pass, list []*altered, more string) rule.Finding {
	worst, h := list[0], harms(p, list[0])
	f := rule.Finding{Services: list[0].services}
	var said []string
	heals, why := true, ""
	for _, a := range list {
		said = append(said, a.say())
		if x := harms(p, a); x.severity == report.Error && (h.severity != report.Error || h.confidence != "" && x.confidence == "") {
			worst, h = a, x
		}
		for _, c := range a.checks {
			if len(f.Cites) < 6 {
				f.Cites = append(f.Cites, c.Cites()...)
			}
			if !c.Heals {
				heals, why = false, c.Why
			}
		}
	}
	f.Subject = report.Object{Kind: "LoadBalancer", Name: worst.object}
	f.Severity, f.Confidence, f.Why = h.severity, h.confidence, h.why
	f.Message = fmt.Sprintf("The health probe of %s is not what the Service asks for: %s. %s", rule.List(f.Services), strings.Join(said, "; "), h.say)
	if heals {
		f.Message += " The provider looks again only when the Service or the nodes change, and then writes its own values."
	} else {
		f.Message += fmt.Sprintf(" No sync puts it right: %s.", why)
	}
	f.Message += more
	lb := p.Balancer(worst.object)
	if heals {
		f.Fix = p.Late(&f, lb.ID)
	}
	f.Fix = append(f.Fix, p.LastWritten(&f, rule.Writers(lb.ID, "LOAD_BALANCER_ID"), lb.ID)...)
	f.Fix = append(f.Fix, restore(p, lb, list)...)
	if worst.field("port") == nil || worst.stale() {
		p.Doubt(&f, lb)
	} else {
		p.Running(&f, lb) // no sync that fails leaves behind what the provider never writes
	}
	return f
}

// together groups altered probes that serve the same Services.
func together(list []*altered, pick func(*altered) bool) []rule.Bunch[*altered] {
	return rule.Bunches(list, func(a *altered) (string, bool) { return strings.Join(a.services, ","), pick(a) })
}
