package collect

import (
	"os/exec"
	"strconv"
	"syscall"
)

// isolate keeps Ctrl-C of our console from the process; we end it ourselves.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// kill ends the process and everything that it started: ending az.cmd alone
// leaves its python running.
func kill(cmd *exec.Cmd) error {
	if err := exec.Command("taskkill", "/T", "/F", "/PID", strconv.Itoa(cmd.Process.Pid)).Run(); err != nil {
		return cmd.Process.Kill()
	}
	return nil
}
