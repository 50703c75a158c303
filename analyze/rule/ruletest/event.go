package ruletest

import (
	"cmp"
	"fmt"
	"hash/crc32"
	"strings"
	"time"

	bundle "azlb/bundle-schema"
)

// Event is an event in short.
type Event struct {
	Type      string `json:"type"` // Warning when empty
	Reason    string `json:"reason"`
	Message   string `json:"message"`
	Component string `json:"component"` // service-controller when empty
	Ago       string `json:"ago"`       // before the end of the collection; 1m when empty
	Count     int    `json:"count"`     // 1 when 0
}

func (e *Event) kind() string { return cmp.Or(e.Type, "Warning") }

func (e *Event) component() string { return cmp.Or(e.Component, "service-controller") }

// event adds an event about the object.
func (f *Files) event(on any, e Event) error {
	ago := time.Minute
	if e.Ago != "" {
		var err error
		if ago, err = time.ParseDuration(e.Ago); err != nil {
			return err
		}
	}
	at := f.Manifest.Finished.Add(-ago).UTC().Format(time.RFC3339)
	meta := on.(map[string]any)["metadata"].(map[string]any)
	object := map[string]any{"apiVersion": "v1", "kind": on.(map[string]any)["kind"], "name": meta["name"], "uid": meta["uid"]}
	namespace := "default"
	if ns, ok := meta["namespace"].(string); ok {
		object["namespace"], namespace = ns, ns
	}
	component := e.component()
	n := max(e.Count, 1)
	ev := map[string]any{"apiVersion": "v1", "kind": "Event", "count": n, "eventTime": nil, "firstTimestamp": at, "lastTimestamp": at,
		"involvedObject": object, "message": e.Message, "reason": e.Reason, "type": e.kind(),
		"source": map[string]any{"component": component}, "reportingComponent": component, "reportingInstance": "",
		"metadata": map[string]any{"name": fmt.Sprintf("%v.case%s%d", meta["name"], strings.ToLower(e.Reason), len(f.Content)), "namespace": namespace, "creationTimestamp": at,
			"uid": fmt.Sprintf("00000000-0000-4000-8000-%012d", crc32.ChecksumIEEE(fmt.Append(nil, meta["uid"], e.Reason, e.Message, at, n)))}}
	return f.applyFile(Edit{In: bundle.Events.ID, Add: []any{ev}})
}
