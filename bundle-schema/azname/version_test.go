package azname

import "testing"

func TestParseVersion(t *testing.T) {
	for text, want := range map[string]string{
		"v1.29.3":           "1.29.3",
		"1.31.0-rc.1":       "1.31.0",
		"v1.27.9-hotfix.20": "1.27.9",
		"v1.20.15+k3s1":     "1.20.15",
		"1.29":              "1.29.0",
	} {
		if got, err := ParseVersion(text, false); err != nil || got.String() != want {
			t.Errorf("ParseVersion(%q) = %v, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "v", "1", "latest", "1.2.3.4", "1.-2", "1..2", "1.+2", "1.99999999999999999999"} {
		if got, err := ParseVersion(text, false); err == nil {
			t.Errorf("ParseVersion(%q) = %v, want an error", text, got)
		}
	}
}

func TestAtLeast(t *testing.T) {
	both := Since("1.25.24/1.26.19/1.29").InTree("1.15.7/1.16.4/1.17")
	for _, c := range []struct {
		releases Releases
		version  string
		want     bool
	}{
		{both, "1.25.23", false},
		{both, "1.25.24", true},
		{both, "1.26.18", false},
		{both, "1.26.20", true},
		{both, "1.27.99", false}, // a branch left out never got it
		{both, "1.29", true},
		{both, "1.30.0", true},
		{both, "2.0.0", true},
		{both, "0.7.20", false},
		{both, "in-tree 1.15.6", false},
		{both, "in-tree 1.16.4", true},
		{both, "in-tree 1.18.0", true},
		{both, "in-tree 1.14.9", false},
		{Since("0.7.14/1.0.11/1.1.7/1.23.4"), "1.0.12", true},
		{Since("0.7.14/1.0.11/1.1.7/1.23.4"), "1.23.3", false},
		{Since("0.7.14/1.0.11/1.1.7/1.23.4"), "1.24.0", true},
		{Since("1.29"), "in-tree 1.29.9", false},
		{Since("all"), "0.7.0", true},
		{Since("all"), "in-tree 1.29.0", false},
		{Since("all").InTree("all"), "in-tree 1.8.0", true},
		{Releases{}, "1.36.5", false},
	} {
		if got := release(t, c.version).AtLeast(c.releases); got != c.want {
			t.Errorf("%s at least %v: %v, want %v", c.version, c.releases, got, c.want)
		}
	}
}

func TestSincePanics(t *testing.T) {
	for _, list := range []string{"", "1.29/1.28.5", "1.29/1.29.1", "master", "1.29/"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Since(%q) was accepted", list)
				}
			}()
			Since(list)
		}()
	}
}
