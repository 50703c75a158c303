package collect

import (
	"bufio"
	"io"

	"sigs.k8s.io/yaml"
)

// items decodes the items of a List as kubectl prints it, each alone, so that one
// that does not parse costs only itself. It returns how many did not.
func items[T any](r io.Reader, visit func(T)) (broken int, err error) {
	err = cut(bufio.NewReaderSize(r, 1<<16), func(part []byte, item bool) error {
		if !item {
			return nil
		}
		if one, ok := decoded[T](part); ok {
			visit(one)
		} else {
			broken++
		}
		return nil
	})
	return broken, err
}

// decoded is one item of a list; not ok: it does not parse.
func decoded[T any](item []byte) (T, bool) {
	var one []T
	if len(item) == 0 || yaml.Unmarshal(item, &one) != nil || len(one) != 1 {
		var none T
		return none, false
	}
	return one[0], true
}

// The parts of Kubernetes objects that discovery reads.
type (
	meta struct {
		Name        string            `json:"name"`
		Namespace   string            `json:"namespace"`
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
		UID         string            `json:"uid"`
	}
	node struct {
		Metadata meta `json:"metadata"`
		Spec     struct {
			ProviderID string `json:"providerID"`
		} `json:"spec"`
		Status struct {
			Conditions []struct {
				Type   string `json:"type"`
				Status string `json:"status"`
			} `json:"conditions"`
		} `json:"status"`
	}
	service struct {
		Metadata meta `json:"metadata"`
		Spec     struct {
			Type     string            `json:"type"`
			Selector map[string]string `json:"selector"`
		} `json:"spec"`
		Status struct {
			LoadBalancer struct {
				Ingress []struct {
					IP string `json:"ip"`
				} `json:"ingress"`
			} `json:"loadBalancer"`
		} `json:"status"`
	}
	pod struct {
		Metadata meta `json:"metadata"`
		Spec     struct {
			Containers []struct {
				Name string `json:"name"`
			} `json:"containers"`
		} `json:"spec"`
	}
)

func (n node) ready() bool {
	for _, c := range n.Status.Conditions {
		if c.Type == "Ready" {
			return c.Status == "True"
		}
	}
	return false
}
