//go:build unix

package collect

import (
	"errors"
	"os/exec"
	"syscall"
)

// isolate puts the process into a group of its own: az is a script whose python
// child, and kubectl's login plugins, must end together with it.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// kill ends the process and everything that it started.
func kill(cmd *exec.Cmd) error {
	err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}
