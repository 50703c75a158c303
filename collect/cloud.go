package collect

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	bundle "azlb/bundle-schema"
)

const publicCloud = "https://management.azure.com"

// endpoints are ARM's addresses in Azure's own clouds: the public one, those of China and
// the US government, and the former German one.
var endpoints = []string{
	publicCloud,
	"https://management.chinacloudapi.cn",
	"https://management.usgovcloudapi.net",
	"https://management.microsoftazure.de",
}

// logEndpoints are the addresses of Log Analytics by that of ARM in the same cloud; they
// are also the resources that a token is for.
var logEndpoints = map[string]string{
	publicCloud:                            "https://api.loganalytics.io",
	"https://management.chinacloudapi.cn":  "https://api.loganalytics.azure.cn",
	"https://management.usgovcloudapi.net": "https://api.loganalytics.us",
}

// cloud asks az which cloud it speaks to and settles ARM's address there. A cloud that
// somebody registered, such as Azure Stack Hub, has its own. az says it out of its
// configuration, which also decides to whom az sends its token: the fallback never goes
// anywhere else. Without an answer it is the public cloud.
func (s *session) cloud(ctx context.Context) {
	if r, ok := s.o.Runner.(*Recording); ok && r.lacks(&bundle.Cloud) {
		return
	}
	c, err := s.command(&bundle.Cloud, nil)
	if err != nil {
		return
	}
	s.asked = append(s.asked, c)
	entries := s.all(ctx, []Command{c})
	s.entries = append(s.entries, entries...)
	var answer struct {
		Name      string `json:"name"`
		Endpoints struct {
			ARM string `json:"resourceManager"`
		} `json:"endpoints"`
	}
	if json.Unmarshal(s.spool.read(c.Path), &answer) != nil {
		return
	}
	s.endpoint, err = armEndpoint(answer.Endpoints.ARM)
	if err != nil {
		last := &s.entries[len(s.entries)-1]
		last.Reason = fmt.Sprintf("cloud %s: %v; lists that only `az rest` can bring are missing", answer.Name, err)
	}
}

// armEndpoint checks an address of ARM and writes it as az would be given it: https,
// a host, perhaps a port, and nothing else.
func armEndpoint(address string) (string, error) {
	u, err := url.Parse(strings.TrimRight(address, "/"))
	plain := err == nil && u.Scheme == "https" && u.Hostname() != "" && u.Scheme+"://"+u.Host == strings.TrimRight(address, "/")
	if !plain || strings.ContainsAny(u.Host, shellSpecial+"@ '`$;*?{}") {
		return "", fmt.Errorf("the address %q of its resource manager is refused: it is not https:// and a host", address)
	}
	return u.Scheme + "://" + strings.ToLower(u.Host), nil
}

// knownEndpoint reports whether a fallback may go to address; own is the address in the
// cloud that az speaks to, empty where it is not known.
func knownEndpoint(address, own string) bool {
	if slices.Contains(endpoints, address) {
		return true
	}
	checked, err := armEndpoint(own)
	return err == nil && address == checked
}
