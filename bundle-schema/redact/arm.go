package redact

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// armObjects are replaced by null as a whole: credentials of machines, settings of
// extensions (the command line of AKS nodes held tokens), who did something.
var armObjects = []string{"ssh", "secrets", "publickeys", "settings", "protectedsettings", "additionalunattendcontent",
	"httpproxyconfig", "linuxprofile", "windowsprofile", "aadprofile", "claims", "httprequest", "winrm"}

// armTexts are replaced by the mark.
var armTexts = []string{"adminusername", "customdata", "userdata", "keydata", "caller"}

// armPersons hold an object id, a client id or an application's name, which stay, or the
// e-mail address that a user logs in with, which goes.
var armPersons = []string{"principalname", "createdby", "updatedby", "lastmodifiedby"}

// armSecret is what keys of secrets end with, in any resource.
var armSecret = regexp.MustCompile(`(?:password|secret|sharedkey|accesskey|primarykey|secondarykey|connectionstring|sastoken)$`)

// ARM redacts what az or ARM print about resources and the account: osProfile but
// for the computer's name, settings of extensions, the name of the user. Ids,
// addresses, tags and states stay. Of who made something an identity's object id stays.
func ARM(b []byte) ([]byte, Counts, error) { return arm(b, new(Learned)) }

func arm(b []byte, l *Learned) ([]byte, Counts, error) {
	return armBut(b, l, armTexts, func(path []string, _ bool) bool { return slices.Contains(armObjects, leaf(path)) })
}

// activityObjects are those of an event in addition: what the caller was allowed.
var activityObjects = append(slices.Clone(armObjects), "authorization", "description")

// activityTexts are what stays of the properties of an event: how the call ended, and
// ARM's error where it failed. The rest is bodies of requests and answers.
var activityTexts = []string{"statuscode", "statusmessage"}

// bodies are the keys of an event that hold what was sent and answered.
var bodies = []string{"properties"}

// Activity redacts the activity log, whichever fields az printed of it: the caller's
// token, the address that the request came from, bodies of requests and answers. The
// caller stays, for who wrote is what the log is read for: the object id of an identity,
// or the e-mail address that a user logs in with. There is one mode, "secrets", and an
// e-mail address is none; one that removes names would have to put an alias here,
// because the same caller must stay the same.
func Activity(b []byte) ([]byte, Counts, error) { return activity(b, new(Learned)) }

func activity(b []byte, l *Learned) ([]byte, Counts, error) {
	texts := slices.DeleteFunc(slices.Clone(armTexts), func(key string) bool { return key == "caller" })
	return armBut(b, l, texts, func(path []string, nested bool) bool {
		inside := slices.Contains(bodies, parent(path)) && (nested || !slices.Contains(activityTexts, leaf(path)))
		return inside || slices.Contains(activityObjects, leaf(path)) || slices.Contains(bodies, leaf(path)) && !nested
	})
}

// armBut replaces by null what is dropped (nested: an object or a list), and the texts by
// the mark.
func armBut(b []byte, l *Learned, texts []string, dropped func(path []string, nested bool) bool) ([]byte, Counts, error) {
	counts := Counts{}
	e := jsonEdit{b: b, choose: func(path []string, raw []byte) []byte {
		key := leaf(path)
		if raw == nil { // an object or list, asked about before it is read
			if dropped(path, true) {
				return []byte("null")
			}
			return nil
		}
		var text string
		switch {
		case string(raw) == "null" || string(raw) == `""`:
			return nil
		case dropped(path, raw[0] == '{' || raw[0] == '['):
			counts[VMSecret]++
			return []byte("null")
		case raw[0] != '"' || json.Unmarshal(raw, &text) != nil || marked(text):
			return nil
		case slices.Contains(texts, key) || armSecret.MatchString(key):
			counts[VMSecret]++
			if key != "adminusername" && key != "caller" { // names, no secrets
				l.add(VMSecret, text)
			}
		case key == "name" && parent(path) == "user", key == "assignedby", slices.Contains(armPersons, key) && strings.Contains(text, "@"):
			counts[UserName]++
		default:
			return nil
		}
		return []byte(`"` + Mark + `"`)
	}}
	out, err := e.edit()
	return finished(out, counts, l, err)
}
