package collect

import (
	"fmt"

	bundle "azlb/bundle-schema"
)

// around skips a command whose module of az was seen damaged, where az rest can ask the
// same: each attempt costs seconds and ends alike.
func (x *executor) around(c Command) Command {
	if c.Program != bundle.Az || c.Evidence.Rest == "" || c.Skip != "" {
		return c
	}
	x.mu.Lock()
	shown := x.damaged[c.module()]
	x.mu.Unlock()
	if shown != "" && x.endpoint != "" {
		c.Skip, c.Around = fmt.Sprintf("asked with az rest at once: this az is damaged, as `%s` showed", shown), true
	}
	return c
}
