package pseudonym

import (
	"bytes"
	"fmt"
	"testing"

	bundle "azlb/bundle-schema"
)

// manyNodes are 5,000 nodes as kubectl prints them.
func manyNodes() []byte {
	var b bytes.Buffer
	b.WriteString("apiVersion: v1\nitems:\n")
	for i := range 5000 {
		fmt.Fprintf(&b, `- apiVersion: v1
  kind: Node
  metadata:
    labels:
      agentpool: blue
      kubernetes.io/hostname: aks-blue-12345678-vmss%[2]s
      topology.kubernetes.io/zone: westeurope-1
    name: aks-blue-12345678-vmss%[2]s
    uid: 72cb25ce-47e4-497e-8eaa-18418e62%04[1]x
  spec:
    podCIDR: 10.%[3]d.%[4]d.0/24
    providerID: azure:///subscriptions/6f5a8a52-3c1e-4d0f-9b5e-2f6d7c8a9b10/resourceGroups/mc_fraud_blue_westeurope/providers/Microsoft.Compute/virtualMachineScaleSets/aks-blue-12345678-vmss/virtualMachines/%[1]d
  status:
    addresses:
    - address: 10.224.%[5]d.%[6]d
      type: InternalIP
    conditions:
    - lastHeartbeatTime: "2026-11-23T09:54:24Z"
      lastTransitionTime: "2026-11-23T09:54:24Z"
      message: kubelet has sufficient memory available
      reason: KubeletHasSufficientMemory
      status: "False"
      type: MemoryPressure
    nodeInfo:
      containerRuntimeVersion: containerd://1.7.27
      kernelVersion: 5.15.0-1075-azure
      kubeletVersion: v1.31.3
      osImage: Ubuntu 22.04.5 LTS
`, i, fmt.Sprintf("%06d", i), 100+i/250, i%250, i/250, i%250+4)
	}
	b.WriteString("kind: List\n")
	return b.Bytes()
}

func BenchmarkLearn(b *testing.B) {
	text := manyNodes()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		n := New(fixedKey)
		n.Learn(&bundle.Nodes, text)
		n.Settle()
	}
}

// BenchmarkRewrite is the first rewriting, in which every name is met for the first time.
func BenchmarkRewrite(b *testing.B) {
	text := manyNodes()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		b.StopTimer()
		n := New(fixedKey)
		n.Learn(&bundle.Nodes, text)
		n.Settle()
		b.StartTimer()
		n.Rewrite(text)
	}
}

// BenchmarkRewriteAgain is that of logs about them.
func BenchmarkRewriteAgain(b *testing.B) {
	text := manyNodes()
	n := New(fixedKey)
	n.Learn(&bundle.Nodes, text)
	n.Rewrite(text)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		n.Rewrite(text)
	}
}
