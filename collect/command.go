package collect

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	bundle "azlb/bundle-schema"
)

// Command is one command of the plan, complete as it will run.
type Command struct {
	Evidence *bundle.Evidence
	Program  bundle.Program
	Args     []string // after the program's name
	Scope    Values   // what the template's blanks were filled with
	Path     string   // where its answer lies in the bundle
	Skip     string   // why it is not run although its turn comes; empty: it is run
	// Cut keeps of an answer what is asked for, before it is redacted; nil: all of it.
	Cut    func(raw []byte) []byte
	Around bool   // it is skipped, and asked for with az rest
	ARM    string // ARM's address in the cloud that az speaks to, of a fallback
}

// Argv is the command as it stands in the manifest and in the plan.
func (c Command) Argv() []string {
	return append([]string{string(c.Program)}, c.Args...)
}

// String is the command as one would type it.
func (c Command) String() string { return quote(c.Argv()) }

// module is the part of az that the command is in: network, vm.
func (c Command) module() string { return c.Args[0] }

// quote joins words for a POSIX shell.
func quote(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		if w == "" || strings.ContainsAny(w, " \t\n\"'\\$&|;<>()*?`#~!") {
			w = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
		quoted[i] = w
	}
	return strings.Join(quoted, " ")
}

// builder makes commands out of the catalogue. Context, subscription and endpoint
// are resolved once and stand in every command.
type builder struct {
	context  string        // empty: kubectl's own (in-cluster, or none)
	endpoint string        // ARM's address in the cloud that az speaks to; empty: unknown
	since    time.Duration // how far back current logs go
	tail     int           // how many lines of each log; 0: all
	windows  bool
}

// command fills the templates of e. Values that a blank's grammar refuses are an error.
func (b builder) command(e *bundle.Evidence, v Values) (Command, error) {
	c := Command{Evidence: e, Program: e.Program, Scope: scopeOf(e, v)}
	var err error
	if c.Path, err = fill(e.Path, v, b.windows); err != nil {
		return Command{}, err
	}
	for _, word := range e.Args {
		if word, err = fill(word, v, b.windows); err != nil {
			return Command{}, err
		}
		c.Args = append(c.Args, word)
	}
	switch {
	case e.RestOnly() && b.endpoint == "":
		return Command{}, errors.New("the address of this cloud's resource manager is not known, and az has no other way to ask")
	case e.RestOnly():
		return b.restCommand(c, e.RestVersion)
	}
	switch e.Program {
	case bundle.Kubectl:
		if e.ID == bundle.ControllerLog.ID && b.since > 0 {
			c.Args = append(c.Args, "--since", b.since.String())
		}
		if podLog(e) && b.tail > 0 {
			c.Args = append(c.Args, "--tail", strconv.Itoa(b.tail))
		}
		if b.context != "" && e.ID != bundle.KubeContext.ID {
			if err := check("context", b.context, b.windows); err != nil {
				return Command{}, err
			}
			c.Args = append(c.Args, "--context", b.context)
		}
	case bundle.Az:
		if c.Args, err = b.azFlags(c.Args, v["subscription"], e); err != nil {
			return Command{}, err
		}
	}
	return c, nil
}

// azFlags adds what every az command carries. The first `az account show` runs to learn
// the subscription.
func (b builder) azFlags(args []string, subscription string, e *bundle.Evidence) ([]string, error) {
	if subscription != "" && !ofLogin(e) {
		if err := check("subscription", subscription, b.windows); err != nil {
			return nil, err
		}
		args = append(args, "--subscription", subscription)
	}
	return append(args, "-o", "json", "--only-show-errors"), nil
}

// ofLogin reports whether a command of az is about no subscription.
func ofLogin(e *bundle.Evidence) bool {
	return e == &bundle.AzVersion || e == &bundle.Cloud || e == &bundle.Accounts
}

// podLog reports whether a command reads the log of a container.
func podLog(e *bundle.Evidence) bool { return e.Program == bundle.Kubectl && e.Args[0] == "logs" }

// scopeOf keeps the values that e's templates and scope name.
func scopeOf(e *bundle.Evidence, v Values) Values {
	scope := Values{}
	for _, t := range append(append([]string{e.Path, e.Rest}, e.Args...), e.RestParams...) {
		for _, name := range blanks(t) {
			if value, ok := v[name]; ok && name != "logs" {
				scope[name] = value
			}
		}
	}
	if v["subscription"] != "" && e.Program == bundle.Az && !ofLogin(e) {
		scope["subscription"] = v["subscription"]
	}
	return scope
}

// restCommand is the fallback of c over the ARM API, or an error that says why
// there is none, at an api-version. Parameters stand in words of their own because cmd.exe would cut
// a URL at "&".
func (b builder) restCommand(c Command, version string) (Command, error) {
	e := c.Evidence
	if e.Rest == "" {
		return Command{}, fmt.Errorf("%s has no other way to be read", e.Title)
	}
	path, err := fill(e.Rest, c.Scope, b.windows)
	if err != nil {
		return Command{}, err
	}
	params := append([]string{"api-version=" + version}, e.RestParams...)
	return b.rest(c, path, params)
}

// rest is one GET on the ARM API.
func (b builder) rest(c Command, path string, params []string) (Command, error) {
	c.ARM = b.endpoint
	args := append([]string{"rest", "--method", "get", "--url", b.endpoint + path, "--url-parameters"}, params...)
	var err error
	c.Args, err = b.azFlags(args, c.Scope["subscription"], c.Evidence)
	return c, err
}
