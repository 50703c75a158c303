package collect

import (
	"fmt"
	"strings"
	"testing"

	bundle "azlb/bundle-schema"
)

// made is a cluster of many nodes: half of them in two scale sets and half of them plain
// machines, Services in two namespaces, and a pod for each node in both.
func made(nodes int) *answers {
	const compute = "/resourceGroups/rg/providers/Microsoft.Compute/"
	list := func(item func(i int) string) func(int) (string, Outcome) {
		var b strings.Builder
		b.WriteString("apiVersion: v1\nitems:\n")
		for i := range nodes {
			b.WriteString(item(i))
		}
		return says(b.String() + "kind: List\n")
	}
	a := cluster()
	a.by["kubectl get nodes"] = list(func(i int) string {
		id := fmt.Sprintf("virtualMachineScaleSets/pool%d/virtualMachines/%d", i%4, i)
		if i%4 > 1 {
			id = fmt.Sprintf("virtualMachines/vm%d", i)
		}
		return nodeItem(fmt.Sprint("n", i), "azure:///subscriptions/"+testSub+compute+id, "True")
	})
	a.by["kubectl get services"] = list(func(i int) string {
		return fmt.Sprintf("- metadata:\n    name: s%d\n    namespace: %s\n  spec:\n    selector: {app: a%d}\n    type: LoadBalancer\n", i, []string{"shop", "desk"}[i%2], i)
	})
	a.by["kubectl get endpointslices"] = list(func(i int) string {
		return fmt.Sprintf("- metadata:\n    labels:\n      kubernetes.io/service-name: s%d\n    name: s%d-x\n    namespace: shop\n  endpoints:\n  - targetRef: {kind: Pod, name: p%d}\n", i, i, i)
	})
	for _, ns := range []string{"shop", "desk"} {
		a.by["kubectl get pods --namespace "+ns] = list(func(i int) string { return podItem(fmt.Sprint("p", i), fmt.Sprintf("app: a%d", i)) })
	}
	return a
}

// TestCallsAreBounded: a cluster of 5,000 nodes, Services and pods is asked as often as one
// of 50 in the same groups and scale sets, whatever is refused.
func TestCallsAreBounded(t *testing.T) {
	for name, refuse := range map[string]string{"all answers": "", "no list of all machines": "az rest", "nothing of Azure": "az"} {
		t.Run(name, func(t *testing.T) {
			ran := func(nodes int) map[string]int {
				a := made(nodes)
				if refuse != "" {
					a.by = map[string]func(int) (string, Outcome){}
					for prefix, answer := range made(nodes).by {
						if !strings.HasPrefix(prefix, refuse) {
							a.by[prefix] = answer
						}
					}
					a.by[refuse] = fails("ERROR: (AuthorizationFailed) no")
				}
				manifestOf(t, options(t, a))
				calls := map[string]int{}
				for _, argv := range a.ran {
					calls[argv[0]]++
				}
				return calls
			}
			large := 5000
			if raced || refuse != "" {
				large = 500
			}
			few, many := ran(50), ran(large)
			if few["kubectl"] != many["kubectl"] || few["az"] != many["az"] || few["kubectl"] < 10 || few["az"] < 10 {
				t.Errorf("50 nodes took %v calls, %d took %v", few, large, many)
			}
		})
	}
}

// TestManyNamespacesAndControllers: what is beyond the caps stands in the manifest.
func TestManyNamespacesAndControllers(t *testing.T) {
	a := cluster()
	services, pods := "apiVersion: v1\nitems:\n", "apiVersion: v1\nitems:\n"
	for i := range 300 {
		services += fmt.Sprintf("- metadata:\n    name: web\n    namespace: team%03d\n  spec:\n    type: LoadBalancer\n", i)
		pods += fmt.Sprintf("- metadata:\n    name: cloud-controller-manager-%d\n  spec:\n    containers:\n    - name: manager\n", i)
	}
	a.by["kubectl get services"], a.by["kubectl get pods --namespace kube-system"] = says(services), says(pods)
	asked, skipped := map[string]int{}, map[string]int{}
	for _, e := range manifestOf(t, options(t, a)).Entries {
		if e.Status == bundle.StatusSkipped {
			skipped[e.Evidence]++
		} else {
			asked[e.Evidence]++
		}
	}
	for id, most := range map[string]int{bundle.Pods.ID: namespaceCap, bundle.ControllerLog.ID: controllerCap, bundle.ControllerLogPrevious.ID: controllerCap} {
		if asked[id] != most || skipped[id] != 300-most {
			t.Errorf("%s: %d asked and %d skipped", id, asked[id], skipped[id])
		}
	}
}
