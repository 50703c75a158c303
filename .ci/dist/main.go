// Dist makes a release: an archive of both programs for each platform, their checksums
// and a manifest for krew. The same commit and the same Go give the same bytes.
package main

import (
	"debug/buildinfo"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// platform is a system that a release is made for.
type platform struct{ os, arch string }

var (
	platforms = []platform{
		{"darwin", "amd64"}, {"darwin", "arm64"}, {"linux", "amd64"}, {"linux", "arm64"}, {"windows", "amd64"}, {"windows", "arm64"},
	}
	programs = []string{"azlb-analyze", "azlb-collect"}
	packages = []string{"./analyze/azlb-analyze", "./collect/azlb-collect"}
	shells   = []struct{ name, file string }{ // where each shell looks for a completion file
		{"bash", "%s.bash"}, {"fish", "%s.fish"}, {"powershell", "%s.ps1"}, {"zsh", "_%s"},
	}
)

func main() {
	out := flag.String("o", "out/dist", "the `FOLDER` of the release, made anew")
	base := flag.String("base", "", "the `URL` below which the archives will lie, for krew")
	flag.Parse()
	r := release{root: ".", pages: ".", out: *out, base: *base, platforms: platforms}
	if err := r.make(); err != nil {
		fmt.Fprintf(os.Stderr, "making the release: %v\n", err)
		os.Exit(1)
	}
}

// release is what is to be made, and from which clone.
type release struct {
	root      string // the clone
	pages     string // the clone whose programs print the man pages and completion files
	out       string // the folder of the release, which is made anew
	base      string // the URL below which the archives will lie
	platforms []platform
}

func (r release) make() error {
	if err := os.RemoveAll(r.out); err != nil {
		return err
	}
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "azlb-dist-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	pages, err := pagesOf(r.pages, tmp)
	if err != nil {
		return err
	}
	var made []archive
	for _, p := range r.platforms {
		dir := filepath.Join(tmp, p.os+"-"+p.arch)
		if err := build(r.root, dir, p); err != nil {
			return err
		}
		version, when, err := stamp(filepath.Join(dir, binary(programs[0], p.os)))
		if err != nil {
			return err
		}
		a := archive{platform: p, version: version, when: when}
		for _, name := range programs {
			a.add(binary(name, p.os), filepath.Join(dir, binary(name, p.os)), 0o755)
		}
		for _, name := range []string{"LICENSE", "README.md"} {
			a.add(name, filepath.Join(r.root, name), 0o644)
		}
		for _, name := range pages {
			a.add(filepath.ToSlash(name), filepath.Join(tmp, "pages", name), 0o644)
		}
		if err := a.write(r.out); err != nil {
			return err
		}
		fmt.Printf("%s  %s\n", a.sum[:12], filepath.Join(r.out, a.name()))
		made = append(made, a)
	}
	if err := os.WriteFile(filepath.Join(r.out, "SHA256SUMS"), sums(made), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.out, plugin+".yaml"), []byte(manifest(made, r.base)), 0o644)
}

// build makes both programs for a platform. Go stamps them with the tag or the commit;
// nothing of this machine gets in.
func build(root, dir string, p platform) error {
	args := append([]string{"build", "-trimpath", "-buildvcs=true", "-ldflags=-s -w", "-o", dir + string(filepath.Separator)}, packages...)
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS="+p.os, "GOARCH="+p.arch, "CGO_ENABLED=0", "GOFLAGS=", "GOEXPERIMENT=", "GOAMD64=v1", "GOARM64=v8.0", "GOWORK=off")
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building for %s/%s: %w\n%s", p.os, p.arch, err, said)
	}
	return nil
}

// stamp reads out of a program its version and the time of its commit.
func stamp(file string) (version string, when time.Time, err error) {
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		return "", when, err
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.time" {
			when, err = time.Parse(time.RFC3339, s.Value)
		}
	}
	if version = info.Main.Version; !strings.HasPrefix(version, "v") || when.IsZero() {
		return "", when, fmt.Errorf("%s has no version: make a release in a git clone", filepath.Base(file))
	}
	return version, when.UTC(), err
}

// pagesOf lets both programs, built for this machine, print their man pages and
// completion files into tmp/pages.
func pagesOf(root, tmp string) ([]string, error) {
	host := exec.Command("go", append([]string{"build", "-o", filepath.Join(tmp, "host") + string(filepath.Separator)}, packages...)...)
	host.Dir = root
	if said, err := host.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building for this machine: %w\n%s", err, said)
	}
	var names []string
	for _, program := range programs {
		page := func(name string, args ...string) error {
			text, err := exec.Command(filepath.Join(tmp, "host", binary(program, runtime.GOOS)), args...).Output()
			if err != nil {
				return fmt.Errorf("%s %s: %w", program, strings.Join(args, " "), err)
			}
			path := filepath.Join(tmp, "pages", name)
			names = append(names, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return err
			}
			return os.WriteFile(path, text, 0o644)
		}
		if err := page(filepath.Join("man", "man1", program+".1"), "man"); err != nil {
			return nil, err
		}
		for _, s := range shells {
			if err := page(filepath.Join("completion", fmt.Sprintf(s.file, program)), "completion", s.name); err != nil {
				return nil, err
			}
		}
	}
	return names, nil
}

// binary is the file name of a program.
func binary(program, system string) string {
	if system == "windows" {
		return program + ".exe"
	}
	return program
}
