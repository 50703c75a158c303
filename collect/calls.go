package collect

import (
	"fmt"
	"io"

	bundle "azlb/bundle-schema"
)

// Calls is how often a program will be asked.
type Calls struct {
	Sure int // whatever the answers are
	More int // at most, for what the answers may name; failures aside
}

// Calls counts what a collection will ask of a program. A failure adds to it: az is asked
// in another way, and each page of a long list is a call of its own.
func (p Plan) Calls(program bundle.Program) Calls {
	var c Calls
	asked := map[string]bool{} // plan prints a read of discovery once
	for _, x := range append(append([]Command{}, p.Discovery...), p.Always...) {
		if x.Program == program && x.Skip == "" && !asked[x.String()] {
			asked[x.String()] = true
			c.Sure++
		}
	}
	if c.Sure == 0 {
		return c
	}
	switch program {
	case bundle.Kubectl:
		c.More = 1 // Endpoints
	case bundle.Az:
		groups := furtherGroups + p.count(&bundle.Group)
		c.More = furtherGroups*len(perGroup()) + groups*(len(perKind())+2) + 2*furtherScaleSets + balancerCap*len(perBalancer()) +
			4*clusterCap + workspaceCap + subnetCap + ruleCap + subscriptionCap*(len(perSubscription())+1) + 2*locationCap + vmCap + 1
	}
	return c
}

// Say tells in two lines how often the programs are asked.
func (p Plan) Say(w io.Writer) error {
	for _, program := range []bundle.Program{bundle.Kubectl, bundle.Az} {
		c := p.Calls(program)
		line := fmt.Sprintf("%s is not asked", program)
		switch {
		case c.Sure > 0 && program == bundle.Kubectl:
			line = fmt.Sprintf("kubectl is asked %d times, and once more on a cluster without EndpointSlices", c.Sure)
		case c.Sure > 0:
			line = fmt.Sprintf("az is asked %d times, at most %d times more for what its answers name,\n# and again where it fails, is throttled, or has a further page", c.Sure, c.More)
		}
		if _, err := fmt.Fprintf(w, "# %s\n", line); err != nil {
			return err
		}
	}
	return nil
}

// count is how many commands of a piece of evidence are sure.
func (p Plan) count(e *bundle.Evidence) int {
	n := 0
	for _, c := range p.Always {
		if c.Evidence == e {
			n++
		}
	}
	return n
}
