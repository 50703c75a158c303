package snapshot

import "time"

// clock sets the clock of the analysis and gives log records without a year
// theirs. The clock of a bundle is when its collection finished, that of loose
// files the newest time in them.
func (l *loader) clock() {
	now := l.newest
	for _, x := range l.logs {
		if x.log.Last.Year() > 0 && x.log.Last.After(now) {
			now = x.log.Last
		}
	}
	if m := l.s.Manifest; m != nil && !m.Finished.IsZero() {
		now = m.Finished.UTC()
	}
	newest := now
	for i := range l.logs {
		l.logs[i].date(now)
		if last := l.logs[i].log.Last; last.After(newest) {
			newest = last
		}
	}
	if l.s.Manifest != nil && !l.s.Manifest.Finished.IsZero() {
		newest = now
	}
	l.s.Now = newest.UTC()
}

// slack is how far a log may run ahead of the clock: its zone is not known.
const slack = 24 * time.Hour

// date gives every time of a log that has no year the newest year in which it is
// not after the clock, from its last record back to its first. A clock that is
// not known leaves year 0, in which times of one log still compare.
func (x *scanned) date(now time.Time) {
	if now.IsZero() {
		return
	}
	x.log.Last = inYear(x.log.Last, now)
	limit := x.log.Last
	if limit.IsZero() {
		limit = now
	}
	for i := len(x.records) - 1; i >= 0; i-- {
		r := &x.records[i]
		r.Time = inYear(r.Time, limit)
		if !r.Time.IsZero() && r.Time.Before(limit) {
			limit = r.Time
		}
	}
	x.log.First = inYear(x.log.First, limit)
}

// inYear puts a time of year 0 into the year of limit, or into the year before
// where it would be later than limit by more than the slack.
func inYear(t, limit time.Time) time.Time {
	if t.IsZero() || t.Year() > 0 {
		return t
	}
	for _, year := range []int{limit.Year() + 1, limit.Year()} {
		if d := t.AddDate(year, 0, 0); !d.After(limit.Add(slack)) {
			return d
		}
	}
	return t.AddDate(limit.Year()-1, 0, 0)
}
