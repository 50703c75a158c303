package collect

import (
	"context"
	"fmt"
	"strings"

	bundle "azlb/bundle-schema"
)

// namedAccounts is how many subscriptions a reason names.
const namedAccounts = 3

// visible asks once which subscriptions this login sees, where one was not seen, and says
// it in the reasons.
func (s *session) visible(ctx context.Context) {
	if len(s.unseen) == 0 || s.planner.lacks != nil && s.planner.lacks(&bundle.Accounts) {
		return
	}
	c, err := s.command(&bundle.Accounts, nil)
	if err != nil {
		return
	}
	s.entries = append(s.entries, s.all(ctx, []Command{c})...)
	var names []string
	for _, account := range listed[struct {
		Name string `json:"name"`
	}](s.spool.read(c.Path)) {
		names = append(names, account.Name)
	}
	if len(names) == 0 {
		return
	}
	sees := strings.Join(names[:min(len(names), namedAccounts)], ", ")
	if more := len(names) - namedAccounts; more > 0 {
		sees += fmt.Sprintf(" and %d more", more)
	}
	for i := range s.entries {
		s.entries[i].Reason = strings.Replace(s.entries[i].Reason, unseenReason, unseenReason+" (it sees "+sees+")", 1)
	}
}
