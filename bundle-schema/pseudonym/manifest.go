package pseudonym

import (
	bundle "azlb/bundle-schema"
)

// Manifest rewrites a manifest in place: the cluster, and of every command its words,
// blanks, path, reason and what it said.
func (n *Names) Manifest(m *bundle.Manifest) {
	m.Redaction, m.Names = bundle.RedactionAll, n.ID()
	m.Cluster.Context, m.Cluster.UID = n.Text(m.Cluster.Context), n.Text(m.Cluster.UID)
	m.Cluster.Subscriptions, m.Cluster.ResourceGroups = each(m.Cluster.Subscriptions, n.Text), each(m.Cluster.ResourceGroups, n.Text)
	for i := range m.Entries {
		entry(&m.Entries[i], n.Text)
	}
}

// RestoreEntry puts the real names into an entry of a rewritten manifest.
func (n *Names) RestoreEntry(e *bundle.Entry) { entry(e, n.Restore) }

func entry(e *bundle.Entry, change func(string) string) {
	e.Path, e.Reason, e.Stderr, e.Costs = change(e.Path), change(e.Reason), change(e.Stderr), change(e.Costs)
	e.Argv = each(e.Argv, change)
	if e.Scope != nil {
		scope := make(map[string]string, len(e.Scope))
		for blank, value := range e.Scope {
			scope[blank] = change(value)
		}
		e.Scope = scope
	}
}

func each(list []string, change func(string) string) []string {
	if list == nil {
		return nil
	}
	out := make([]string, len(list))
	for i := range list {
		out[i] = change(list[i])
	}
	return out
}
