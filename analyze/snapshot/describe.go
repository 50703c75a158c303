package snapshot

import (
	"regexp"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// described is one object as kubectl describe prints it: fields in their order,
// some of them several times.
type described struct {
	file   string
	line   int
	fields []descField
}

type descField struct {
	name   string
	values []descValue // the field's own line, then continued ones
}

type descValue struct {
	text string
	line int
	raw  string
}

var fieldLine = regexp.MustCompile(`^([A-Z][A-Za-z /]*):(?: +(.*))?$`)

// field takes one line; it returns false for a line in no known form.
func (d *described) field(line string, n int) bool {
	if m := fieldLine.FindStringSubmatch(line); m != nil {
		f := descField{name: m[1]}
		f.values = append(f.values, descValue{strings.TrimSpace(m[2]), n, line})
		d.fields = append(d.fields, f)
		return true
	}
	if !strings.HasPrefix(line, " ") || len(d.fields) == 0 {
		return false
	}
	f := &d.fields[len(d.fields)-1]
	f.values = append(f.values, descValue{strings.TrimSpace(line), n, line})
	return true
}

// get returns the first line of a field, empty where there is none.
func (d *described) get(name string) string {
	for _, f := range d.fields {
		if f.name == name && f.values[0].text != "<none>" && f.values[0].text != "<unset>" {
			return f.values[0].text
		}
	}
	return ""
}

// kind tells by the fields what is described; kubectl does not say it.
func (d *described) kind() string {
	switch typ := corev1.ServiceType(d.get("Type")); typ {
	case corev1.ServiceTypeClusterIP, corev1.ServiceTypeNodePort, corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeExternalName:
		return "Service"
	}
	for _, f := range d.fields {
		switch f.name {
		case "Containers":
			return "Pod"
		case "Roles", "Unschedulable":
			return "Node"
		case "Replicas":
			return "Deployment"
		}
	}
	return ""
}

// service makes a Service of the description; it has no uid and no status but
// its addresses.
func (d *described) service() (Service, bool) {
	if d.kind() != "Service" {
		return Service{}, false
	}
	doc := &Doc{File: d.file, Line: d.line, Text: d.fields[0].values[0].raw, places: map[string]descValue{}}
	s := Service{Doc: doc}
	ips := 0
	for _, f := range d.fields {
		v := f.values[0]
		if (v.text == "" || v.text == "<none>" || v.text == "<unset>") && len(f.values) == 1 {
			continue
		}
		pointer := ""
		switch f.name {
		case "Name":
			s.Name, pointer = v.text, "/metadata/name"
		case "Namespace":
			s.Namespace, pointer = v.text, "/metadata/namespace"
		case "Labels":
			s.Labels, pointer = pairs(f, doc, "/metadata/labels"), "/metadata/labels"
		case "Annotations":
			s.Annotations, pointer = pairs(f, doc, "/metadata/annotations"), "/metadata/annotations"
		case "Selector":
			s.Spec.Selector, pointer = map[string]string{}, "/spec/selector"
			for _, pair := range strings.Split(v.text, ",") {
				if k, x, ok := strings.Cut(pair, "="); ok {
					s.Spec.Selector[k] = x
				}
			}
		case "Type":
			s.Spec.Type, pointer = corev1.ServiceType(v.text), "/spec/type"
		case "IP":
			if ips++; ips == 1 {
				s.Spec.ClusterIP, pointer = v.text, "/spec/clusterIP"
				break
			}
			s.Spec.LoadBalancerIP, pointer = v.text, "/spec/loadBalancerIP" // kubectl before 1.31 calls both "IP"
		case "Desired LoadBalancer IP":
			s.Spec.LoadBalancerIP, pointer = v.text, "/spec/loadBalancerIP"
		case "IP Families":
			for _, family := range strings.Split(v.text, ",") {
				s.Spec.IPFamilies = append(s.Spec.IPFamilies, corev1.IPFamily(strings.TrimSpace(family)))
			}
			pointer = "/spec/ipFamilies"
		case "LoadBalancer Ingress":
			for _, ip := range strings.Split(v.text, ",") {
				ip, _, _ = strings.Cut(strings.TrimSpace(ip), " ")
				s.Status.LoadBalancer.Ingress = append(s.Status.LoadBalancer.Ingress, corev1.LoadBalancerIngress{IP: ip})
			}
			pointer = "/status/loadBalancer/ingress"
		case "Port", "TargetPort", "NodePort":
			s.Spec.Ports, pointer = portLine(s.Spec.Ports, f.name, v.text), ""
			if f.name == "Port" {
				pointer = "/spec/ports/" + strconv.Itoa(len(s.Spec.Ports)-1)
			}
		case "External Traffic Policy":
			s.Spec.ExternalTrafficPolicy, pointer = corev1.ServiceExternalTrafficPolicy(v.text), "/spec/externalTrafficPolicy"
		case "HealthCheck NodePort":
			s.Spec.HealthCheckNodePort, pointer = number(v.text), "/spec/healthCheckNodePort"
		case "LoadBalancer Source Ranges":
			s.Spec.LoadBalancerSourceRanges, pointer = strings.Split(v.text, ","), "/spec/loadBalancerSourceRanges"
		}
		if pointer != "" {
			doc.places[pointer] = v
		}
	}
	return s, true
}

var pairLine = regexp.MustCompile(`^([A-Za-z0-9._/-]+)(?:=|:(?: +|$))(.*)$`)

// pairs reads labels and annotations, "key=value" or "key: value" in a line each.
func pairs(f descField, doc *Doc, pointer string) map[string]string {
	out, last := map[string]string{}, ""
	for _, v := range f.values {
		if m := pairLine.FindStringSubmatch(v.text); m != nil {
			last = m[1]
			out[last] = m[2]
			doc.places[pointer+"/"+escapeKey(last)] = v
		} else if last != "" {
			out[last] = strings.TrimPrefix(out[last]+"\n"+v.text, "\n")
		}
	}
	return out
}

// portLine takes one of the lines that describe a port:
// "Port: http 80/TCP", "TargetPort: 8080/TCP", "NodePort: http 30080/TCP".
func portLine(ports []corev1.ServicePort, field, text string) []corev1.ServicePort {
	words := strings.Fields(text)
	if len(words) == 0 {
		return ports
	}
	value, protocol, _ := strings.Cut(words[len(words)-1], "/")
	if field == "Port" {
		p := corev1.ServicePort{Port: number(value), Protocol: corev1.Protocol(protocol)}
		if len(words) > 1 && words[0] != "<unset>" {
			p.Name = words[0]
		}
		return append(ports, p)
	}
	if len(ports) == 0 {
		return ports
	}
	switch p := &ports[len(ports)-1]; field {
	case "TargetPort":
		p.TargetPort = intstr.Parse(value)
	case "NodePort":
		p.NodePort = number(value)
	}
	return ports
}

func number(s string) int32 {
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil {
		return 0
	}
	return int32(n)
}
