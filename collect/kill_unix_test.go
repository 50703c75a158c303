//go:build unix

package collect

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	bundle "azlb/bundle-schema"
)

// TestGroupEnds: az is a script, and what it started must not outlive it.
func TestGroupEnds(t *testing.T) {
	dir := t.TempDir()
	pidFile := filepath.Join(dir, "pid")
	script := "#!/bin/sh\nread line && exit 3\nsleep 60 &\necho $! >" + pidFile + "\nwait\n"
	if err := os.WriteFile(filepath.Join(dir, "az"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for range 100 {
			if raw, _ := os.ReadFile(pidFile); len(raw) > 0 {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		cancel()
	}()
	begin := time.Now()
	o := Processes{}.Run(ctx, Command{Evidence: &bundle.AzVersion, Program: bundle.Az, Args: []string{"version", "-o", "json", "--only-show-errors"}}, &bytes.Buffer{})
	if o.Exit == 0 || o.Exit == 3 {
		t.Errorf("outcome = %+v, want a killed process whose stdin is closed", o)
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	raw, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if gone(pid) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("the child %d is still there", pid)
}

// gone reports whether a process ended; one that nobody waits for stays as a zombie.
func gone(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && strings.Contains(string(stat), ") Z ")
}
