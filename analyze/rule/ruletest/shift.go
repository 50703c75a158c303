package ruletest

import (
	"regexp"
	"time"
)

// The forms that times have in evidence: RFC 3339 with or without zone and
// fraction, the header of klog and glog (neither year nor zone), the header of a
// journal.
var (
	fullTime    = regexp.MustCompile(`\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d`)
	klogTime    = regexp.MustCompile(`(?m)(^|Z |\]: )([IWEF])(\d{4} \d\d:\d\d:\d\d)`)
	journalTime = regexp.MustCompile(`(?m)^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d`)
)

// Shift moves every time in the bundle: in the manifest, in objects and in logs.
func (f *Files) Shift(by time.Duration) {
	end := f.Manifest.Finished
	f.Manifest.Started, f.Manifest.Finished = f.Manifest.Started.Add(by), end.Add(by)
	for i := range f.Manifest.Entries {
		if e := &f.Manifest.Entries[i]; !e.Started.IsZero() {
			e.Started = e.Started.Add(by)
		}
	}
	for path, b := range f.Content {
		b = fullTime.ReplaceAllFunc(b, func(m []byte) []byte {
			layout := "2006-01-02T15:04:05"
			if m[10] == ' ' {
				layout = time.DateTime
			}
			return moved(m, layout, 0, by)
		})
		b = klogTime.ReplaceAllFunc(b, func(m []byte) []byte {
			n := len(m) - len("0102 15:04:05")
			return append(m[:n:n], moved(m[n:], "0102 15:04:05", end.Year(), by)...)
		})
		f.Content[path] = journalTime.ReplaceAllFunc(b, func(m []byte) []byte { return moved(m, time.Stamp, end.Year(), by) })
	}
}

// moved is a time in the same layout; a layout without a year is of year. What is
// no time stays.
func moved(text []byte, layout string, year int, by time.Duration) []byte {
	t, err := time.Parse(layout, string(text))
	if err != nil {
		return text
	}
	if year != 0 {
		t = time.Date(year, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
	}
	return []byte(t.Add(by).Format(layout))
}
