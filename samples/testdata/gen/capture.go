package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"azlb/analyze/rule/ruletest"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/redact"
)

// The recorded clusters have one context, subscription and resource group.
const (
	context      = "lab1"
	subscription = "6f5a8a52-3c1e-4d0f-9b5e-2f6d7c8a9b10"
	group        = "rg-lab1"
	sharedGroup  = "rg-shared-ips"
)

// logLimit is the size above which the middle of a log is cut out.
const logLimit = 60 << 10

// recorder turns a capture's files into a bundle.
type recorder struct {
	dir   string
	files *ruletest.Files
}

func fromCapture(s sample) (*ruletest.Files, error) {
	captures := os.Getenv("AZLB_CAPTURES")
	if captures == "" {
		return nil, errors.New("AZLB_CAPTURES names no folder of recordings")
	}
	r := &recorder{dir: filepath.Join(captures, s.Capture), files: &ruletest.Files{Content: map[string][]byte{}}}
	if err := r.all(s.Groups); err != nil {
		return nil, err
	}
	end, err := r.newest()
	if err != nil {
		return nil, err
	}
	m := &r.files.Manifest
	m.Schema, m.MinReader, m.Redaction = bundle.SchemaVersion, bundle.SchemaVersion, "secrets"
	m.Tool = bundle.Tool{Name: "azlb-collect", Version: "v0.1.0", Commit: "recorded"}
	m.Started, m.Finished = end.Add(-20*time.Second), end
	m.Cluster = bundle.Cluster{Context: context, UID: "3f7a1c52-6d0e-4b8a-9a67-0c41d2b7e915", Subscriptions: []string{subscription},
		ResourceGroups: append([]string{group}, s.Groups...), Region: "westeurope"}
	for i := range m.Entries {
		m.Entries[i].Started = m.Started.Add(time.Duration(i) * 400 * time.Millisecond)
		m.Entries[i].Millis = 350
	}
	return r.files, nil
}

// all reads every file of the capture into the place that the catalogue gives it.
// What the recordings lack (the namespace, the group, the control-plane machine)
// was written after their other files and lies in the folder supplement.
func (r *recorder) all(groups []string) error {
	in := map[string]string{"group": group, "subscription": subscription}
	steps := []func() error{
		func() error { return r.add(&bundle.Events, nil, "kubectl-events.yaml") },
		func() error { return r.add(&bundle.KubeVersion, nil, "kubectl-version.json") },
		func() error { return r.add(&bundle.Services, nil, "kubectl-services.yaml") },
		func() error { return r.add(&bundle.Nodes, nil, "kubectl-nodes.yaml") },
		func() error { return r.add(&bundle.EndpointSlices, nil, "kubectl-endpointslices.yaml") },
		func() error { return r.add(&bundle.KubeSystem, nil, "+namespace.yaml") },
		r.pods,
		func() error { return r.log("cloud-controller-manager", "ccm.log") },
		func() error { return r.log("kube-controller-manager", "kcm.log") },
		func() error { return r.add(&bundle.CloudConfig, nil, "azure.json") },
		func() error { return r.add(&bundle.AzVersion, in, "az-version.json") },
		func() error { return r.add(&bundle.Account, in, "az-account-show.json") },
		func() error { return r.add(&bundle.Group, in, "+group.json") },
		func() error { return r.add(&bundle.LoadBalancers, in, "az-lb-list.json") },
		func() error { return r.add(&bundle.PublicIPs, in, "az-public-ip-list.json") },
		func() error { return r.add(&bundle.NSGs, in, "az-nsg-list.json") },
		func() error { return r.add(&bundle.VNets, in, "az-vnet-list.json") },
		func() error { return r.add(&bundle.NICs, in, "az-nic-list.json") },
		func() error { return r.add(&bundle.RouteTables, in, "az-route-table-list.json") },
		func() error { return r.add(&bundle.PrivateLinkServices, in, "az-private-link-service-list.json") },
		func() error { return r.add(&bundle.ScaleSets, in, "az-vmss-list.json") },
		r.scaleSets,
		func() error { return r.add(&bundle.VMs, in, "+vm.json") },
		func() error {
			return r.add(&bundle.VMInstanceViews, map[string]string{"group": group, "subscription": subscription, "vm": "cp-0"}, "+vm-cp-0.json")
		},
	}
	if slices.Contains(groups, sharedGroup) {
		steps = append(steps, func() error {
			return r.add(&bundle.PublicIPs, map[string]string{"group": sharedGroup, "subscription": subscription}, "az-public-ip-list-shared.json")
		})
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// add puts one file of the capture ("+name": of the supplement) into the bundle.
func (r *recorder) add(e *bundle.Evidence, scope map[string]string, name string) error {
	path := filepath.Join(r.dir, name)
	if extra, ok := strings.CutPrefix(name, "+"); ok {
		path = filepath.Join("samples", "testdata", "gen", "supplement", extra)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return r.put(e, scope, raw)
}

// put redacts and files one piece of evidence.
func (r *recorder) put(e *bundle.Evidence, scope map[string]string, raw []byte) error {
	clean, err := redacted(e, raw)
	if err != nil {
		return err
	}
	entry := bundle.Entry{Evidence: e.ID, Path: fill(e.Path, scope), Scope: scope, Status: bundle.StatusOK}
	if e.Program != bundle.Local {
		entry.Argv = []string{string(e.Program)}
		for _, a := range e.Args {
			entry.Argv = append(entry.Argv, fill(a, scope))
		}
		if e.Program == bundle.Kubectl {
			entry.Argv = append(entry.Argv, "--context", context)
		} else {
			entry.Argv = append(entry.Argv, "--subscription", subscription, "-o", "json", "--only-show-errors")
		}
	}
	if t := strings.TrimSpace(string(clean)); t == "[]" || strings.Contains(t, "\nitems: []") {
		entry.Status = bundle.StatusEmpty
	}
	r.files.Manifest.Entries = append(r.files.Manifest.Entries, entry)
	r.files.Content[entry.Path] = clean
	return nil
}

func redacted(e *bundle.Evidence, raw []byte) ([]byte, error) {
	var clean []byte
	var err error
	switch e.Redaction {
	case bundle.RedactObject:
		clean, _, err = redact.Object(raw)
	case bundle.RedactARM:
		clean, _, err = redact.ARM(raw)
	case bundle.RedactConfig:
		clean, _, err = redact.Config(raw)
	default:
		clean, _ = redact.Text(raw)
	}
	return clean, err
}

func fill(template string, scope map[string]string) string {
	for k, v := range scope {
		template = strings.ReplaceAll(template, "{"+k+"}", v)
	}
	return template
}

// pods divides the recorded pods as the collector asks for them: by namespace.
func (r *recorder) pods() error {
	raw, err := os.ReadFile(filepath.Join(r.dir, "kubectl-pods.yaml"))
	if err != nil {
		return err
	}
	head, body, _ := strings.Cut(string(raw), "items:\n")
	tail := "kind: List\nmetadata:\n  resourceVersion: \"\"\n"
	body = strings.TrimSuffix(body, tail)
	byNamespace := map[string][]string{}
	var order []string
	for _, item := range regexp.MustCompile(`(?m)^- `).Split(body, -1)[1:] {
		ns := regexp.MustCompile(`(?m)^    namespace: (.*)$`).FindStringSubmatch(item)[1]
		if byNamespace[ns] == nil {
			order = append(order, ns)
		}
		byNamespace[ns] = append(byNamespace[ns], "- "+item)
	}
	slices.Sort(order)
	for _, ns := range order {
		e, scope := &bundle.Pods, map[string]string{"namespace": ns}
		if ns == "kube-system" {
			e, scope = &bundle.ControllerPods, nil
		}
		if err := r.put(e, scope, []byte(head+"items:\n"+strings.Join(byNamespace[ns], "")+tail)); err != nil {
			return err
		}
	}
	return nil
}

// log adds a controller's log. The pod that ran it may be gone: then there is none
// that kubectl could read.
func (r *recorder) log(program, name string) error {
	pod := program + "-cp-0"
	if !bytes.Contains(r.files.Content[bundle.ControllerPods.Path], []byte("name: "+pod+"\n")) {
		return nil
	}
	raw, err := os.ReadFile(filepath.Join(r.dir, name))
	if err != nil {
		return err
	}
	return r.put(&bundle.ControllerLog, map[string]string{"namespace": "kube-system", "pod": pod, "container": program}, cut(raw))
}

// cut keeps the beginning of a long log and, in whole lines, its end.
func cut(raw []byte) []byte {
	if len(raw) <= logLimit {
		return raw
	}
	head := bytes.LastIndexByte(raw[:logLimit/3], '\n') + 1
	rest := raw[len(raw)-logLimit*2/3:]
	header := regexp.MustCompile(`(?m)^[IWEF]\d{4} `)
	if at := header.FindIndex(rest); at != nil {
		rest = rest[at[0]:]
	}
	return append(bytes.Clone(raw[:head]), rest...)
}

// scaleSets adds instances and interfaces of every recorded scale set.
func (r *recorder) scaleSets() error {
	names, err := filepath.Glob(filepath.Join(r.dir, "az-vmss-list-instances-*.json"))
	if err != nil {
		return err
	}
	for _, n := range names {
		set := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(n), "az-vmss-list-instances-"), ".json")
		scope := map[string]string{"group": group, "subscription": subscription, "scaleset": set}
		if err := r.add(&bundle.ScaleSetInstances, scope, filepath.Base(n)); err != nil {
			return err
		}
		if err := r.add(&bundle.ScaleSetNICs, scope, "az-vmss-nic-list-"+set+".json"); err != nil {
			return err
		}
	}
	return nil
}

// newest is the end of the recording: the last time that an event or a log line has.
func (r *recorder) newest() (time.Time, error) {
	var end time.Time
	var list struct {
		Items []struct {
			LastTimestamp time.Time `json:"lastTimestamp"`
		} `json:"items"`
	}
	if err := yaml.Unmarshal(r.files.Content[bundle.Events.Path], &list); err != nil {
		return end, fmt.Errorf("reading the recorded events: %w", err)
	}
	for _, e := range list.Items {
		if e.LastTimestamp.After(end) {
			end = e.LastTimestamp
		}
	}
	stamp := regexp.MustCompile(`(?m)^[IWEF](\d{4} \d\d:\d\d:\d\d)`)
	for path, raw := range r.files.Content {
		if !strings.HasPrefix(path, "logs/") {
			continue
		}
		for _, m := range stamp.FindAllSubmatch(raw, -1) {
			t, err := time.Parse("2006 0102 15:04:05", fmt.Sprint(end.Year())+" "+string(m[1]))
			if err == nil && t.After(end) {
				end = t
			}
		}
	}
	return end.Add(30 * time.Second), nil
}
