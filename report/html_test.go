package report

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The page consists of these elements and attributes and no others, so nothing
// in it can run or load.
var (
	elements = words2set("html head meta title style body header main section article h1 h2 h3 h4 h5 p dl dt dd div span a code pre " +
		"blockquote ol ul li br details summary table thead tbody tr th td svg symbol use path circle rect")
	attributes = words2set("lang charset http-equiv content name class id aria-labelledby aria-hidden focusable tabindex data-h rel href " +
		"viewBox width height d fill stroke stroke-width stroke-linecap stroke-linejoin stroke-dasharray cx cy r rx x y open")
)

func words2set(s string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(s) {
		set[w] = true
	}
	return set
}

func TestHTMLLoadsAndRunsNothing(t *testing.T) {
	reports := []*Report{rich(), bare()}
	for _, h := range append(hostile, `" onmouseover="alert(1)`, "javascript:alert(1)", "https://evil.example/x.png", "</style><script>alert(1)</script>", "]]>", "-->") {
		reports = append(reports, filled(h))
	}
	for _, r := range reports {
		page := written(t, func(w io.Writer) error { return HTML(w, r) })
		if !strings.Contains(page, `content="default-src 'none'; style-src 'unsafe-inline'`) {
			t.Error("the content security policy is missing")
		}
		ids, targets := map[string]int{}, map[string]bool{}
		d := xml.NewDecoder(strings.NewReader(page))
		d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			e, ok := token.(xml.StartElement)
			if !ok {
				continue
			}
			if !elements[e.Name.Local] {
				t.Errorf("element %s", e.Name.Local)
			}
			for _, a := range e.Attr {
				if !attributes[a.Name.Local] {
					t.Errorf("attribute %s of %s", a.Name.Local, e.Name.Local)
				}
				switch a.Name.Local {
				case "id":
					ids[a.Value]++
				case "href":
					if strings.HasPrefix(a.Value, "#") {
						targets[a.Value[1:]] = true
					} else if e.Name.Local != "a" || !webAddress.MatchString(a.Value) {
						t.Errorf("%s points to %s", e.Name.Local, a.Value)
					}
				}
			}
		}
		for id, n := range ids {
			if n > 1 {
				t.Errorf("id %s occurs %d times", id, n)
			}
		}
		for id := range targets {
			if ids[id] == 0 {
				t.Errorf("#%s leads nowhere", id)
			}
		}
	}
	for _, forbidden := range []string{"url(", "@import", "src:", "expression"} {
		if strings.Contains(string(stylesheet), forbidden) {
			t.Errorf("the style sheet has %s", forbidden)
		}
	}
}

// Text must stand out from what is behind it by 4.5 to 1 (WCAG AA), in both schemes.
func TestContrast(t *testing.T) {
	colour := regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{6})`)
	schemes := strings.SplitAfter(string(stylesheet), "}")
	n := 0
	for _, block := range schemes {
		vars := map[string]float64{}
		for _, m := range colour.FindAllStringSubmatch(block, -1) {
			vars[m[1]] = luminance(m[2])
		}
		if len(vars) == 0 {
			continue
		}
		n++
		for _, pair := range []string{"text page", "text panel", "soft page", "soft panel", "link page", "link panel", "bad page", "bad panel", "bad bad-bg",
			"warn page", "warn panel", "warn warn-bg", "good page", "good panel", "text bad-bg", "soft bad-bg"} {
			var fore, back string
			fmt.Sscan(pair, &fore, &back)
			if c := contrast(vars[fore], vars[back]); c < 4.5 {
				t.Errorf("scheme %d: %s on %s is %.2f to 1", n, fore, back, c)
			}
		}
	}
	if n != 3 {
		t.Errorf("%d colour schemes, want light, dark and print", n)
	}
}

func luminance(hex string) float64 {
	v, _ := strconv.ParseUint(hex, 16, 32)
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		c := float64(v>>(16-8*i)&0xff) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

func contrast(a, b float64) float64 { return (math.Max(a, b) + 0.05) / (math.Min(a, b) + 0.05) }

// Each finding is told in full once, and every Service that it is the root cause
// of leads to it.
func TestFindingsStandOnce(t *testing.T) {
	md := written(t, func(w io.Writer) error { return Markdown(w, rich()) })
	page := written(t, func(w io.Writer) error { return HTML(w, rich()) })
	for i, f := range rich().Findings {
		if f.AsDesigned {
			if n := strings.Count(md, " · "+f.Rule+": "); n != 1 {
				t.Errorf("Markdown tells %s %d times", f.Rule, n)
			}
			continue
		}
		label := "F" + strconv.Itoa(i+1) + " " + f.Rule
		if n := strings.Count(md, "#### "+label+"\n"); n != 1 {
			t.Errorf("Markdown tells %s %d times", label, n)
		}
		if n := strings.Count(page, `id="`+strings.ToLower(strings.ReplaceAll(label, " ", "-"))+`"`); n != 1 {
			t.Errorf("HTML tells %s %d times", label, n)
		}
	}
	if n := strings.Count(md, "Root cause: [F2 AZLB-AUTH02](#f2-azlb-auth02)"); n != 2 {
		t.Errorf("%d Services refer to the shared root cause, want 2", n)
	}
	if !strings.Contains(md, "Root cause: [AZLB-OK07](#works-as-designed)") {
		t.Error("a Service that waits by design does not lead to what works as designed")
	}
}
