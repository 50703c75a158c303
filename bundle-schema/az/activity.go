package az

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// Activity is one event of the activity log: what was asked of Azure, by whom, and
// what came of it. One act has several (Started, Accepted, Succeeded or Failed).
type Activity struct {
	Time       time.Time
	Caller     string // the object id of an identity, or the name that a user logs in with
	Operation  string // "Microsoft.Network/loadBalancers/write"
	ResourceID string
	Status     string // "Succeeded"
	// StatusCode is how the call ended ("BadRequest"), and Message the text of Azure's error,
	// which is JSON as a rule. Both are empty where the call went well, or where the bundle
	// was not asked for them.
	StatusCode, Message string
	At                  string // JSON pointer of the event in its document
}

// IsActivity reports whether an object is an event of the activity log. Its id is
// below the resource that it is about, so that it has to be asked before the id is.
func (i Item) IsActivity() bool {
	return i.Has("operationname") && (i.Has("eventtimestamp") || i.Has("submissiontimestamp"))
}

// AsActivity decodes an event. Its "properties" are a bag of the operation's own and
// are not merged, as those of resources are.
func AsActivity(item Item) (Activity, error) {
	a := Activity{Caller: item.Text("caller"), Operation: item.worded("operationname"), ResourceID: item.Text("resourceid"), Status: item.worded("status"), At: item.At}
	if strings.EqualFold(a.Status, "Failed") {
		bag := item.bag()
		a.StatusCode, a.Message = cmp.Or(bag.Text("statuscode"), item.worded("substatus")), bag.Text("statusmessage")
	}
	at := item.Text("eventtimestamp")
	if at == "" {
		at = item.Text("submissiontimestamp")
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05"} { // both take fractions
		if t, err := time.Parse(layout, at); err == nil {
			a.Time = t.UTC()
			return a, nil
		}
	}
	return a, fmt.Errorf("%s: a time is expected, found %q", pointer(item.At, "eventTimestamp"), at)
}

// bag is the operation's own properties, which lie below those of the event where these
// are not merged either.
func (i Item) bag() Item {
	v, _ := i.find("properties")
	if m, ok := v.(map[string]any); ok {
		if _, inner, ok := lookup(m, "properties"); ok {
			v = inner
		}
	}
	return Item{At: i.At, value: v}
}

// worded is a text, or the value of a pair of value and localizedValue.
func (i Item) worded(key string) string {
	v, _ := i.find(key)
	if inner, ok := v.(map[string]any); ok {
		i.value = inner
		return i.Text("value")
	}
	s, _ := text(v)
	return s
}
