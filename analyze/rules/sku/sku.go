// Package sku holds the rules about Basic and Standard load balancers and addresses.
package sku

import (
	"strings"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
)

// Rules of this topic, in the order in which the controller meets them.
var Rules = []*rule.Rule{SKU01, SKU03, SKU02}

func basic(name string) bool    { return strings.EqualFold(name, "Basic") }
func standard(name string) bool { return strings.EqualFold(name, "Standard") }

// asked is the public IP that a public Service asks for by address or by name, in
// the resource group in which the provider looks; nil: it asks for none, or it is
// not there.
func asked(p *rule.Pass, s *topology.Service) *snapshot.PublicIP {
	want := p.Wants.Of(s.Key())
	if want == nil || s.Foreign() || want.Internal.V || want.PublicIPGroup.V == "" {
		return nil
	}
	for i := range p.Snapshot.PublicIPs {
		pip := &p.Snapshot.PublicIPs[i]
		if !strings.EqualFold(group(pip), want.PublicIPGroup.V) {
			continue
		}
		if name := want.PublicIPName.V; name != "" {
			if strings.EqualFold(pip.Name, name) {
				return pip
			}
		} else if want.Address.V != "" && pip.IPAddress == want.Address.V {
			return pip
		}
	}
	return nil
}

// carries reports whether one of the Service's frontends has the public IP already.
func carries(s *topology.Service, pip *snapshot.PublicIP) bool {
	for _, f := range s.Frontends {
		if f.PublicIP == pip {
			return true
		}
	}
	return false
}
