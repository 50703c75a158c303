package lock

import (
	"testing"

	"azlb/analyze/rule/ruletest"
)

func TestRules(t *testing.T) { ruletest.Run(t, Rules) }
