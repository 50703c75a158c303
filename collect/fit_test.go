package collect

import (
	"fmt"
	"io"
	"strings"
	"testing"

	bundle "azlb/bundle-schema"
)

// TestFit: what is dropped first where the bundle may not be so large, and that each entry
// says what is missing.
func TestFit(t *testing.T) {
	const line = "I1123 10:00:00.000000 1 x.go:1] one of many lines, all of the same length: %06d\n"
	size := int64(len(fmt.Sprintf(line, 0)))
	log := func(bytes int64) func(int) (string, Outcome) {
		var b strings.Builder
		for i := range bytes / size {
			fmt.Fprintf(&b, line, i)
		}
		return says(b.String())
	}
	for name, tt := range map[string]struct {
		limit   int64 // MiB
		current int64 // MiB of the log that is kept at least, 0: none of it
		gone    []string
		kept    []string
	}{
		"all fits":          {8, 3, nil, []string{"controller-log", "controller-log-previous", "vms", "role-assignments", "services"}},
		"the oldest lines":  {4, 1, nil, []string{"controller-log", "controller-log-previous", "vms", "role-assignments", "services"}},
		"no previous log":   {3, 0, []string{"controller-log-previous"}, []string{"controller-log", "vms", "role-assignments", "services"}},
		"no log":            {2, 0, []string{"controller-log-previous", "controller-log"}, []string{"vms", "role-assignments", "services"}},
		"the end goes next": {1, 0, []string{"controller-log-previous", "controller-log", "role-assignments"}, []string{"services"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := cluster()
			a.by["kubectl logs --namespace kube-system cloud-controller-manager-0 --container manager --timestamps --previous"] = log(3 << 19)
			a.by["kubectl logs --namespace kube-system cloud-controller-manager-0 --container manager --timestamps --since"] = log(3 << 20)
			a.by["az role assignment list"] = says(`[{"name": "` + strings.Repeat("r ", 400<<10) + `"}]`)
			a.by["az vm list"] = says(`[{"name": "` + strings.Repeat("v ", 300<<10) + `"}]`)
			o := options(t, a)
			o.MaxSize = tt.limit << 20
			m := manifestOf(t, o)
			total, by := int64(0), map[string]bundle.Entry{}
			for _, e := range m.Entries {
				total += e.Bytes
				if e.Path != "" || by[e.Evidence].Path == "" {
					by[e.Evidence] = e
				}
			}
			if total > o.MaxSize {
				t.Errorf("%d bytes, more than %d", total, o.MaxSize)
			}
			for _, id := range tt.gone {
				if e := by[id]; e.Path != "" || e.Status != bundle.StatusTruncated || !strings.Contains(e.Reason, "is left out") || e.Costs == "" {
					t.Errorf("%s is %s at %q: %s", id, e.Status, e.Path, e.Reason)
				}
			}
			for _, id := range tt.kept {
				if by[id].Path == "" {
					t.Errorf("%s is gone: %s", id, by[id].Reason)
				}
			}
			e := by[bundle.ControllerLog.ID]
			if e.Bytes < tt.current<<20-size || tt.limit >= 4 && by["vms"].Status == bundle.StatusTruncated {
				t.Errorf("the log has %d bytes, the machines are %s", e.Bytes, by["vms"].Status)
			}
			if e.Path != "" && e.Status == bundle.StatusTruncated {
				var lost int64
				if _, err := fmt.Sscanf(e.Reason[strings.Index(e.Reason, "oldest"):], "oldest %d lines", &lost); err != nil || (3<<20)/size-lost != e.Bytes/size || e.Bytes%size != 0 {
					t.Errorf("%q does not fit to %d lines (%v)", e.Reason, e.Bytes/size, err)
				}
			}
		})
	}
}

// TestShorten: whole lines go, also long ones, and never more than must.
func TestShorten(t *testing.T) {
	long := strings.Repeat("x", 9<<10) + "\n"
	s, err := newSpool(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	for _, tt := range []struct {
		most  int64
		want  string
		lines int
	}{
		{100 << 10, "a\nb\n" + long + "c\nd\n", 0},
		{int64(len(long)) + 6, "b\n" + long + "c\nd\n", 1},
		{int64(len(long)) + 3, "c\nd\n", 3},
		{3, "d\n", 4},
		{0, "", 5},
	} {
		kept, err := s.stream(1<<20, strings.NewReader("a\nb\n"+long+"c\nd\n"))
		if err != nil {
			t.Fatal(err)
		}
		var entry bundle.Entry
		kept.keep("x.log", &entry, &ending{})
		lost, err := s.shorten("x.log", tt.most)
		if err != nil || lost.lines != tt.lines {
			t.Errorf("%d bytes: lost %d lines (%v), want %d", tt.most, lost.lines, err, tt.lines)
		}
		r, err := s.open(entry)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(r)
		r.Close()
		if string(got) != tt.want {
			t.Errorf("%d bytes: %d are left", tt.most, len(got))
		}
		s.drop("x.log")
	}
}

// TestTail: kubectl is asked for the newest lines only, and an answer of as many is not whole.
func TestTail(t *testing.T) {
	for lines, want := range map[int]bundle.Status{4: bundle.StatusOK, 5: bundle.StatusTruncated} {
		a := cluster()
		a.by["kubectl logs"] = says(strings.Repeat("a line\n", lines))
		o := options(t, a)
		o.Tail = 5
		for _, e := range manifestOf(t, o).Entries {
			if e.Evidence != bundle.ControllerLog.ID && e.Evidence != bundle.ControllerLogPrevious.ID {
				continue
			}
			if e.Status != want || !strings.Contains(strings.Join(e.Argv, " "), "--tail 5 --context lab") {
				t.Errorf("%d lines: %s %q of %v", lines, e.Status, e.Reason, e.Argv)
			}
		}
	}
}

// TestMaxLog: of a log its newest bytes stay, and what is missing is counted.
func TestMaxLog(t *testing.T) {
	a := cluster()
	a.by["kubectl logs"] = says(strings.Repeat("a line of a log\n", 1000))
	o := options(t, a)
	o.MaxLog = 8000
	for _, e := range manifestOf(t, o).Entries {
		if e.Evidence == bundle.ControllerLog.ID && (e.Status != bundle.StatusTruncated || e.Bytes > o.MaxLog ||
			!strings.Contains(e.Reason, fmt.Sprintf("its oldest %d lines", 1000-e.Bytes/16))) {
			t.Errorf("%s %q with %d bytes", e.Status, e.Reason, e.Bytes)
		}
	}
}
