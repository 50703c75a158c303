package pseudonym

import (
	"bytes"
	"strings"
)

// objects learns from Kubernetes objects in the layout of kubectl: line by line, by
// the keys around a value. An object's kind stands before its metadata.
func (n *Names) objects(b []byte) {
	w := kubeWalk{names: n}
	for line := range bytes.Lines(b) {
		w.line(string(bytes.TrimRight(line, "\r\n")))
	}
	n.end(&w.service)
}

// frame is a key whose value is a mapping or a list.
type frame struct {
	indent int
	key    string
}

type kubeWalk struct {
	names   *Names
	frames  []frame
	kinds   map[int]string // by the indentation of the object
	last    string         // the key of the line before
	quote   byte           // of a text that goes on over lines; 0: none does
	service serviceOf
}

func (w *kubeWalk) line(line string) {
	indent := len(line) - len(strings.TrimLeft(line, " "))
	rest := line[indent:]
	item := false
	for strings.HasPrefix(rest, "- ") {
		w.leave(indent + 1) // a list may stand at the indentation of its key
		rest, indent, item = rest[2:], indent+2, true
		for i := range w.kinds {
			if i >= indent {
				delete(w.kinds, i)
			}
		}
	}
	if rest == "" || rest[0] == '#' {
		return
	}
	key, value, ok := cutKey(rest)
	note := w.parent(1) == "annotations" && indent > w.frames[len(w.frames)-1].indent // a text in lines of its own
	switch {
	case w.quote != 0 || note || !ok && !item: // a text goes on
		if w.quote != 0 && rest[len(rest)-1] == w.quote {
			w.quote = 0
		}
		if note {
			w.names.annotation(w.parent(0), rest)
		} else {
			w.value(w.last, unquoted(rest), indent)
		}
		return
	case !ok:
		w.leave(indent)
		w.value("", unquoted(rest), indent)
		return
	}
	w.leave(indent)
	if item && indent == 2 {
		w.names.end(&w.service)
	}
	if item && w.within("ports") {
		w.service.port()
	}
	if key == "kind" {
		if w.kinds == nil {
			w.kinds = map[int]string{}
		}
		w.kinds[indent] = value
	}
	if value == "" || value == "|" || value == "|-" || value == ">-" {
		w.frames = append(w.frames, frame{indent, key})
		return
	}
	if w.last = key; (value[0] == '"' || value[0] == '\'') && (len(value) == 1 || value[len(value)-1] != value[0]) {
		w.quote = value[0]
	}
	w.value(key, unquoted(value), indent)
}

// leave closes what stands at this indentation or deeper.
func (w *kubeWalk) leave(indent int) {
	for len(w.frames) > 0 && w.frames[len(w.frames)-1].indent >= indent {
		w.frames = w.frames[:len(w.frames)-1]
	}
}

// parent is the key around, the nearest first.
func (w *kubeWalk) parent(i int) string {
	if i >= len(w.frames) {
		return ""
	}
	return w.frames[len(w.frames)-1-i].key
}

func (w *kubeWalk) within(key string) bool { return w.parent(0) == key }

// cutKey splits "key: value" and "key:".
func cutKey(s string) (key, value string, ok bool) {
	if s[0] == '"' || s[0] == '\'' {
		end := strings.IndexByte(s[1:], s[0])
		if end < 0 || !strings.HasPrefix(s[end+2:], ":") {
			return "", "", false
		}
		return s[1 : end+1], strings.TrimSpace(s[end+3:]), true
	}
	i := strings.Index(s, ": ")
	if i < 0 {
		if !strings.HasSuffix(s, ":") {
			return "", "", false
		}
		i = len(s) - 1
	}
	if strings.ContainsAny(s[:i], " \"'{[") {
		return "", "", false
	}
	return s[:i], strings.TrimSpace(s[i+1:]), true
}

func unquoted(s string) string {
	if len(s) > 1 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return strings.Trim(s, `"'`)
}

// value learns from one value. A list's item without a key has an empty one.
func (w *kubeWalk) value(key, value string, indent int) {
	n, parent := w.names, w.parent(0)
	switch parent {
	case "labels", "matchLabels", "selector", "nodeSelector":
		n.label(key, value)
		return
	case "annotations":
		n.annotation(key, value)
		w.service.annotation(key, value)
		return
	}
	object := w.kinds[indent-2]
	if object == "Service" {
		w.service.field(parent, key, value)
	}
	switch key {
	case "name":
		w.name(parent, value, indent)
	case "namespace":
		n.space(value)
	case "generateName":
		n.learn(kindOf(kubeKinds, object), strings.TrimRight(value, "-"))
	case "nodeName", "host":
		n.learn(Node, value)
	case "address":
		n.learn(Node, value) // a host name; an address is none
	case "hostname", "subdomain", "serviceAccount", "serviceAccountName", "secretName", "claimName", "volumeName", "loadBalancerClass", "priorityClassName", "runtimeClassName", "holderIdentity", "nominatedNodeName":
		n.learn(Other, value)
	case "externalName":
		n.learn(Host, value)
	case "image":
		n.image(value)
	case "healthCheckNodePort", "nodePort", "port", "protocol":
		w.service.number(parent, key, value)
	case "":
		switch parent {
		case "names":
			n.image(value)
		case "loadBalancerSourceRanges":
			w.service.ranges = append(w.service.ranges, value)
		}
	}
}

// name learns a value of the key "name".
func (w *kubeWalk) name(parent, value string, indent int) {
	n := w.names
	switch parent {
	case "metadata":
		switch kind := w.kinds[indent-2]; kind {
		case "Event": // it is named after its object
		case "Namespace":
			n.space(value)
		case "Service":
			n.learn(Service, value)
			w.service.name = value
		default:
			n.learn(kindOf(kubeKinds, kind), value)
		}
	case "ownerReferences", "targetRef", "involvedObject", "regarding", "related", "roleRef", "subjects":
		n.learn(kindOf(kubeKinds, w.kinds[indent]), value)
	case "ports":
		if !n.ofField(value) {
			n.learn(Other, value)
		}
	default:
		n.learn(Other, value)
	}
}

// ofField reports a name made of words of the field and numbers alone.
func (n *Names) ofField(name string) bool {
	for _, part := range strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return strings.ContainsRune(separators, r) }) {
		if !n.word(part) {
			return false
		}
	}
	return true
}

// image learns the parts of a container image that are not those of everybody's.
func (n *Names) image(ref string) {
	ref, _, _ = strings.Cut(ref, "@")
	tag := ""
	if i := strings.LastIndexByte(ref, ':'); i > strings.LastIndexByte(ref, '/') {
		ref, tag = ref[:i], ref[i+1:]
	}
	parts := strings.Split(ref, "/")
	for i, part := range parts {
		host, _, _ := strings.Cut(part, ":")
		switch {
		case i == 0 && publicRegistry(host):
			return // everybody can pull what lies there
		case i == 0 && strings.Contains(part, "."):
			n.learn(Host, host)
		default:
			n.learn(Image, part)
		}
	}
	if strings.Trim(tag, "0123456789.") != "" && !strings.HasPrefix(strings.TrimPrefix(tag, "v"), "0") && !n.ofField(tag) && strings.IndexFunc(tag, func(r rune) bool { return '0' <= r && r <= '9' }) < 0 {
		n.learn(Other, tag)
	}
}

// publicRegistry reports a registry that is open to everybody.
func publicRegistry(host string) bool {
	switch host {
	case "mcr.microsoft.com", "registry.k8s.io", "k8s.gcr.io", "gcr.io", "quay.io", "ghcr.io", "docker.io", "gcrio.azureedge.net":
		return true
	}
	return false
}
