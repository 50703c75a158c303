package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"

	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/pseudonym"
)

// names are the real names of a bundle with pseudonyms; nil: it is shown as it is.
type names struct{ *pseudonym.Names }

// namesOf reads the map of --names, and asks whether it is that of the bundle.
func namesOf(path string, s *snapshot.Snapshot) (names, error) {
	if path == "" {
		return names{}, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return names{}, fmt.Errorf("--names: %w", err)
	}
	n, err := pseudonym.Read(raw)
	if err != nil {
		return names{}, fmt.Errorf("--names %s: %w", path, err)
	}
	switch m := s.Manifest; {
	case m == nil: // single files of a bundle do not tell
	case m.Redaction != bundle.RedactionAll:
		return names{}, errors.New("--names: the bundle has its real names already (it was collected without --redact all)")
	case m.Names != n.ID():
		return names{}, fmt.Errorf("--names %s is the map of another bundle: its id is %s, and that of this bundle's map is %s; the right one was written beside the bundle, as NAME.names.json", path, n.ID(), m.Names)
	}
	return names{n}, nil
}

// hide turns the real names that a person typed into those of the bundle.
func (n names) hide(typed ...*string) {
	for _, s := range typed {
		if n.Names != nil {
			*s = n.Text(*s)
		}
	}
}

// address is the same for the address of a caller, which may be none.
func (n names) address(a netip.Addr) netip.Addr {
	if n.Names == nil || !a.IsValid() {
		return a
	}
	return netip.MustParseAddr(n.Text(a.String()))
}

// show turns the names of the bundle into the real ones.
func (n names) show(s string) string {
	if n.Names == nil {
		return s
	}
	return n.Restore(s)
}

// said is an error with real names.
func (n names) said(err error) error {
	if n.Names == nil || err == nil {
		return err
	}
	return errors.New(n.Restore(err.Error()))
}
