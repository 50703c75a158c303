package collect

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	bundle "azlb/bundle-schema"
)

// restTemplate is the fallback of e with its blanks.
func (p *planner) restTemplate(e *bundle.Evidence) string {
	words := append([]string{"az", "rest", "--method", "get", "--url", p.endpoint + e.Rest, "--url-parameters", "api-version=" + e.RestVersion}, e.RestParams...)
	return quote(append(words, "--subscription", "{subscription}", "-o", "json", "--only-show-errors"))
}

// template is the command of e with its blanks.
func (p *planner) template(e *bundle.Evidence) string {
	if e.RestOnly() {
		return p.restTemplate(e)
	}
	words := append([]string{string(e.Program)}, e.Args...)
	switch {
	case e.Program == bundle.Az && ofLogin(e):
		words = append(words, "-o", "json", "--only-show-errors")
	case e.Program == bundle.Az:
		words = append(words, "--subscription", "{subscription}", "-o", "json", "--only-show-errors")
	}
	if e.ID == bundle.ControllerLog.ID && p.since > 0 {
		words = append(words, "--since", p.since.String())
	}
	if podLog(e) && p.tail > 0 {
		words = append(words, "--tail", strconv.Itoa(p.tail))
	}
	if e.Program == bundle.Kubectl && e.ID != bundle.KubeContext.ID && p.context != "" {
		words = append(words, "--context", p.context)
	}
	return quote(words)
}

// Templates is the plan of a cluster that nobody has asked anything yet.
func Templates(o Options) Plan {
	p := newPlanner(builder{context: "{context}", endpoint: "{endpoint}", since: o.Since, tail: o.Tail})
	var always, rest []string
	for _, e := range bundle.Catalogue {
		if e.Program == bundle.Local || e == &bundle.Endpoints || e == &bundle.Accounts || e.Deep {
			continue
		}
		always = append(always, p.template(e))
		if e.Rest != "" && !e.RestOnly() {
			rest = append(rest, p.restTemplate(e))
		}
	}
	p.plan.Conditional = []Condition{
		{"its blanks are filled: once for each thing of that kind that the cluster names", always},
		{"EndpointSlices cannot be read or the cluster does not have them", []string{p.template(&bundle.Endpoints)}},
		{"the az command above fails for another reason than login or permission; once more with $skiptoken={page} for each further page", rest},
		{throttledAgain, nil},
		{olderAgain, nil},
		{notSeen, []string{p.template(&bundle.Accounts)}},
		{"--deep is given", p.deepTemplates()},
	}
	return p.plan
}

// Write prints the plan.
func (p Plan) Write(w io.Writer) error {
	var b strings.Builder
	section := func(title string, lines []string) {
		fmt.Fprintf(&b, "# %s\n", title)
		for _, l := range lines {
			fmt.Fprintln(&b, l)
		}
		fmt.Fprintln(&b)
	}
	if len(p.Discovery)+len(p.Always) > 0 {
		p.Say(&b) // of a builder never fails
		fmt.Fprintln(&b)
	}
	if len(p.Discovery) > 0 {
		section("discovery reads (plan has run these; collecting runs them again)", lines(p.Discovery, false))
	}
	if always := lines(p.Always, false); len(always) > 0 {
		section("always", always)
	}
	for _, c := range p.Conditional {
		section("only if "+c.If, c.Lines)
	}
	var without []string
	for _, c := range p.Always {
		if c.Skip != "" {
			without = append(without, fmt.Sprintf("# %s: %s", c, c.Skip))
		}
	}
	for _, e := range p.Missing {
		without = append(without, fmt.Sprintf("# %s: %s", bundle.ByID(e.Evidence).Title, e.Reason))
	}
	if len(without) > 0 {
		section("not run", without)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func lines(commands []Command, skipped bool) []string {
	var list []string
	for _, c := range commands {
		if (c.Skip != "") == skipped {
			list = append(list, c.String())
		}
	}
	return list
}
