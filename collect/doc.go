// Package collect runs the customer's own kubectl and az, reading only, and
// writes what they answer into one bundle.
//
// The way is discover → plan → run → write. Discovery reads the nodes, Services
// and pods of kube-system; with them every entry of bundle.Catalogue becomes
// commands; a command that matches no template of the catalogue is refused; each
// command leaves one entry in the manifest, whether it succeeded or not. Answers are
// redacted before they touch the disk, and looked through once more before they are
// packed: what was removed in one place may stand bare in another. From the
// Runner on, processes and a recording (see replay.go) take the same way.
package collect
