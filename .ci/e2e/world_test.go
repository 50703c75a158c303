package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

// world is a recorded incident that is made again: its cluster through the API, its
// Azure in the stub.
type world struct {
	bundle string // the sample's directory
	// renamed are the recorded uids, and the names that come from them, with those that
	// the API server gave instead.
	renamed []string
	shift   time.Duration // from the recording's clock to ours
}

// kinds are where the objects of a kind live in the API.
var kinds = map[string]string{
	"Node": "/api/v1/nodes", "Service": "/api/v1/namespaces/%s/services", "Pod": "/api/v1/namespaces/%s/pods",
	"EndpointSlice": "/apis/discovery.k8s.io/v1/namespaces/%s/endpointslices", "Event": "/api/v1/namespaces/%s/events",
}

// load makes the sample's cluster and returns what Azure has.
func load(t *testing.T, c *cluster, sample string) *world {
	t.Helper()
	w := &world{bundle: filepath.Join(tree, "samples", sample, "bundle")}
	made := map[string]bool{"default": true, "kube-system": true}
	for _, file := range []string{"nodes", "services", "pods-kube-system", "pods/*", "endpointslices", "events"} {
		paths, err := filepath.Glob(filepath.Join(w.bundle, "k8s", file+".yaml"))
		must(t, err)
		if len(paths) == 0 {
			t.Fatalf("%s has no %s.yaml", w.bundle, file)
		}
		for _, path := range paths {
			for _, o := range w.read(t, path) {
				if ns := text(o, "metadata", "namespace"); ns != "" && !made[ns] {
					c.admin.ask(t, "POST", "/api/v1/namespaces", object{"metadata": object{"name": ns}})
					made[ns] = true
				}
				w.make(t, c.admin, o)
				if text(o, "kind") == "EndpointSlice" {
					c.admin.ask(t, "POST", fmt.Sprintf("/api/v1/namespaces/%s/endpoints", text(o, "metadata", "namespace")), endpointsOf(o))
				}
			}
		}
	}
	for _, name := range []string{"kube-controller-manager", "cloud-controller-manager"} {
		c.admin.ask(t, "POST", "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases", object{"metadata": object{"name": name},
			"spec": object{"holderIdentity": "cp-0_e2e", "leaseDurationSeconds": 15, "renewTime": time.Now().UTC().Format("2006-01-02T15:04:05.000000Z")}})
	}
	logs := map[string]string{}
	paths, err := filepath.Glob(filepath.Join(w.bundle, "logs", "*.log"))
	must(t, err)
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		must(t, err)
		logs[strings.TrimSuffix(filepath.Base(path), ".log")] = w.again(string(raw))
	}
	c.tunnel.logs.Store(&logs)
	return w
}

// read is the list of a file, in the terms of the cluster that is being made.
func (w *world) read(t *testing.T, path string) []object {
	t.Helper()
	raw, err := os.ReadFile(path)
	must(t, err)
	var l object
	must(t, yaml.Unmarshal([]byte(w.again(string(raw))), &l))
	return list(l["items"])
}

// make creates an object with its status, and keeps what the API server called it.
func (w *world) make(t *testing.T, a *api, o object) {
	t.Helper()
	meta := o["metadata"].(object)
	if meta["name"] == "kubernetes" && meta["namespace"] == "default" {
		return // the API server's own
	}
	path := kinds[text(o, "kind")]
	if strings.Contains(path, "%s") {
		path = fmt.Sprintf(path, text(o, "metadata", "namespace"))
	}
	o["metadata"] = without(meta, "uid", "resourceVersion", "creationTimestamp", "generateName")
	made := a.ask(t, "POST", path, o)
	if status, ok := o["status"]; ok {
		made["status"] = status
		made = a.ask(t, "PUT", path+"/"+text(made, "metadata", "name")+"/status", made)
	}
	old, uid := meta["uid"].(string), text(made, "metadata", "uid")
	w.renamed = append(w.renamed, old, uid, loadBalancerName(old), loadBalancerName(uid))
	if text(o, "kind") == "Service" && w.shift == 0 {
		w.shift = created(t, made["metadata"]).Sub(created(t, meta))
	}
}

// endpointsOf is the older form of an EndpointSlice, which a cluster keeps beside it.
func endpointsOf(slice object) object {
	var ready, waiting []object
	for _, e := range list(slice["endpoints"]) {
		address := object{"ip": e["addresses"].([]any)[0], "nodeName": e["nodeName"], "targetRef": e["targetRef"]}
		if conditions, _ := e["conditions"].(object); conditions["ready"] == false {
			waiting = append(waiting, address)
		} else {
			ready = append(ready, address)
		}
	}
	return object{"metadata": object{"name": text(slice, "metadata", "labels", "kubernetes.io/service-name"), "namespace": text(slice, "metadata", "namespace")},
		"subsets": []object{{"addresses": ready, "notReadyAddresses": waiting, "ports": slice["ports"]}}}
}

// loadBalancerName is the provider's name for what belongs to a Service.
func loadBalancerName(uid string) string {
	return ("a" + strings.ReplaceAll(uid, "-", ""))[:32]
}

func created(t *testing.T, meta any) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text(meta.(object), "creationTimestamp"))
	must(t, err)
	return at
}

var (
	stamp = regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)`)
	klog  = regexp.MustCompile(`\b([IWEF])(\d{4} \d\d:\d\d:\d\d\.\d{6})`)
)

// again is a recorded text with the uids and the times of now.
func (w *world) again(text string) string {
	text = strings.NewReplacer(w.renamed...).Replace(text)
	if w.shift == 0 {
		return text
	}
	text = stamp.ReplaceAllStringFunc(text, func(s string) string {
		at, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			return s
		}
		// With as many digits as before: an API type has either none or six.
		digits := strings.Repeat("0", max(0, strings.IndexAny(s, "Z+")-len("2006-01-02T15:04:05.")))
		return at.Add(w.shift).UTC().Format(strings.TrimSuffix("2006-01-02T15:04:05."+digits, ".") + "Z")
	})
	return klog.ReplaceAllStringFunc(text, func(s string) string {
		at, err := time.Parse("20060102 15:04:05.000000", fmt.Sprint(time.Now().Year())+s[1:])
		if err != nil {
			return s
		}
		return s[:1] + at.Add(w.shift).Format("0102 15:04:05.000000")
	})
}

// arm are the objects of the sample's Azure, as ARM has them.
func (w *world) arm(t *testing.T) []object {
	t.Helper()
	var all []object
	must(t, filepath.WalkDir(filepath.Join(w.bundle, "azure"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Dir(path) == filepath.Join(w.bundle, "azure") {
			return err // az's own answers lie at the top
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var answer any
		if err := json.Unmarshal([]byte(w.again(string(raw))), &answer); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if one, ok := answer.(object); ok {
			answer = []any{one}
		}
		for _, o := range list(answer) {
			all = append(all, armForm("", o).(object))
		}
		return nil
	}))
	return all
}
