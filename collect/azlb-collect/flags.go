package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/api/resource"

	"azlb/bundle-schema/manual"
	"azlb/collect"
)

// command is the command line.
type command struct {
	offline bool
	version bool
	replay  string
	maxLog  resource.QuantityValue
	maxSize resource.QuantityValue
	redact  string
	options collect.Options
}

var serviceName = regexp.MustCompile(`^[^/\s]+/[^/\s]+$`)

// flags defines the flags of the commands: one line each, which is their help, their
// entry in the man page and what a shell says of them.
func (c *command) flags(root, plan, permissions *cobra.Command) {
	o := &c.options
	manual.Group("What is read", func(f *pflag.FlagSet) {
		f.StringVar(&o.Context, "context", "", "use the kube context `NAME` (default: the current one)")
		f.StringVar(&o.Subscription, "subscription", "", "use the subscription `ID` where the nodes name none")
		f.StringArrayVar(&o.ResourceGroups, "resource-group", nil, "read the resource group `NAME` too (repeatable)")
		f.StringArrayVar(&o.Namespaces, "namespace", nil, "read pods in the namespace `NAME` only (repeatable)")
		f.StringArrayVar(&o.Services, "service", nil, "read what the Service `NS/NAME` touches: no pods and groups of others (repeatable)")
		f.DurationVar(&o.Since, "since", 24*time.Hour, "take `DURATION` of controller logs (default 24h, 0: all)")
		f.StringArrayVar(&o.LogFiles, "log-file", nil, "add a log `FILE`: kubelet, AKS control plane (repeatable)")
		f.StringVar(&o.Workspace, "workspace", "", "read the AKS log in the Log Analytics workspace `ID`")
		f.BoolVar(&o.Deep, "deep", false, "ask Azure by POST too: rule health, policy states")
		f.StringVar(&o.CloudConfig, "cloud-config", "", "read the azure.json `FILE` (default: /etc/kubernetes/azure.json if readable)")
	}, root, plan, permissions)
	manual.Group("Limits", func(f *pflag.FlagSet) {
		f.IntVar(&o.Tail, "tail", 0, "take the newest `N` lines of each controller log (default 0: all)")
		f.Var(&c.maxLog, "max-log", "keep the newest `SIZE` of each log (default 64Mi)")
		f.Var(&c.maxSize, "max-size", "keep `SIZE` of evidence, before it is packed (default 1Gi)")
	}, root, plan, permissions)
	manual.Group("What is left out", func(f *pflag.FlagSet) {
		f.StringVar((*string)(&o.Only), "only", "", "ask `PROGRAM` alone, kubectl or az: whoever has the other collects the other half")
		f.StringVar(&c.redact, "redact", "secrets", "remove `secrets`, or all: names, addresses and ids get pseudonyms too (default secrets)")
		f.StringVar(&o.Names, "names", "", "with --redact all: continue the map of names `FILE`, so that two bundles of one cluster agree (default: a new map beside the bundle)")
	}, root, plan, permissions)
	manual.Group("Limits", func(f *pflag.FlagSet) {
		f.DurationVar(&o.Timeout, "timeout", 10*time.Minute, "end after `DURATION` with what there is (default 10m)")
		f.DurationVar(&o.CommandTimeout, "command-timeout", time.Minute, "end a command after `DURATION` (default 60s)")
	}, root, plan, permissions)
	manual.Group("Output", func(f *pflag.FlagSet) {
		f.StringVar(&o.Output, "output", "", "write to `FILE` (default: azlb-CONTEXT-TIME.tgz here)")
		f.BoolVar(&o.Force, "force", false, "replace an existing file")
	}, root, plan, permissions)
	manual.Group("Output", func(f *pflag.FlagSet) {
		f.BoolVar(&c.offline, "offline", false, "print templates, contact nothing")
	}, plan)
	manual.Group("More", func(f *pflag.FlagSet) {
		f.StringVar(&c.replay, "replay", "", "answer commands out of the recording `DIR`, run nothing")
	}, root, plan, permissions)
	manual.Group("More", func(f *pflag.FlagSet) {
		f.BoolVar(&c.version, "version", false, "print version, commit, Go and the catalogue's date")
	}, root)
}

// check looks at the flags together. Its error is one line.
func (c *command) check() error {
	c.options.HideNames = c.redact == "all"
	o := c.options
	switch {
	case c.redact != "secrets" && c.redact != "all":
		return fmt.Errorf("--redact %s: there are secrets and all", c.redact)
	case o.Names != "" && c.redact != "all":
		return errors.New("--names is a map of names, and goes with --redact all only")
	case o.Since < 0 || o.Timeout <= 0 || o.CommandTimeout <= 0:
		return errors.New("--since, --timeout and --command-timeout take a time above zero, like 90s, 10m or 24h")
	}
	if o.Tail < 0 || c.maxLog.Value() < 1<<10 || c.maxSize.Value() < 1<<20 {
		return errors.New("--tail takes a number of lines, --max-log at least 1Ki and --max-size at least 1Mi, like 500Mi")
	}
	for _, s := range o.Services {
		if !serviceName.MatchString(s) {
			return fmt.Errorf("--service %s: write it as namespace/name", s)
		}
	}
	if err := collect.CheckOnly(o); err != nil {
		return err
	}
	return collect.CheckNames(o)
}

// oneLine keeps pflag's messages, some of which quote the argument, on one line.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
