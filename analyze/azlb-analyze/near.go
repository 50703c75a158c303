package main

import (
	"cmp"
	"slices"
	"strings"
)

// mostNear is how many names are offered for one that is not known.
const mostNear = 5

// nearest lists the names that a word may have been meant for: it is a part of them, or
// few letters differ; the nearest first.
func nearest(word string, names []string) []string {
	type near struct {
		name string
		far  int
	}
	var out []near
	w := strings.ToLower(word)
	for _, n := range names {
		low := strings.ToLower(n)
		far := min(distance(w, low), distance(w, strings.TrimPrefix(low, "azlb-")))
		if len(w) >= 4 && strings.Contains(low, w) {
			far = min(far, 1)
		}
		if far <= max(1, len(w)/4) && !slices.Contains(out, near{n, far}) {
			out = append(out, near{n, far})
		}
	}
	slices.SortFunc(out, func(a, b near) int { return cmp.Or(a.far-b.far, strings.Compare(a.name, b.name)) })
	var list []string
	for _, n := range out[:min(len(out), mostNear)] {
		list = append(list, n.name)
	}
	return list
}

// distance is how many letters must be put in, taken out or changed to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := before
			if a[i] != b[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(change, row[j]+1, before+1)
		}
	}
	return row[len(b)]
}
