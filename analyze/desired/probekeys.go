package desired

import "strconv"

// ProbePathKey is the annotation for the path of all HTTP probes of a Service.
const ProbePathKey = annotationPrefix + probePath

// PortProbeProtocolKey is the annotation for the protocol of one port's probe: unlike
// the one for all ports it goes before appProtocol.
func PortProbeProtocolKey(port int32) string {
	return annotationPrefix + portPrefix + strconv.Itoa(int(port)) + portProbeProtocol
}
