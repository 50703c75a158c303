package collect

import (
	"bytes"
	"errors"
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
	return x.file(e, path, nil, func(f *os.File, _ int64, entry *bundle.Entry) (ending, error) {
		raw, err := io.ReadAll(io.LimitReader(bundle.PlainText(f), e.Cap+1))
		switch {
		case err != nil:
			return ending{}, err
		case int64(len(raw)) > e.Cap:
			return ending{}, fmt.Errorf("it is longer than %d MiB, so it is no azure.json", e.Cap>>20)
		}
		end := ending{Status: bundle.StatusOK}
		if len(bytes.TrimSpace(raw)) == 0 {
			end.Status = bundle.StatusEmpty
		}
		if err := x.spool.keep(e, e.Path, raw, entry); err != nil {
			end = ending{Status: keepFault(err), Reason: err.Error()}
		}
		return end, nil
	})
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
		entries = append(entries, x.file(e, path, Values{"name": name}, func(f *os.File, size int64, entry *bundle.Entry) (ending, error) {
			return x.logFile(e, f, size, "logs/files/"+name, entry)
		}))
	}
	return entries
}

// lookBack is how much is read before the part of a long log that is kept: a
// private key that began there must be seen to end.
const lookBack = 64 << 10

// logFile keeps a log, or the end of a long one. What is no text is refused: nobody
// could see the secrets in it.
func (x *executor) logFile(e *bundle.Evidence, f *os.File, size int64, path string, entry *bundle.Entry) (ending, error) {
	begin := make([]byte, 4<<10)
	n, err := f.ReadAt(begin, 0)
	if err != nil && err != io.EOF {
		return ending{}, err
	}
	text, err := io.ReadAll(bundle.PlainText(bytes.NewReader(begin[:n])))
	if err != nil || bytes.IndexByte(text, 0) >= 0 || bytes.HasPrefix(text, []byte("\x1f\x8b")) {
		return ending{}, errors.New("it is no text: unpack it, or save it as UTF-8, and give it again")
	}
	most := x.logCap(e)
	from := max(0, size-most-lookBack)
	if bytes.HasPrefix(begin, []byte("\xff\xfe")) || bytes.HasPrefix(begin, []byte("\xfe\xff")) {
		from = 0 // only its first bytes say that it is UTF-16
	}
	if _, err := f.Seek(from, io.SeekStart); err != nil {
		return ending{}, err
	}
	kept, err := x.spool.stream(most, bundle.PlainText(f))
	if err != nil {
		return ending{}, err
	}
	kept.skipped = from
	end := ending{Status: bundle.StatusOK}
	kept.keep(path, entry, &end)
	return end, nil
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

// file lets take read a file of this machine, and makes its entry.
func (x *executor) file(e *bundle.Evidence, path string, scope Values, take func(*os.File, int64, *bundle.Entry) (ending, error)) bundle.Entry {
	entry := gapEntry(e, nil, scope, "", "")
	entry.Scope["file"] = filepath.Base(path)
	entry.Started = x.now()
	end, err := readRegular(path, func(f *os.File, size int64) (ending, error) { return take(f, size, &entry) })
	entry.Status, entry.Reason = end.Status, end.Reason
	if err != nil {
		entry.Status, entry.Reason = bundle.StatusFailed, "reading the file: "+err.Error()
		if os.IsPermission(err) {
			entry.Status = bundle.StatusDenied
		}
	}
	return entry
}

func readRegular(path string, read func(*os.File, int64) (ending, error)) (ending, error) {
	f, err := os.Open(path)
	if err != nil {
		return ending{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return ending{}, err
	case !info.Mode().IsRegular():
		return ending{}, fmt.Errorf("%s is not a regular file", path)
	}
	return read(f, info.Size())
}
