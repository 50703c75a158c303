package e2e

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// stub is an ARM on loopback that answers reads, with the faults that a test injects.
type stub struct {
	*httptest.Server
	ca    *authority
	store store

	mu      sync.Mutex
	faults  []*fault
	asked   []string // "METHOD /path", lower-cased
	release chan struct{}
}

// fault is an answer in place of the right one.
type fault struct {
	path    string // a part of it, lower-cased
	times   int    // how often; 0: always
	status  int    // 0: the right answer, after the pause
	body    string
	headers map[string]string
	pause   time.Duration
	hang    bool // no answer at all
	pages   bool // the right answer, one item a page
}

// token is what the stub gives out and wants to see again.
const token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJlMmUifQ.c2ln"

// startStub serves those objects over TLS with a certificate of an authority of its own.
func startStub(t *testing.T, objects []object) *stub {
	t.Helper()
	s := &stub{ca: newAuthority(t, t.TempDir(), "arm-ca"), store: newStore(objects), release: make(chan struct{})}
	s.Server = httptest.NewUnstartedServer(s)
	s.TLS = s.ca.server(t, "arm")
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that do not trust it
	s.StartTLS()
	t.Cleanup(func() {
		close(s.release) // what hangs
		s.Close()
	})
	return s
}

// inject replaces the faults, and forgets what was asked.
func (s *stub) inject(faults ...*fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults, s.asked = faults, nil
}

// wrote are the requests that were no reads and no log-in.
func (s *stub) wrote() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.asked), func(r string) bool {
		return strings.HasPrefix(r, "GET ") || r == "POST /adfs/oauth2/token"
	})
}

// count is how often a path with that part was asked for.
func (s *stub) count(part string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, r := range s.asked {
		if strings.Contains(r, part) {
			n++
		}
	}
	return n
}

// take finds the fault of a request.
func (s *stub) take(r *http.Request, path string) *fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.Method+" "+path)
	for _, f := range s.faults {
		if !strings.Contains(path, f.path) || f.times < 0 {
			continue
		}
		if f.times > 0 {
			if f.times--; f.times == 0 {
				f.times = -1
			}
		}
		return f
	}
	return nil
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.ToLower(strings.TrimRight(r.URL.Path, "/"))
	f := s.take(r, path)
	if f != nil {
		select {
		case <-time.After(f.pause):
		case <-r.Context().Done():
		}
		if f.hang {
			select {
			case <-s.release:
			case <-r.Context().Done():
			}
			return
		}
		if f.status != 0 {
			for k, v := range f.headers {
				w.Header().Set(k, v)
			}
			if w.Header().Get("Content-Type") == "" {
				w.Header().Set("Content-Type", "application/json")
			}
			w.WriteHeader(f.status)
			io.WriteString(w, f.body)
			return
		}
	}
	switch {
	case path == "/adfs/.well-known/openid-configuration":
		answer(w, http.StatusOK, object{"issuer": s.URL + "/adfs", "authorization_endpoint": s.URL + "/adfs/oauth2/authorize",
			"token_endpoint": s.URL + "/adfs/oauth2/token", "device_authorization_endpoint": s.URL + "/adfs/oauth2/devicecode"})
	case path == "/adfs/oauth2/token":
		answer(w, http.StatusOK, object{"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": token})
	case r.Header.Get("Authorization") != "Bearer "+token:
		answer(w, http.StatusUnauthorized, armError("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing."))
	case r.Method != http.MethodGet:
		answer(w, http.StatusMethodNotAllowed, armError("MethodNotAllowed", "this Azure is read only"))
	default:
		s.read(w, r, path, f != nil && f.pages)
	}
}

// read answers a GET on ARM.
func (s *stub) read(w http.ResponseWriter, r *http.Request, path string, paged bool) {
	found, ok := s.store.find(path)
	if !ok {
		group, _, _ := strings.Cut(path, "/providers/")
		if s.store[group] == nil {
			answer(w, http.StatusNotFound, armError("ResourceGroupNotFound", "Resource group '"+group[strings.LastIndex(group, "/")+1:]+"' could not be found."))
			return
		}
		answer(w, http.StatusNotFound, armError("ResourceNotFound", "The Resource '"+path+"' was not found."))
		return
	}
	if r.URL.Query().Get("api-version") == "" {
		answer(w, http.StatusBadRequest, armError("MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests."))
		return
	}
	if paged {
		found = s.page(r, found)
	}
	answer(w, http.StatusOK, found)
}

// page is the one item of a list that the request's token asks for, with a link to the
// next one.
func (s *stub) page(r *http.Request, whole object) object {
	items := list(whole["value"])
	q := r.URL.Query()
	n, _ := strconv.Atoi(q.Get("$skipToken")) // the first page has no token
	if len(items) < 2 || n >= len(items) {
		return whole
	}
	page := object{"value": items[n : n+1]}
	if n++; n < len(items) {
		q.Set("$skipToken", strconv.Itoa(n))
		page["nextLink"] = s.URL + r.URL.Path + "?" + q.Encode()
	}
	return page
}

func armError(code, message string) object {
	return object{"error": object{"code": code, "message": message}}
}

func answer(w http.ResponseWriter, status int, body object) {
	raw, err := json.Marshal(body)
	if err != nil {
		panic(err) // it comes out of JSON
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	w.Write(raw) // the client may be gone
}
