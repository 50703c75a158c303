package quota

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// QUOTA01 is a subscription that gets no further public IP.
var QUOTA01 = &rule.Rule{
	ID:       "AZLB-QUOTA01",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the subscription may have no further public IP in this region",
		Symptom: "New public Services stay pending, while older and internal ones work; events show PublicIPCountLimitReached or a code like StandardSkuPublicIPCountLimitReached, `Cannot create more than … public IP addresses`.",
		Cause: "Azure limits the number of public IPs of a subscription in each region, by SKU, by IP version and, for old subscriptions, static ones on their own: 10 to 20 in small or free subscriptions, 1,000 in most. " +
			"All clusters, machines and gateways of the subscription share the limit. Addresses that nothing uses count as well, such as those that deleted Services left behind.",
		Fix: []report.Step{
			{Say: "See what is used of the limits.", Run: "az network list-usages --location REGION --query \"[?contains(name.value,'PublicI')].{name:localName, used:currentValue, limit:limit}\" -o table"},
			{Say: "See which addresses nothing uses; delete those that nobody needs.", Run: "az network public-ip list --query \"[?ipConfiguration==null && natGateway==null].{name:name, group:resourceGroup, address:ipAddress, tags:tags}\" -o json"},
			{Say: "Let several Services share an address: an ingress controller in front of them, or the same address on other ports (1.20 and later)."},
			{Say: "Ask for a higher limit: in the portal under Quotas, Networking, or with a support request."},
		},
		References: []string{limitsPage, "https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/error-codes/publicipcountlimitreached-error", "nanovms/ops#750", "coreos/tectonic-installer#1454", "Azure/ACS#30"},
		Healthy:    "Any number below the limit; the limit of another SKU or region. A limit of 0 of Basic addresses is no quota but the end of that SKU (AZLB-CFG10). A limit that is reached while no Service asks for more is worth knowing, and no fault.",
	},
	Needs: rule.Needs{All: []*bundle.Evidence{&bundle.Services}, Any: append(slices.Clone(text), &bundle.NetworkUsages), Clean: []*bundle.Evidence{&bundle.LoadBalancers}},
	Texts: addressTexts(),
	Check: checkQUOTA01,
}

// addressLimit is one of the limits of public IPs.
type addressLimit struct {
	say    string   // what it counts
	codes  []string // of a refusal
	usages []string // names in the list of usages, the more exact first
	sku    string   // lower case, of the load balancers whose addresses count; empty: any
}

var addressLimits = []addressLimit{
	{"public IPs", []string{"PublicIPCountLimitReached"}, []string{"PublicIPAddresses"}, ""},
	{"static public IPs", []string{"StaticPublicIPCountLimitReached"}, []string{"StaticPublicIPAddresses"}, "none"},
	{"Standard public IPv4 addresses", []string{"IPv4StandardSkuPublicIpCountLimitReached", "StandardSkuPublicIPCountLimitReached"}, []string{"IPv4StandardSkuPublicIpAddresses", "StandardSkuPublicIpAddresses"}, "standard"},
	{"Standard public IPv6 addresses", []string{"IPv6StandardSkuPublicIpCountLimitReached"}, []string{"IPv6StandardSkuPublicIpAddresses"}, "none"},
	{"Basic public IPv4 addresses", []string{"IPv4BasicSkuPublicIpCountLimitReached", "BasicSkuPublicIPCountLimitReached"}, []string{"IPv4BasicSkuPublicIpAddresses", "BasicSkuPublicIpAddresses"}, "none"},
	{"Basic public IPv6 addresses", []string{"IPv6BasicSkuPublicIpCountLimitReached"}, []string{"IPv6BasicSkuPublicIpAddresses"}, "none"},
}

func addressTexts() []rule.Text {
	var codes []string
	for _, l := range addressLimits {
		codes = append(codes, l.codes...)
	}
	return []rule.Text{rule.Codes(codes...)}
}

var (
	// noneAtAll is a SKU that Azure makes no more, which is not used up (AZLB-CFG10).
	noneAtAll = regexp.MustCompile(`(?i)cannot create more than 0 `)
	// mostAllowed is ARM's text; its group is the limit.
	mostAllowed = regexp.MustCompile(`(?i)cannot create more than (\d+) `)
)

func checkQUOTA01(p *rule.Pass) {
	errs := slices.DeleteFunc(p.Current(func(e *errtext.Error) bool { return p.Knows(e) && !noneAtAll.MatchString(e.Message) }), p.Gone)
	var seen *ceiling // of the limits that are reached and that no error names: one finding for all
	tell := func(c *ceiling) {
		f := c.finding(p)
		if len(c.errs) == 0 && len(c.waiting) == 0 {
			f.Severity = report.Info
		}
		dead := left(p)
		if n := len(dead); n > 0 {
			f.Message += fmt.Sprintf(" Services that are gone left %s behind, which count: %s.", counted(n, "public IP"), rule.List(names(dead)))
			f.Cites = append(f.Cites, dead[0].PublicIP.Doc.Cite(dead[0].PublicIP.At+"/name"))
		}
		f.Fix = fewerPublicIPs(p, dead)
		p.Find(f)
	}
	for _, l := range addressLimits {
		c := &ceiling{subject: report.Object{Kind: "Subscription", Name: cmp.Or(subscription(p), "of the cluster")}}
		for _, e := range errs {
			if slices.ContainsFunc(l.codes, e.Has) {
				c.errs = append(c.errs, e)
			}
		}
		u := usageOf(p, l)
		c.full = u != nil && u.Limit > 0 && u.Current >= u.Limit
		if len(c.errs) == 0 && (!c.full || !l.concerns(p)) {
			continue
		}
		if u != nil {
			c.cites = []report.Cite{u.Doc.Cite(u.At + "/currentValue"), u.Doc.Cite(u.At + "/limit")}
			c.room = fmt.Sprintf("The subscription uses %d of the %d %s that it may have in %s", u.Current, u.Limit, l.say, u.Location())
		} else {
			c.room = fmt.Sprintf("How many %s the subscription has is not in the bundle", l.say)
			if m := mostAllowed.FindStringSubmatch(c.errs[len(c.errs)-1].Message); m != nil {
				c.room = fmt.Sprintf("The subscription may have no more than %s %s in this region", m[1], l.say)
			}
		}
		if c.full {
			c.waiting = newcomers(p, func(s *topology.Service) bool { return needsAddress(p, s) })
		}
		switch {
		case len(c.errs) > 0:
			tell(c)
		case seen == nil:
			seen = c
		default:
			seen.room += fmt.Sprintf(", and %d of the %d %s", u.Current, u.Limit, l.say)
			seen.cites = append(seen.cites, c.cites...)
		}
	}
	if seen != nil {
		tell(seen)
	}
}

// concerns reports whether the cluster's next public Service would count to the limit.
func (l addressLimit) concerns(p *rule.Pass) bool {
	return l.sku == "" || slices.ContainsFunc(p.Snapshot.Loads, func(lb snapshot.LoadBalancer) bool {
		return p.Graph.OwnLoadBalancer(&lb) && strings.EqualFold(lb.SKU.Name, l.sku)
	})
}

// usageOf is the limit's row of the cluster's region, or nil.
func usageOf(p *rule.Pass, l addressLimit) *snapshot.Usage {
	region := region(p)
	for _, name := range l.usages {
		for i := range p.Snapshot.Usages {
			if u := &p.Snapshot.Usages[i]; strings.EqualFold(u.Name.Value, name) && region != "" && u.Location() == region {
				return u
			}
		}
	}
	return nil
}

// region is the cluster's, as azure.json or else its load balancers tell; empty: not known.
func region(p *rule.Pass) string {
	if at := p.Wants.Settings.Location.V; at != "" {
		return strings.ToLower(at)
	}
	for i := range p.Snapshot.Loads {
		if lb := &p.Snapshot.Loads[i]; lb.Location != "" && p.Graph.OwnLoadBalancer(lb) {
			return strings.ToLower(lb.Location)
		}
	}
	return ""
}

// needsAddress reports whether a Service waits for a public IP that is to be made, and
// nothing else is known to keep it.
func needsAddress(p *rule.Pass, s *topology.Service) bool {
	want := p.Wants.Of(s.Key())
	return want != nil && !want.Internal.V && want.PublicIPName.Pointer == "" && want.Address.V == "" && !p.Failing(s.Key())
}

// subscription is the cluster's, empty where nothing tells it.
func subscription(p *rule.Pass) string {
	if c := p.Snapshot.Config; c != nil && c.SubscriptionID != "" && !az.Masked(c.SubscriptionID) {
		return c.SubscriptionID
	}
	for i := range p.Snapshot.Loads {
		if id, ok := az.ParseID(p.Snapshot.Loads[i].ID); ok && p.Graph.OwnLoadBalancer(&p.Snapshot.Loads[i]) {
			return id.Subscription
		}
	}
	return ""
}

// left are the public IPs of Services that are gone.
func left(p *rule.Pass) []topology.Leftover {
	return slices.DeleteFunc(slices.Clone(p.Graph.Leftovers), func(l topology.Leftover) bool { return l.PublicIP == nil })
}

func names(dead []topology.Leftover) []string {
	var out []string
	for _, l := range dead {
		out = append(out, l.PublicIP.Name)
	}
	return out
}

// fewerPublicIPs makes room: what dead Services left first, then what nothing uses.
func fewerPublicIPs(p *rule.Pass, dead []topology.Leftover) []report.Step {
	var steps []report.Step
	for _, l := range dead[:min(len(dead), 3)] {
		steps = append(steps, rule.Remove(l)...)
	}
	region := rule.Word(region(p), "REGION")
	return append(steps,
		report.Step{Say: "See which addresses of the region nothing uses; delete those that nobody needs.", Run: fmt.Sprintf("az network public-ip list --query \"[?location=='%s' && ipConfiguration==null && natGateway==null].{name:name, group:resourceGroup, address:ipAddress, tags:tags}\" -o json", region)},
		report.Step{Say: "See what is used of the limits.", Run: "az network list-usages --location " + region + " --query \"[?contains(name.value,'PublicI')].{name:localName, used:currentValue, limit:limit}\" -o table"},
		report.Step{Say: "Let several Services share an address: an ingress controller in front of them, or the same address on other ports (1.20 and later)."},
		report.Step{Say: "Ask for a higher limit: in the portal under Quotas, Networking, or with a support request."})
}
