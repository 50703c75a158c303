package main

import (
	"errors"
	"io"

	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
)

// load reads all inputs: every bundle for itself, loose files together; the
// snapshots of several bundles are merged if they are of one cluster.
func load(inputs []string, stdin io.Reader) (s *snapshot.Snapshot, err error) {
	var loose []string
	for _, in := range inputs {
		if in == "-" || len(inputs) == 1 {
			loose = append(loose, in)
			continue
		}
		b, err := bundle.Open([]string{in}, nil)
		if err != nil {
			return nil, err
		}
		if b.Manifest == nil {
			loose = append(loose, in)
			if err := b.Close(); err != nil {
				return nil, err
			}
			continue
		}
		if s, err = mergeInto(s, b); err != nil {
			return nil, err
		}
	}
	if len(loose) == 0 {
		return s, nil
	}
	b, err := bundle.Open(loose, stdin)
	if err != nil {
		return nil, err
	}
	return mergeInto(s, b)
}

// mergeInto reads a bundle, closes it and adds it to what was read before.
func mergeInto(s *snapshot.Snapshot, b *bundle.Bundle) (*snapshot.Snapshot, error) {
	more, err := snapshot.Load(b)
	if err = errors.Join(err, b.Close()); err != nil {
		return nil, err
	}
	if s == nil {
		return more, nil
	}
	return snapshot.Merge(s, more)
}
