package pseudonym

import (
	bundle "azlb/bundle-schema"
)

// Manifest rewrites a manifest in place: the cluster, and of every command its words,
// blanks, path, reason and what it said.
func (n *Names) Manifest(m *bundle.Manifest) {
	m.Redaction, m.Names = bundle.RedactionAll, n.ID()
	m.Cluster.Context, m.Cluster.UID = n.Text(m.Cluster.Context), n.Text(m.Cluster.UID)
	for _, list := range [][]string{m.Cluster.Subscriptions, m.Cluster.ResourceGroups} {
		for i := range list {
			list[i] = n.Text(list[i])
		}
	}
	for i := range m.Entries {
		e := &m.Entries[i]
		e.Path, e.Reason, e.Stderr = n.Text(e.Path), n.Text(e.Reason), n.Text(e.Stderr)
		argv, scope := make([]string, len(e.Argv)), make(map[string]string, len(e.Scope))
		for j := range e.Argv {
			argv[j] = n.Text(e.Argv[j])
		}
		for k, v := range e.Scope {
			scope[k] = n.Text(v)
		}
		e.Argv, e.Scope = argv, scope
	}
}
