package azname

import (
	"slices"
	"testing"
)

func TestTags(t *testing.T) {
	for _, c := range []struct {
		tags     map[string]string
		services []string
		cluster  string
	}{
		{nil, nil, ""},
		{map[string]string{ServiceTag: "default/web", ClusterTag: "kubernetes"}, []string{"default/web"}, "kubernetes"},
		{map[string]string{LegacyServiceTag: "shop/b,shop/a", LegacyClusterTag: "k"}, []string{"shop/b", "shop/a"}, "k"},
		{map[string]string{ServiceTag: "a/new", LegacyServiceTag: "a/old", ClusterTag: "new", LegacyClusterTag: "old"}, []string{"a/new"}, "new"},
		{map[string]string{ServiceTag: "", LegacyServiceTag: "a/old"}, nil, ""},
		{map[string]string{"K8s-Azure-Service": " a/b ,, c/d "}, []string{"a/b", "c/d"}, ""},
		{map[string]string{"owner": "a/b"}, nil, ""},
	} {
		if got := ServicesOfTag(c.tags); !slices.Equal(got, c.services) {
			t.Errorf("Services of %v = %q, want %q", c.tags, got, c.services)
		}
		if got := ClusterOfTags(c.tags); got != c.cluster {
			t.Errorf("cluster of %v = %q, want %q", c.tags, got, c.cluster)
		}
	}
}
