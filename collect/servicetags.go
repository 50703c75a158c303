package collect

import (
	"context"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"

	bundle "azlb/bundle-schema"
)

// knownTags are those whose meaning does not stand in Azure's list, in the spelling of
// today and of old API versions.
var knownTags = []string{"virtualnetwork", "azureloadbalancer", "internet"}

// serviceTags asks for the addresses of the service tags that the collected security
// rules name, once for a subscription: the location only decides which version of the
// list Azure takes. It comes last, when all rules are there.
func (s *session) serviceTags(ctx context.Context) {
	named := map[string]bool{}
	for _, e := range s.entries {
		if e.Evidence == bundle.NSGs.ID && e.Path != "" {
			tagsOf(s.spool.read(e.Path), named)
		}
	}
	if len(named) == 0 || len(s.found.Locations) == 0 {
		return
	}
	before := len(s.planner.plan.Always)
	l := s.found.Locations[0]
	if c := s.planner.add(&bundle.ServiceTags, Values{"subscription": l.Group.Subscription, "location": l.Name}); c != nil {
		c.Cut = func(raw []byte) []byte { return cutTags(raw, named) }
	}
	s.entries = append(s.entries, s.all(ctx, s.planner.plan.Always[before:])...)
}

// tagsOf adds the service tags that the rules of an answer name, in lower case.
func tagsOf(raw []byte, named map[string]bool) {
	var doc any
	if json.Unmarshal(raw, &doc) != nil {
		return
	}
	var visit func(v any, term bool)
	visit = func(v any, term bool) {
		switch v := v.(type) {
		case map[string]any:
			for k, inner := range v {
				visit(inner, strings.Contains(strings.ToLower(k), "addressprefix"))
			}
		case []any:
			for _, inner := range v {
				visit(inner, term)
			}
		case string:
			if tag := strings.ToLower(v); term && isTag(tag) {
				named[tag] = true
			}
		}
	}
	visit(doc, false)
}

// isTag tells a service tag from an address, a range and "*".
func isTag(term string) bool {
	if term == "" || term == "*" || term == "any" || term[0] >= '0' && term[0] <= '9' || slices.Contains(knownTags, strings.ReplaceAll(term, "_", "")) {
		return false
	}
	_, err := netip.ParsePrefix(term)
	_, err2 := netip.ParseAddr(term)
	return err != nil && err2 != nil && !strings.ContainsAny(term, "/: ")
}

// cutTags keeps of Azure's list of service tags those that are named, with their
// addresses only. What is no such list stays as it is.
func cutTags(raw []byte, named map[string]bool) []byte {
	type properties struct {
		AddressPrefixes []string `json:"addressPrefixes"`
	}
	type tag struct {
		Name            string      `json:"name"`
		AddressPrefixes []string    `json:"addressPrefixes,omitempty"` // where az flattens
		Properties      *properties `json:"properties,omitempty"`
	}
	var list struct {
		ID           string `json:"id"`
		Name         string `json:"name"`
		Type         string `json:"type"`
		Cloud        string `json:"cloud"`
		ChangeNumber string `json:"changeNumber"`
		Values       []tag  `json:"values"`
	}
	if json.Unmarshal(raw, &list) != nil || list.Values == nil {
		return raw
	}
	list.Values = slices.DeleteFunc(list.Values, func(t tag) bool { return !named[strings.ToLower(t.Name)] })
	cut, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return raw
	}
	return append(cut, '\n')
}
