package main

import (
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"azlb/analyze"
	"azlb/bundle-schema/manual"
	"azlb/report"
)

// options are the flags of a command line.
type options struct {
	format, output, service     string
	to, from, fromNode, fromPod string // of a trace
	signatures                  []string
	names                       string
	version                     bool
}

// program is a command line being run.
type program struct {
	options
	stdin          io.Reader
	stdout, stderr io.Writer
	code           int // the exit code
}

// tree is the program as commands: what may be typed, and what is said of it.
func (p *program) tree() *cobra.Command {
	root := &cobra.Command{
		Use:   "azlb-analyze BUNDLE...",
		Short: "print a summary, leave NAME.report.html and NAME.report.md here",
		Long: `azlb-analyze says why a Kubernetes LoadBalancer Service on Azure does not work.

BUNDLE is what azlb-collect wrote, a directory, a .zip, single files such as svc.yaml lb.json ccm.log, or - for an archive or a file on standard input.`,
		Example: `azlb-analyze azlb-prod-20261124T020000Z.tgz
azlb-analyze svc.yaml lb.json ccm.log -f markdown
azlb-analyze trace azlb-prod.tgz --to shop/web:443 --from 203.0.113.7
kubectl get svc -A -o yaml | azlb-analyze - -f json`,
		Annotations: manual.Exits("no errors found; of a trace: the packet arrives",
			"errors found or a Service is broken; of a trace: the packet stops",
			"wrong usage", "not readable", "nothing could be evaluated; of a trace: not known"),
	}
	expected := &cobra.Command{
		Use:   "expected BUNDLE... --service NS/NAME",
		Short: "what the provider would build, next to what is there, as table, markdown or json",
	}
	trace := &cobra.Command{
		Use:   "trace BUNDLE... --to NS/NAME[:PORT]",
		Short: "the way of a packet hop by hop, from any client, --from IP, --from-node NODE or --from-pod NS/POD, as table or json",
	}
	explain := &cobra.Command{
		Use:   "explain ID|CODE",
		Short: "what a rule means and how it is repaired; for a code of Azure, such as SubnetIsFull, the rules that know it",
		ValidArgsFunction: words(func(c report.Chapter) (out []string) {
			for _, t := range c.Topics {
				out = append(append(out, t.ID), t.Codes...)
			}
			return out
		}),
	}
	rules := &cobra.Command{
		Use:               "rules [TOPIC...]",
		Short:             "list the rules, of topics such as nsg, or whose ids begin so; -f markdown prints the catalogue",
		ValidArgsFunction: words(func(c report.Chapter) []string { return []string{c.Name} }),
	}
	root.AddCommand(expected, trace, explain, rules)
	p.flags(root, expected, trace, explain, rules)
	p.does(root, p.root)
	p.does(expected, func(inputs []string) int { return showExpected(inputs, p.options, p.stdin, p.stdout, p.fail) })
	p.does(trace, func(inputs []string) int { return showTrace(inputs, p.options, p.stdin, p.stdout, p.fail) })
	p.does(explain, p.withRules(func(words []string, all []report.Chapter) int { return showRule(words, all, p.stdout, p.fail) }))
	p.does(rules, p.withRules(func(words []string, all []report.Chapter) int {
		return listRules(words, p.format, all, p.stdout, p.fail)
	}))
	version, _ := built()
	manual.Program(root, "azlb-analyze "+version)
	return root
}

// flags defines the flags of the commands: one line each, which is their help, their
// entry in the man page and what a shell says of them.
func (p *program) flags(root, expected, trace, explain, rules *cobra.Command) {
	o := &p.options
	for _, c := range []struct {
		of      *cobra.Command
		formats string
	}{
		{root, "table, markdown, html or json"}, {expected, "table, markdown or json"}, {trace, "table or json"}, {rules, "table or markdown"},
	} {
		manual.Group("Output", func(f *pflag.FlagSet) {
			f.StringVarP(&o.format, "format", "f", "", "print to standard output as `FORMAT`: "+c.formats)
		}, c.of)
		manual.Choices(c.of, "format", strings.Fields(strings.NewReplacer(",", "", " or ", " ").Replace(c.formats))...)
	}
	manual.Group("Output", func(f *pflag.FlagSet) {
		f.StringVarP(&o.output, "output", "o", "", "write to `FILE`; the format follows -f, else the name")
	}, root, expected, trace)
	manual.Group("What is told", func(f *pflag.FlagSet) {
		f.StringVar(&o.service, "service", "", "tell of the Service `NS/NAME` only, and what it depends on")
	}, root, expected)
	manual.Group("What is told", func(f *pflag.FlagSet) {
		f.StringArrayVar(&o.signatures, "signatures", nil, "add the failures in `FILE`, which your team knows by their text (repeatable, see README)")
	}, root, explain, rules)
	manual.Group("What is told", func(f *pflag.FlagSet) {
		f.StringVar(&o.names, "names", "", "tell the real names of a bundle with pseudonyms, by the map `FILE` that azlb-collect --redact all left")
	}, root, expected, trace)
	manual.Group("Who calls what", func(f *pflag.FlagSet) {
		f.StringVar(&o.to, "to", "", "follow a packet to this Service and port, `NS/NAME[:PORT]`")
		f.StringVar(&o.from, "from", "", "follow it from the address `IP`")
		f.StringVar(&o.fromNode, "from-node", "", "follow it from the node `NODE`")
		f.StringVar(&o.fromPod, "from-pod", "", "follow it from the pod `NS/POD`")
	}, trace)
	manual.Group("More", func(f *pflag.FlagSet) {
		f.BoolVar(&o.version, "version", false, "print version, commit, Go, date of the rules")
	}, root)
}

// does runs the work of a command, which gives the exit code.
func (p *program) does(c *cobra.Command, work func(words []string) int) {
	c.Args = cobra.ArbitraryArgs
	c.RunE = func(_ *cobra.Command, words []string) error {
		p.code = work(words)
		return nil
	}
}

// words completes what a command takes: some words of each chapter of the rules.
func words(of func(report.Chapter) []string) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var out []string
		for _, c := range analyze.Catalogue() {
			out = append(out, of(c)...)
		}
		slices.Sort(out)
		return slices.Compact(out), cobra.ShellCompDirectiveNoFileComp
	}
}
