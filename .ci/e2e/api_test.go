package e2e

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// object is one of the API.
type object = map[string]any

// api speaks to the API server with a client certificate.
type api struct {
	client  *http.Client
	address string
	user    pair
}

// as is the API in the eyes of a user of those groups.
func (c *cluster) as(t *testing.T, user string, groups ...string) *api {
	t.Helper()
	p := c.ca.issue(t, user, groups...)
	cert, err := tls.LoadX509KeyPair(p.cert, p.key)
	must(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(c.ca.cert)
	transport := &http.Transport{TLSClientConfig: &tls.Config{Certificates: []tls.Certificate{cert}, RootCAs: roots}}
	t.Cleanup(transport.CloseIdleConnections)
	return &api{client: &http.Client{Transport: transport}, address: c.address, user: p}
}

// ask sends one request and returns the answer.
func (a *api) ask(t *testing.T, method, path string, body any) object {
	t.Helper()
	raw, err := json.Marshal(body)
	must(t, err)
	req, err := http.NewRequest(method, a.address+path, bytes.NewReader(raw))
	must(t, err)
	req.Header.Set("Content-Type", "application/json")
	r, err := a.client.Do(req)
	must(t, err)
	defer r.Body.Close()
	answer, err := io.ReadAll(r.Body)
	must(t, err)
	if r.StatusCode >= 300 {
		t.Fatalf("%s %s: %s: %s", method, path, r.Status, answer)
	}
	var o object
	must(t, json.Unmarshal(answer, &o))
	return o
}

// everything lists every object of every type that the API server has, as
// "path: resourceVersion".
func (a *api) everything(t *testing.T) []string {
	t.Helper()
	groups := []string{"/api/v1"}
	for _, g := range list(a.ask(t, "GET", "/apis", nil)["groups"]) {
		groups = append(groups, "/apis/"+text(g, "preferredVersion", "groupVersion"))
	}
	var all []string
	for _, group := range groups {
		for _, r := range list(a.ask(t, "GET", group, nil)["resources"]) {
			verbs, _ := r["verbs"].([]any)
			if !slices.Contains(verbs, any("list")) {
				continue
			}
			path := group + "/" + text(r, "name")
			for _, o := range list(a.ask(t, "GET", path, nil)["items"]) {
				if strings.HasPrefix(text(o, "metadata", "name"), "apiserver-") && text(r, "name") == "leases" {
					continue // the API server's own sign of life
				}
				all = append(all, fmt.Sprintf("%s %s/%s: %s", path, text(o, "metadata", "namespace"), text(o, "metadata", "name"), text(o, "metadata", "resourceVersion")))
			}
		}
	}
	slices.Sort(all)
	return all
}

// kubeconfig writes one whose only context has that name and that user or token.
func (c *cluster) kubeconfig(t *testing.T, name, address string, user pair, token string) string {
	t.Helper()
	who := object{"client-certificate": user.cert, "client-key": user.key}
	if token != "" {
		who = object{"token": token}
	}
	raw, err := json.Marshal(object{
		"apiVersion": "v1", "kind": "Config", "current-context": "lab",
		"clusters": []object{{"name": "lab", "cluster": object{"server": address, "certificate-authority": c.ca.file}}},
		"users":    []object{{"name": name, "user": who}},
		"contexts": []object{{"name": "lab", "context": object{"cluster": "lab", "user": name}}},
	})
	must(t, err)
	file := filepath.Join(c.dir, name+".kubeconfig")
	must(t, os.WriteFile(file, raw, 0o600))
	return file
}

// request is one line of the audit log.
type request struct {
	Verb       string `json:"verb"`
	RequestURI string `json:"requestURI"`
	User       struct {
		Username string `json:"username"`
	} `json:"user"`
}

// requests are those of a user, out of the API server's audit log.
func (c *cluster) requests(t *testing.T, user string) []request {
	t.Helper()
	raw, err := os.ReadFile(c.audit)
	must(t, err)
	var mine []request
	for line := range strings.Lines(string(raw)) {
		if !strings.HasSuffix(line, "\n") {
			break // it is being written
		}
		var r request
		must(t, json.Unmarshal([]byte(line), &r))
		if r.User.Username == user {
			mine = append(mine, r)
		}
	}
	return mine
}

// list is a JSON array of objects.
func list(v any) []object {
	items, _ := v.([]any)
	var objects []object
	for _, i := range items {
		if o, ok := i.(object); ok {
			objects = append(objects, o)
		}
	}
	return objects
}

// text is the string below those keys; empty: there is none.
func text(o object, keys ...string) string {
	for _, k := range keys[:len(keys)-1] {
		o, _ = o[k].(object)
	}
	s, _ := o[keys[len(keys)-1]].(string)
	return s
}

// without is a copy of an object without those keys.
func without(o object, keys ...string) object {
	c := maps.Clone(o)
	for _, k := range keys {
		delete(c, k)
	}
	return c
}
