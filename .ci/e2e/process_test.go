// Package e2e runs azlb-collect and azlb-analyze as a customer would: against a real
// etcd, a real kube-apiserver with the real kubectl, and the real az against an ARM of
// our own on loopback. `make e2e` prepares what it needs.
package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Where `make e2e` put the programs, and the tree that they were built from.
var (
	programs = os.Getenv("AZLB_E2E_PROGRAMS") // etcd, kube-apiserver, kubectl, azlb-collect, azlb-analyze
	azure    = os.Getenv("AZLB_E2E_AZ")       // Debian's az
	tree     = filepath.Join("..", "..")
)

// children are the servers that run, to be ended whatever happens.
var children struct {
	sync.Mutex
	running []*exec.Cmd
}

// TestMain ends the servers on Ctrl-C too, where no cleanup of a test runs.
func TestMain(m *testing.M) {
	if programs == "" {
		fmt.Fprintln(os.Stderr, "these tests need programs that `make e2e` builds: run make e2e")
		os.Exit(1)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		<-stop
		killAll()
		os.Exit(130)
	}()
	code := m.Run()
	killAll()
	os.Exit(code)
}

func killAll() {
	children.Lock()
	defer children.Unlock()
	for _, c := range children.running {
		// It may have ended by itself.
		_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
	}
}

// start runs a server until the test ends. What it prints lies in dir, and is shown
// where the test fails before the server was ready.
func start(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	out, err := os.Create(filepath.Join(dir, name+".log"))
	must(t, err)
	cmd := exec.Command(filepath.Join(programs, name), args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	// A group of its own, so that Ctrl-C reaches it through us only; and it does not
	// outlive us, however we end.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	children.Lock()
	defer children.Unlock()
	must(t, cmd.Start())
	children.running = append(children.running, cmd)
	t.Cleanup(func() {
		// It may have ended by itself.
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		out.Close()
	})
}

// freePort is a port of loopback on which nobody listens.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// wait asks until ready says so, and fails with the log of that server.
func wait(t *testing.T, what, log string, ready func() error) {
	t.Helper()
	var err error
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if err = ready(); err == nil {
			return
		}
	}
	raw, _ := os.ReadFile(log)
	t.Fatalf("%s is not ready: %v\n%s", what, err, raw[max(0, len(raw)-4000):])
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
