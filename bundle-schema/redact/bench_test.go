package redact

import (
	"bytes"
	"fmt"
	"testing"

	bundle "azlb/bundle-schema"
)

const benchLine = "2026-11-23T09:36:11.123456Z I1123 09:36:11.123456       1 azure_loadbalancer.go:123] reconcileLoadBalancer for service(shop/web) - wantLb(true): lb(rg-lab1/kubernetes) wantLb resolved load balancer name\n"

func BenchmarkText(b *testing.B) {
	text := bytes.Repeat([]byte(benchLine), 10000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Text(text)
	}
}

func BenchmarkCheck(b *testing.B) {
	text := bytes.Repeat([]byte(benchLine), 10000)
	for _, n := range []int{0, 100, 10000} {
		b.Run(fmt.Sprintf("%d originals", n), func(b *testing.B) {
			var l Learned
			for i := range n {
				l.add(ConfigKey, fmt.Sprintf("S3cret~%x.Value-%d", i*7919, i))
				l.Name(fmt.Sprintf("customer-%x-name-%d", i*7919, i))
			}
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if shape, err := l.Check(bundle.RedactText, bytes.NewReader(text)); shape != "" || err != nil {
					b.Fatal(shape, err)
				}
			}
		})
	}
}
