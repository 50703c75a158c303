package main

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"time"

	"azlb/bundle-schema/redact"
)

// Of the records that one place of the source writes, this many of the first and of
// the last stay. What the provider says of a Service, and what is no mere
// information, is what a reader came for; the rest is noise, of which some stays.
const (
	keepNoise   = 1
	keepSubject = 8
	longRecord  = 2 << 10 // a request's whole body, again and again
)

// year is that of all recordings: klog's headers have none.
const year = "2026"

var (
	header  = regexp.MustCompile(`^([IWEF])(\d\d)(\d\d) (\d\d:\d\d:\d\d\.\d{6}) +\d+ ([^ \]]+)\]`)
	subject = regexp.MustCompile(`^(azure|event|controller|service|leaderelection|node_controller)[a-z_]*\.go`)
	noise   = regexp.MustCompile(`^(azure_vmss|azure_routes|route_controller|azure_vmss_cache|controllermanager|controller_utils|event\.go)`)
)

// records cuts a log before every header.
func records(raw []byte) [][]string {
	var out [][]string
	for _, line := range strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n") {
		if header.MatchString(line) || len(out) == 0 {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], line)
	}
	return out
}

// thinned drops the middle of what is said again and again.
func thinned(raw []byte) []byte {
	list := records(raw)
	total, seen := map[string]int{}, map[string]int{}
	for _, r := range list {
		total[place(r)]++
	}
	var b bytes.Buffer
	for _, r := range list {
		p := place(r)
		seen[p]++
		m := header.FindStringSubmatch(r[0])
		keep := keepNoise
		switch {
		case m == nil:
			keep = total[p]
		case m[5] == "flags.go:64":
			if keep = 0; published(r[0]) {
				keep = total[p]
			}
		case len(strings.Join(r, "")) > longRecord:
		case m[1] != "I", subject.MatchString(m[5]) && !noise.MatchString(m[5]), strings.Contains(r[0], `kind="Service"`):
			keep = keepSubject
		}
		if seen[p] <= keep || seen[p] > total[p]-keep {
			b.WriteString(strings.Join(r, "\n") + "\n")
		}
	}
	return b.Bytes()
}

// place is where in the source a record was written; events are told apart by the
// kind of their object.
func place(r []string) string {
	m := header.FindStringSubmatch(r[0])
	if m == nil {
		return ""
	}
	if strings.Contains(r[0], `kind="Service"`) {
		return m[1] + m[5] + "Service"
	}
	return m[1] + m[5]
}

// stamped puts the time before every line, as `kubectl logs --timestamps` does.
func stamped(raw []byte) []byte {
	var b bytes.Buffer
	at := ""
	for _, r := range records(raw) {
		if m := header.FindStringSubmatch(r[0]); m != nil {
			if t, err := time.Parse("2006-01-02 15:04:05.000000", year+"-"+m[2]+"-"+m[3]+" "+m[4]); err == nil {
				at = t.Format("2006-01-02T15:04:05.000000000Z")
			}
		}
		for _, line := range r {
			b.WriteString(at + " " + line + "\n")
		}
	}
	return b.Bytes()
}

// published reports whether a line tells one of the flags that matter; a controller
// logs some hundred others.
func published(line string) bool {
	_, flag, _ := strings.Cut(line, "FLAG: ")
	flag, _, _ = strings.Cut(flag, "=")
	return slices.ContainsFunc(redact.Flags, func(f string) bool {
		prefix, wild := strings.CutSuffix(f, "*")
		return flag == f || wild && strings.HasPrefix(flag, prefix)
	})
}
