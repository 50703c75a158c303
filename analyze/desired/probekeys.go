package desired

import "strconv"

// ProbePathKey is the annotation for the path of all HTTP probes of a Service, and
// LinkProxyKey that for the PROXY protocol of its private link service.
const (
	ProbePathKey = annotationPrefix + probePath
	LinkProxyKey = annotationPrefix + proxyProtocolOnLink
)

// PortProbeProtocolKey is the annotation for the protocol of one port's probe: unlike
// the one for all ports it goes before appProtocol.
func PortProbeProtocolKey(port int32) string {
	return annotationPrefix + portPrefix + strconv.Itoa(int(port)) + portProbeProtocol
}

// PortProbePortKey is the annotation for the port that one port's probe asks: a port of
// the Service stands for its node port.
func PortProbePortKey(port int32) string {
	return annotationPrefix + portPrefix + strconv.Itoa(int(port)) + portProbePort
}
