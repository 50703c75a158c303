package snapshot

import "bytes"

// milestones are the lines of all eras that say where a Service's
// reconciliation, or the controller itself, stands.
var milestones = [][]byte{
	[]byte("Start reconciling Service"),
	[]byte("START clusterName"),
	[]byte("FINISH"),
	[]byte(`"Finished" logger="EnsureLoadBalancerDeleted"`),
	[]byte("EnsureLoadBalancerDeleted"), // the same in JSON, where the logger is a key of its own
	[]byte("nsuring load balancer for service"),
	[]byte("nsuring LB for service"),
	[]byte("atching status for service"),
	[]byte("ersisting updated status"),
	[]byte("rror processing service"),
	[]byte("ailed to process service"),
	[]byte("Successfully updated"),
	[]byte("pdating backends for load balancer"),
	[]byte("became leader"),
	[]byte("acquired lease"),
	[]byte("lost lease"),
	[]byte("renew lease"),
	[]byte("leaderelection lost"),
	[]byte("eader election lost"),
	[]byte("backoff failure"),
	[]byte("skipping the removal"),
}

// eventReasons are the events of a Service's reconciliation, which a controller
// logs as it sends them.
var eventReasons = [][]byte{
	[]byte("EnsuringLoadBalancer"), []byte("EnsuredLoadBalancer"), []byte("UpdatedLoadBalancer"),
	[]byte("DeletingLoadBalancer"), []byte("DeletedLoadBalancer"), []byte("LoadBalancerFailed"),
	[]byte("UnAvailableLoadBalancer"), []byte("LoadBalancerUpdateFailed"), []byte("CreateOrUpdateLoadBalancer"),
	[]byte("DeleteLoadBalancer"), []byte("ListLoadBalancers"),
}

// failures are the shapes in which an error code or an HTTP status stands, in
// every generation of wrappers.
var failures = [][]byte{
	[]byte("RawError"), []byte("ERROR CODE:"), []byte("AADSTS"), []byte("Original Error"),
	[]byte(`"error":{`), []byte(`"error": {`), []byte(`\"error\":`), []byte(`"Error":{`),
	[]byte(`Code="`), []byte(`Code=\"`), []byte("rate limit"), []byte("hrottled"),
	[]byte("too many requests"), []byte("authentication failed"), []byte(`type="Warning"`), []byte("type: 'Warning'"),
}

// matters reports whether an informational record, or loose text, is kept.
func matters(text []byte) bool {
	if anyOf(text, milestones) || anyOf(text, failures) {
		return true
	}
	return bytes.Contains(text, []byte("LoadBalancer")) && anyOf(text, eventReasons) || failedStatus(text)
}

func anyOf(text []byte, list [][]byte) bool {
	for _, x := range list {
		if bytes.Contains(text, x) {
			return true
		}
	}
	return false
}

// failedStatus finds an HTTP status of 400 or more.
func failedStatus(text []byte) bool {
	for _, key := range [][]byte{[]byte("RESPONSE "), []byte("StatusCode"), []byte("tatus=")} {
		rest := text
		for {
			i := bytes.Index(rest, key)
			if i < 0 {
				break
			}
			rest = rest[i+len(key):]
			n := bytes.TrimLeft(rest, `:= '"`)
			if len(n) >= 3 && (n[0] == '4' || n[0] == '5') && digits(n[:3]) && (len(n) == 3 || !digits(n[3:4])) {
				return true
			}
		}
	}
	return false
}

// flagLine reads `FLAG: --name="value"`, which a controller logs of each of its
// flags when it starts.
func flagLine(text []byte) (name, value string, ok bool) {
	rest, ok := bytes.CutPrefix(text, []byte("FLAG: --"))
	if !ok {
		return "", "", false
	}
	n, v, ok := bytes.Cut(rest, []byte("="))
	if !ok {
		return "", "", false
	}
	if len(v) >= 2 && v[0] == '"' && v[len(v)-1] == '"' {
		v = v[1 : len(v)-1]
	}
	return string(n), string(v), true
}

// versionOf reads the version that a program logs of itself when it starts. The
// placeholder of a build without a version is none.
func versionOf(text []byte) string {
	if len(text) > 4096 || !bytes.Contains(text, []byte("ersion")) {
		return ""
	}
	for _, key := range []string{`version="`, `kubeletVersion="`, `"version":"`, "Version: ", "version: "} {
		i := bytes.Index(text, []byte(key))
		if i < 0 || !(bytes.HasPrefix(text, []byte("Version")) || bytes.HasPrefix(text, []byte(`"Version"`)) ||
			bytes.HasPrefix(text, []byte(`"Starting`)) || bytes.HasPrefix(text, []byte("Kubelet version")) ||
			bytes.HasPrefix(text, []byte(`"Kubelet version"`)) ||
			bytes.Contains(text, []byte(`"msg":"Version"`)) || bytes.Contains(text, []byte(`"msg":"Starting`))) {
			continue
		}
		v := text[i+len(key):]
		end := 0
		for end < len(v) && v[end] != '"' && v[end] != ' ' && v[end] != ',' {
			end++
		}
		if v = v[:end]; len(v) > 1 && v[0] == 'v' && v[1] >= '0' && v[1] <= '9' && !bytes.HasPrefix(v, []byte("v0.0.0")) {
			return string(v)
		}
	}
	return ""
}
