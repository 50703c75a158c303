package snapshot

import "bytes"

// telling are the strings that make an informational record, or loose text, worth
// keeping. A trailing status is looked at by tells.
var telling = newPatterns(
	// Where a Service's reconciliation, or the controller itself, stands (all eras).
	"Start reconciling Service", "START clusterName", "FINISH", "EnsureLoadBalancerDeleted",
	"nsuring load balancer for service", "nsuring LB for service", "atching status for service",
	"ersisting updated status", "rror processing service", "ailed to process service", "Successfully updated",
	"pdating backends for load balancer", "became leader", "acquired lease", "lost lease", "renew lease",
	"leaderelection lost", "eader election lost", "backoff failure", "skipping the removal",
	"CreateOrUpdatePIP",
	// The events of a Service, which a controller logs as it sends them.
	"EnsuringLoadBalancer", "EnsuredLoadBalancer", "UpdatedLoadBalancer", "DeletingLoadBalancer",
	"DeletedLoadBalancer", `type="Warning"`, "type: 'Warning'",
	// The shapes in which an error code stands, in every generation of wrappers.
	"RawError", "ERROR CODE:", "AADSTS", "Original Error", `"error":{`, `"error": {`, `\"error\":`, `"Error":{`,
	`Code="`, `Code=\"`, "rate limit", "hrottled", "too many requests", "authentication failed",
	// And an HTTP status.
	"RESPONSE ", "StatusCode", "Status=", "status=",
)

// matters reports whether an informational record, or loose text, is kept.
func matters(text []byte) bool { return telling.in(text, tells) }

// tells refuses an HTTP status below 400.
func tells(pattern, rest []byte) bool {
	switch string(pattern) {
	case "RESPONSE ", "StatusCode", "Status=", "status=":
	default:
		return true
	}
	n := bytes.TrimLeft(rest[:min(len(rest), 12)], `:= '"`)
	return len(n) >= 3 && (n[0] == '4' || n[0] == '5') && digits(n[:3]) && (len(n) == 3 || !digits(n[3:4]))
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
