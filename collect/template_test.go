package collect

import (
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	const sub = "6f5a8a52-3c1e-4d0f-9b5e-2f6d7c8a9b10"
	tests := []struct {
		kind, value   string
		unix, windows bool // accepted there
	}{
		{"group", "MC_prod_aks-1_westeurope", true, true},
		{"group", "größe.1", true, true},
		{"group", "rg(old)", true, false},
		{"group", "-o", false, false},
		{"group", "--debug", false, false},
		{"group", "x&calc", false, false},
		{"group", "%PATH%", false, false},
		{"group", "../..", false, false},
		{"group", "..", false, false},
		{"group", "a b", false, false},
		{"group", "a\nb", false, false},
		{"group", "a\n", false, false},
		{"group", "", false, false},
		{"group", "rg.", false, false},
		{"group", "a/b", false, false},
		{"group", "{group}", false, false},
		{"group", strings.Repeat("g", 90), true, true},
		{"group", strings.Repeat("g", 91), false, false},
		{"scaleset", "aks-pool1-12345678-vmss", true, true},
		{"scaleset", "a?b", false, false},
		{"vm", "-vm", false, false},
		{"vm", "cp-0", true, true},
		{"vm", "vm..", false, false},
		{"loadbalancer", "kubernetes-internal", true, true},
		{"loadbalancer", "--ids", false, false},
		{"loadbalancer", "a/b", false, false},
		{"cluster", "prod_1", true, true},
		{"cluster", "-n", false, false},
		{"subscription", sub, true, true},
		{"subscription", sub + "\n", false, false},
		{"subscription", "my subscription", false, false},
		{"namespace", "shop", true, true},
		{"namespace", "Shop", false, false},
		{"namespace", "kube-system\n", false, false},
		{"pod", "cloud-controller-manager-cp-0.example.com", true, true},
		{"pod", "a..b", false, false},
		{"pod", "pod/../secrets", false, false},
		{"container", "manager", true, true},
		{"container", "a.b", false, false},
		{"context", "admin@prod", true, true},
		{"context", "arn:aws:eks:eu:1:cluster/x", true, true},
		{"context", "my context", true, true},
		{"context", "a&b", true, false},
		{"context", "--kubeconfig=x", false, false},
		{"context", "a\tb", false, false},
		{"nothing", "x", false, false},
	}
	for _, tt := range tests {
		if got := check(tt.kind, tt.value, false) == nil; got != tt.unix {
			t.Errorf("check(%s, %q) accepted = %v, want %v", tt.kind, tt.value, got, tt.unix)
		}
		if got := check(tt.kind, tt.value, true) == nil; got != tt.windows {
			t.Errorf("check(%s, %q) on Windows accepted = %v, want %v", tt.kind, tt.value, got, tt.windows)
		}
	}
}

func TestFill(t *testing.T) {
	got, err := fill("azure/{group}/vmss/{scaleset}/nics.json", Values{"group": "rg", "scaleset": "ss"}, false)
	if err != nil || got != "azure/rg/vmss/ss/nics.json" {
		t.Errorf("fill = %q, %v", got, err)
	}
	if _, err := fill("azure/{group}/lb.json", Values{}, false); err == nil || !strings.Contains(err.Error(), "no value for {group}") {
		t.Errorf("a blank without a value: %v", err)
	}
	if _, err := fill("azure/{group}/lb.json", Values{"group": "../.."}, false); err == nil {
		t.Error("a refused value was filled in")
	}
}
