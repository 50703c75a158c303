package snapshot

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// printout reads what kubectl prints for people, line by line: descriptions of
// objects with their events, and tables of events.
type printout struct {
	file     string
	services []Service
	events   []eventRow
	tables   int // of events

	object   *described // the object that is being described
	columns  []column   // of the table of events that is being read
	inObject bool       // the table belongs to the object
	blank    bool       // the line before was empty
}

// column is one column of a table: its name and where it begins.
type column struct {
	name string
	at   int
}

// line takes one line with its tabs expanded. It returns false where the line
// belongs to nothing known.
func (p *printout) line(line string, n int) bool {
	blank := p.blank
	p.blank = strings.TrimSpace(line) == ""
	switch {
	case p.blank:
		return true
	case strings.HasPrefix(line, "Name: "):
		p.close()
		p.object = &described{file: p.file, line: n}
		return p.object.field(line, n)
	case isEventsHeader(line):
		if p.inObject = p.object != nil && strings.HasPrefix(line, " "); !p.inObject {
			p.close()
			p.tables++
		}
		p.columns = columnsOf(line)
		return true
	case p.columns != nil:
		return p.row(line, n, blank)
	case p.object != nil:
		return p.object.field(line, n)
	}
	return false
}

// close ends the object that was being described.
func (p *printout) close() {
	if p.object != nil {
		if s, ok := p.object.service(); ok {
			p.services = append(p.services, s)
		}
	}
	p.object, p.columns = nil, nil
}

func isEventsHeader(line string) bool {
	upper := strings.ToUpper(line)
	return strings.Contains(upper, "REASON") && strings.Contains(upper, "MESSAGE") && !strings.Contains(line, ":") &&
		(strings.Contains(upper, "AGE ") || strings.Contains(upper, "LAST SEEN") || strings.Contains(upper, "LASTSEEN"))
}

var columnName = regexp.MustCompile(`\S+( \S+)*`)

func columnsOf(header string) []column {
	var out []column
	for _, at := range columnName.FindAllStringIndex(header, -1) {
		name := strings.ReplaceAll(strings.ToUpper(header[at[0]:at[1]]), " ", "")
		out = append(out, column{name, at[0]})
	}
	return out
}

// eventSuffix is what the name of an event adds to that of its object.
var eventSuffix = regexp.MustCompile(`\.[0-9a-f]{12,}$`)

// row takes a line below the header of events: an event, or more of the message
// of the one before.
func (p *printout) row(line string, n int, afterBlank bool) bool {
	cells := p.cells(line)
	if strings.Trim(line, "- ") == "" {
		return true
	}
	if t := cells["TYPE"]; t != "Normal" && t != "Warning" {
		if afterBlank || len(p.events) == 0 {
			if !p.inObject {
				p.columns = nil
			}
			return false
		}
		last := &p.events[len(p.events)-1]
		last.Message += "\n" + strings.TrimSpace(line)
		return true
	}
	e := eventRow{fromText: true, age: -1, Event: Event{Namespace: cells["NAMESPACE"], Type: cells["TYPE"], Reason: cells["REASON"],
		Message: cells["MESSAGE"], Component: cmp.Or(cells["FROM"], cells["SOURCE"]), Count: 1,
		Doc: &Doc{File: p.file, Line: n, Text: line}}}
	e.Kind, e.Name = cells["KIND"], eventSuffix.ReplaceAllString(cells["NAME"], "") // tables before kubectl 1.14
	if kind, name, ok := strings.Cut(cells["OBJECT"], "/"); ok {
		e.Kind, e.Name = kindSpelled(kind), name
	}
	if p.inObject {
		e.Namespace, e.Kind, e.Name = p.object.get("Namespace"), p.object.kind(), p.object.get("Name")
	}
	if count, err := strconv.Atoi(cells["COUNT"]); err == nil {
		e.Count = count
	}
	e.ages(cmp.Or(cells["AGE"], cells["LASTSEEN"]), cells["FIRSTSEEN"])
	p.events = append(p.events, e)
	return true
}

// cells cuts a line at the columns; where it is not aligned, at double spaces.
func (p *printout) cells(line string) map[string]string {
	out := map[string]string{}
	last := len(p.columns) - 1
	for i, c := range p.columns {
		end := len(line)
		if i < last {
			end = min(end, p.columns[i+1].at)
		}
		if c.at >= len(line) {
			break
		}
		if i > 0 && line[c.at-1] != ' ' {
			return p.split(line)
		}
		out[c.name] = strings.TrimSpace(line[c.at:end])
	}
	return out
}

var gap = regexp.MustCompile(` {2,}`)

func (p *printout) split(line string) map[string]string {
	out := map[string]string{}
	for i, cell := range gap.Split(strings.TrimSpace(line), len(p.columns)) {
		out[p.columns[i].name] = cell
	}
	return out
}

var repeated = regexp.MustCompile(`^(\S+) \(x(\d+) over (\S+)\)`)

// ages reads "3m (x5 over 10m)", or two columns of ages.
func (e *eventRow) ages(last, first string) {
	if m := repeated.FindStringSubmatch(last); m != nil {
		last, first = m[1], m[3]
		e.Count, _ = strconv.Atoi(m[2])
	}
	e.age = ageOf(last)
	if e.firstAge = ageOf(first); e.firstAge < e.age {
		e.firstAge = e.age
	}
}

var agePart = regexp.MustCompile(`^(\d+)([ydhms])`)

// ageOf reads an age as kubectl prints it ("2d3h"); -1: there is none.
func ageOf(s string) time.Duration {
	units := map[string]time.Duration{"y": 365 * 24 * time.Hour, "d": 24 * time.Hour, "h": time.Hour, "m": time.Minute, "s": time.Second}
	total, any := time.Duration(0), false
	for s != "" {
		m := agePart.FindStringSubmatch(s)
		if m == nil {
			return -1
		}
		n, err := strconv.Atoi(m[1])
		if err != nil || n > 1e6 {
			return -1
		}
		total, any = total+time.Duration(n)*units[m[2]], true
		s = s[len(m[0]):]
	}
	if !any {
		return -1
	}
	return total
}

// kindSpelled spells a resource as a kind: "service" is Service.
func kindSpelled(s string) string {
	switch s = strings.TrimSuffix(s, "s"); strings.ToLower(s) {
	case "endpoint":
		return "Endpoints"
	case "endpointslice":
		return "EndpointSlice"
	case "replicaset":
		return "ReplicaSet"
	case "":
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
