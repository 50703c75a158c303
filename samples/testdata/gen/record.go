package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	bundle "azlb/bundle-schema"
	"azlb/collect"
)

// The recorded clusters have one context, subscription and resource group.
const (
	kubeContext  = "lab1"
	subscription = "6f5a8a52-3c1e-4d0f-9b5e-2f6d7c8a9b10"
	group        = "rg-lab1"
	sharedGroup  = "rg-shared-ips"
	machine      = "cp-0" // the control plane
)

// recorder lays the files of a capture out as answers to the collector's commands.
type recorder struct {
	from, to string
	answers  collect.Recording
	done     map[string]bool
}

// record writes a recording. What the captures lack (the namespace, the groups, the
// control-plane machine) was written after their other files and lies in the folder
// supplement.
func record(from, to string, groups []string, later time.Duration) error {
	r := &recorder{from: from, to: to, done: map[string]bool{}}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	steps := []func() error{
		func() error { return r.say(&bundle.KubeContext, nil, "kubectl-context.txt", []byte(kubeContext+"\n")) },
		func() error { return r.add(&bundle.Events, nil, "kubectl-events.yaml") },
		func() error { return r.add(&bundle.KubeVersion, nil, "kubectl-version.json") },
		func() error { return r.add(&bundle.Services, nil, "kubectl-services.yaml") },
		func() error { return r.add(&bundle.Nodes, nil, "kubectl-nodes.yaml") },
		func() error { return r.add(&bundle.EndpointSlices, nil, "kubectl-endpointslices.yaml") },
		func() error { return r.supplement(&bundle.KubeSystem, nil, "kubectl-namespace.yaml") },
		r.pods,
		r.logs,
		r.config,
		func() error { return r.add(&bundle.AzVersion, nil, "az-version.json") },
		func() error { return r.add(&bundle.Account, nil, "az-account-show.json") },
		func() error { return r.group(group, "", "[]") },
		r.scaleSets,
		func() error {
			return r.supplement(&bundle.VMInstanceViews, map[string]string{"group": group, "vm": machine}, "az-vm-get-instance-view-"+machine+".json")
		},
	}
	if slices.Contains(groups, sharedGroup) {
		steps = append(steps, func() error { return r.group(sharedGroup, "-shared", "[]") })
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	if err := r.clock(later); err != nil {
		return err
	}
	raw, err := json.MarshalIndent(r.answers, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(to, "commands.json"), append(raw, '\n'), 0o644)
}

// group records what is asked of a resource group. Of a group with a suffix only
// some lists were recorded; the others are empty, for it holds addresses alone.
func (r *recorder) group(name, suffix, empty string) error {
	scope := map[string]string{"group": name}
	for _, e := range bundle.Catalogue {
		if e.Scope != bundle.PerGroup {
			continue
		}
		file := "az-" + strings.Join(command(e.Args, "--"), "-") + suffix + ".json"
		err := r.add(e, scope, file)
		switch {
		case os.IsNotExist(err) && e.Extra: // was not recorded; nobody misses it
			err = nil
		case os.IsNotExist(err) && suffix == "":
			err = r.supplement(e, scope, file)
		case os.IsNotExist(err) && e == &bundle.Group:
			err = r.supplement(e, scope, file)
		case os.IsNotExist(err):
			err = r.say(e, scope, file, []byte(empty+"\n"))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// command is the beginning of a command that names it: its words before the first
// flag, without the word network.
func command(args []string, flag string) []string {
	var words []string
	for _, a := range args {
		if strings.HasPrefix(a, flag) {
			break
		}
		if a != "network" {
			words = append(words, a)
		}
	}
	return words
}

// add records a file of the capture as the answer to a command.
func (r *recorder) add(e *bundle.Evidence, scope map[string]string, name string) error {
	raw, err := os.ReadFile(filepath.Join(r.from, name))
	if err != nil {
		return err
	}
	return r.say(e, scope, name, raw)
}

func (r *recorder) supplement(e *bundle.Evidence, scope map[string]string, name string) error {
	raw, err := os.ReadFile(filepath.Join("samples", "testdata", "gen", "supplement", name))
	if err != nil {
		return err
	}
	return r.say(e, scope, name, raw)
}

// say records an answer.
func (r *recorder) say(e *bundle.Evidence, scope map[string]string, name string, answer []byte) error {
	if err := os.WriteFile(filepath.Join(r.to, name), answer, 0o644); err != nil {
		return err
	}
	r.answers.Commands = append(r.answers.Commands, collect.RecordedCommand{Program: e.Program, Args: filled(e.Args, scope), Stdout: name})
	return nil
}

// refuse records a failure.
func (r *recorder) refuse(e *bundle.Evidence, scope map[string]string, name, text string) error {
	if err := os.WriteFile(filepath.Join(r.to, name), []byte(text), 0o644); err != nil {
		return err
	}
	r.answers.Commands = append(r.answers.Commands, collect.RecordedCommand{Program: e.Program, Args: filled(e.Args, scope), Exit: 1, Stderr: name})
	return nil
}

func filled(args []string, scope map[string]string) []string {
	var out []string
	for _, a := range args {
		for k, v := range scope {
			a = strings.ReplaceAll(a, "{"+k+"}", v)
		}
		out = append(out, a)
	}
	return out
}

// pods divides the recorded pods as the collector asks for them: by namespace.
func (r *recorder) pods() error {
	raw, err := os.ReadFile(filepath.Join(r.from, "kubectl-pods.yaml"))
	if err != nil {
		return err
	}
	head, body, _ := strings.Cut(string(raw), "items:\n")
	tail := "kind: List\nmetadata:\n  resourceVersion: \"\"\n"
	body = strings.TrimSuffix(body, tail)
	byNamespace := map[string]string{}
	for _, item := range regexp.MustCompile(`(?m)^- `).Split(body, -1)[1:] {
		ns := regexp.MustCompile(`(?m)^    namespace: (.*)$`).FindStringSubmatch(item)[1]
		byNamespace[ns] += "- " + item
	}
	if err := r.say(&bundle.ControllerPods, nil, "kubectl-pods-kube-system.yaml", []byte(head+"items:\n"+byNamespace["kube-system"]+tail)); err != nil {
		return err
	}
	services, err := os.ReadFile(filepath.Join(r.from, "kubectl-services.yaml"))
	if err != nil {
		return err
	}
	for _, m := range regexp.MustCompile(`(?m)^    namespace: (.*)$`).FindAllSubmatch(services, -1) {
		ns := string(m[1])
		if r.done[ns] {
			continue
		}
		r.done[ns] = true
		list := head + "items:\n" + byNamespace[ns] + tail
		if byNamespace[ns] == "" {
			list = head + "items: []\n" + tail
		}
		if err := r.say(&bundle.Pods, map[string]string{"namespace": ns}, "kubectl-pods-"+ns+".yaml", []byte(list)); err != nil {
			return err
		}
	}
	return nil
}

// logs records the controllers' logs. The pod that wrote one may be gone: then
// there is none that kubectl could read.
func (r *recorder) logs() error {
	pods, err := os.ReadFile(filepath.Join(r.to, "kubectl-pods-kube-system.yaml"))
	if err != nil {
		return err
	}
	for program, name := range map[string]string{"cloud-controller-manager": "ccm.log", "kube-controller-manager": "kcm.log"} {
		pod := program + "-" + machine
		if !bytes.Contains(pods, []byte("name: "+pod+"\n")) {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(r.from, name))
		if err != nil {
			return err
		}
		scope := map[string]string{"namespace": "kube-system", "pod": pod, "container": program}
		if err := r.say(&bundle.ControllerLog, scope, name, stamped(thinned(raw))); err != nil {
			return err
		}
		refusal := fmt.Sprintf("Error from server (BadRequest): previous terminated container %q in pod %q not found\n", program, pod)
		if err := r.refuse(&bundle.ControllerLogPrevious, scope, strings.TrimSuffix(name, ".log")+"-previous.txt", refusal); err != nil {
			return err
		}
	}
	slices.SortFunc(r.answers.Commands, func(a, b collect.RecordedCommand) int { return strings.Compare(a.Stdout+a.Stderr, b.Stdout+b.Stderr) })
	return nil
}

func (r *recorder) config() error {
	raw, err := os.ReadFile(filepath.Join(r.from, "azure.json"))
	if err != nil {
		return err
	}
	r.answers.CloudConfig = "azure.json"
	// The recording lies in a public repository: not even the secret of a laboratory.
	raw = regexp.MustCompile(`("aadClientSecret": ")[^"]+(")`).ReplaceAll(raw, []byte("${1}not-a-real-secret${2}"))
	return os.WriteFile(filepath.Join(r.to, "azure.json"), raw, 0o644)
}

// scaleSets records instances and interfaces of every recorded scale set.
func (r *recorder) scaleSets() error {
	names, err := filepath.Glob(filepath.Join(r.from, "az-vmss-list-instances-*.json"))
	if err != nil {
		return err
	}
	for _, n := range names {
		set := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(n), "az-vmss-list-instances-"), ".json")
		scope := map[string]string{"group": group, "scaleset": set}
		if err := r.add(&bundle.ScaleSetInstances, scope, filepath.Base(n)); err != nil {
			return err
		}
		if err := r.add(&bundle.ScaleSetNICs, scope, "az-vmss-nic-list-"+set+".json"); err != nil {
			return err
		}
	}
	return nil
}

// clock is the end of the recording: some time after the last one that an event or
// a log line has.
func (r *recorder) clock(later time.Duration) error {
	var list struct {
		Items []struct {
			LastTimestamp time.Time `json:"lastTimestamp"`
		} `json:"items"`
	}
	raw, err := os.ReadFile(filepath.Join(r.from, "kubectl-events.yaml"))
	if err == nil {
		err = yaml.Unmarshal(raw, &list)
	}
	if err != nil {
		return fmt.Errorf("reading the recorded events: %w", err)
	}
	var end time.Time
	for _, e := range list.Items {
		if e.LastTimestamp.After(end) {
			end = e.LastTimestamp
		}
	}
	for _, name := range []string{"ccm.log", "kcm.log"} {
		raw, err := os.ReadFile(filepath.Join(r.to, name))
		if err != nil {
			continue // its pod is gone
		}
		for _, line := range strings.Split(string(raw), "\n") {
			stamp, _, _ := strings.Cut(line, " ")
			if t, err := time.Parse(time.RFC3339Nano, stamp); err == nil && t.After(end) {
				end = t
			}
		}
	}
	r.answers.Time = end.Add(later).Truncate(time.Second)
	return nil
}
