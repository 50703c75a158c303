package analyze

import (
	"strings"
	"testing"

	"azlb/report"
)

// TestHeadlineNamesWhatNothingExplains: where a Service does not serve, the first
// lines never leave the reader with the impression that all is well.
func TestHeadlineNamesWhatNothingExplains(t *testing.T) {
	svc := func(name string, status report.ServiceStatus, cause string) report.Service {
		return report.Service{Namespace: "shop", Name: name, Status: status, RootCause: cause, Summary: "port 80 stops at the rule"}
	}
	judged := []report.Verdict{{Rule: "AZLB-X01", State: report.Clean}}
	fault := report.Finding{Rule: "AZLB-X01", Severity: report.Error, Title: "the pool is empty", Services: []string{"shop/api"}}
	warning := report.Finding{Rule: "AZLB-X02", Severity: report.Warning, Title: "probes are old", Services: []string{"shop/api"}}
	for _, c := range []struct {
		name     string
		services []report.Service
		findings []report.Finding
		want     string
	}{
		{name: "one", services: []report.Service{svc("web", report.Broken, ""), svc("api", report.Serving, "")},
			want: "shop/web is broken, and no failure mode that is known here explains it: port 80 stops at the rule."},
		{name: "several", services: []report.Service{svc("a", report.Broken, ""), svc("b", report.Broken, ""), svc("c", report.Pending, ""), svc("d", report.Broken, "")},
			want: "4 Services (shop/a, shop/b, shop/c and 1 more) are broken or pending, and no failure mode that is known here explains it."},
		{name: "beside an error of another", services: []report.Service{svc("web", report.Broken, ""), svc("api", report.Broken, "AZLB-X01")}, findings: []report.Finding{fault},
			want: "shop/api: the pool is empty. Besides, shop/web is broken, and no failure mode that is known here explains it."},
		{name: "explained by a warning", services: []report.Service{svc("api", report.Broken, "AZLB-X02")}, findings: []report.Finding{warning},
			want: "No error was found, but 1 warning: probes are old; broken: shop/api."},
		{name: "idle", services: []report.Service{svc("web", report.Idle, "AZLB-X03"), svc("api", report.Serving, "")},
			want: "No error and no warning was found; no pod stands behind shop/web (idle)."},
		{name: "still being made", services: []report.Service{svc("web", report.Pending, "AZLB-X04"), svc("api", report.Serving, "")},
			want: "No error and no warning was found; without an address yet: shop/web."},
		{name: "nothing", services: []report.Service{svc("web", report.Serving, "")}, want: "No error and no warning was found."},
	} {
		r := &report.Report{Services: c.services, Findings: c.findings, Verdicts: judged}
		if got := headline(r)[0]; got != c.want {
			t.Errorf("%s: %s\nwant %s", c.name, got, c.want)
		}
	}
}

// TestIdleIsOnlyWhatLacksPods: a note that no pod is there explains a path that ends
// at the endpoint, and none that Azure breaks before.
func TestIdleIsOnlyWhatLacksPods(t *testing.T) {
	s := read(t, "healthy-mix")
	status := func() report.Service {
		r, err := Service(s, "mix/no-endpoints", "test")
		if err != nil {
			t.Fatal(err)
		}
		return r.Services[0]
	}
	if got := status(); got.Status != report.Idle || got.RootCause != "AZLB-DATA04" {
		t.Errorf("%s, root cause %s", got.Status, got.RootCause)
	}
	s.PublicIPs = nil
	if got := status(); got.Status != report.Broken || got.RootCause != "" || !strings.Contains(got.Summary, "does not exist") {
		t.Errorf("without its address: %s, root cause %s: %s", got.Status, got.RootCause, got.Summary)
	}
}
