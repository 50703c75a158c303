package collect

import (
	"context"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	bundle "azlb/bundle-schema"
)

// answers is a runner of prepared answers, by the beginning of the command. One
// that is not prepared is an empty list.
type answers struct {
	mu    sync.Mutex
	by    map[string]func(call int) (string, Outcome)
	calls map[string]int
	ran   [][]string
}

func (a *answers) Run(_ context.Context, c Command, stdout io.Writer) Outcome {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ran = append(a.ran, c.Argv())
	if err := Allowed(c, false); err != nil {
		return Outcome{Refused: true, Exit: -1, Err: err}
	}
	command := strings.Join(c.Argv(), " ")
	for prefix, answer := range a.by {
		if strings.HasPrefix(command, prefix) {
			a.calls[prefix]++
			text, o := answer(a.calls[prefix])
			io.WriteString(stdout, text)
			return o
		}
	}
	if c.Evidence.Format == bundle.YAML {
		io.WriteString(stdout, "apiVersion: v1\nitems: []\nkind: List\n")
	} else {
		io.WriteString(stdout, "[]\n")
	}
	return Outcome{}
}

func says(text string) func(int) (string, Outcome) {
	return func(int) (string, Outcome) { return text, Outcome{} }
}

// cluster has two nodes: one in a scale set, one of its own; and a Service.
func cluster() *answers {
	const compute = "/resourceGroups/rg/providers/Microsoft.Compute/"
	return &answers{calls: map[string]int{}, by: map[string]func(int) (string, Outcome){
		"kubectl config current-context": says("lab\n"),
		"kubectl get nodes": says("apiVersion: v1\nitems:\n" +
			nodeItem("a", "azure:///subscriptions/"+testSub+compute+"virtualMachineScaleSets/ss/virtualMachines/0", "True") +
			nodeItem("b", "azure:///subscriptions/"+testSub+compute+"virtualMachines/vm0", "True") + "kind: List\n"),
		"kubectl get services":                     says("apiVersion: v1\nitems:\n- metadata:\n    name: web\n    namespace: shop\n  spec:\n    type: LoadBalancer\nkind: List\n"),
		"kubectl get pods --namespace kube-system": says("apiVersion: v1\nitems:\n- metadata:\n    name: cloud-controller-manager-0\n  spec:\n    containers:\n    - name: manager\nkind: List\n"),
		"kubectl version":                          says("{}"),
		"az account show":                          says(`{"id": "` + testSub + `", "environmentName": "AzureCloud"}`),
	}}
}

func options(t *testing.T, r Runner) Options {
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	return Options{Runner: r, Now: func() time.Time { return now }, Progress: Silent{}, Timeout: time.Minute, CommandTimeout: time.Minute,
		Since: time.Hour, Pause: func(context.Context, time.Duration) {}, Output: filepath.Join(t.TempDir(), "b.tgz")}
}

func manifestOf(t *testing.T, o Options) *bundle.Manifest {
	t.Helper()
	r, err := Collect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Open([]string{r.Path}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	return b.Manifest
}

// TestPlanIsTheManifest: every unconditional line of the plan ran or stands in the
// manifest as skipped, whatever goes wrong, and nothing ran beside the plan.
func TestPlanIsTheManifest(t *testing.T) {
	tests := map[string]func(*answers){
		"all answers": func(*answers) {},
		"no az": func(a *answers) {
			a.by["az"] = func(int) (string, Outcome) { return "", Outcome{Missing: true, Exit: -1} }
		},
		"no login": func(a *answers) { a.by["az group show"] = fails("ERROR: Please run 'az login' to setup account.") },
		"denied":   func(a *answers) { a.by["az network"] = fails("ERROR: (AuthorizationFailed) no") },
		"no namespace": func(a *answers) {
			a.by["kubectl get pods --namespace shop"] = fails("Error from server (Forbidden): no")
		},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			planned := cluster()
			plan, err := MakePlan(t.Context(), options(t, planned))
			if err != nil {
				t.Fatal(err)
			}
			for _, argv := range planned.ran {
				if !slices.ContainsFunc(plan.Discovery, func(c Command) bool { return slices.Equal(c.Argv(), argv) }) {
					t.Errorf("plan ran %v and does not print it", argv)
				}
			}
			collected := cluster()
			change(collected)
			o := options(t, collected)
			o.Planned = func(p Plan) {
				for _, program := range []bundle.Program{bundle.Kubectl, bundle.Az} {
					if got, want := p.Calls(program), plan.Calls(program); got != want {
						t.Errorf("plan says %+v of %s, and the beginning of the collection %+v", want, program, got)
					}
				}
			}
			m := manifestOf(t, o)
			ran := map[string]int{}
			for _, argv := range collected.ran {
				ran[argv[0]]++
			}
			for _, program := range []bundle.Program{bundle.Kubectl, bundle.Az} {
				c, n := plan.Calls(program), ran[string(program)]
				if name == "all answers" && (n < c.Sure || n > c.Sure+c.More) || n > c.Sure+c.More || c.Sure < 8 {
					t.Errorf("%s was asked %d times, the plan says %+v", program, n, c)
				}
			}
			var lines []string
			for _, c := range append(plan.Discovery, plan.Always...) {
				lines = append(lines, c.String())
				if !slices.ContainsFunc(m.Entries, func(e bundle.Entry) bool { return slices.Equal(e.Argv, c.Argv()) }) {
					t.Errorf("%s has no entry", c)
				}
			}
			if len(lines) < 25 {
				t.Errorf("only %d lines", len(lines))
			}
			for _, argv := range collected.ran {
				if !slices.Contains(lines, quote(argv)) && !conditional(plan, argv) {
					t.Errorf("%s ran and is not printed", quote(argv))
				}
			}
		})
	}
}

// conditional reports whether a command is one of the plan's conditional lines with its
// blanks filled.
func conditional(plan Plan, argv []string) bool {
	return slices.ContainsFunc(plan.Conditional, func(c Condition) bool {
		return slices.ContainsFunc(c.Lines, func(line string) bool {
			rest, ok := matchWords(strings.Fields(line), argv, false)
			return ok && len(rest) == 0
		})
	})
}

func fails(stderr string) func(int) (string, Outcome) {
	return func(int) (string, Outcome) { return "", Outcome{Exit: 1, Stderr: stderr} }
}

// TestEventsFirst: of all that is asked of the cluster they are the first. The lanes
// of kubectl start together, so they may be any of the first few to say so: one lane more
// than there are may have begun its second.
func TestEventsFirst(t *testing.T) {
	a := cluster()
	o := options(t, a)
	o.Context = "lab"
	first := make(chan string, parallel+1)
	o.Progress = firstStart{first}
	manifestOf(t, o)
	close(first)
	var got []string
	for c := range first {
		if strings.HasPrefix(c, "kubectl get events") {
			return
		}
		got = append(got, c)
	}
	t.Errorf("first are %q", got)
}

type firstStart struct{ first chan string }

func (firstStart) Plan(int) {}
func (f firstStart) Start(c Command) {
	select {
	case f.first <- c.String():
	default:
	}
}
func (firstStart) Done(Command, bundle.Entry) {}
func (firstStart) Wait(time.Duration)         {}

// TestLongAnswer: what is longer than the cap is cut and says so.
func TestLongAnswer(t *testing.T) {
	a := cluster()
	line := "a line that no context has\n"
	a.by["kubectl config"] = says(strings.Repeat(line, int(bundle.KubeContext.Cap)/len(line)+10))
	delete(a.by, "kubectl config current-context")
	for _, e := range manifestOf(t, options(t, a)).Entries {
		if e.Evidence == bundle.KubeContext.ID && (e.Status != bundle.StatusTruncated || e.Bytes == 0 || e.Bytes > bundle.KubeContext.Cap) {
			t.Errorf("%s %q, %d bytes", e.Status, e.Reason, e.Bytes)
		}
	}
}

func TestTwoSubscriptionsWithOneGroupName(t *testing.T) {
	a := cluster()
	sub2 := strings.Replace(testSub, "6f5a", "7f5a", 1)
	const compute = "/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/"
	a.by["kubectl get nodes"] = says("apiVersion: v1\nitems:\n" + nodeItem("a", "azure:///subscriptions/"+testSub+compute+"v", "True") + nodeItem("b", "azure:///subscriptions/"+sub2+compute+"v", "True"))
	var paths []string
	for _, e := range manifestOf(t, options(t, a)).Entries {
		if e.Evidence == bundle.LoadBalancers.ID {
			paths = append(paths, e.Path)
		}
	}
	if want := []string{"azure/" + sub2 + "/rg/lb.json", "azure/rg/lb.json"}; !slices.Equal(paths, want) {
		t.Errorf("paths = %v, want %v", paths, want)
	}
}

// TestRecordingWithoutActivityLog: a recording is asked for the activity log, and other
// evidence that came later, only where it has some; the rest is asked for in any case.
func TestRecordingWithoutActivityLog(t *testing.T) {
	without := &Recording{Commands: []RecordedCommand{{Program: bundle.Az, Args: []string{"network", "lb", "list", "--resource-group", "rg"}}}}
	with := &Recording{}
	for _, e := range bundle.Catalogue {
		c, err := (builder{endpoint: publicCloud}).command(e, everyValue)
		if e.Extra && err != nil {
			t.Fatal(err)
		}
		if e.Extra {
			with.Commands = append(with.Commands, RecordedCommand{Program: e.Program, Args: c.Args})
		}
	}
	for _, e := range bundle.Catalogue {
		if got := without.lacks(e); got != e.Extra || e == &bundle.ActivityLog && !got {
			t.Errorf("a recording without the log lacks %s: %v", e.ID, got)
		}
		if with.lacks(e) {
			t.Errorf("a recording with the log lacks %s", e.ID)
		}
	}
	p := newPlanner(builder{endpoint: publicCloud})
	p.lacks = without.lacks
	p.group(Group{Subscription: testSub, Name: "rg"}, "")
	p.declined(bundle.Az, "no")
	for _, c := range p.plan.Always {
		if c.Evidence.Extra {
			t.Errorf("planned all the same: %s", c)
		}
	}
	if slices.ContainsFunc(p.plan.Missing, func(e bundle.Entry) bool { return bundle.ByID(e.Evidence).Extra }) {
		t.Error("it is missed all the same")
	}
}
