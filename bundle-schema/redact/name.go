package redact

// Name remembers a name that was replaced, and reports whether it is looked for.
func (l *Learned) Name(text string) bool {
	if len(text) < shortest {
		return false
	}
	l.remember(original{text, "name"})
	return true
}
