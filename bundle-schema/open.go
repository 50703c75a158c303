package bundle

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// input is one of the inputs given, opened.
type input struct {
	name      string // as errors call it
	container container
	pending   *item  // looked at already, and still to be delivered
	manifest  string // name of the manifest in the container; empty: none
	passed    bool   // the manifest went by, and another of its name is a duplicate
	prefix    string // put before the names of loose files, with its slash
}

// open is Open with limits that a test can choose.
func open(inputs []string, stdin io.Reader, l limits) (*Bundle, error) {
	if len(inputs) == 0 {
		return nil, errors.New("no input: give a bundle, a directory, files, or - for standard input")
	}
	b := &Bundle{Name: "-", limits: l, entries: map[string]*Entry{}, seen: map[string]bool{}}
	if inputs[0] != "-" {
		b.Name = filepath.Base(inputs[0])
	}
	labels, err := labelled(inputs)
	if err != nil {
		return nil, err
	}
	for i, name := range inputs {
		if err := b.add(name, labels[i], len(inputs) > 1, stdin); err != nil {
			return nil, errors.Join(err, b.Close())
		}
	}
	return b, nil
}

// labelled gives every input a name of its own: the base name where it is unique.
func labelled(inputs []string) ([]string, error) {
	bases, full := map[string]int{}, map[string]bool{}
	for _, in := range inputs {
		bases[filepath.Base(in)]++
		if full[filepath.Clean(in)] {
			return nil, fmt.Errorf("the input %s is given twice", in)
		}
		full[filepath.Clean(in)] = true
	}
	labels := make([]string, len(inputs))
	for i, in := range inputs {
		labels[i] = filepath.Base(in)
		if bases[labels[i]] > 1 {
			p := filepath.ToSlash(filepath.Clean(in))
			p = strings.ReplaceAll(strings.TrimPrefix(p, filepath.ToSlash(filepath.VolumeName(p))), "..", "_")
			labels[i] = strings.Trim(p, "/")
		}
		if in == "-" {
			labels[i] = "stdin"
		}
	}
	return labels, nil
}

// add opens one input and looks for its manifest.
func (b *Bundle) add(name, label string, several bool, stdin io.Reader) error {
	in := &input{name: name}
	var err error
	if name == "-" {
		in.name = "standard input"
	}
	if in.container, err = openInput(name, label, stdin, b.limits); err != nil {
		return err
	}
	b.inputs = append(b.inputs, in)
	if _, ok := in.container.(*document); ok {
		return nil
	}
	if err := b.findManifest(in); err != nil {
		return err
	}
	if several && in.manifest == "" {
		in.prefix = label + "/"
	}
	return nil
}

// openInput opens what the name of an input stands for.
func openInput(name, label string, stdin io.Reader, l limits) (container, error) {
	if name != "-" {
		info, err := os.Stat(name)
		switch {
		case err != nil:
			return nil, fmt.Errorf("opening %s: %w", name, cause(err))
		case info.IsDir():
			return openDirectory(name, l)
		}
		return openFile(name, label, l)
	}
	if stdin == nil {
		return nil, errors.New("reading standard input: there is none: give the name of a file")
	}
	head := bufio.NewReader(stdin)
	if _, err := head.Peek(1); err == io.EOF {
		return nil, errors.New("reading standard input: it is empty: pipe a bundle into it, or give the name of a file")
	}
	return openStream("standard input", label, head, -1, func() error { return nil }, l)
}
