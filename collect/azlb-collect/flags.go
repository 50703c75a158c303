package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"azlb/collect"
)

// command is the command line.
type command struct {
	verb    string // "", "plan" or "permissions"
	offline bool
	version bool
	replay  string
	options collect.Options
}

var serviceName = regexp.MustCompile(`^[^/\s]+/[^/\s]+$`)

// parse reads the command line. Its error is one line.
func parse(args []string) (*command, error) {
	c := &command{options: collect.Options{
		Runner: collect.Processes{}, OwnMachine: true, Now: time.Now, Progress: collect.Silent{},
		Retries: []time.Duration{10 * time.Second, 20 * time.Second}, Tool: tool(),
	}}
	o := &c.options
	f := pflag.NewFlagSet("azlb-collect", pflag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	f.StringVar(&o.Context, "context", "", "")
	f.StringVar(&o.Subscription, "subscription", "", "")
	f.StringArrayVar(&o.ResourceGroups, "resource-group", nil, "")
	f.StringArrayVar(&o.Namespaces, "namespace", nil, "")
	f.StringArrayVar(&o.Services, "service", nil, "")
	f.DurationVar(&o.Since, "since", 24*time.Hour, "")
	f.StringArrayVar(&o.LogFiles, "log-file", nil, "")
	f.StringVar(&o.CloudConfig, "cloud-config", "", "")
	f.StringVar(&o.Workspace, "workspace", "", "")
	f.BoolVar(&o.Deep, "deep", false, "")
	redact := f.String("redact", "secrets", "")
	f.DurationVar(&o.Timeout, "timeout", 10*time.Minute, "")
	f.DurationVar(&o.CommandTimeout, "command-timeout", time.Minute, "")
	f.StringVar(&o.Output, "output", "", "")
	f.BoolVar(&o.Force, "force", false, "")
	f.BoolVar(&c.offline, "offline", false, "")
	f.StringVar(&c.replay, "replay", "", "")
	f.BoolVar(&c.version, "version", false, "")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	words := f.Args()
	if len(words) > 0 && (words[0] == "plan" || words[0] == "permissions") {
		c.verb, words = words[0], words[1:]
	}
	switch {
	case len(words) > 0:
		return nil, fmt.Errorf("%q is no command: there are plan and permissions", words[0])
	case c.offline && c.verb != "plan":
		return nil, errors.New("--offline goes with plan only")
	case *redact == "all":
		return nil, errors.New("--redact all is not in this version: use --redact secrets, and look through the bundle before you send it")
	case *redact != "secrets":
		return nil, fmt.Errorf("--redact %s: there is only secrets", *redact)
	case o.Since < 0 || o.Timeout <= 0 || o.CommandTimeout <= 0:
		return nil, errors.New("--since, --timeout and --command-timeout take a time above zero, like 90s, 10m or 24h")
	}
	for _, s := range o.Services {
		if !serviceName.MatchString(s) {
			return nil, fmt.Errorf("--service %s: write it as namespace/name", s)
		}
	}
	if err := collect.CheckNames(*o); err != nil {
		return nil, err
	}
	return c, nil
}

// oneLine keeps pflag's messages, some of which quote the argument, on one line.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
