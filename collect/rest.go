package collect

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	bundle "azlb/bundle-schema"
)

// pageCap ends a chain of nextLinks that does not end by itself.
const pageCap = 500

// page is an ARM list; az rest follows no nextLink, so this file does.
type page struct {
	Value    []json.RawMessage `json:"value"`
	NextLink string            `json:"nextLink"`
}

// rest asks again with `az rest`. The items of all pages lie in the file of the
// first one; every page has an entry of its own. Where a later page is missing the
// first one's entry says truncated, so that nothing is concluded from absence.
func (x *executor) rest(ctx context.Context, c Command) []bundle.Entry {
	if x.endpoint == "" {
		return nil
	}
	if !c.Evidence.RestOnly() {
		c.Skip, c.Around = "", false
	}
	first, err := x.restCommand(c, c.Evidence.RestVersion)
	if err != nil {
		return nil
	}
	earlier, entry, end, raw, cut := x.page(ctx, first)
	if version := olderVersion(entry.Stderr, c.Evidence.RestVersion); end.Version && version != "" {
		end.Reason += ": it was asked again with " + version
		x.finish(first, &entry, end)
		earlier = append(earlier, entry)
		if first, err = x.restCommand(c, version); err != nil {
			return earlier
		}
		x.progress.Plan(1)
		var more []bundle.Entry
		more, entry, end, raw, cut = x.page(ctx, first)
		earlier = append(earlier, more...)
	}
	if end.Status != bundle.StatusOK {
		x.finish(first, &entry, end)
		return append(earlier, entry)
	}
	merged, next := pageOf(raw)
	var pages []bundle.Entry
	for n := 2; next != "" && end.Status == bundle.StatusOK; n++ {
		var p []bundle.Entry
		p, next, merged, end = x.nextPage(ctx, first, next, n, merged)
		pages = append(pages, p...)
	}
	all := len(merged)
	merged, narrowed := x.ours(c.Evidence, merged)
	if narrowed && end.Status == bundle.StatusOK {
		end.Reason = fmt.Sprintf("%d of %d are kept: those in the resource groups of the cluster", len(merged), all)
	}
	if len(pages) > 0 || narrowed {
		if raw, err = json.Marshal(page{Value: merged}); err != nil {
			end = ending{Status: bundle.StatusFailed, Reason: "joining the pages: " + err.Error()}
		}
	}
	x.keep(first, raw, cut, &entry, &end)
	end.Fallback = false
	x.finish(first, &entry, end)
	return append(append(earlier, entry), pages...)
}

// page reads one page, patiently.
func (x *executor) page(ctx context.Context, c Command) (earlier []bundle.Entry, entry bundle.Entry, end ending, raw []byte, cut int64) {
	earlier, entry, end = x.patiently(ctx, c, func() (bundle.Entry, ending) {
		var e bundle.Entry
		var how ending
		e, how, raw, cut = x.document(ctx, c)
		return e, how
	})
	return earlier, entry, end, raw, cut
}

// pageOf takes a page apart; a single object has no items and no next page.
func pageOf(raw []byte) ([]json.RawMessage, string) {
	var p page
	if json.Unmarshal(bytes.TrimSpace(raw), &p) != nil {
		return nil, ""
	}
	return p.Value, p.NextLink
}

// nextPage fetches page n and adds its items to merged. A page that cannot be had
// makes the whole list truncated.
func (x *executor) nextPage(ctx context.Context, first Command, link string, n int, merged []json.RawMessage) ([]bundle.Entry, string, []json.RawMessage, ending) {
	c, err := x.pageCommand(first, link, n)
	if err != nil {
		return []bundle.Entry{gapEntry(first.Evidence, nil, c.Scope, bundle.StatusSkipped, err.Error())}, "", merged, missingPage(n, err.Error())
	}
	x.progress.Plan(1)
	earlier, entry, end, raw, cut := x.page(ctx, c)
	if end.Status == bundle.StatusOK && (cut > 0 || !json.Valid(raw)) {
		end = ending{Status: bundle.StatusFailed, Reason: fmt.Sprintf("page %d is not JSON, or too long", n)}
	}
	if end.Status != bundle.StatusOK {
		x.finish(c, &entry, end)
		return append(earlier, entry), "", merged, missingPage(n, end.Reason)
	}
	x.finish(c, &entry, ending{Status: bundle.StatusOK, Reason: "its items lie in " + first.Path})
	more, next := pageOf(raw)
	return append(earlier, entry), next, append(merged, more...), end
}

func missingPage(n int, why string) ending {
	return ending{Status: bundle.StatusTruncated, Reason: fmt.Sprintf("page %d of the list is missing: %s", n, why)}
}

// pageCommand builds the read of a next page: the same path on the same endpoint,
// only the parameters are ARM's.
func (x *executor) pageCommand(first Command, link string, n int) (Command, error) {
	c := first
	c.Scope = Values{"page": fmt.Sprint(n)}
	for k, v := range first.Scope {
		c.Scope[k] = v
	}
	u, err := url.Parse(link)
	if err != nil {
		return c, fmt.Errorf("the next page's link is refused: it does not parse")
	}
	path, err := fill(first.Evidence.Rest, first.Scope, x.windows)
	if err != nil {
		return c, err
	}
	if n > pageCap {
		return c, fmt.Errorf("the list has more than %d pages", pageCap)
	}
	if !strings.EqualFold(u.Scheme+"://"+u.Host, x.endpoint) || !strings.EqualFold(u.Path, path) || u.User != nil {
		return c, fmt.Errorf("the next page's link is refused: it does not lead to the same list")
	}
	query := u.Query()
	keys := sortedKeys(query)
	// api-version stands first, as in the first page's command.
	slices.SortStableFunc(keys, func(a, b string) int { return cmp.Compare(order(a == "api-version"), order(b == "api-version")) })
	var params []string
	for _, key := range keys {
		for _, value := range query[key] {
			params = append(params, key+"="+value)
		}
	}
	built, err := x.builder.rest(c, path, params)
	if err != nil {
		return c, err
	}
	return built, Allowed(built, x.windows)
}
