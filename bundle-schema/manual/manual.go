// Package manual says how a program of ours is used: it prints the help, the man page
// and the completion files from the one description that each command and each flag has.
package manual

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Annotations of flags and commands.
const (
	group = "group" // the heading that a flag stands under
	value = "value" // what its value is called, such as FILE
	exits = "exits" // what the exit codes mean, a line each, from 0 up
)

// Program prepares the root of a tree of commands: -h, --help, the commands completion
// and man, whose page names the version, and errors that are left to the caller.
func Program(root *cobra.Command, version string) {
	root.SilenceErrors, root.SilenceUsage = true, true
	if name := Called(root.Name()); name != root.Name() {
		root.Annotations[cobra.CommandDisplayNameAnnotation] = name
	}
	root.SetHelpFunc(func(c *cobra.Command, _ []string) { c.Print(Help(c)) })
	root.SetFlagErrorFunc(wrongFlag)
	root.SetHelpCommand(&cobra.Command{Use: "help", Hidden: true, RunE: func(c *cobra.Command, words []string) error {
		about, _, err := root.Find(words)
		if err == nil {
			c.Print(Help(about))
		}
		return err
	}})
	help := pflag.NewFlagSet("", pflag.ContinueOnError)
	help.BoolP("help", "h", false, "print this text")
	add(root.PersistentFlags(), help, "More")
	completion(root)
	root.AddCommand(&cobra.Command{Use: "man", Short: "print the man page; " + root.Name() + " man | man -l - shows it", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return Man(c.OutOrStdout(), root, version) }})
}

// Called is the name by which a program was called: its own, or that of the plugin for
// kubectl that it was installed as. In the file name of a plugin a dash parts words and
// an underscore is a dash.
func Called(own string) string {
	file := filepath.Base(filepath.ToSlash(os.Args[0]))
	plugin, is := strings.CutPrefix(strings.TrimSuffix(strings.ToLower(file), ".exe"), "kubectl-")
	if !is {
		return own
	}
	return "kubectl " + strings.NewReplacer("-", " ", "_", "-").Replace(plugin)
}

// completion takes cobra's command that prints completion files, and says in our words
// what it is.
func completion(root *cobra.Command) {
	cobra.EnableCommandSorting = false // the pages keep the order in which commands are added
	root.InitDefaultCompletionCmd()
	c, _, err := root.Find([]string{"completion"})
	if err != nil {
		return // a program without commands has none
	}
	c.Use, c.Short = "completion SHELL", "print the completion file for bash, zsh, fish or powershell"
	c.Long = "The completion file makes a shell complete commands and flags. `--help` after the name of the shell says where the file goes."
	for _, shell := range c.Commands() {
		shell.Short = "print the completion file for " + shell.Name()
	}
}

// Group defines flags of some commands, which stand together under a heading. Each has
// one description, which names its value in back quotes.
func Group(heading string, define func(*pflag.FlagSet), of ...*cobra.Command) {
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.SortFlags = false
	define(flags)
	for _, c := range of {
		add(c.Flags(), flags, heading)
	}
}

func add(to, flags *pflag.FlagSet, heading string) {
	to.SortFlags = false
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Annotations[group] == nil {
			name, text := pflag.UnquoteUsage(f)
			f.Usage = text
			f.Annotations = map[string][]string{group: {heading}, value: {name}}
		}
		to.AddFlag(f)
	})
}

// Choices tells a shell the values that a flag takes. It panics where the command has no
// such flag.
func Choices(c *cobra.Command, flag string, values ...string) {
	if err := c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err)
	}
}

// Exits annotates a command with the meanings of its exit codes, from 0 up.
func Exits(meanings ...string) map[string]string {
	return map[string]string{exits: strings.Join(meanings, "\n")}
}

// wrongFlag says of a flag that a command does not have which one has it.
func wrongFlag(c *cobra.Command, err error) error {
	var no *pflag.NotExistError
	if !errors.As(err, &no) {
		return err
	}
	written := "--" + no.GetSpecifiedName()
	if len(no.GetSpecifiedName()) == 1 {
		written = written[1:]
	}
	if c.HasParent() && has(c.Root(), written) {
		if own := names(c); own != "" {
			return fmt.Errorf("%s takes no %s, only %s", c.Name(), written, own)
		}
		return fmt.Errorf("%s takes no flags", c.Name())
	}
	for _, other := range c.Root().Commands() {
		if has(other, written) {
			return fmt.Errorf("%s goes with %s only: %s", written, other.Name(), usageLine(other))
		}
	}
	return err
}

// has reports whether a command has a flag, which is written with its dashes.
func has(c *cobra.Command, written string) bool {
	if name, long := strings.CutPrefix(written, "--"); long {
		return c.Flags().Lookup(name) != nil
	}
	return c.Flags().ShorthandLookup(written[1:]) != nil
}

// names lists the flags of a command in a sentence.
func names(c *cobra.Command) string {
	var out []string
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if c.InheritedFlags().Lookup(f.Name) == nil {
			out = append(out, "--"+f.Name)
		}
	})
	last := len(out) - 1
	if last < 1 {
		return strings.Join(out, "")
	}
	return strings.Join(out[:last], ", ") + " and " + out[last]
}

// listed are the commands below one that its pages name.
func listed(c *cobra.Command) []*cobra.Command {
	var out []*cobra.Command
	for _, below := range c.Commands() {
		if below.IsAvailableCommand() {
			out = append(out, below)
		}
	}
	return out
}

// usageLine is the command line of a command.
func usageLine(c *cobra.Command) string {
	if c.HasParent() {
		return c.Parent().CommandPath() + " " + c.Use
	}
	return c.CommandPath() + strings.TrimPrefix(c.Use, c.Name())
}

// section is some flags below a heading.
type section struct {
	heading string
	flags   []*pflag.Flag
}

// sections are the flags of a command by heading, in the order in which they were
// defined; on the page of the root those follow which only one command below it has.
func sections(c *cobra.Command) []section {
	var out []section
	seen := map[*pflag.Flag]bool{}
	collect := func(of *pflag.FlagSet, only string) {
		of.VisitAll(func(f *pflag.Flag) {
			if seen[f] || f.Hidden || only != "" && c.Flags().Lookup(f.Name) != nil {
				return
			}
			seen[f] = true
			heading := only
			if only == "" {
				heading = "Flags"
				if g := f.Annotations[group]; g != nil {
					heading = g[0]
				}
			}
			for i := range out {
				if out[i].heading == heading {
					out[i].flags = append(out[i].flags, f)
					return
				}
			}
			out = append(out, section{heading, []*pflag.Flag{f}})
		})
	}
	if !c.HasParent() {
		c.InitDefaultHelpFlag()
	}
	collect(c.Flags(), "")
	collect(c.InheritedFlags(), "")
	if !c.HasParent() {
		for _, below := range listed(c) {
			collect(below.Flags(), "Only with "+below.Name())
		}
	}
	return out
}

// written is a flag as it is typed.
func written(f *pflag.Flag) string {
	s := "--" + f.Name
	if f.Shorthand != "" {
		s = "-" + f.Shorthand + ", " + s
	}
	if v := f.Annotations[value]; v != nil && v[0] != "" {
		s += " " + v[0]
	}
	return s
}
