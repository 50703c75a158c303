// Package pseudonym replaces the names, addresses and ids of a finished bundle by
// consistent pseudonyms, so that an analysis of it says the same of the same things.
//
// It works in two phases over answers that hold no secrets any more. Learn reads all
// of them and finds out which words are names, and of what. Rewrite then replaces
// them everywhere, word by word: in objects, logs, messages, commands and paths.
// Names that somebody chose get a pseudonym out of a key. Names that the cloud
// provider, Azure or Kubernetes derives from others are made again out of the
// pseudonyms of their parts. Words of the field stay (see words.go).
package pseudonym

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"
)

// Names is the private map of one customer: a key, and what was replaced by what.
// It is not safe for concurrent use.
type Names struct {
	key      []byte
	replaced map[string]string // every word that was replaced, in its exact spelling
	kept     map[string]struct{}

	learned    map[string]Kind     // names in lower case
	given      map[string]string   // the pseudonyms of names in lower case
	taken      map[string]string   // pseudonyms, and whose
	hosts      map[string]bool     // names that the host names of a scale set begin with
	spaces     map[string]bool     // namespaces, those with fixed names too
	pairs      map[string]struct{} // "namespace/name" as texts have them, until namespaces are known
	stays      map[string]bool     // what this bundle shows to be no customer's word: regions, ids of built-in roles
	custom     map[string]bool     // ids of custom roles
	lookalikes map[string]struct{} // words of the bundle that a pseudonym could be taken for
	networks   addressing
	rules      map[string]string // names of security rules that are hashes of their content
	candidates []hashed
	settled    bool
	routes     map[string]string // the digits of prefixes in the names of routes
	back       *Names            // the way back, made once
	backward   bool              // this is a way back
}

// keySize is the length of a key in bytes.
const keySize = 32

// NewKey is a random key.
func NewKey() ([]byte, error) {
	key := make([]byte, keySize)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("making a key for pseudonyms: %w", err)
	}
	return key, nil
}

// New is an empty map. The same key gives the same pseudonyms.
func New(key []byte) *Names {
	n := &Names{
		key: key, replaced: map[string]string{}, kept: map[string]struct{}{},
		learned: map[string]Kind{}, given: map[string]string{}, taken: map[string]string{},
		hosts: map[string]bool{}, spaces: map[string]bool{}, pairs: map[string]struct{}{}, stays: map[string]bool{}, custom: map[string]bool{},
		lookalikes: map[string]struct{}{}, rules: map[string]string{},
	}
	n.networks = newAddressing(n.random)
	return n
}

// ID tells maps apart. It is no part of the key and gives none of it away.
func (n *Names) ID() string { return hex.EncodeToString(n.random("id", "")[:8]) }

// random is what the key makes of a text; purpose keeps the uses of the key apart.
func (n *Names) random(purpose, text string) []byte {
	mac := hmac.New(sha256.New, n.key)
	mac.Write([]byte(purpose + "\x00" + text))
	return mac.Sum(nil)
}

// Text rewrites a short text.
func (n *Names) Text(s string) string { return string(n.Rewrite([]byte(s))) }

// address rewrites an address that stands alone.
func (n *Names) address(a netip.Addr) string { return n.networks.of(a).String() }

// Originals are the names that must stand nowhere in what was rewritten: those of at
// least this length that are no part of a word of the field. Addresses are none of
// them, because the pseudonym of one may be the original of another.
func (n *Names) Originals(shortest int) []string {
	var out []string
	for word := range n.replaced {
		lower := strings.ToLower(word)
		_, named := n.learned[lower]
		if len(word) < shortest || !named && !isGUID(word) || n.given[lower] == lower || n.ofField(lower) || strings.Contains(vocabularyText, lower) {
			continue
		}
		if _, also := n.taken[lower]; also {
			continue
		}
		out = append(out, word)
	}
	return sorted(out)
}
