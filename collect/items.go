package collect

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"sigs.k8s.io/yaml"
)

// items decodes the items of a List as kubectl prints it, each alone, so that one
// that does not parse costs only itself. It returns how many did not.
func items[T any](r io.Reader, visit func(T)) (broken int, err error) {
	var piece bytes.Buffer
	flush := func() {
		if piece.Len() == 0 {
			return
		}
		var one []T
		if err := yaml.Unmarshal(piece.Bytes(), &one); err != nil || len(one) != 1 {
			broken++
		} else {
			visit(one[0])
		}
		piece.Reset()
	}
	inside := false
	lines := bufio.NewReaderSize(r, 1<<16)
	for {
		line, readErr := lines.ReadBytes('\n')
		if len(line) > 0 {
			switch {
			case inside && bytes.HasPrefix(line, []byte("- ")):
				flush()
			case line[0] != ' ' && line[0] != '\n' && line[0] != '-':
				flush()
				inside = bytes.HasPrefix(line, []byte("items:"))
				line = nil
			}
			if inside {
				piece.Write(line)
			}
		}
		if readErr == io.EOF {
			flush()
			return broken, nil
		}
		if readErr != nil {
			return broken, fmt.Errorf("reading a list: %w", readErr)
		}
	}
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
			Type string `json:"type"`
		} `json:"spec"`
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
