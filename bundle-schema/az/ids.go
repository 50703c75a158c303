package az

import "strings"

// ID is an ARM id in parts, with the casing of the evidence. An id may end
// early: at the subscription or at the resource group.
type ID struct {
	Subscription string
	Group        string
	Provider     string   // "Microsoft.Network"
	Types        []string // "loadBalancers", "frontendIPConfigurations"
	Names        []string // one for each type
}

// ParseID splits an ARM id, or a node's providerID ("azure:///subscriptions/…").
// It returns false where the text has no such form; masked parts are kept as
// they are.
func ParseID(id string) (ID, bool) {
	parts := segments(id)
	if len(parts) < 2 || len(parts)%2 != 0 || !strings.EqualFold(parts[0], "subscriptions") {
		return ID{}, false
	}
	for _, p := range parts {
		if p == "" {
			return ID{}, false
		}
	}
	out := ID{Subscription: parts[1]}
	if parts = parts[2:]; len(parts) == 0 {
		return out, true
	}
	if strings.EqualFold(parts[0], "resourceGroups") {
		out.Group, parts = parts[1], parts[2:]
	}
	if len(parts) == 0 {
		return out, true
	}
	if !strings.EqualFold(parts[0], "providers") {
		return ID{}, false
	}
	out.Provider, parts = parts[1], parts[2:]
	for i := 0; i < len(parts); i += 2 {
		out.Types = append(out.Types, parts[i])
		out.Names = append(out.Names, parts[i+1])
	}
	return out, true
}

// Is reports whether the id names an object of exactly this type, for example
// Is("Microsoft.Network", "loadBalancers"), without case.
func (id ID) Is(provider string, types ...string) bool {
	if !strings.EqualFold(id.Provider, provider) || len(id.Types) != len(types) {
		return false
	}
	for i, t := range types {
		if !strings.EqualFold(id.Types[i], t) {
			return false
		}
	}
	return true
}

// Name returns the name in the id of the given type, compared without case:
// the scale set of an instance's interface is id.Name("virtualMachineScaleSets").
func (id ID) Name(typ string) string {
	for i, t := range id.Types {
		if strings.EqualFold(t, typ) {
			return id.Names[i]
		}
	}
	return ""
}

// String writes the id in its usual form.
func (id ID) String() string {
	var b strings.Builder
	b.WriteString("/subscriptions/" + id.Subscription)
	if id.Group != "" {
		b.WriteString("/resourceGroups/" + id.Group)
	}
	if id.Provider != "" {
		b.WriteString("/providers/" + id.Provider)
	}
	for i, t := range id.Types {
		b.WriteString("/" + t + "/" + id.Names[i])
	}
	return b.String()
}

// Key is the form of an id under which equal ids are equal strings, empty where
// the id can be compared with nothing (empty or masked). It is meant for maps.
//
// A masked subscription is put down as "*": customers mask it in every id of a
// cluster alike, and what tells two objects of one cluster apart stands after it.
func Key(id string) string {
	if id == "" || Masked(id) {
		return ""
	}
	parts := segments(strings.ToLower(id))
	if len(parts) > 1 && parts[0] == "subscriptions" {
		if masked(parts[1]) {
			parts[1] = "*"
		}
		return "/" + strings.Join(parts, "/")
	}
	return strings.ToLower(strings.TrimRight(id, "/"))
}

// SameID reports whether two ids name the same object: without case, with or
// without a trailing slash. An empty or masked id is the same as none.
func SameID(a, b string) bool {
	key := Key(a)
	return key != "" && key == Key(b)
}

// GroupOf returns the resource group of an id, empty where it has none.
func GroupOf(id string) string {
	p, _ := ParseID(id)
	return p.Group
}

// LastName returns the name of the object itself, empty where the id does not parse.
func LastName(id string) string {
	p, ok := ParseID(id)
	switch {
	case !ok:
		return ""
	case len(p.Names) > 0:
		return p.Names[len(p.Names)-1]
	case p.Group != "":
		return p.Group
	}
	return p.Subscription
}

// Parent returns the id of the object around it: the load balancer of a rule, the
// resource group of a load balancer, the subscription of a group; else "".
func Parent(id string) string {
	p, ok := ParseID(id)
	if !ok {
		return ""
	}
	switch {
	case len(p.Names) > 1:
		p.Types, p.Names = p.Types[:len(p.Types)-1], p.Names[:len(p.Names)-1]
	case p.Provider != "":
		p.Provider, p.Types, p.Names = "", nil, nil
	case p.Group != "":
		p.Group = ""
	default:
		return ""
	}
	return p.String()
}

// Masked reports whether somebody replaced the value before handing it on
// ("***", "<sub>", "xxxx-xxxx"), so that it can be compared with nothing. Of an
// ARM id every part counts but the subscription (see Key).
func Masked(value string) bool {
	parts := segments(value)
	if len(parts) > 1 && strings.EqualFold(parts[0], "subscriptions") {
		parts = parts[2:]
	}
	for _, p := range parts {
		if masked(p) {
			return true
		}
	}
	return false
}

// uuidZero is the subscription id of documentation and of recorded tests.
const uuidZero = "00000000-0000-0000-0000-000000000000"

// masked looks at one part: a placeholder in brackets, stars or dots in the place
// of characters, or a text or a group of a uuid that is nothing but x.
func masked(s string) bool {
	if len(s) > 1 {
		switch s[:1] + s[len(s)-1:] {
		case "<>", "[]", "{}":
			return true
		}
	}
	if strings.Contains(s, "**") || strings.Contains(s, "...") || strings.Contains(s, "…") || strings.HasPrefix(s, "$") ||
		strings.EqualFold(s, "redacted") || strings.EqualFold(s, "masked") || s == uuidZero {
		return true
	}
	if groups := strings.Split(s, "-"); len(groups) == 5 {
		for _, g := range groups {
			if len(g) >= 4 && strings.Trim(g, "xX#") == "" {
				return true
			}
		}
	}
	return len(s) >= 3 && strings.Trim(s, "xX#-") == "" && strings.Trim(s, "-") != ""
}

// segments splits an id at its slashes, without the scheme of a providerID and
// without slashes at its ends.
func segments(id string) []string {
	if len(id) > 8 && strings.EqualFold(id[:8], "azure://") {
		id = id[8:]
	}
	return strings.Split(strings.Trim(id, "/"), "/")
}
