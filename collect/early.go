package collect

import (
	"context"
	"errors"
	"fmt"
	"strings"

	bundle "azlb/bundle-schema"
)

// mayNot says why a command is not even started.
func (x *executor) mayNot(ctx context.Context, c Command) (ending, bool) {
	x.mu.Lock()
	reason, unseen := x.stopped[c.Program], x.unseen[strings.ToLower(c.Scope["subscription"])]
	x.mu.Unlock()
	switch {
	case c.Skip != "":
		return ending{Status: bundle.StatusSkipped, Reason: c.Skip, Fallback: c.Around}, true
	case ctx.Err() != nil && errors.Is(context.Cause(ctx), ErrInterrupted):
		return ending{Status: bundle.StatusCancelled, Reason: notStarted + reasonInterrupted}, true
	case ctx.Err() != nil:
		return ending{Status: bundle.StatusSkipped, Reason: notStarted + x.totalPassed()}, true
	case reason != "":
		return ending{Status: bundle.StatusSkipped, Reason: reason}, true
	case unseen:
		return ending{Status: bundle.StatusSkipped, Reason: notAsked + unseenReason}, true
	}
	return ending{}, false
}

const reasonInterrupted = "the collection was interrupted"

func (x *executor) totalPassed() string {
	return fmt.Sprintf("the total timeout of %v passed; raise it with --timeout", x.total)
}

func (x *executor) stop(program bundle.Program, reason string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.stopped[program] == "" {
		x.stopped[program] = reason
	}
}

// ended says what a command's end from outside means.
func (x *executor) ended(cause error, c Command) ending {
	switch {
	case errors.Is(cause, ErrInterrupted):
		return ending{Status: bundle.StatusCancelled, Reason: endedEarly + reasonInterrupted}
	case errors.Is(cause, errCommand):
		reason := fmt.Sprintf("%s gave no answer within %v: raise --command-timeout if it is only slow", c.Program, x.timeout)
		if c.Args[0] == "logs" {
			reason += "; if every `kubectl logs` hangs, " + tunnel
		} else if c.Program == bundle.Az {
			reason += " (where Azure throttles it, az itself waits without a word)"
		}
		return ending{Status: bundle.StatusTimeout, Reason: reason, Unreachable: true}
	default:
		return ending{Status: bundle.StatusTimeout, Reason: endedEarly + x.totalPassed()}
	}
}
