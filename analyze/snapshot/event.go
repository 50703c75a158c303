package snapshot

import (
	"cmp"
	"encoding/json"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// rawEvent has the fields of v1 and of events.k8s.io: the same object under two
// sets of names.
type rawEvent struct {
	Metadata struct {
		Namespace, Name, UID string
		CreationTimestamp    stampText
	}
	InvolvedObject, Regarding *corev1.ObjectReference

	Type, Reason, Message, Note   string
	Source, DeprecatedSource      corev1.EventSource
	ReportingComponent            string
	ReportingController           string
	FirstTimestamp, LastTimestamp stampText
	DeprecatedFirstTimestamp      stampText
	DeprecatedLastTimestamp       stampText
	EventTime                     stampText
	Count, DeprecatedCount        int
	Series                        *struct {
		Count            int
		LastObservedTime stampText
	}
}

// stampText is a time that may be null, empty or masked.
type stampText struct{ time.Time }

// UnmarshalJSON reads RFC 3339; anything else is no time, and no error.
func (s *stampText) UnmarshalJSON(raw []byte) error {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
			s.Time = t.UTC()
		}
	}
	return nil
}

func (l *loader) event(p piece) (namespace, name string, err error) {
	var raw rawEvent
	if err := p.decode(&raw); err != nil {
		return "", "", err
	}
	e := Event{Type: raw.Type, Reason: raw.Reason, Doc: p.doc,
		Message:   cmp.Or(raw.Message, raw.Note),
		Component: cmp.Or(raw.Source.Component, raw.ReportingComponent, raw.DeprecatedSource.Component, raw.ReportingController),
		First:     setTime(raw.FirstTimestamp, raw.DeprecatedFirstTimestamp, raw.EventTime, raw.Metadata.CreationTimestamp),
		Last:      setTime(raw.LastTimestamp, raw.DeprecatedLastTimestamp, raw.EventTime, raw.Metadata.CreationTimestamp),
		Count:     max(raw.Count, raw.DeprecatedCount, 1)}
	if s := raw.Series; s != nil {
		e.Count = max(e.Count, s.Count)
		if s.LastObservedTime.After(e.Last) {
			e.Last = s.LastObservedTime.Time
		}
	}
	about := raw.InvolvedObject
	if about == nil {
		about = raw.Regarding
	}
	if about != nil {
		e.Namespace, e.Kind, e.Name, e.UID = about.Namespace, about.Kind, about.Name, string(about.UID)
	}
	l.saw(e.Last)
	l.saw(raw.Metadata.CreationTimestamp.Time)
	key := raw.Metadata.UID
	if key == "" && raw.Metadata.Name != "" {
		key = raw.Metadata.Namespace + "/" + raw.Metadata.Name
	}
	l.events = append(l.events, eventRow{Event: e, key: key})
	return raw.Metadata.Namespace, raw.Metadata.Name, nil
}

// eventRow is an event before duplicates are removed.
type eventRow struct {
	Event
	key           string        // identifies the event object; empty for text
	fromText      bool          // the times are not known, only the ages
	age, firstAge time.Duration // -1: not readable
}

func setTime(list ...stampText) time.Time {
	for _, t := range list {
		if !t.IsZero() {
			return t.Time
		}
	}
	return time.Time{}
}
