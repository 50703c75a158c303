package collect

import (
	"strings"
	"testing"

	bundle "azlb/bundle-schema"
)

// TestDamagedModule: what a module of az cannot do once it is not asked for each group;
// az rest is, and the manifest tells both. Other modules are asked as ever.
func TestDamagedModule(t *testing.T) {
	a := cluster()
	a.by["az network"] = fails("ERROR: The command failed with an unexpected error. Here is the traceback:\nERROR: 'NoneType' object has no attribute 'standard_medium'")
	got := map[string][]bundle.Entry{}
	for _, e := range manifestOf(t, options(t, a)).Entries {
		got[e.Evidence] = append(got[e.Evidence], e)
	}
	if a.calls["az network"] > parallel {
		t.Errorf("the damaged module ran %d times", a.calls["az network"])
	}
	around := 0
	for _, e := range bundle.Catalogue {
		asked := !e.RestOnly() && e.Kind == "" && e != &bundle.Subnets && e != &bundle.ServiceTags // whatever the answers are
		if e.Program != bundle.Az || !asked || e.Args[0] != "network" {
			continue
		}
		switch s := statuses(got[e.ID]); s {
		case "empty failed":
		case "empty skipped":
			around++
			for _, entry := range got[e.ID] {
				if entry.Status == bundle.StatusSkipped && (!strings.Contains(entry.Reason, "az rest") || entry.Argv[1] != "network") {
					t.Errorf("%s: %q of %v", e.ID, entry.Reason, entry.Argv)
				}
			}
		default:
			t.Errorf("%s is %s", e.ID, s)
		}
	}
	if around < 3 || statuses(got["vms"]) != "empty" {
		t.Errorf("%d were asked around the damage, the machines are %s", around, statuses(got["vms"]))
	}
}

// TestOlderCloud: a cloud that does not know the pinned version says which it knows.
func TestOlderCloud(t *testing.T) {
	const none = `ERROR: Bad Request({"error":{"code":"NoRegisteredProviderFound","message":"No registered resource provider found for location 'local' and API version '2024-05-01' for type 'loadBalancers'. The supported api-versions are '2017-10-01, 2018-11-01, 2024-01-01-preview, 2025-01-01'. The supported locations are 'local'."}})`
	a := cluster()
	a.by["az network lb list"] = fails("ERROR: (NoRegisteredProviderFound) no")
	lb := "az rest --method get --url https://management.azure.com/subscriptions/" + testSub + "/resourceGroups/rg/providers/Microsoft.Network/loadBalancers"
	a.by[lb+" --url-parameters api-version=2024-05-01"] = fails(none)
	a.by[lb+" --url-parameters api-version=2018-11-01"] = says(`{"value": [{"name": "lb"}]}`)
	var got []bundle.Entry
	for _, e := range manifestOf(t, options(t, a)).Entries {
		if e.Evidence == bundle.LoadBalancers.ID {
			got = append(got, e)
		}
	}
	if s := statuses(got); s != "failed failed ok" {
		t.Errorf("the load balancers are %s: %+v", s, got)
	}
	for _, e := range got {
		if e.Status == bundle.StatusFailed && e.Argv[1] == "rest" && !strings.Contains(e.Reason, "asked again with 2018-11-01") {
			t.Errorf("reason %q", e.Reason)
		}
	}
}

func TestOlderVersion(t *testing.T) {
	for text, want := range map[string]string{
		"The supported api-versions are '2015-06-15, 2018-11-01, 2020-01-01'. The supported locations are 'x'":             "2018-11-01",
		"The api-version '2025-01-01' is invalid. The supported versions are '2025-04-01,2018-03-01,2018-10-01-preview,…'": "2018-03-01",
		"The supported api-versions are '2020-01-01'":                                                                      "",
		"The supported api-versions are ''.":                                                                               "",
		"NoRegisteredProviderFound":                                                                                        "",
	} {
		if got := olderVersion(text, "2019-06-01"); got != want {
			t.Errorf("%s\n %q, want %q", text, got, want)
		}
	}
}

// TestUnseenSubscription: it is asked for once, and the reason says which ones are seen.
func TestUnseenSubscription(t *testing.T) {
	a := cluster()
	a.by["az group"] = fails("ERROR: Subscription '" + testSub + "' not found. Check the spelling and casing and try again.")
	a.by["az account list --all"] = says(`[{"name": "Dev", "user": {"name": "jane@example.com"}}, {"name": "Test"}, {"name": "Sandbox"}, {"name": "Old"}]`)
	m := manifestOf(t, options(t, a))
	got := map[string][]bundle.Entry{}
	for _, e := range m.Entries {
		got[e.Evidence] = append(got[e.Evidence], e)
	}
	if statuses(got["group"]) != "denied" || statuses(got["load-balancers"]) != "skipped" || statuses(got["accounts"]) != "ok" {
		t.Errorf("group %s, load balancers %s, accounts %s", statuses(got["group"]), statuses(got["load-balancers"]), statuses(got["accounts"]))
	}
	for _, id := range []string{"group", "load-balancers"} {
		if !strings.Contains(got[id][0].Reason, "it sees Dev, Test, Sandbox and 1 more") {
			t.Errorf("%s: %q", id, got[id][0].Reason)
		}
	}
	for _, argv := range a.ran {
		if argv[0] == "az" && argv[1] == "network" {
			t.Errorf("asked all the same: %v", argv)
		}
	}
}

// TestAzureOutOfReach: where the first read of Azure reaches nobody, the others are not
// tried, each with its own wait.
func TestAzureOutOfReach(t *testing.T) {
	a := cluster()
	a.by["az group show"] = fails("ERROR: HTTPSConnectionPool(host='127.0.0.1', port=1): Max retries exceeded with url: /adfs (Caused by NewConnectionError('Failed to establish a new connection: [Errno 111] Connection refused'))")
	m := manifestOf(t, options(t, a))
	for _, argv := range a.ran {
		if strings.HasPrefix(strings.Join(argv, " "), "az network") {
			t.Errorf("it ran %v", argv)
		}
	}
	for _, e := range m.Entries {
		if e.Evidence == bundle.LoadBalancers.ID && (e.Status != bundle.StatusSkipped || !strings.Contains(e.Reason, "az cannot reach Azure")) {
			t.Errorf("load balancers: %s: %s", e.Status, e.Reason)
		}
	}
}
