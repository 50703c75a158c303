package rule

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/errtext"
	"azlb/analyze/topology"
	"azlb/analyze/walk"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// Problems tells what Services ask for in a way that the provider does not take as
// it is meant: all problems about one subject, one finding for each Service.
type Problems struct {
	About desired.Subject
	// Says is how the provider refuses such a Service; nil: no text of its own is known.
	Says *regexp.Regexp
	// Fix are the steps for one problem.
	Fix func(*topology.Service, desired.Problem) []report.Step
	// Cites proves in Azure what came of it; nil: only the Service shows it.
	Cites func(*Pass, *topology.Service) []report.Cite
	// Proves says that what Cites finds is there only if the worse came of a problem
	// whose effect depends on the release.
	Proves bool
	// Doubt is why such a problem may be meant; empty: it is none that anybody wants.
	Doubt string
}

// severity is that of an effect. What keeps the Service from its address is an error
// only while it has none, as one that has an address keeps what it has; and closed is
// one only where no other security rule lets clients in.
func (p *Pass) severity(s *topology.Service, e desired.Effect) report.Severity {
	switch {
	case e == desired.SyncFails && len(s.Status.LoadBalancer.Ingress) == 0,
		e == desired.Closed && slices.ContainsFunc(p.Walks.Of(s.Key()), func(x *walk.Walk) bool {
			h := x.Hop(walk.NSG)
			return h != nil && h.Verdict == report.Blocks
		}):
		return report.Error
	case e >= desired.Dropped:
		return report.Warning
	}
	return report.Info
}

// Check finds the problems, and refusals of Services that no longer show why.
func (k Problems) Check(p *Pass) {
	byService := map[string][]*errtext.Error{}
	var refused []string
	if k.Says != nil {
		for _, e := range p.Current(func(e *errtext.Error) bool { return k.Says.MatchString(e.Raw) && !k.others(p, e) }) {
			if p.Gone(e) {
				continue
			}
			if !e.Advisory && !slices.Contains(refused, e.Service) {
				refused = append(refused, e.Service)
			}
			byService[e.Service] = append(byService[e.Service], e)
		}
	}
	for _, s := range p.Graph.Services {
		var list []desired.Problem
		for _, x := range p.Wants.Of(s.Key()).Problems {
			if x.Subject == k.About && !(x.Depends && k.anyRelease(p, s, byService[s.Key()])) {
				list = append(list, x)
			}
		}
		if len(list) == 0 {
			continue
		}
		errs := byService[s.Key()]
		if slices.ContainsFunc(list, func(x desired.Problem) bool { return x.Effect == desired.SyncFails || x.Depends }) {
			refused = slices.DeleteFunc(refused, func(key string) bool { return key == s.Key() || key == "" })
		} else {
			errs = slices.DeleteFunc(slices.Clone(errs), func(e *errtext.Error) bool { return !e.Advisory }) // of something else
		}
		p.Find(k.problem(p, s, list, errs))
	}
	for _, key := range refused {
		p.Find(refusal(p, key, byService[key]))
	}
}

// others reports whether the refusal names an annotation whose value is a problem of
// another subject: it is that one's rule which tells it.
func (k Problems) others(p *Pass, e *errtext.Error) bool {
	w := p.Wants.Of(e.Service)
	return w != nil && slices.ContainsFunc(w.Problems, func(x desired.Problem) bool {
		return x.Subject != k.About && (x.Effect == desired.SyncFails || x.Depends) && strings.Contains(e.Raw, x.Key+":")
	})
}

// anyRelease reports whether what depends on the release of the provider depends on the
// lack of evidence: the version of the cluster was not seen, so that any release may be
// it, and neither an error nor Azure shows what came of it.
func (k Problems) anyRelease(p *Pass, s *topology.Service, errs []*errtext.Error) bool {
	return !p.Complete(&bundle.KubeVersion, "") && len(errs) == 0 && !(k.Proves && k.Cites != nil && len(k.Cites(p, s)) > 0)
}

// problem is the finding of one Service.
func (k Problems) problem(p *Pass, s *topology.Service, list []desired.Problem, errs []*errtext.Error) Finding {
	told, works := Tell(errs), len(s.Status.LoadBalancer.Ingress) > 0
	failed := slices.ContainsFunc(errs, func(e *errtext.Error) bool { return !e.Advisory })
	f := Finding{Subject: report.Object{Kind: "Service", Namespace: s.Namespace, Name: s.Name}, Services: []string{s.Key()}, Severity: report.Info, Confidence: report.Possible}
	var say []string
	var seen []report.Cite
	if k.Cites != nil {
		seen = k.Cites(p, s)
	}
	for _, x := range list {
		sev, sure, why := p.severity(s, x.Effect), report.Certain, ""
		switch {
		case failed:
			sev = worse(sev, p.severity(s, desired.SyncFails))
		case k.Doubt != "":
			sure, why = report.Likely, k.Doubt
		case x.Depends && k.Proves && len(seen) > 0:
			// Whether all clients are shut out or those of one range only is not known then.
			sev, sure, why = milder(p.severity(s, desired.Closed)), report.Likely, "the release of the provider is not known, but what it made of it is there"
		case x.Depends:
			sure, why = report.Possible, "the release of the provider is not known: "+p.Wants.Provider.Because
		case x.Effect == desired.SyncFails && works:
			sure, why = report.Likely, "the bundle has no failure of it: the Service may not have been synced since it was changed"
		case x.Effect == desired.SyncFails:
			sure, why = report.Likely, "the bundle has no failure of it"
		}
		if severityOrder(sev) < severityOrder(f.Severity) || sev == f.Severity && confidenceOrder(sure) < confidenceOrder(f.Confidence) {
			f.Severity, f.Confidence, f.Why = sev, sure, why
		}
		say = append(say, fmt.Sprintf("%s is %q. %s", x.Key, short(x.Value), x.Say))
		f.Cites = append(f.Cites, s.Doc.Cite(x.Pointer))
		for _, step := range k.Fix(s, x) {
			if !slices.Contains(f.Fix, step) {
				f.Fix = append(f.Fix, step)
			}
		}
	}
	if f.Severity == report.Info {
		f.Services = nil // a note that names a Service is why it does not serve, by design
	}
	const most = 4
	if n := len(say); n > most {
		say = append(say[:most-1], fmt.Sprintf("%d more of its settings are likewise.", n-most+1))
	}
	f.Message = s.Key() + ": " + strings.Join(say, " ")
	if failed {
		f.Message += fmt.Sprintf(" It failed %s.", told.Span())
	}
	if f.Severity != report.Info && works && slices.ContainsFunc(list, func(x desired.Problem) bool { return x.Effect == desired.SyncFails }) {
		f.Message += " It keeps what it has, but cannot be changed."
	}
	f.Cites = append(f.Cites, told.Cites...)
	if f.Severity != report.Info {
		f.Cites = append(f.Cites, seen...)
	}
	return f
}

// refusal is a failure of a Service that shows no reason for it: it is not in the
// bundle, or was changed since.
func refusal(p *Pass, key string, errs []*errtext.Error) Finding {
	told := Tell(errs)
	f := Finding{Subject: report.Object{Kind: "Service", Name: "of which the message does not tell the name"}, Cites: told.Cites, Errors: errs}
	who := "A Service"
	if ns, name, ok := strings.Cut(key, "/"); ok {
		f.Subject, who = report.Object{Kind: "Service", Namespace: ns, Name: name}, key
	}
	var working []string
	if f.Services, working = p.Named(errs); len(f.Services) == 0 {
		f.Severity, f.Services = report.Warning, working
	}
	f.Message = fmt.Sprintf("The provider refused %s %s: “%s”.", who, told.Span(), short(errs[len(errs)-1].Message))
	if s := p.Graph.Service(key); s != nil && !s.Deleting() {
		f.Confidence, f.Why = report.Possible, "the Service in the bundle no longer asks for it"
	}
	return f
}

// worse is the more severe of two.
func worse(a, b report.Severity) report.Severity {
	if severityOrder(b) < severityOrder(a) {
		return b
	}
	return a
}

// short keeps a text readable; the cites lead to the rest.
func short(s string) string {
	const most = 300
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// Annotate sets an annotation of a Service.
func Annotate(s *topology.Service, key, value, say string) report.Step {
	return report.Step{Say: say, Changes: true,
		Run: fmt.Sprintf("kubectl annotate service -n %s %s --overwrite %s", Word(s.Namespace, "NAMESPACE"), Word(s.Name, "SERVICE"), Word(key+"="+value, ""))}
}

// Unannotate removes an annotation of a Service.
func Unannotate(s *topology.Service, key, say string) report.Step {
	return report.Step{Say: say, Changes: true,
		Run: fmt.Sprintf("kubectl annotate service -n %s %s %s", Word(s.Namespace, "NAMESPACE"), Word(s.Name, "SERVICE"), Word(key+"-", ""))}
}
