package desired

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
)

// TestProvider tells the release from whatever the bundle has of it, and lists every
// release that it may be where it has too little.
func TestProvider(t *testing.T) {
	pod := func(name, image string, args ...string) snapshot.Pod {
		p := snapshot.Pod{}
		p.Namespace, p.Name = "kube-system", name
		p.Spec.Containers = []corev1.Container{{Image: image, Args: args}}
		return p
	}
	log := func(kind snapshot.LogKind, version, provider string) snapshot.LogFile {
		return snapshot.LogFile{File: "x.log", Kind: kind, Version: version, Flags: map[string]string{"cloud-provider": provider}}
	}
	address := func(tag string) snapshot.PublicIP {
		return snapshot.PublicIP{PublicIP: az.PublicIP{Resource: az.Resource{Tags: map[string]string{tag: "shop/web"}}}}
	}
	for _, c := range []struct {
		name string
		s    snapshot.Snapshot
		want string // exactly known; empty: not
		may  []string
		not  []string
	}{
		{"image", snapshot.Snapshot{Kubernetes: "v1.31.4", Pods: []snapshot.Pod{pod("cloud-controller-manager-0", "mcr.microsoft.com/oss/kubernetes/azure-cloud-controller-manager:v1.31.2")}}, "1.31.2", nil, nil},
		{"image of another name says nothing", snapshot.Snapshot{Kubernetes: "v1.36.3", Pods: []snapshot.Pod{pod("cloud-controller-manager-0", "registry.example.com/cloud-controller-manager:1.0")}}, "", []string{"1.36.0", "1.36.5", "1.35.2"}, []string{"1.30.2", "1.0.0"}},
		{"log of the in-tree provider", snapshot.Snapshot{Logs: []snapshot.LogFile{log(snapshot.KubeController, "v1.9.2", "azure")}}, "in-tree 1.9.2", nil, nil},
		{"log without a version", snapshot.Snapshot{Kubernetes: "v1.36.3", Logs: []snapshot.LogFile{log(snapshot.CloudController, "v0.0.0-master", "azure")}}, "", []string{"1.36.5"}, []string{"0.0.0"}},
		{"a log of something else", snapshot.Snapshot{Kubernetes: "v1.10.0", Logs: []snapshot.LogFile{log(snapshot.CloudController, "v1.10.0", "")}}, "in-tree 1.10.0", nil, nil},
		{"a pre-release", snapshot.Snapshot{Kubernetes: "v1.10.0-beta.2"}, "", []string{"in-tree 1.10.0", "in-tree 1.9.9"}, []string{"in-tree 1.12.0"}},
		{"too old for another provider", snapshot.Snapshot{Kubernetes: "v1.15.7"}, "in-tree 1.15.7", nil, nil},
		{"a flag of the controller manager", snapshot.Snapshot{Kubernetes: "v1.24.3", Pods: []snapshot.Pod{pod("kube-controller-manager-0", "k8s.gcr.io/kube-controller-manager:v1.24.3", "--cloud-provider=azure")}}, "in-tree 1.24.3", nil, nil},
		{"a tag of the other provider", snapshot.Snapshot{Kubernetes: "v1.24.3", PublicIPs: []snapshot.PublicIP{address(azname.ServiceTag)}}, "", []string{"1.24.12", "1.25.6", "1.23.4"}, []string{"in-tree 1.24.3", "1.28.5"}},
		{"either provider", snapshot.Snapshot{Kubernetes: "v1.22.6"}, "", []string{"in-tree 1.22.6", "1.1.11", "1.23.8"}, []string{"1.29.0"}},
		{"nothing", snapshot.Snapshot{}, "", []string{"1.36.5", "in-tree 1.9.2", "0.7.14", "1.28.5"}, nil},
	} {
		p := providerOf(&topology.Graph{Snapshot: &c.s})
		if p.Known != (c.want != "") || p.Known && p.String() != c.want {
			t.Errorf("%s: %s, want %q", c.name, p.Sentence(), c.want)
		}
		like := func(text string) bool {
			f := featuresOf(at(t, text))
			return slices.ContainsFunc(p.Candidates, func(v azname.Version) bool { return featuresOf(v) == f })
		}
		for _, text := range c.may {
			if !like(text) {
				t.Errorf("%s: %s is no candidate of %v", c.name, text, p.Candidates)
			}
		}
		for _, text := range c.not {
			if like(text) {
				t.Errorf("%s: %s is a candidate of %v", c.name, text, p.Candidates)
			}
		}
	}
}

// TestHas answers for all candidates together.
func TestHas(t *testing.T) {
	p := &Provider{Candidates: []azname.Version{at(t, "1.29.3"), at(t, "1.28.2")}}
	for list, want := range map[string]Answer{"1.28": Yes, "1.28.5/1.29": Perhaps, "1.30": No} {
		if got := p.Has(azname.Since(list)); got != want {
			t.Errorf("Has(%s) = %v, want %v", list, got, want)
		}
	}
}

// TestBehaviours holds the list of behaviours to the variables of the package: one
// that is not in it would let two releases pass for one. The bits must suffice too.
func TestBehaviours(t *testing.T) {
	var all, listed []string
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR || strings.HasSuffix(name, "_test.go") {
				continue
			}
			for _, s := range g.Specs {
				v := s.(*ast.ValueSpec)
				if len(v.Values) != 1 {
					continue
				}
				if list, ok := v.Values[0].(*ast.CompositeLit); ok && v.Names[0].Name == "behaviours" {
					for _, e := range list.Elts {
						listed = append(listed, types.ExprString(e))
					}
				}
				if text := types.ExprString(v.Values[0]); strings.HasPrefix(text, "since(") || strings.HasPrefix(text, "azname.Since(") {
					all = append(all, v.Names[0].Name)
				}
			}
		}
	}
	for _, name := range all {
		if !slices.Contains(listed, name) {
			t.Errorf("%s is not in the list of behaviours", name)
		}
	}
	if len(all) < 50 || len(listed) < len(all) {
		t.Errorf("%d variables, %d listed", len(all), len(listed))
	}
	if n := len(behaviours); n > 128 {
		t.Errorf("%d behaviours do not fit into the bits of features", n)
	}
	old, young := featuresOf(at(t, "1.28.4")), featuresOf(at(t, "1.28.5"))
	if old == young {
		t.Error("1.28.4 and 1.28.5 pass for one release")
	}
}
