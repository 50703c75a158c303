package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"azlb/collect"
)

// outlive keeps a collection going when the terminal or pipe that it writes to is closed.
func outlive() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

// interruptible ends with the first Ctrl-C, SIGTERM or closed terminal, so that what there
// is gets written. The second Ctrl-C or SIGTERM abandons that too: nothing is left of the
// bundle. The third ends the program as ever.
func interruptible(stderr io.Writer) (ctx context.Context, abandoned <-chan struct{}, stop func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) { // nohup, or a job in the background
			signal.Notify(signals, s)
		}
	}
	given, done := make(chan struct{}), make(chan struct{})
	go func() {
		for n := 0; n < 2; {
			select {
			case s := <-signals:
				// A terminal that closes says so twice: the shell does, and the system.
				if n == 1 && s == syscall.SIGHUP {
					continue
				}
			case <-done:
				return
			}
			if n++; n == 1 {
				cancel(collect.ErrInterrupted)
				fmt.Fprintln(stderr, "\nInterrupted: writing what there is. Once more ends without a bundle.")
				continue
			}
			signal.Stop(signals)
			close(given)
		}
	}()
	return ctx, given, func() {
		signal.Stop(signals)
		close(done)
		cancel(nil)
	}
}
