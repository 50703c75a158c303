package desired

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"azlb/bundle-schema/azname"
)

// annotations goes through the Service's annotations that are in the table: whether
// the provider knows them, whether they do something, what it makes of the value.
func (i *inspection) annotations() {
	for _, key := range slices.Sorted(maps.Keys(i.s.Annotations)) {
		name, ours := strings.CutPrefix(key, annotationPrefix)
		k, port := keyOf(name)
		if !ours || k == nil {
			continue
		}
		value := i.s.Annotations[key]
		switch {
		case k.toggle != 0 && isOff(value):
		case k.ofPort && !i.hasPort(k, port):
			i.otherPort(k, name, port)
		case i.p.Has(k.since) == No && strings.TrimSpace(value) != "":
			i.tooNew(k, name)
		case i.p.Has(k.until) == Yes:
			i.always(i.about(AboutEffect, Obsolete, name), Ignored, "No newer release of the provider reads it; this one (%s) does not.", i.release())
		case !i.idle(k, name, port):
			i.read(k, name, port, value)
		}
	}
}

// tooNew is an annotation that no release reads which may be the provider.
func (i *inspection) tooNew(k *annotationKey, name string) {
	effect := Ignored
	if k.weighs {
		effect = Dropped
	}
	i.always(i.about(AboutEffect, TooNew, name), effect, "The provider (%s) does not know this annotation, which other releases read; it is left out without a word.", i.release())
}

// idle tells an annotation that does nothing where it stands, and reports whether
// it is one for every release that may be the provider.
func (i *inspection) idle(k *annotationKey, name, port string) bool {
	reason := ""
	for n, v := range i.p.Candidates {
		here := ""
		for _, idle := range k.idle {
			if here = idle(i, v, port); here != "" {
				break
			}
		}
		if here == "" || n > 0 && here != reason {
			return false
		}
		reason = here
	}
	if strings.TrimSpace(i.s.Annotations[annotationPrefix+name]) == "" {
		return true // an empty value asks for nothing
	}
	effect := Ignored
	if k.name == denyAllOthers {
		effect = Dropped // whoever asks for it takes the Service for closed
	}
	p := i.about(AboutEffect, NoEffect, name)
	if strings.HasPrefix(reason, "appProtocol") && len(i.s.Spec.Ports) > 0 {
		p.Meant = annotationPrefix + portPrefix + strconv.Itoa(int(i.s.Spec.Ports[0].Port)) + portProbeProtocol
	}
	i.always(p, effect, "It has no effect here: %s.", reason)
	return true
}

// read looks at the value.
func (i *inspection) read(k *annotationKey, name, port, value string) {
	if k.reads == nil && k.toggle == 0 {
		return
	}
	p := i.about(AboutValue, InvalidValue, name)
	if p.Fits = k.fits; k.toggle != 0 {
		p.Fits = "true"
	}
	switch {
	case k.subject != 0 && !(k.subject == AboutProbe && strings.TrimSpace(value) == ""):
		p.Subject = k.subject
	case strings.TrimSpace(value) == "":
		p.Subject, p.Kind = AboutEmptiness, EmptyValue
	}
	i.add(p, func(v azname.Version) fate {
		if !v.AtLeast(k.since) {
			return fate{}
		}
		for _, idle := range k.idle {
			if idle(i, v, port) != "" {
				return fate{}
			}
		}
		if k.toggle != 0 {
			return readToggle(k, value)
		}
		return k.reads(i, v, k, value)
	})
}

// hasPort reports whether a port's annotation is for a port of the Service. With
// externalTrafficPolicy Local the timing of the probe is looked up by the health
// check's port too.
func (i *inspection) hasPort(k *annotationKey, port string) bool {
	n, err := strconv.Atoi(port)
	if err != nil {
		return false
	}
	if i.s.Local() && n == int(i.s.Spec.HealthCheckNodePort) && (k.name == portProbeInterval || k.name == portProbeCount) {
		return true
	}
	for _, p := range i.s.Spec.Ports {
		if int(p.Port) == n {
			return true
		}
	}
	return false
}

// otherPort is a port's annotation for something that is no port of the Service:
// the number or name of another thing of one of its ports is a mistake, anything
// else may be left from a port that was removed.
func (i *inspection) otherPort(k *annotationKey, name, port string) {
	p := i.about(AboutValue, UnknownKey, name)
	for _, sp := range i.s.Spec.Ports {
		what := ""
		switch {
		case strings.EqualFold(sp.Name, port):
			what = "the name"
		case strconv.Itoa(int(sp.NodePort)) == port:
			what = "the node port"
		case sp.TargetPort.String() == port:
			what = "the target port"
		}
		if what == "" {
			continue
		}
		p.Meant = annotationPrefix + portPrefix + strconv.Itoa(int(sp.Port)) + k.name
		effect := Ignored
		if _, set := i.s.Annotations[p.Meant]; k.weighs && !set {
			effect = Dropped
		}
		i.always(p, effect, "%s is %s of port %d; the provider looks only for keys with the Service's own port number, and leaves this one out.", port, what, sp.Port)
		return
	}
	i.always(p, Ignored, "The Service has no port %s, so nobody reads it.", port)
}
