package redact

import (
	"regexp"
	"strings"
	"sync"

	bundle "azlb/bundle-schema"
)

// Learned are the originals that were removed, so that the second pass can look for
// them where nothing tells their form: the client's secret out of azure.json may
// stand bare in a log. It is safe for concurrent use; its zero value knows nothing.
type Learned struct {
	mu      sync.Mutex
	secrets table // in each form that they are looked for
	names   table // in lower case
}

// shortest is the shortest original that is looked for, in bytes: a shorter one is
// found by chance.
const shortest = 8

// Document is the function Document, and remembers what it removes.
func (l *Learned) Document(kind bundle.Redaction, b []byte) ([]byte, Counts, error) {
	switch kind {
	case bundle.RedactObject:
		return object(b, l)
	case bundle.RedactARM:
		return arm(b, l)
	case bundle.RedactConfig:
		return config(b, l)
	case bundle.RedactActivity:
		return activity(b, l)
	case bundle.RedactRows:
		return rows(b, l)
	case bundle.RedactProxy:
		return kubeProxy(b, l)
	}
	s := scrubber{counts: Counts{}, learned: l}
	return s.text(b), s.counts, nil
}

// seen remembers a value that its shape in a text gave away, if it looks made by a
// machine: `password=production` does not make a secret of that word.
func (l *Learned) seen(shape Shape, value string) {
	if (shape == Assignment || shape == URLPassword) && !random(nil, value, 0) {
		return
	}
	l.add(shape, value)
}

// add remembers a secret in all its forms, line by line. What would be found in any
// evidence is not remembered: words, names, paths, ids.
func (l *Learned) add(shape Shape, value string) {
	if l == nil {
		return
	}
	for _, line := range strings.Split(value, "\n") {
		line = strings.TrimSpace(line)
		if len(line) < shortest || marked(line) || masked(line) || common(line) {
			continue
		}
		l.mu.Lock()
		for _, form := range forms(line) {
			l.secrets.add(original{form, shape})
		}
		l.mu.Unlock()
	}
}

// Name adds an original that --redact all replaced and that must not appear any
// more: the name of an object, a host name. One that is shorter than 8 bytes is found
// by chance, so it is not looked for, and Name says so by returning false. Words that
// evidence has anyway ("kubernetes", "loadBalancers") would withhold all of it: who
// adds names leaves them out.
//
// Names are found in any case of letters, because Azure prints ids in either, and
// only as whole words: what stands before and behind must be no ASCII letter or
// digit. So the Service storefront is found in storefront-7d9f and in
// /pools/Storefront, which both tell its name, but not in mystorefronts; and
// kubernetes-dashboard is found in kubernetes-dashboard-2. Who replaces names must
// replace them at the same boundaries, or the entry is withheld. They are looked for
// in what is encoded as well: in base64, in percent-encoded text, behind JSON escapes.
func (l *Learned) Name(text string) bool {
	text = string(appendLower(nil, []byte(strings.TrimSpace(text))))
	if len(text) < shortest || marked(strings.ToUpper(text)) {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.names.add(original{text, Name})
	return true
}

// common reports values that stand in evidence for other reasons: a path, an
// address, an id, a name or a word.
func common(v string) bool {
	return v[0] == '/' || strings.Contains(v, "://") || guid.MatchString(v) || plainWord.MatchString(v) || kubeName.MatchString(v)
}

var plainWord = regexp.MustCompile(`^(?:[A-Z]?[a-z]+|[A-Z]+|[0-9]+)$`)
