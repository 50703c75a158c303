package collect

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	bundle "azlb/bundle-schema"
)

// Runner answers commands: with processes, or out of a recording.
type Runner interface {
	// Run writes what the command prints to stdout and returns how it ended. It
	// returns when ctx is done, at the latest a few seconds later.
	Run(ctx context.Context, c Command, stdout io.Writer) Outcome
}

// Outcome is how a command ended.
type Outcome struct {
	Exit   int
	Stderr string // the first 8 KiB, not yet redacted
	// Missing: the program is not installed. Unrecorded: the recording does not
	// have the command. Refused: it matches no template of the catalogue.
	Missing, Unrecorded, Refused bool
	Killed                       string // the signal that ended it from outside; empty: none did
	Err                          error  // why the command could not be run at all
}

// stderrCap is how much of stderr is kept; az's tracebacks end within it.
const stderrCap = 8 << 10

// Processes runs the kubectl and az that are on the PATH.
type Processes struct{}

// Run starts one process with a closed stdin in a process group of its own, and
// ends the whole group when ctx is done.
func (Processes) Run(ctx context.Context, c Command, stdout io.Writer) Outcome {
	if err := Allowed(c, runtime.GOOS == "windows"); err != nil {
		return Outcome{Exit: -1, Refused: true, Err: err}
	}
	path, err := exec.LookPath(string(c.Program)) // az.cmd on Windows, by PATHEXT
	if err != nil {
		return Outcome{Exit: -1, Missing: true, Err: err}
	}
	stderr := &head{max: stderrCap}
	cmd := exec.CommandContext(ctx, path, c.Args...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if c.Program == bundle.Az {
		cmd.Env = azEnviron(os.Environ())
	}
	isolate(cmd)
	cmd.Cancel = func() error { return kill(cmd) }
	// A grandchild that left the group may hold the pipes open.
	cmd.WaitDelay = 2 * time.Second
	err = cmd.Run()
	o := Outcome{Stderr: stderr.text()}
	var exit *exec.ExitError
	switch {
	case err == nil:
	case errors.As(err, &exit):
		o.Exit = exit.ExitCode()
		o.Killed = killedBy(exit.ProcessState)
	default:
		o.Exit, o.Err = -1, err
	}
	return o
}

// killedBy names the signal that ended a process, or that the shell script which az is
// tells of its child.
func killedBy(s *os.ProcessState) string {
	switch code := s.ExitCode(); {
	case code < 0:
		return s.String()
	case runtime.GOOS != "windows" && code == 128+9:
		return "signal: killed"
	}
	return ""
}

// head keeps the first max bytes and takes the rest without an error, so that the
// process is not killed by a broken pipe. The buffer is not embedded: its ReadFrom
// would go past the limit.
type head struct {
	kept bytes.Buffer
	max  int64
	over int64 // bytes that came after them
}

func (h *head) Write(p []byte) (int, error) {
	n := len(p)
	if room := h.max - int64(h.kept.Len()); int64(n) > room {
		p = p[:max(room, 0)]
		h.over += int64(n - len(p))
	}
	h.kept.Write(p)
	return n, nil
}

// text is what was kept, in whole lines: half a secret has no form that tells it.
func (h *head) text() string {
	text := h.kept.String()
	if end := strings.LastIndexByte(text, '\n'); h.over > 0 && end >= 0 {
		text = text[:end+1]
	}
	return text
}
