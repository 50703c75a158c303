package redact

import (
	"regexp"
	"slices"
	"testing"
)

// Redactors are the names of all parts of the first pass, for Without.
func Redactors() []string {
	names := []string{"private keys over lines", "keys of azure.json", "ends of keys of ARM", "bodies of the activity log"}
	for _, d := range detectors {
		names = append(names, "shape "+string(d.shape))
	}
	for _, r := range objectRules {
		names = append(names, "object "+r.key)
	}
	for _, key := range argumentKeys {
		names = append(names, "object "+key)
	}
	for _, key := range activityObjects {
		names = append(names, "arm "+key)
	}
	for _, key := range armTexts {
		names = append(names, "arm "+key)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// never matches nothing.
var never = regexp.MustCompile(`$.^`)

// Without takes one part of the first pass away until the test ends.
func Without(t testing.TB, name string) {
	t.Helper()
	replace(t, &keyBegin, pick(name == "private keys over lines", never, keyBegin))
	replace(t, &configSecret, pick(name == "keys of azure.json", never, configSecret))
	replace(t, &armSecret, pick(name == "ends of keys of ARM", never, armSecret))
	replace(t, &bodies, pick(name == "bodies of the activity log", nil, bodies))
	replace(t, &detectors, without(detectors, func(d detector) bool { return name == "shape "+string(d.shape) }))
	replace(t, &objectRules, without(objectRules, func(r objectRule) bool { return name == "object "+r.key }))
	replace(t, &argumentKeys, without(argumentKeys, func(key string) bool { return name == "object "+key }))
	for _, keys := range []*[]string{&armObjects, &armTexts, &activityObjects} {
		replace(t, keys, without(*keys, func(key string) bool { return name == "arm "+key }))
	}
}

// WithoutAny takes the whole first pass away until the test ends.
func WithoutAny(t testing.TB) {
	t.Helper()
	for _, name := range Redactors() {
		Without(t, name)
	}
}

func replace[T any](t testing.TB, at *T, with T) {
	was := *at
	*at = with
	t.Cleanup(func() { *at = was })
}

func without[T any](list []T, gone func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(list), gone)
}

func pick[T any](one bool, a, b T) T {
	if one {
		return a
	}
	return b
}
