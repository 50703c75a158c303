package collect

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	bundle "azlb/bundle-schema"
)

// Recording is a directory of recorded answers that takes the place of the
// processes. Its file commands.json names them; all paths are relative to it:
//
//	{
//	  "time": "2026-11-23T10:05:00Z",
//	  "commands": [
//	    {"program": "kubectl", "args": ["get", "services", "--all-namespaces", "-o", "yaml"], "stdout": "kubectl-services.yaml"},
//	    {"program": "az", "args": ["network", "lb", "list", "--resource-group", "rg1"], "exit": 1, "stderr": "denied.txt"}
//	  ],
//	  "cloudConfig": "azure.json",
//	  "logFiles": ["kubelet.log"]
//	}
//
// time is when it was recorded: the bundle's clock. args are the catalogue's
// template with its blanks filled. What the collector adds to a template
// (--context, --since, --tail, --subscription, -o json and --only-show-errors of az) may
// stand there or be left out: a command is first looked for word by word, then
// without these. exit is 0, stdout and stderr are empty where they are left out.
// cloudConfig and logFiles stand for --cloud-config and --log-file. A command that
// is not in the list is answered by "the recording has no answer", never by success;
// only evidence that nobody misses (Extra in the catalogue) is not asked of a recording
// that has none of it.
type Recording struct {
	Time        time.Time         `json:"time"`
	Commands    []RecordedCommand `json:"commands"`
	CloudConfig string            `json:"cloudConfig"`
	LogFiles    []string          `json:"logFiles"`

	dir string
}

// RecordedCommand is one recorded answer.
type RecordedCommand struct {
	Program bundle.Program `json:"program"`
	Args    []string       `json:"args"`
	Exit    int            `json:"exit"`
	Stdout  string         `json:"stdout"` // file
	Stderr  string         `json:"stderr"` // file
}

// OpenRecording reads commands.json of a directory and checks that its files exist.
func OpenRecording(dir string) (*Recording, error) {
	path := filepath.Join(dir, "commands.json")
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the recording: %w", err)
	}
	r := &Recording{dir: dir}
	strict := json.NewDecoder(bytes.NewReader(raw))
	strict.DisallowUnknownFields()
	if err := strict.Decode(r); err != nil {
		return nil, fmt.Errorf("reading the recording %s: %w", path, err)
	}
	if r.Time.IsZero() {
		return nil, fmt.Errorf("reading the recording %s: it has no time, which is the clock of its evidence", path)
	}
	files := append([]string{r.CloudConfig}, r.LogFiles...)
	for _, c := range r.Commands {
		files = append(files, c.Stdout, c.Stderr)
	}
	for _, f := range files {
		if f == "" {
			continue
		}
		if !filepath.IsLocal(f) {
			return nil, fmt.Errorf("reading the recording %s: %q is not a file beside it", path, f)
		}
		if _, err := os.Stat(filepath.Join(dir, f)); err != nil {
			return nil, fmt.Errorf("reading the recording %s: %w", path, err)
		}
	}
	return r, nil
}

// Apply lets a recording take the place of processes, clock and local files.
func (r *Recording) Apply(o *Options) {
	o.Runner, o.OwnMachine = r, false
	o.Now = func() time.Time { return r.Time }
	o.Pause = func(context.Context, time.Duration) {}
	if o.CloudConfig == "" && r.CloudConfig != "" {
		o.CloudConfig = filepath.Join(r.dir, r.CloudConfig)
	}
	for _, f := range r.LogFiles {
		o.LogFiles = append(o.LogFiles, filepath.Join(r.dir, f))
	}
}

// Run answers one command.
func (r *Recording) Run(ctx context.Context, c Command, stdout io.Writer) Outcome {
	if err := Allowed(c, false); err != nil {
		return Outcome{Exit: -1, Refused: true, Err: err}
	}
	recorded := r.find(c)
	switch {
	case ctx.Err() != nil:
		return Outcome{Exit: -1, Err: ctx.Err()}
	case recorded == nil:
		return Outcome{Exit: -1, Unrecorded: true, Err: errors.New("not recorded")}
	}
	o := Outcome{Exit: recorded.Exit}
	if recorded.Stderr != "" {
		raw, err := os.ReadFile(filepath.Join(r.dir, recorded.Stderr))
		if err != nil {
			return Outcome{Exit: -1, Err: fmt.Errorf("reading the recording: %w", err)}
		}
		stderr := &head{max: stderrCap}
		stderr.Write(raw) // never fails
		o.Stderr = stderr.text()
	}
	if recorded.Stdout == "" {
		return o
	}
	f, err := os.Open(filepath.Join(r.dir, recorded.Stdout))
	if err == nil {
		defer f.Close()
		_, err = io.Copy(stdout, f)
	}
	if err != nil {
		return Outcome{Exit: -1, Err: fmt.Errorf("reading the recording: %w", err)}
	}
	return o
}

// lacks reports evidence that the recording was made without and that nobody misses:
// a bundle of it has no entry for that, as if the collector did not know it.
func (r *Recording) lacks(e *bundle.Evidence) bool {
	return e.Extra && !slices.ContainsFunc(r.Commands, func(c RecordedCommand) bool {
		if len(e.Args) == 0 {
			return c.Program == e.Program && restAllowed(e, Command{Args: append(bare(c.Args), "-o", "json", "--only-show-errors")}, false)
		}
		_, ok := matchWords(e.Args, c.Args, false)
		return c.Program == e.Program && ok
	})
}

func (r *Recording) find(c Command) *RecordedCommand {
	for _, as := range []func([]string) []string{slices.Clone[[]string], bare} {
		want := as(c.Args)
		for i, recorded := range r.Commands {
			if recorded.Program == c.Program && slices.EqualFunc(as(recorded.Args), want, strings.EqualFold) {
				return &r.Commands[i]
			}
		}
	}
	return nil
}

// bare is a command without what the collector adds to its template.
func bare(args []string) []string {
	var kept []string
	for i := 0; i < len(args); i++ {
		switch {
		case slices.Contains([]string{"--context", "--subscription", "--since", "--tail"}, args[i]):
			i++
		case args[i] == "--only-show-errors":
		case args[i] == "-o" && i+1 < len(args) && args[i+1] == "json":
			i++
		default:
			kept = append(kept, args[i])
		}
	}
	return kept
}
