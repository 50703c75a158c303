package desired

import (
	"strings"

	"azlb/bundle-schema/azname"
)

// internal tells a value that was to make the Service internal and does not
// (requiresInternalLoadBalancer compares exactly, IsInternal of the security rules
// and IsK8sServiceUsingInternalLoadBalancer without case).
func (i *inspection) internal() {
	v, ok := i.value(internal)
	trimmed := strings.ToLower(strings.TrimSpace(v))
	if !ok || v == "true" || trimmed != "" && isOff(v) {
		return
	}
	p := i.about(AboutInternal, InvalidValue, internal)
	if trimmed == "" {
		p.Kind = EmptyValue
		i.always(p, Ignored, "Only exactly true makes a Service internal; an empty value leaves it public.")
		return
	}
	say := "Only exactly true, in small letters and without blanks, makes a Service internal. The provider gives it a public load balancer and a public address, without a word."
	effect := PublicInstead
	if has := i.p.Has(accessControl); strings.EqualFold(v, "true") && has != No {
		if has == Yes {
			effect = Closed
		}
		say += " For the security group it compares without case (since 1.25.24, 1.26.19, 1.27.13, 1.28.5 and 1.29): it takes the Service for internal there and adds no rule that lets clients in, so that the public address gives no answer."
	}
	i.always(p, effect, "%s", say)
}

// allPorts tells a wish for one rule for all ports that is not granted
// (getExpectedLBRules).
func (i *inspection) allPorts() {
	if !i.on(highlyAvailable) || i.p.Has(haPorts) != Yes {
		return
	}
	p := i.about(AboutAllPorts, NoEffect, highlyAvailable)
	v, _ := i.value(internal)
	switch {
	case strings.EqualFold(v, "true") && v != "true" && i.std:
		i.always(p, SyncFails, "%s is %q, which is internal to the part of the provider that makes this rule and public to the one that makes the load balancer: Azure refuses a rule for all ports on a public one.", internal, v)
	case !i.isInternal():
		i.always(p, Dropped, "Only an internal load balancer has a rule for all ports. This Service is public and gets a rule for each port that it lists; the others are closed.")
	case i.basic:
		i.always(p, Dropped, "Only a Standard load balancer has a rule for all ports. This one is Basic: the Service gets a rule for each port that it lists; the others are closed.")
	}
}

// mode tells a choice among sets of machines that is not possible
// (getServiceLoadBalancerMode; selectLoadBalancer).
func (i *inspection) mode() {
	v, ok := i.value(loadBalancerModeKey)
	if !ok {
		return
	}
	p := i.about(AboutMode, NoEffect, loadBalancerModeKey)
	if i.std {
		i.add(p, func(version azname.Version) fate {
			if version.InTree && version.AtLeast(standardSKU) && !version.AtLeast(haPorts) {
				return fate{SyncFails, "It chooses among the load balancers of several sets of machines, which only the Basic SKU has. " + dead}
			}
			return fate{Ignored, "It chooses among the load balancers of several sets of machines, which only the Basic SKU has; with Standard there is one for all, and the provider leaves it out."}
		})
		return
	}
	if !i.basic {
		return
	}
	p.Kind = InvalidValue
	i.add(p, func(version azname.Version) fate {
		many := version.AtLeast(haPorts) && strings.Contains(v, ",")
		switch mode := strings.TrimSpace(v); {
		case strings.EqualFold(mode, "auto"):
			return fate{SyncFails, "The provider looks for a set of machines of that name; to let it choose, the value is __auto__. " + dead}
		case mode == "":
			return fate{SyncFails, "The provider looks for a set of machines without a name. " + dead}
		case many:
			return fate{SyncFails, "This release takes the name of one set of machines, not a list. " + dead}
		}
		return fate{}
	})
}

const loadBalancerModeKey = loadBalancerMode
