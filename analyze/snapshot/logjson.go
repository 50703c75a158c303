package snapshot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// parseJSONLine reads a log line that is a JSON object: slog and klog in JSON
// form, a container runtime's {"log":…}, and exports of AKS diagnostic settings
// around a text line. Its message is rendered as klog's structured text, so that
// whoever reads records knows one form. A body of an ARM answer is no log line.
func parseJSONLine(line []byte) (logHeader, []byte, bool) {
	isLog := bytes.Contains(line, []byte(`"msg":`))
	if !isLog && !wrapsText(line) {
		return logHeader{}, nil, false
	}
	if isLog && routine(line) {
		return logHeader{level: 'I'}, nil, true
	}
	var m map[string]any
	if json.Unmarshal(line, &m) != nil {
		return logHeader{}, nil, false
	}
	if inner, at := innerLine(m); inner != "" {
		return parseInner(inner, at)
	}
	msg, ok := m["msg"].(string)
	if !ok {
		return logHeader{}, nil, false
	}
	h := logHeader{level: jsonLevel(m), at: jsonTime(m), source: jsonSource(m)}
	return h, structured(msg, m), true
}

// routine reports whether a JSON line is of no interest, without decoding it:
// the bulk of such a log is.
func routine(line []byte) bool {
	quiet := bytes.Contains(line, []byte(`"level":"INFO`)) || bytes.Contains(line, []byte(`"level":"DEBUG`))
	return quiet && !matters(line) && versionOf(line) == "" && !bytes.Contains(line, []byte(`"time":`))
}

func wrapsText(line []byte) bool {
	for _, key := range []string{`"log":`, `"log_s":`, `\"log\":`} {
		if bytes.Contains(line, []byte(key)) {
			return true
		}
	}
	return false
}

// innerLine finds the text line inside a runtime's or an export's object, and
// the object's own time.
func innerLine(m map[string]any) (string, time.Time) {
	props, _ := m["properties"].(map[string]any)
	if s, ok := m["properties"].(string); ok {
		// Some exports hold the properties as a string of JSON; one that does not
		// parse is no log line.
		_ = json.Unmarshal([]byte(s), &props)
	}
	for _, in := range []struct {
		m   map[string]any
		key string
	}{{m, "log"}, {m, "log_s"}, {props, "log"}} {
		if s, ok := in.m[in.key].(string); ok {
			return strings.TrimRight(s, "\r\n"), firstTime(m, "time", "TimeGenerated", "timeStamp")
		}
	}
	return "", time.Time{}
}

func firstTime(m map[string]any, keys ...string) time.Time {
	for _, k := range keys {
		if s, ok := m[k].(string); ok {
			if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
				return t.UTC()
			}
		}
	}
	return time.Time{}
}

func parseInner(inner string, at time.Time) (logHeader, []byte, bool) {
	b := []byte(inner)
	var h logHeader
	switch {
	case klogHeader(b):
		h, b = parseKlog(b)
	case len(b) > 0 && b[0] == '{' && bytes.Contains(b, []byte(`"msg":`)):
		if jh, text, ok := parseJSONLine(b); ok {
			h, b = jh, text
		}
	}
	if !at.IsZero() {
		h.at = stamp{form: parsedStamp, t: at}
	}
	return h, b, true
}

func jsonLevel(m map[string]any) byte {
	level, _ := m["level"].(string)
	if level == "" {
		level, _ = m["severity"].(string)
	}
	level = strings.ToUpper(level)
	switch {
	case strings.HasPrefix(level, "ERROR"), level == "" && m["err"] != nil:
		return 'E'
	case strings.HasPrefix(level, "WARN"):
		return 'W'
	case strings.HasPrefix(level, "FATAL"):
		return 'F'
	}
	return 'I'
}

// jsonTime reads "time" or klog's "ts", which is in milliseconds since 1970.
func jsonTime(m map[string]any) stamp {
	if t := firstTime(m, "time", "ts"); !t.IsZero() {
		return stamp{form: parsedStamp, t: t}
	}
	ts, ok := m["ts"].(float64)
	if !ok || ts <= 0 || ts > 1e14 {
		return stamp{}
	}
	if ts > 1e11 {
		ts /= 1000
	}
	return stamp{form: parsedStamp, t: time.UnixMicro(int64(math.Round(ts * 1e6))).UTC()}
}

func jsonSource(m map[string]any) []byte {
	if s, ok := m["caller"].(string); ok {
		return []byte(s[strings.LastIndexByte(s, '/')+1:])
	}
	src, _ := m["source"].(map[string]any)
	file, _ := src["file"].(string)
	line, _ := src["line"].(float64)
	if file == "" {
		return nil
	}
	return []byte(fmt.Sprintf("%s:%d", file[strings.LastIndexByte(file, '/')+1:], int(line)))
}

// structured renders a message and its values as klog does: `"msg" err="…" k="v"`,
// a value of several lines as `err=<`, tab-indented lines and ` >`. The error
// comes first, the other keys in their order.
func structured(msg string, m map[string]any) []byte {
	var keys []string
	for k := range m {
		switch k {
		case "msg", "level", "severity", "source", "caller", "ts", "time", "v", "err", "error":
		default:
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	out := []byte(strconv.Quote(msg))
	for _, k := range slices.Concat([]string{"err", "error"}, keys) {
		v, ok := m[k]
		if !ok {
			continue
		}
		out = append(append(append(out, ' '), k...), '=')
		s, isString := v.(string)
		if !isString {
			raw, _ := json.Marshal(v) // a decoded value always encodes
			out = append(out, raw...)
			continue
		}
		if !strings.Contains(s, "\n") {
			out = strconv.AppendQuote(out, s)
			continue
		}
		out = append(out, "<\n\t"+strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n\t")+"\n >"...)
	}
	return out
}
