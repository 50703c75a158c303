package e2e

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// tunnel takes what the API server asks of kubelets, as the server of konnectivity
// does, and brings it to a kubelet of ours, which has the recorded logs.
type tunnel struct {
	socket string
	closed atomic.Bool // no agent: nothing comes through
	logs   atomic.Pointer[map[string]string]
}

func startTunnel(t *testing.T, dir string) *tunnel {
	t.Helper()
	u := &tunnel{socket: filepath.Join(dir, "tunnel.sock")}
	kubelet := httptest.NewTLSServer(http.HandlerFunc(u.containerLog))
	kubelet.Config.SetKeepAlivesEnabled(false) // each request comes through the tunnel anew
	t.Cleanup(kubelet.Close)
	l, err := net.Listen("unix", u.socket)
	must(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed
			}
			go u.connect(c, kubelet.Listener.Addr().String())
		}
	}()
	return u
}

// connect serves one CONNECT; whichever node it names, the kubelet is the same.
func (u *tunnel) connect(c net.Conn, kubelet string) {
	defer c.Close()
	r := bufio.NewReader(c)
	if _, err := http.ReadRequest(r); err != nil {
		return
	}
	if u.closed.Load() {
		io.WriteString(c, "HTTP/1.1 503 Service Unavailable\r\n\r\nNo agent available\n")
		return
	}
	k, err := net.Dial("tcp", kubelet)
	if err != nil {
		return
	}
	defer k.Close()
	io.WriteString(c, "HTTP/1.1 200 Connection Established\r\n\r\n")
	go func() {
		io.Copy(k, r)
		k.Close()
	}()
	io.Copy(c, k)
}

// containerLog answers as a kubelet does.
func (u *tunnel) containerLog(w http.ResponseWriter, r *http.Request) {
	// /containerLogs/NAMESPACE/POD/CONTAINER
	parts := strings.Split(r.URL.Path, "/")
	if len(parts) != 5 || parts[1] != "containerLogs" {
		http.NotFound(w, r)
		return
	}
	if r.URL.Query().Get("previous") == "true" {
		http.Error(w, `previous terminated container "`+parts[4]+`" in pod "`+parts[3]+`" not found`, http.StatusBadRequest)
		return
	}
	io.WriteString(w, (*u.logs.Load())[parts[3]+"."+parts[4]])
}
