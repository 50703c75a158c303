package control

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/rule"
	"azlb/analyze/walk"
	"azlb/report"
)

// OK06 is a ping, which tells nothing of a Service.
var OK06 = &rule.Rule{
	ID:         "AZLB-OK06",
	Severity:   report.Info,
	AsDesigned: true,
	Doc: report.Doc{
		Title:   "ping tells nothing of a Service",
		Symptom: "ping of the external or internal address of a Service times out; or it works, and the Service does not.",
		Cause: "A load balancer passes on what its rules name, TCP and UDP by port, and no ICMP. The address of an internal frontend never answers a ping. " +
			"That of a Standard public one is answered by the load balancer itself, for packets up to 64 bytes and while one backend is probed up, whatever the security groups say; no packet of it reaches a node.",
		Fix:        looks("Test the port in place of the address.", "nc -vz ADDRESS PORT"),
		References: []string{"Azure/AKS#1282", "https://learn.microsoft.com/azure/load-balancer/load-balancer-test-frontend-reachability"},
		Healthy:    "This is so in every cluster. It is told once, where the way to some Service is open to its end, of an internal one if there is any.",
	},
	Needs: walked,
	Check: func(p *rule.Pass) {
		ways := open(p)
		if len(ways) == 0 {
			return
		}
		silent := func(w *walk.Walk) bool {
			return w.Path.Frontend.To.Frontend.PublicIP == nil || !strings.EqualFold(w.Path.Frontend.To.LB.SKU.Name, "Standard")
		}
		w, field := ways[0], "/publicIPAddress/id"
		if i := slices.IndexFunc(ways, silent); i >= 0 {
			w = ways[i]
		}
		if w.Path.Frontend.To.Frontend.PublicIP == nil {
			field = "/privateIPAddress"
		}
		f := rule.Finding{Subject: cluster, Cites: []report.Cite{w.Path.Frontend.To.LB.Doc.Cite(w.Path.Frontend.To.At + field)},
			Fix: looks("Test the port in place of the address.", fmt.Sprintf("nc -vz %s %d", w.Path.Address, w.Path.Port.Port))}
		switch {
		case field == "/privateIPAddress":
			f.Message = fmt.Sprintf("A ping of %s, the internal address of %s, gets no answer, since load balancing rules pass on TCP and UDP by port and no ICMP.", w.Path.Address, w.Path.Service.Key())
		case silent(w):
			f.Message = fmt.Sprintf("A ping of %s, the address of %s, gets no answer, since load balancing rules pass on TCP and UDP by port and no ICMP.", w.Path.Address, w.Path.Service.Key())
		default:
			f.Message = fmt.Sprintf("A ping of %s, the address of %s, is answered by the load balancer itself if at all (packets up to 64 bytes), and never reaches a node.", w.Path.Address, w.Path.Service.Key())
		}
		f.Message += " Test the port in its place."
		p.Find(f)
	},
}
