package errtext

import (
	"slices"
	"strings"
)

// openShells looks in the logs for what is inside a Service's bare "timed out waiting for
// the condition": 1.10 to 1.17 log Azure's answer where they get it, naming no Service,
// try again, and in the end tell the Service nothing but the wait. So the answers that
// stand in the same log before the line that names the Service, and after the end of the
// sync before it, are the Service's. Where several syncs run at once nothing is known.
func (s *scan) openShells() {
	ends := map[string][]int{} // by log: the lines at which a sync ended
	lines := map[string][]int{}
	for _, p := range s.successes {
		if p.place.rank == logLine {
			ends[p.place.file] = append(ends[p.place.file], p.place.line)
		}
	}
	for i := range s.told {
		t := &s.told[i]
		if t.retry {
			ends[t.place.file] = append(ends[t.place.file], t.place.line)
		}
		if t.where == InLog {
			lines[t.place.file] = append(lines[t.place.file], i)
		}
	}
	for file, told := range lines {
		slices.Sort(ends[file])
		for n, i := range told {
			shell := &s.told[i]
			if !shell.retry || shell.err.Service == "" || !shell.err.Shell() || s.several[file] {
				continue
			}
			from := shell.place.line - reach
			if at, _ := slices.BinarySearch(ends[file], shell.place.line); at > 0 {
				from = max(from, ends[file][at-1])
			}
			for _, j := range slices.Backward(told[:n]) {
				t := &s.told[j]
				if t.place.line <= from {
					break
				}
				if insideShell(t) {
					t.err.Service, t.err.UID = shell.err.Service, shell.err.UID
				}
			}
		}
	}
}

// insideShell reports an answer in a log that no Service is named for. The controller of
// routes and that of nodes log there too.
func insideShell(t *told) bool {
	return t.err.Service == "" && (t.err.Code != "" || t.err.Status >= 400 || t.err.ClientSide) &&
		t.err.Node == "" && !strings.HasPrefix(t.from, "azure_routes") && !strings.HasPrefix(t.from, "route_controller") && !strings.HasPrefix(t.from, "node_")
}
