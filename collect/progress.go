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

// Progress is told what runs. Its methods are called from several goroutines. What it
// cannot write is lost: a closed terminal ends no collection.
type Progress interface {
	Plan(commands int) // so many more commands will run
	Start(Command)
	Done(Command, bundle.Entry)
	Wait(time.Duration) // Azure asks to wait
}

// Silent shows nothing.
type Silent struct{}

// Plan does nothing.
func (Silent) Plan(int) {}

// Start does nothing.
func (Silent) Start(Command) {}

// Done does nothing.
func (Silent) Done(Command, bundle.Entry) {}

// Wait does nothing.
func (Silent) Wait(time.Duration) {}

// lineWidth is the width of what is written where no terminal says how wide it is.
const lineWidth = 80

// Lines writes one short line for each command that ended: for files and pipes. Why one
// failed stands in the summary.
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
	l.line(fmt.Sprintf("%-9s %6.1fs  %s", e.Status, float64(e.Millis)/1000, subject(c)))
}

// Wait writes how long.
func (l *Lines) Wait(d time.Duration) { l.line(waiting(d)) }

func (l *Lines) line(s string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintln(l.W, short(s, lineWidth))
}

// subject is what a command asks for, as a reader calls it: "Load balancers: rg".
func subject(c Command) string {
	s := c.Evidence.Title
	if of := scopeName(c.Scope); of != "" {
		s += ": " + of
	}
	if n := c.Scope["page"]; n != "" {
		s += ", page " + n
	}
	return s
}

// scopeName is the narrowest thing that a scope names.
func scopeName(scope map[string]string) string {
	for _, blank := range []string{"vm", "scaleset", "loadbalancer", "cluster", "pod", "name", "namespace", "group", "location"} {
		if scope[blank] != "" {
			return scope[blank]
		}
	}
	return ""
}

func waiting(d time.Duration) string {
	return fmt.Sprintf("Azure throttles this subscription: waiting %v as it asks", d.Round(time.Second))
}

// Terminal keeps one line up to date: how far it is, and what runs for how long.
type Terminal struct {
	w     io.Writer
	width int
	now   func() time.Time

	mu            sync.Mutex
	planned, done int
	running       []running
	held          time.Time // az is kept back until then
	stop          chan struct{}
}

type running struct {
	what, shown string
	since       time.Time
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
	t.running = nil
	fmt.Fprint(t.w, "\r\x1b[K")
}

// Plan adds to what will run.
func (t *Terminal) Plan(commands int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.planned += commands
}

// Start shows a command as running.
func (t *Terminal) Start(c Command) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running = append(t.running, running{c.String(), subject(c), t.now()})
	t.draw()
}

// Done takes a command off the line. What failed is told at the end, all at once.
func (t *Terminal) Done(c Command, _ bundle.Entry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done = min(t.done+1, t.planned)
	if i := slices.IndexFunc(t.running, func(r running) bool { return r.what == c.String() }); i >= 0 {
		t.running = slices.Delete(t.running, i, i+1)
	}
	t.draw()
}

// Wait shows that az is kept back.
func (t *Terminal) Wait(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.held = t.now().Add(d)
	t.draw()
}

func (t *Terminal) draw() {
	var what string
	switch {
	case t.held.After(t.now()):
		what = waiting(t.held.Sub(t.now()))
	case len(t.running) > 0:
		oldest := t.running[0]
		what = fmt.Sprintf("%s (%.0fs)", oldest.shown, t.now().Sub(oldest.since).Seconds())
	default:
		return
	}
	fmt.Fprintf(t.w, "\r\x1b[K%s", short(fmt.Sprintf("%d of %d  %s", t.done, t.planned, what), t.width))
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

// short makes a line that is harmless for a terminal and narrower than it.
func short(s string, width int) string {
	runes := []rune(clean(s))
	if len(runes) >= width {
		return string(runes[:max(width-2, 0)]) + "…"
	}
	return string(runes)
}
