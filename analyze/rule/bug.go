package rule

import (
	"fmt"
	"strings"

	"azlb/analyze/desired"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// Bug is a fault of the provider that some releases have. The lists are those of
// release notes, oldest branch first ("1.29.11/1.30.7"; "all"); empty is never.
type Bug struct {
	From, FromInTree   string // the first releases that have it, of each kind of provider
	Fixed, FixedInTree string // the first releases of each branch that have it no more
}

// SharedIPv6 is the provider that makes a second frontend for an IPv6 address which two
// Services share. Two topics tell of it: by the Services, and by Azure's refusal alone.
var SharedIPv6 = Bug{From: "1.32", Fixed: "1.32.9/1.33.4/1.34.2/1.35"}

// lastPatch is above every patch release of any branch.
const lastPatch = 60

// Runs says whether the cluster's provider is a release with the bug. Where only
// the minor of Kubernetes is known, every patch of it and of its neighbours may be
// the provider's: on AKS nobody sees which.
func (p *Pass) Runs(b Bug) desired.Answer {
	provider := p.Wants.Provider
	if provider.Known {
		return answer(b.in(provider.Candidates[0]), true)
	}
	server, err := azname.ParseVersion(p.Snapshot.Kubernetes, false)
	if err != nil || server.Major != 1 {
		return desired.Perhaps
	}
	some, all := false, true
	for minor := server.Minor - 1; minor <= server.Minor+1; minor++ {
		for patch := range lastPatch {
			has := b.in(azname.Release(minor, patch))
			some, all = some || has, all && has
		}
	}
	if provider.Candidates[len(provider.Candidates)-1].InTree {
		server.InTree = true
		has := b.in(server)
		some, all = some || has, all && has
	}
	return answer(some, some == all)
}

// Blame is how sure it is that a symptom is the bug's, with the reason for
// anything less than certain; not ok where the provider does not have the bug.
func (p *Pass) Blame(b Bug) (c report.Confidence, why string, ok bool) {
	switch p.Runs(b) {
	case desired.Yes:
		return report.Certain, "", true
	case desired.Perhaps:
		return report.Possible, p.Wants.Provider.Because + "; the error is of releases before " + b.Ends(), true
	}
	return "", "", false
}

// Suspect lowers a finding that blames the bug for what is seen, where the release of the
// provider is known and does not have it: something else does the same then. It returns
// the step that names the releases without the bug, none where no upgrade would help.
func (p *Pass) Suspect(f *Finding, b Bug) []report.Step {
	if p.Runs(b) == desired.No {
		release := "Kubernetes " + p.Snapshot.Kubernetes
		if p.Wants.Provider.Known {
			release = "release " + p.Wants.Provider.String() + " of the provider"
		}
		f.Confidence = report.Possible
		f.Why = join(f.Why, release+" is not known to have this fault, so something else may do the same")
		return nil
	}
	return []report.Step{{Say: "Upgrade the cluster so that the provider (cloud-provider-azure) is " + b.Repaired() + ".", Changes: true}}
}

// Culprit names the provider that has the bug, for the middle of a sentence.
func (p *Pass) Culprit(b Bug) string {
	if p.Wants.Provider.Known {
		return "release " + p.Wants.Provider.String() + " of the provider"
	}
	return "the provider before " + b.Ends()
}

// Ends names the releases that have the bug no more.
func (b Bug) Ends() string {
	list := strings.Split(b.Fixed, "/")
	if n := len(list) - 1; n > 0 {
		return fmt.Sprintf("%s or %s", strings.Join(list[:n], ", "), list[n])
	}
	return list[0]
}

// Repaired names what to upgrade to.
func (b Bug) Repaired() string { return strings.ReplaceAll(b.Fixed, "/", ", ") + " or later" }

func (b Bug) in(v azname.Version) bool {
	from, fixed := b.From, b.Fixed
	if v.InTree {
		from, fixed = b.FromInTree, b.FixedInTree
	}
	return v.AtLeast(releases(from, v.InTree)) && !v.AtLeast(releases(fixed, v.InTree))
}

func releases(list string, inTree bool) azname.Releases {
	switch {
	case list == "":
		return azname.Releases{}
	case inTree:
		return azname.Releases{}.InTree(list)
	}
	return azname.Since(list)
}

func answer(has, sure bool) desired.Answer {
	switch {
	case !sure:
		return desired.Perhaps
	case has:
		return desired.Yes
	}
	return desired.No
}
