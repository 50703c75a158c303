package redact_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"
)

// untarred is what an archive unpacks to, headers of its entries included.
func untarred(t testing.TB, raw []byte) string {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
