package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// archive is what is downloaded for one platform: one folder, its files in order, all of
// the time of the commit and of no user.
type archive struct {
	platform
	version string
	when    time.Time
	files   []file
	sum     string // SHA-256, in hex, once it is written
}

// file is one in the archive, and where its content lies.
type file struct {
	name, from string
	mode       os.FileMode
}

func (a *archive) add(name, from string, mode os.FileMode) {
	a.files = append(a.files, file{name, from, mode})
}

// folder is the one at the top of the archive.
func (a *archive) folder() string {
	return fmt.Sprintf("azlb-%s-%s-%s", a.version, a.os, a.arch)
}

func (a *archive) name() string {
	if a.os == "windows" {
		return a.folder() + ".zip"
	}
	return a.folder() + ".tar.gz"
}

// write makes the archive in a folder.
func (a *archive) write(dir string) error {
	slices.SortFunc(a.files, func(x, y file) int { return cmp.Compare(x.name, y.name) })
	var b bytes.Buffer
	pack := a.tar
	if a.os == "windows" {
		pack = a.zip
	}
	if err := pack(&b); err != nil {
		return fmt.Errorf("packing %s: %w", a.name(), err)
	}
	a.sum = fmt.Sprintf("%x", sha256.Sum256(b.Bytes()))
	return os.WriteFile(filepath.Join(dir, a.name()), b.Bytes(), 0o644)
}

func (a *archive) tar(b *bytes.Buffer) error {
	z, err := gzip.NewWriterLevel(b, gzip.BestCompression)
	if err != nil {
		return err
	}
	w := tar.NewWriter(z)
	for _, f := range a.files {
		content, err := os.ReadFile(f.from)
		if err != nil {
			return err
		}
		h := &tar.Header{Name: a.folder() + "/" + f.name, Mode: int64(f.mode), Size: int64(len(content)), ModTime: a.when, Format: tar.FormatUSTAR}
		if err := w.WriteHeader(h); err != nil {
			return err
		}
		if _, err := w.Write(content); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return z.Close()
}

func (a *archive) zip(b *bytes.Buffer) error {
	w := zip.NewWriter(b)
	for _, f := range a.files {
		content, err := os.ReadFile(f.from)
		if err != nil {
			return err
		}
		h := &zip.FileHeader{Name: a.folder() + "/" + f.name, Method: zip.Deflate, Modified: a.when}
		h.SetMode(f.mode)
		part, err := w.CreateHeader(h)
		if err != nil {
			return err
		}
		if _, err := part.Write(content); err != nil {
			return err
		}
	}
	return w.Close()
}

// sums is what sha256sum -c reads.
func sums(made []archive) []byte {
	var b strings.Builder
	for _, a := range made {
		fmt.Fprintf(&b, "%s  %s\n", a.sum, a.name())
	}
	return []byte(b.String())
}
