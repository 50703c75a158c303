package bundle

import "fmt"

// Gap says why a piece of evidence is missing or incomplete, and how to get it.
type Gap struct {
	Evidence *Evidence
	Scope    map[string]string // which group, pod, … is missing; empty: all of it
	Status   Status
	Reason   string // a sentence without a final period: what happened
	Supply   string // the command or the role that would supply it
}

// String is the sentence that manifest, report and permissions page print.
func (g Gap) String() string {
	if g.Supply == "" {
		return fmt.Sprintf("%s: %s. Without it %s.", g.Evidence.Title, g.Reason, g.Evidence.Without)
	}
	return fmt.Sprintf("%s: %s. Without it %s. To supply it: %s", g.Evidence.Title, g.Reason, g.Evidence.Without, g.Supply)
}
