//go:build unix

package main

import (
	"io"
	"os/signal"
	"syscall"
	"testing"
	"time"
)

func send(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(syscall.Getpid(), s); err != nil {
		t.Fatal(err)
	}
}

// TestSignals: the first ends the collection, a terminal that closes twice does no more
// than that, a second Ctrl-C abandons the bundle.
func TestSignals(t *testing.T) {
	if signal.Ignored(syscall.SIGHUP) {
		t.Skip("these tests run under nohup, which keeps SIGHUP from them")
	}
	ctx, abandoned, stop := interruptible(io.Discard)
	defer stop()
	send(t, syscall.SIGHUP)
	select {
	case <-ctx.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("the collection goes on")
	}
	send(t, syscall.SIGHUP)
	select {
	case <-abandoned:
		t.Fatal("the terminal that closed took the bundle with it")
	case <-time.After(100 * time.Millisecond):
	}
	send(t, syscall.SIGINT)
	select {
	case <-abandoned:
	case <-time.After(10 * time.Second):
		t.Fatal("it is not abandoned")
	}
}
