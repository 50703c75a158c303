package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// lab is the broken world, for the tests that only differ in what Azure answers.
type lab struct {
	stub  *stub
	whole customer // with az made whole
	plain customer // with Debian's az, whose network and compute modules do not load
}

func newLab(t *testing.T) *lab {
	t.Helper()
	c := startCluster(t)
	s := startStub(t, load(t, c, "nsg-deny").arm(t))
	plain := customer{kubectl: true, kubeconfig: c.kubeconfig(t, "reader", c.address, c.admin.user, ""), az: true, config: seed(t, s.URL), trust: s.ca.file,
		flags: []string{"--command-timeout", "4m", "--timeout", "14m"}}
	whole := plain
	whole.shim = shimFolder(t)
	return &lab{s, whole, plain}
}

// The sentences of the report that stand for the evidence that fails most below.
const (
	withoutBalancers = "frontends, load balancing rules, probes and backend pools cannot be compared with the Services"
	withoutNSGs      = "whether a network security group blocks the traffic is not known"
)

// TestAzure: the root cause is found with either az, lists come in pages, and the
// failures of one list at a time end as they should.
func TestAzure(t *testing.T) {
	l := newLab(t)
	l.stub.inject(&fault{pages: true})
	whole := l.whole.collect(t)
	whole.brokenGateway(t)
	if wrote := l.stub.wrote(); len(wrote) > 0 {
		t.Errorf("Azure was asked for more than reads: %q", wrote)
	}

	t.Run("az of Debian", func(t *testing.T) {
		l.stub.inject(&fault{pages: true})
		o := l.plain.collect(t)
		o.brokenGateway(t)
		o.expect(t, "load-balancers", "network lb list", "failed", "this az is damaged")
		o.expect(t, "nsgs", "rest --method get", "ok", "")
		if pages := o.of("public-ips", "skipToken"); len(pages) == 0 {
			t.Error("no further page of the public addresses was asked for")
		}
		if !slices.Equal(o.findings(), whole.findings()) {
			t.Errorf("other findings than with a whole az:\n%s", strings.Join(difference(whole.findings(), o.findings()), "\n"))
		}
	})
	t.Run("lists that fail", func(t *testing.T) {
		o := l.listsFail(t, l.whole)
		o.expect(t, "route-tables", "", "ok", "") // az asks again by itself
	})
	t.Run("lists that fail with az rest", func(t *testing.T) {
		o := l.listsFail(t, l.plain)
		o.expect(t, "route-tables", "", "failed", "Azure answered with a server error")
	})
	t.Run("no patience", l.impatient)
	t.Run("one-sided", l.oneSided)
	t.Run("group refused", func(t *testing.T) {
		l.stub.inject(&fault{path: "/resourcegroups/rg-lab1", status: 403, body: refusal("Microsoft.Network/any/read")})
		o := l.plain.collect(t)
		o.expect(t, "group", "", "denied", "needs the right Microsoft.Resources/subscriptions/resourceGroups/read")
		o.expect(t, "nsgs", "", "denied", "needs the right Microsoft.Network/networkSecurityGroups/read")
		o.noAzure(t, "denied")
	})
	t.Run("group gone", func(t *testing.T) {
		l.stub.inject()
		delete(l.stub.store, "/subscriptions/"+subscription+"/resourcegroups/rg-lab1")
		o := l.plain.collect(t)
		o.expect(t, "group", "", "notfound", "the resource group does not exist")
		o.expect(t, "nsgs", "", "notfound", "the resource group does not exist")
	})
}

// brokenGateway asserts the diagnosis of the world.
func (o *outcome) brokenGateway(t *testing.T) {
	t.Helper()
	if cause := o.rootCause("payments/gateway"); cause != "AZLB-NSG01" {
		t.Errorf("root cause of payments/gateway: %q, want AZLB-NSG01", cause)
	}
	if got := o.errors(); !slices.Equal(got, []string{"AZLB-NSG01"}) || o.exit != 1 {
		t.Errorf("exit %d and errors %v, want 1 and AZLB-NSG01", o.exit, got)
	}
}

// noAzure asserts a bundle whose cluster is known and whose Azure is not.
func (o *outcome) noAzure(t *testing.T, status string) {
	t.Helper()
	o.expect(t, "services", "", "ok", "")
	o.expect(t, "load-balancers", "", status, "")
	o.lacks(t, "load-balancers", withoutBalancers, "AZLB-DATA06")
	o.lacks(t, "nsgs", withoutNSGs, "AZLB-NSG01")
	if len(o.errors()) > 0 || o.exit != 0 {
		t.Errorf("exit %d with %v: a finding out of evidence that is missing", o.exit, o.findings())
	}
}

// listsFail gives each list a fault of its own.
func (l *lab) listsFail(t *testing.T, who customer) *outcome {
	t.Helper()
	const network = "/providers/microsoft.network/"
	l.stub.inject(
		&fault{path: network + "loadbalancers", status: 403, body: refusal("Microsoft.Network/loadBalancers/read")},
		&fault{path: network + "publicipaddresses", times: 1, status: 429, headers: map[string]string{"Retry-After": "1"},
			body: `{"error":{"code":"TooManyRequests","message":"The request is being throttled."}}`},
		&fault{path: network + "networksecuritygroups", status: 500, body: `{"error":{"code":"InternalServerError","message":"An error occurred."}}`},
		&fault{path: network + "routetables", times: 1, status: 500, body: `{"error":{"code":"InternalServerError","message":"An error occurred."}}`},
		&fault{path: network + "virtualnetworks", pause: 3 * time.Second},
		&fault{path: network + "natgateways", status: 200, headers: map[string]string{"Content-Type": "text/html"}, body: "<html><body>Please log in to the proxy</body></html>"},
		&fault{path: "/virtualmachinescalesets/k8s-pool1-vmss/virtualmachines", status: 400, body: `{"error":{"code":"NoRegisteredProviderFound","message":"No registered resource provider found for location 'local' and API version '2024-07-01' for type 'virtualMachineScaleSets'. The supported api-versions are '2017-12-01'."}}`},
		&fault{path: "/virtualmachinescalesets/k8s-pool2-vmss/virtualmachines", status: 404, body: `{"error":{"code":"ResourceNotFound","message":"The Resource 'x' was not found."}}`},
	)
	o := who.collect(t)
	o.expect(t, "group", "", "ok", "")
	o.expect(t, "load-balancers", "", "denied", "it needs the right Microsoft.Network/loadBalancers/read")
	o.lacks(t, "load-balancers", withoutBalancers, "AZLB-DATA06")
	o.expect(t, "public-ips", "", "ok", "") // at the second time
	o.expect(t, "nsgs", "", "failed", "Azure answered with a server error")
	o.lacks(t, "nsgs", withoutNSGs, "AZLB-NSG01")
	o.expect(t, "vnets", "", "ok", "")
	o.expect(t, "private-link-services", "", "empty", "")
	o.expect(t, "nat-gateways", "", "failed", "something that is not JSON")
	o.expect(t, "scale-set-instances", "k8s-pool1-vmss", "failed", "this cloud does not know the API version")
	o.expect(t, "scale-set-instances", "k8s-pool2-vmss", "notfound", "Azure has no such resource")
	if cause := o.rootCause("payments/gateway"); cause != "" {
		t.Errorf("a root cause without its evidence: %s", cause)
	}
	if len(o.errors()) > 0 {
		t.Errorf("errors out of evidence that is missing: %v", o.findings())
	}
	return o
}

// impatient: what takes longer than a command's timeout is ended, and nothing else is.
func (l *lab) impatient(t *testing.T) {
	const network = "/providers/microsoft.network/"
	l.stub.inject(
		&fault{path: network + "loadbalancers", hang: true},
		&fault{path: network + "networksecuritygroups", status: 429, headers: map[string]string{"Retry-After": "600"},
			body: `{"error":{"code":"TooManyRequests","message":"The request is being throttled."}}`},
	)
	who := l.whole
	who.flags = []string{"--command-timeout", "40s"}
	o := who.collect(t)
	o.expect(t, "load-balancers", "", "timeout", "az gave no answer within 40s")
	o.expect(t, "nsgs", "", "timeout", "az gave no answer within 40s")
	o.expect(t, "public-ips", "", "ok", "")
	o.lacks(t, "nsgs", withoutNSGs, "AZLB-NSG01")
}

// oneSided: a customer without az and one without kubectl each send a bundle; together
// they tell what one would.
func (l *lab) oneSided(t *testing.T) {
	l.stub.inject()
	cluster, azure := l.plain, l.plain
	cluster.az, azure.kubectl = false, false
	azure.flags = append(azure.flags, "--subscription", subscription, "--resource-group", "rg-lab1")
	first := cluster.collect(t)
	first.expect(t, "services", "", "ok", "")
	first.lacks(t, "nsgs", withoutNSGs, "AZLB-NSG01")
	second := azure.collect(t)
	second.expect(t, "services", "", "skipped", "kubectl is not installed")
	second.expect(t, "nsgs", "", "ok", "")
	if len(second.errors()) > 0 {
		t.Errorf("errors out of evidence that is missing: %v", second.findings())
	}
	both, exit := azure.analyze(t, first.bundle, second.bundle)
	if both.rootCause("payments/gateway") != "AZLB-NSG01" || exit != 1 {
		t.Errorf("both together: exit %d, root cause %q, want AZLB-NSG01", exit, both.rootCause("payments/gateway"))
	}
}

// refusal is ARM's answer to a login that lacks a right.
func refusal(action string) string {
	return `{"error":{"code":"AuthorizationFailed","message":"The client 'e2e' with object id 'e2e' does not have authorization to perform action '` + action + `' over scope '/subscriptions/` + subscription + `' or the scope is invalid. If access was recently granted, please refresh your credentials."}}`
}
