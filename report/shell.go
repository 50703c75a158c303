package report

import "strings"

// shell breaks a command into lines of at most width cells that a shell reads as
// the same command: at a space outside of quotes and behind a backslash, else in
// the middle of a word and then without an indent, which would divide the word.
func shell(run, indent string, width int) []string {
	var out []string
	quote := byte(0) // a quotation may go over several lines
	for line := range strings.SplitSeq(strings.Trim(run, "\n"), "\n") {
		lead := indent
		if quote != 0 {
			lead = "" // an indent would become part of the quotation
		}
		for cells(lead+line) > width {
			room := width - cells(lead) - len(`'\`)
			if at := breakable(line, room, quote); at > 0 {
				out = append(out, lead+line[:at]+` \`)
				line, lead, quote = strings.TrimLeft(line[at:], " "), indent+"  ", 0
				continue
			}
			head, tail := cut(line, room)
			open := quoted(head, quote)
			if slashes := len(head) - len(strings.TrimRight(head, `\`)); open != '\'' && slashes%2 == 1 && len(head) > 1 {
				head, tail = head[:len(head)-1], `\`+tail // it belongs to what follows
			}
			quote = open
			if quote == '\'' {
				head, tail, quote = head+"'", "'"+tail, 0
			}
			out = append(out, lead+head+`\`)
			line, lead = tail, ""
		}
		out = append(out, lead+line)
		quote = quoted(line, quote)
	}
	return out
}

// quoted is the quotation mark that is open after s; 0: none.
func quoted(s string, quote byte) byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && quote != '\'':
			i++
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case c == quote:
			quote = 0
		}
	}
	return quote
}

// breakable is a space outside of quotes within width cells, or -1: the last one
// in the second half behind an operator such as &&, else the last one in front of
// a flag, which keeps its value on its line, else the last one.
func breakable(line string, width int, quote byte) int {
	head, _ := cut(line, width)
	last, flag, operator := -1, -1, -1
	for at := 1; at < len(head); at++ {
		if line[at] != ' ' || quoted(line[:at], quote) != 0 || line[at-1] == '\\' || strings.TrimSpace(line[:at]) == "" {
			continue
		}
		last = at
		if at < len(head)/2 {
			continue
		}
		switch before, after := line[:at], strings.TrimLeft(line[at:], " "); {
		case strings.HasSuffix(before, " &&") || strings.HasSuffix(before, " ||") || strings.HasSuffix(before, ";") || strings.HasSuffix(before, " |"):
			operator = at
		case strings.HasPrefix(after, "-"):
			flag = at
		}
	}
	if operator > 0 {
		return operator
	}
	if flag > 0 {
		return flag
	}
	return last
}
