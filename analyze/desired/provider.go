package desired

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/bundle-schema/azname"
)

// Provider is the cloud provider that writes the load balancers, as far as the
// bundle tells. What it builds depends on its release; where that is not known,
// every release that may be it is a candidate, and only what all of them agree on
// is certain.
type Provider struct {
	// Candidates are the releases that may have written the load balancers, newest
	// first, at most one of several that behave alike; never empty.
	Candidates []azname.Version
	Because    string // how the release was told, or why it was not
	Known      bool   // there is one candidate, told by the program itself
}

// Answer is whether something holds for the provider.
type Answer int

// The answers. Perhaps: for some of the releases that may be it.
const (
	No Answer = iota
	Perhaps
	Yes
)

// Has says whether the provider has what came with r.
func (p *Provider) Has(r azname.Releases) Answer {
	n := 0
	for _, v := range p.Candidates {
		if v.AtLeast(r) {
			n++
		}
	}
	switch n {
	case 0:
		return No
	case len(p.Candidates):
		return Yes
	}
	return Perhaps
}

// String names the release where it is known: "1.36.5", "in-tree 1.19.3".
func (p *Provider) String() string {
	if p.Known {
		return p.Candidates[0].String()
	}
	return "of unknown release"
}

// Sentence says what is known of the release, and how.
func (p *Provider) Sentence() string {
	if p.Known {
		return "The cloud provider is release " + p.Candidates[0].String() + " (" + p.Because + ")."
	}
	return "The exact release of the cloud provider is not known (" + p.Because + "): a difference counts only if every release that may be it would show it."
}

// newestMinor is the newest minor of cloud-provider-azure that this program knows;
// a newer one is taken to behave like it.
const newestMinor = 36

// providerImage is the image of the Azure cloud-controller-manager, whose tag is
// its release. Images of other names have tags of their own.
var providerImage = regexp.MustCompile(`(?:^|/)azure-cloud-controller-manager(?:-[a-z0-9]+)?:(v?\d+\.\d+\.\d+[-a-z0-9.]*)`)

// providerOf tells the provider: by the controller's image, by what its log says
// of itself, else by the version of the API server.
func providerOf(g *topology.Graph) *Provider {
	for _, c := range g.Controllers() {
		if c.Program != snapshot.CloudController {
			continue
		}
		for _, container := range c.Pod.Spec.Containers {
			if m := providerImage.FindStringSubmatch(container.Image); m != nil {
				if v, err := azname.ParseVersion(m[1], false); err == nil {
					return releaseIs(v, m[1], "the image of "+c.Pod.Name)
				}
			}
		}
	}
	for _, l := range g.Snapshot.Logs {
		inTree := l.Kind == snapshot.KubeController && l.Flags["cloud-provider"] == "azure"
		if v, err := azname.ParseVersion(l.Version, inTree); err == nil && (inTree || l.Kind == snapshot.CloudController && exists(v)) {
			return releaseIs(v, l.Version, l.File+" says its version")
		}
	}
	server, err := azname.ParseVersion(g.Snapshot.Kubernetes, true)
	if err != nil || server.Major != 1 {
		return &Provider{Candidates: alike(everyRelease()), Because: "neither the controller's image and log nor the version of Kubernetes are in the bundle"}
	}
	if inTree, certain := inTree(g, server); certain && inTree {
		return releaseIs(server, g.Snapshot.Kubernetes, "Kubernetes is "+g.Snapshot.Kubernetes+" and its controller manager is the cloud provider")
	} else if certain {
		return &Provider{Candidates: alike(around(server.Minor)), Because: fmt.Sprintf("Kubernetes is %s; the release of its cloud-controller-manager is not in the bundle", g.Snapshot.Kubernetes)}
	}
	server.InTree = true
	return &Provider{Candidates: alike(append(around(server.Minor), server)),
		Because: fmt.Sprintf("Kubernetes is %s; whether its own controller manager or a cloud-controller-manager serves Azure is not in the bundle", g.Snapshot.Kubernetes)}
}

// releaseIs is a provider that says its release in a text. A pre-release may be without
// what the release has.
func releaseIs(v azname.Version, text, because string) *Provider {
	if preRelease.MatchString(text) && v.Minor > 0 {
		before := azname.Version{Major: v.Major, Minor: v.Minor - 1, Patch: lastPatch, InTree: v.InTree}
		return &Provider{Candidates: alike([]azname.Version{v, before}), Because: because + ": " + text}
	}
	return &Provider{Candidates: []azname.Version{v}, Because: because, Known: true}
}

var preRelease = regexp.MustCompile(`-(?:alpha|beta|rc)`)

// exists reports whether cloud-provider-azure had a release of that number: builds
// that were not released call themselves v0.0.0.
func exists(v azname.Version) bool {
	return v.Major == 0 && v.Minor == 7 || v.Major == 1 && (v.Minor < 2 || v.Minor >= 23)
}

// inTree tells the kinds of provider apart. The in-tree one was removed in 1.30,
// the other exists since 1.20; between, tags of public IPs and flags decide.
func inTree(g *topology.Graph, server azname.Version) (is, certain bool) {
	switch {
	case server.Minor >= 30:
		return false, true
	case server.Minor < firstMinor:
		return true, true
	}
	for _, c := range g.Controllers() {
		if c.Program == snapshot.CloudController {
			return false, true
		}
		if c.CloudProvider == "azure" {
			return true, true
		}
	}
	for _, p := range g.Snapshot.PublicIPs {
		for k := range p.Tags {
			if strings.EqualFold(k, azname.ServiceTag) {
				return false, true
			}
		}
	}
	return false, false
}

// around are all releases of the minors next to that of the API server, newest
// first: a controller manager may be one minor older or, while the API server
// waits for its upgrade, newer.
func around(minor int) []azname.Version {
	minor = min(minor, newestMinor)
	var out []azname.Version
	for m := min(minor+1, newestMinor); m >= minor-1; m-- {
		out = append(out, branch(m)...)
	}
	return out
}

// lastPatch is above every patch release that ends or begins a behaviour.
const lastPatch = 35

// firstMinor is the oldest minor of Kubernetes that cloud-provider-azure serves.
const firstMinor = 20

// branch are all releases of cloud-provider-azure for a minor of Kubernetes,
// newest first; none before there was one.
func branch(minor int) []azname.Version {
	var out []azname.Version
	for patch := lastPatch; patch >= 0 && minor >= firstMinor; patch-- {
		out = append(out, azname.Release(minor, patch))
	}
	return out
}

// everyRelease is every release, of both kinds, newest first.
func everyRelease() []azname.Version {
	var out []azname.Version
	for m := newestMinor; m >= firstMinor; m-- {
		out = append(out, branch(m)...)
	}
	for m := 29; m >= 8; m-- {
		for patch := lastPatch; patch >= 0; patch-- {
			out = append(out, azname.Version{Major: 1, Minor: m, Patch: patch, InTree: true})
		}
	}
	return out
}

// alike keeps the newest of the releases that behave alike.
func alike(all []azname.Version) []azname.Version {
	var seen []features
	var out []azname.Version
	for _, v := range all {
		if f := featuresOf(v); !slices.Contains(seen, f) {
			seen = append(seen, f)
			out = append(out, v)
		}
	}
	return out
}
