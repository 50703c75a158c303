package collect

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	bundle "azlb/bundle-schema"
)

// Progress is told what runs. Its methods are called from several goroutines.
type Progress interface {
	Plan(commands int) // so many more commands will run
	Start(Command)
	Done(Command, bundle.Entry)
}

// Silent shows nothing.
type Silent struct{}

// Plan does nothing.
func (Silent) Plan(int) {}

// Start does nothing.
func (Silent) Start(Command) {}

// Done does nothing.
func (Silent) Done(Command, bundle.Entry) {}

// Lines writes one line for each command that ended: for files and pipes.
type Lines struct {
	W  io.Writer
	mu sync.Mutex
}

// Plan does nothing: a line says what was, not what will be.
func (*Lines) Plan(int) {}

// Start does nothing.
func (*Lines) Start(Command) {}

// Done writes the line.
func (l *Lines) Done(c Command, e bundle.Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintln(l.W, doneLine(c, e))
}

// doneLine is what one command came to. What the evidence says is cleaned of
// control characters before it reaches a terminal.
func doneLine(c Command, e bundle.Entry) string {
	line := fmt.Sprintf("%-9s %6.1fs  %s", e.Status, float64(e.Millis)/1000, c)
	if e.Reason != "" {
		line += ": " + e.Reason
	}
	return clean(line)
}

// Terminal keeps one line up to date: what runs, how long, and how many are left.
// What fails is written above it.
type Terminal struct {
	w     io.Writer
	width int
	now   func() time.Time

	mu      sync.Mutex
	left    int
	running []running
	stop    chan struct{}
}

type running struct {
	what  string
	since time.Time
}

// NewTerminal starts a progress line on w, width columns wide.
func NewTerminal(w io.Writer, width int, now func() time.Time) *Terminal {
	t := &Terminal{w: w, width: width, now: now, stop: make(chan struct{})}
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-t.stop:
				return
			case <-tick.C:
				t.mu.Lock()
				t.draw()
				t.mu.Unlock()
			}
		}
	}()
	return t
}

// Close removes the line.
func (t *Terminal) Close() {
	close(t.stop)
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprint(t.w, "\r\x1b[K")
}

// Plan adds to what is left.
func (t *Terminal) Plan(commands int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.left += commands
}

// Start shows a command as running.
func (t *Terminal) Start(c Command) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running = append(t.running, running{c.String(), t.now()})
	t.draw()
}

// Done takes a command off the line and keeps its line where it failed.
func (t *Terminal) Done(c Command, e bundle.Entry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.left = max(t.left-1, 0)
	if i := slices.IndexFunc(t.running, func(r running) bool { return r.what == c.String() }); i >= 0 {
		t.running = slices.Delete(t.running, i, i+1)
	}
	if !e.Status.Complete() {
		fmt.Fprintf(t.w, "\r\x1b[K%s\n", doneLine(c, e))
	}
	t.draw()
}

func (t *Terminal) draw() {
	if len(t.running) == 0 {
		return
	}
	oldest := t.running[0]
	line := clean(fmt.Sprintf("%d left, %.0fs: %s", t.left, t.now().Sub(oldest.since).Seconds(), oldest.what))
	if runes := []rune(line); len(runes) >= t.width {
		line = string(runes[:max(t.width-2, 0)]) + "…"
	}
	fmt.Fprintf(t.w, "\r\x1b[K%s", line)
}

// clean makes a line harmless for a terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s)
}
