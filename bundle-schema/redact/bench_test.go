package redact

import (
	"bytes"
	"testing"
)

const benchLine = "2026-11-23T09:36:11.123456Z I1123 09:36:11.123456       1 azure_loadbalancer.go:123] reconcileLoadBalancer for service(shop/web) - wantLb(true): lb(rg-lab1/kubernetes) wantLb resolved load balancer name\n"

func BenchmarkText(b *testing.B) {
	text := bytes.Repeat([]byte(benchLine), 10000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Text(text)
	}
}
