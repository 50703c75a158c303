package rule

import (
	"fmt"
	"testing"
)

func TestBunches(t *testing.T) {
	got := fmt.Sprint(Bunches([]string{"web", "api", "-", "Web", "", "API"}, func(s string) (string, bool) { return s, s != "-" }))
	if want := "[{web [web Web]} {api [api API]} { []}]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
