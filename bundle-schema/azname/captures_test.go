package azname

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestCaptures makes the names of recorded objects again from their content.
func TestCaptures(t *testing.T) {
	dir := os.Getenv("AZLB_CAPTURES")
	if dir == "" {
		t.Skip("AZLB_CAPTURES names no folder of recorded clusters")
	}
	captures, err := filepath.Glob(filepath.Join(dir, "*", "kubectl-services.yaml"))
	if err != nil || len(captures) == 0 {
		t.Fatalf("no captures in %s: %v", dir, err)
	}
	var rules, addresses, securityRules int
	for _, file := range captures {
		c := capture{t, filepath.Dir(file), Version{Major: 1, Minor: 31, Patch: 9}}
		rules += c.rules()
		addresses += c.publicIPs()
		securityRules += c.securityRules()
	}
	t.Logf("%d rules and probes, %d public IP addresses, %d security rules", rules, addresses, securityRules)
	if rules == 0 || addresses == 0 || securityRules == 0 {
		t.Error("nothing of a kind was compared")
	}
}

type capture struct {
	*testing.T
	dir     string
	version Version
}

// read decodes one file; a file that a capture lacks or that holds an error text reads as nothing.
func (c capture) read(file string, into any) {
	raw, err := os.ReadFile(filepath.Join(c.dir, file))
	if err == nil {
		_ = json.Unmarshal(raw, into)
	}
}

func (c capture) rules() (n int) {
	type named struct{ Name string }
	var balancers []struct{ FrontendIPConfigurations, LoadBalancingRules, Probes []named }
	c.read("az-lb-list.json", &balancers)
	for _, lb := range balancers {
		for _, rule := range append(lb.LoadBalancingRules, lb.Probes...) {
			prefix, subnet, proto, port, ipv6, ok := ParseRule(rule.Name)
			if !ok {
				c.Logf("%s: %s is not of the provider", c.dir, rule.Name)
				continue
			}
			n++
			if got := Rule(c.version, prefix, subnet, proto, port, ipv6); got != rule.Name {
				c.Errorf("%s: rule %q made again is %q", c.dir, rule.Name, got)
			}
			want, found := Frontend(c.version, prefix, subnet, ipv6), false
			for _, frontend := range lb.FrontendIPConfigurations {
				found = found || frontend.Name == want
			}
			if !found {
				c.Logf("%s: rule %s has no frontend of its own %s", c.dir, rule.Name, want)
			}
		}
	}
	return n
}

var uidLine = regexp.MustCompile(`(?m)^    uid: ([0-9a-f-]{36})$`)

func (c capture) publicIPs() (n int) {
	var addresses []struct {
		Name string
		Tags map[string]string
	}
	c.read("az-public-ip-list.json", &addresses)
	services, err := os.ReadFile(filepath.Join(c.dir, "kubectl-services.yaml"))
	if err != nil {
		c.Fatal(err)
	}
	names := map[string]bool{}
	for _, uid := range uidLine.FindAllSubmatch(services, -1) {
		names[PublicIP(c.version, "kubernetes", Prefix(string(uid[1])), "", false)] = true
	}
	for _, address := range addresses {
		if len(ServicesOfTag(address.Tags)) == 0 || !strings.HasPrefix(address.Name, "kubernetes-a") {
			continue
		}
		if names[address.Name] {
			n++
		} else {
			c.Logf("%s: public IP %s of %q belongs to no Service of today", c.dir, address.Name, ServicesOfTag(address.Tags))
		}
	}
	return n
}

func (c capture) securityRules() (n int) {
	var groups []struct {
		SecurityRules []struct {
			Name, Protocol, SourceAddressPrefix          string
			SourceAddressPrefixes, DestinationPortRanges []string
		}
	}
	c.read("az-nsg-list.json", &groups)
	for _, group := range groups {
		for _, rule := range group.SecurityRules {
			if !IsManagedSecurityRule(rule.Name) || strings.HasPrefix(rule.Name, DenyRule("")) {
				continue
			}
			n++
			sources := rule.SourceAddressPrefixes
			if rule.SourceAddressPrefix != "" {
				sources = append(sources, rule.SourceAddressPrefix)
			}
			family := "IPv4"
			if strings.Contains(rule.Name, "_IPv6_") {
				family = "IPv6"
			}
			if got := AllowRule(family, rule.Protocol, sources, rule.DestinationPortRanges); got != rule.Name {
				c.Errorf("%s: security rule %q made again is %q", c.dir, rule.Name, got)
			}
		}
	}
	return n
}
