package e2e

import (
	"maps"
	"slices"
	"strings"
)

// envelope are the keys that stand beside the properties of an ARM object.
var envelope = []string{"id", "name", "type", "location", "tags", "etag", "sku", "zones", "identity", "plan", "kind", "extendedLocation", "managedBy", "instanceId"}

// spelled is a key as ARM spells it; az's older modules write Ip and Gb.
func spelled(key string) string {
	return strings.NewReplacer("Ip", "IP", "SizeGb", "SizeGB").Replace(key)
}

// armForm is what ARM answers where az prints v: az takes the properties out of their
// envelope, adds resourceGroup, and its older modules add nulls.
func armForm(key string, v any) any {
	switch v := v.(type) {
	case []any:
		items := []any{}
		for _, i := range v {
			items = append(items, armForm(key, i))
		}
		return items
	case object:
		_, resource := v["id"]
		resource = resource || key == "loadBalancerBackendAddresses"
		if _, already := v["properties"]; already {
			resource = false
		}
		form, properties := object{}, object{}
		for k, value := range v {
			if value == nil || k == "resourceGroup" {
				continue
			}
			if k == "tags" { // names of others, no keys of ARM
				form[k] = value
				continue
			}
			name := spelled(k)
			if resource && !slices.Contains(envelope, k) {
				properties[name] = armForm(k, value)
			} else {
				form[name] = armForm(k, value)
			}
		}
		if len(properties) > 0 {
			form["properties"] = properties
		}
		return form
	}
	return v
}

// store are the objects by their lower-cased ids.
type store map[string]object

func newStore(objects []object) store {
	s := store{}
	for _, o := range objects {
		s[strings.ToLower(text(o, "id"))] = o
	}
	return s
}

// find answers a path, lower-cased: one object, or the list below it.
func (s store) find(path string) (answer object, found bool) {
	if o, ok := s[path]; ok {
		return o, true
	}
	group, _, _ := strings.Cut(path, "/providers/")
	if strings.Contains(group, "/resourcegroups/") && s[group] == nil {
		return nil, false
	}
	kind := path[strings.LastIndex(path, "/providers/")+1:]
	if strings.Count(kind, "/")%2 == 1 { // providers/NAMESPACE/TYPE/NAME
		return nil, false
	}
	items := []any{}
	for _, id := range slices.Sorted(maps.Keys(s)) {
		parent := id[:strings.LastIndex(id, "/")]
		// The interfaces of a scale set's instances are listed below the scale set.
		if set, rest, ok := strings.Cut(parent, "/virtualmachines/"); ok && strings.HasSuffix(rest, "/networkinterfaces") {
			parent = set + "/networkinterfaces"
		}
		if parent == path {
			items = append(items, s[id])
		}
	}
	return object{"value": items}, true
}
