package az

import "strings"

// Lock is Microsoft.Authorization/locks: it forbids changes or deletion of what it hangs
// at and of everything below, whoever asks.
type Lock struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Level string `json:"level"` // "ReadOnly" or "CanNotDelete"
	Notes string `json:"notes"`
	At    string `json:"@at"`
}

// Scope is the id of what the lock hangs at: a subscription, a resource group or a
// resource. It is empty where the id does not tell.
func (l Lock) Scope() string {
	at, _, _ := AttachedTo(l.ID)
	return at
}

// IsLock reports whether an object is a lock. Its id is below the one of the locked
// resource, so that it has to be asked before the id is.
func (i Item) IsLock() bool {
	return i.attached("locks") || i.Has("level") && (strings.EqualFold(i.Text("level"), "ReadOnly") || strings.EqualFold(i.Text("level"), "CanNotDelete"))
}

// attached reports whether an object is of a type of Microsoft.Authorization, by its id
// or, where that is masked, by its type.
func (i Item) attached(typ string) bool {
	full := "Microsoft.Authorization/" + typ
	if _, t, ok := AttachedTo(i.Text("id")); ok {
		return strings.EqualFold(t, full)
	}
	return strings.EqualFold(i.own("type"), full)
}

// own is the text under a key of the object itself, not of its properties.
func (i Item) own(key string) string {
	m, ok := i.value.(map[string]any)
	if !ok {
		return ""
	}
	_, v, _ := lookup(m, key)
	s, _ := text(v)
	return s
}
