package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"azlb/analyze/signature"
)

// signatureFiles reads the files of --signatures. The report names each by its base name:
// where it lies on this machine is nobody's business.
func signatureFiles(paths []string) ([]*signature.File, error) {
	var out []*signature.File
	for _, path := range paths {
		content, err := readSome(path, signature.MaxBytes+1)
		if err != nil {
			return nil, fmt.Errorf("--signatures: %w", err)
		}
		f, err := signature.Load(path, content)
		if err != nil {
			return nil, fmt.Errorf("--signatures: %w", err)
		}
		out = append(out, f)
	}
	if err := signature.Unique(out...); err != nil {
		return nil, fmt.Errorf("--signatures: %w", err)
	}
	for _, f := range out {
		f.Name = filepath.Base(f.Name)
	}
	return out, nil
}

// readSome reads at most so many bytes of a file.
func readSome(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, most))
}
