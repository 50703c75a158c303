package pseudonym

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// mapVersion is the version of the file's form.
const mapVersion = 1

// warning stands first in the file, for whoever opens it.
const warning = "Keep this file to yourself: it tells whose the pseudonyms in the bundle are. azlb-analyze --names reads it, azlb-collect --redact all --names continues it."

// file is the private map as it lies on the disk.
type file struct {
	Warning  string            `json:"warning"`
	Version  int               `json:"version"`
	ID       string            `json:"id"`  // as the manifest of the bundle has it
	Key      string            `json:"key"` // in hexadecimal
	Replaced map[string]string `json:"replaced"`
	Names    map[string]string `json:"names"` // names in lower case, of which others are derived
	Kinds    map[string]Kind   `json:"kinds"`
	Hosts    []string          `json:"hosts"`
	Networks []string          `json:"networks"`
	Rules    map[string]string `json:"rules"`
	Stay     []string          `json:"stay"`
}

// Marshal writes the map. The same map gives the same bytes.
func (n *Names) Marshal() ([]byte, error) {
	f := file{Warning: warning, Version: mapVersion, ID: n.ID(), Key: hex.EncodeToString(n.key), Replaced: n.replaced, Names: n.given, Kinds: n.learned, Rules: n.rules,
		Hosts: slices.Sorted(maps.Keys(n.hosts)), Stay: slices.Sorted(maps.Keys(n.stays))}
	for p := range n.networks.prefixes {
		f.Networks = append(f.Networks, p.String())
	}
	slices.Sort(f.Networks)
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(f); err != nil {
		return nil, fmt.Errorf("writing the map of names: %w", err)
	}
	return b.Bytes(), nil
}

// Read reads a map that Marshal wrote.
func Read(b []byte) (*Names, error) {
	var f file
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, fmt.Errorf("it is no map of names that azlb-collect --redact all wrote: %w", err)
	}
	key, err := hex.DecodeString(f.Key)
	switch {
	case err != nil || len(key) != keySize:
		return nil, errors.New("it is no map of names that azlb-collect --redact all wrote: it has no key")
	case f.Version != mapVersion:
		return nil, fmt.Errorf("it is a map of names of version %d, and this program reads version %d", f.Version, mapVersion)
	}
	n := New(key)
	if f.ID != n.ID() {
		return nil, errors.New("the map of names was changed: its id is not that of its key")
	}
	maps.Copy(n.replaced, f.Replaced)
	maps.Copy(n.given, f.Names)
	maps.Copy(n.learned, f.Kinds)
	maps.Copy(n.rules, f.Rules)
	for name, pseudonym := range f.Names {
		n.taken[pseudonym] = name
	}
	for _, h := range f.Hosts {
		n.hosts[h] = true
	}
	for _, s := range f.Stay {
		n.stays[s] = true
	}
	for _, s := range f.Networks {
		if p, err := netip.ParsePrefix(s); err == nil {
			n.networks.learn(p)
		}
	}
	for from, to := range f.Replaced {
		a, errA := netip.ParseAddr(from)
		b, errB := netip.ParseAddr(to)
		if errA == nil && errB == nil {
			n.networks.remember(a, b)
		}
	}
	return n, nil
}

// Restore puts the real names into a text about the rewritten bundle, such as a
// sentence of a report.
func (n *Names) Restore(s string) string {
	if n.back == nil {
		n.back = n.reversed()
	}
	return string(n.back.Rewrite([]byte(s)))
}

// reversed is the map from pseudonyms to originals.
func (n *Names) reversed() *Names {
	back := New(n.key)
	back.backward, back.settled, back.routes = true, true, map[string]string{}
	for _, from := range slices.Sorted(maps.Keys(n.replaced)) {
		to := n.replaced[from]
		if _, ok := back.replaced[to]; !ok {
			back.replaced[to] = from
		}
	}
	for lower, pseudonym := range n.given {
		back.given[pseudonym] = lower
		back.learned[pseudonym] = n.learned[lower]
	}
	for name := range n.learned { // what is composed of others
		if to, ok := n.replaced[name]; ok && to != name {
			if _, known := back.given[strings.ToLower(to)]; !known {
				back.given[strings.ToLower(to)], back.learned[strings.ToLower(to)] = name, n.learned[name]
			}
		}
	}
	for h := range n.hosts {
		back.hosts[strings.ToLower(n.token(h))] = true
	}
	for from, to := range n.rules {
		back.rules[strings.ToLower(to)] = from
	}
	for p := range n.networks.prefixes {
		back.routes[squeeze(n.networks.prefixOf(p))] = squeeze(p)
	}
	maps.Copy(back.stays, n.stays)
	return back
}
