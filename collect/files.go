package collect

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"

	bundle "azlb/bundle-schema"
)

// nodeConfig is where a control-plane node has the cloud provider's configuration.
const nodeConfig = "/etc/kubernetes/azure.json"

// cloudConfig keeps azure.json: the named one, else the machine's own where there is one.
func (x *executor) cloudConfig(path string, ownMachine bool) bundle.Entry {
	e := &bundle.CloudConfig
	if path == "" {
		if _, err := os.Stat(nodeConfig); !ownMachine || runtime.GOOS == "windows" || err != nil {
			return gapEntry(e, nil, nil, bundle.StatusSkipped, "this machine has no readable "+nodeConfig+", and --cloud-config names no file")
		}
		path = nodeConfig
	}
	entry, raw := x.readFile(e, path)
	if entry.Status != "" {
		return entry
	}
	return x.keepFile(e, e.Path, raw, entry)
}

// logFiles keeps the logs that the customer named.
func (x *executor) logFiles(paths []string) []bundle.Entry {
	e := &bundle.LogFile
	if len(paths) == 0 {
		return []bundle.Entry{gapEntry(e, nil, nil, bundle.StatusSkipped, "--log-file names no file")}
	}
	var entries []bundle.Entry
	used := map[string]bool{}
	for _, path := range paths {
		name := fileName(path, used)
		entry, raw := x.readFile(e, path)
		entry.Scope["name"] = name
		if entry.Status == "" {
			entry = x.keepFile(e, "logs/files/"+name, raw, entry)
		}
		entries = append(entries, entry)
	}
	return entries
}

var unsafeName = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// fileName is a name that every file system takes, once in a bundle.
func fileName(path string, used map[string]bool) string {
	name := unsafeName.ReplaceAllString(filepath.Base(path), "_")
	if name == "." || name == ".." {
		name = "log"
	}
	unique := name
	for n := 2; used[unique]; n++ {
		unique = strconv.Itoa(n) + "-" + name
	}
	used[unique] = true
	return unique
}

// readFile reads at most the evidence's cap and, where a file is longer, its end:
// the newest lines are there.
func (x *executor) readFile(e *bundle.Evidence, path string) (bundle.Entry, []byte) {
	entry := gapEntry(e, nil, Values{"file": filepath.Base(path)}, "", "")
	entry.Started = x.now()
	fail := func(err error) (bundle.Entry, []byte) {
		entry.Status, entry.Reason = bundle.StatusFailed, "reading the file: "+err.Error()
		if os.IsPermission(err) {
			entry.Status = bundle.StatusDenied
		}
		return entry, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return fail(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fail(err)
	}
	if !info.Mode().IsRegular() {
		return fail(fmt.Errorf("%s is not a regular file", path))
	}
	if over := info.Size() - e.Cap; over > 0 {
		entry.Reason = fmt.Sprintf("the file is longer than %d MiB; its beginning is not kept", e.Cap>>20)
		if _, err := f.Seek(over, io.SeekStart); err != nil {
			return fail(err)
		}
	}
	raw, err := io.ReadAll(io.LimitReader(f, e.Cap))
	if err != nil {
		return fail(err)
	}
	return entry, raw
}

func (x *executor) keepFile(e *bundle.Evidence, path string, raw []byte, entry bundle.Entry) bundle.Entry {
	switch {
	case entry.Reason != "":
		entry.Status = bundle.StatusTruncated
		// The cut is somewhere inside a line.
		if _, rest, ok := bytes.Cut(raw, []byte("\n")); ok {
			raw = rest
		}
	case len(bytes.TrimSpace(raw)) == 0:
		entry.Status = bundle.StatusEmpty
	default:
		entry.Status = bundle.StatusOK
	}
	if err := x.spool.keep(e, path, raw, &entry); err != nil {
		entry.Status, entry.Reason = keepFault(err), err.Error()
	}
	return entry
}
