package collect

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/redact"
)

// listing is a list of Kubernetes objects on its way from kubectl into the spool: cut
// into items, redacted one by one, and never held whole.
type listing struct {
	spool *spool
	e     *bundle.Evidence
	takes func(item []byte) bool // nil: every item
	most  int                    // items that are kept; 0: as many as the cap in bytes allows
	ever  func(item []byte) bool // what is kept beyond the cap; nil: nothing

	whole *head // an answer in another layout than kubectl's; nil: it is in that
	file  string
	w     *bufio.Writer
	size  int64
	frame []byte // not yet written: whether an item follows decides its last line

	kept, other, beyond int     // items that are there, not wanted, and wanted but too many
	faults              []error // of items that could not be redacted
	removed             redact.Counts
}

// list runs a command whose answer is a list of objects.
func (x *executor) list(ctx context.Context, c Command) (bundle.Entry, ending) {
	l := &listing{spool: x.spool, e: c.Evidence, removed: redact.Counts{}}
	if c.Evidence == &bundle.Pods {
		l.takes, l.most = x.wanted(c.Scope["namespace"]), podCap
	}
	if c.Evidence == &bundle.ControllerPods {
		l.ever = ofController // a few among one of each DaemonSet for every node
	}
	r, w := io.Pipe()
	var fault error
	var reader sync.WaitGroup
	reader.Go(func() {
		if fault = l.take(r); fault != nil {
			io.Copy(io.Discard, r) // a process must not wait for its reader
		}
	})
	entry, end := x.run(ctx, c, w)
	w.Close() // of a pipe never fails
	reader.Wait()
	switch {
	case end.Status != bundle.StatusOK:
		l.drop()
	case fault != nil:
		l.drop()
		end = ending{Status: bundle.StatusFailed, Reason: fault.Error()}
	case l.whole != nil:
		x.keep(c, l.whole.kept.Bytes(), l.whole.over, &entry, &end)
	default:
		l.keep(c, &entry, &end)
	}
	return entry, end
}

// wanted is what is kept of a namespace's pods; nil: all of them.
func (x *executor) wanted(namespace string) func(item []byte) bool {
	in := x.chosen[namespace]
	if in == nil {
		return nil
	}
	return func(item []byte) bool {
		p, ok := fieldsOf[pod](item, "metadata")
		return !ok || in.takes(p) // one that cannot be read says so when it is redacted
	}
}

// ofController reports whether an item is a pod of a controller-manager.
func ofController(item []byte) bool {
	p, ok := fieldsOf[pod](item, "metadata")
	return ok && isController(p)
}

// take reads the answer to its end.
func (l *listing) take(r io.Reader) error {
	text := bufio.NewReaderSize(r, 1<<16)
	begin, ok := listHead(text)
	if !ok {
		l.whole = &head{max: l.e.Cap}
		l.whole.Write(begin) // never fails
		_, err := io.Copy(l.whole, text)
		return err
	}
	f, err := os.OpenFile(l.spool.newFile(), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return full(err)
	}
	l.file, l.w = f.Name(), bufio.NewWriterSize(f, 1<<16)
	all := bufio.NewReaderSize(io.MultiReader(bytes.NewReader(begin), text), 1<<16)
	if err := errors.Join(cut(all, l.part), l.flush()); err != nil {
		f.Close() // the first fault counts
		return err
	}
	if err := errors.Join(l.w.Flush(), f.Close()); err != nil {
		return full(err)
	}
	return nil
}

// part redacts and writes one part of the list.
func (l *listing) part(text []byte, item bool) error {
	switch {
	case item && text == nil:
		l.faults = append(l.faults, fmt.Errorf("object %d is left out: %w", l.number(), errLongPart))
		return nil
	case item && l.takes != nil && !l.takes(text):
		l.other++
		return nil
	case item && (l.most > 0 && l.kept >= l.most || l.size+int64(len(text)) > l.e.Cap) && (l.ever == nil || !l.ever(text)):
		l.beyond++
		return nil
	}
	clean, counts, err := l.spool.learned.Document(l.e.Redaction, text)
	l.removed.Add(counts)
	switch {
	case err != nil && !item:
		return fmt.Errorf("removing secrets around the objects: %w", err)
	case err != nil:
		_, why, _ := strings.Cut(err.Error(), "is left out: ")
		l.faults = append(l.faults, fmt.Errorf("object %d is left out: %s", l.number(), why))
	case item:
		l.kept++
	default:
		if err := l.flush(); err != nil {
			return err
		}
		l.frame = bytes.Clone(clean)
		return nil
	}
	if err := l.flush(); err != nil {
		return err
	}
	return l.write(clean)
}

// number is the place of the item at hand in the answer, from 1.
func (l *listing) number() int { return l.kept + l.other + l.beyond + len(l.faults) + 1 }

// flush writes the frame that was held back. Where no item came behind "items:" the list
// is empty, and says so as kubectl does.
func (l *listing) flush() error {
	frame := l.frame
	l.frame = nil
	if end := bytes.LastIndex(frame, []byte("items:")); end >= 0 && isItems(frame[end:]) && l.kept+len(l.faults) == 0 {
		frame = append(frame[:end:end], "items: []\n"...)
	}
	return l.write(frame)
}

func (l *listing) write(text []byte) error {
	l.size += int64(len(text))
	if _, err := l.w.Write(text); err != nil {
		return full(err)
	}
	return nil
}

// keep makes the list the answer at the command's path, and says what it lacks.
func (l *listing) keep(c Command, entry *bundle.Entry, end *ending) {
	if err := l.spool.hold(c.Path, []string{l.file}, l.removed, entry); err != nil {
		*end = ending{Status: bundle.StatusFailed, Reason: err.Error()}
		return
	}
	var says []string
	if l.kept == 0 && len(l.faults) == 0 {
		end.Status = bundle.StatusEmpty
	}
	if l.other > 0 {
		says = append(says, fmt.Sprintf("%d of %d are kept: those that a LoadBalancer Service selects, an EndpointSlice of it names, or an event about its address", l.kept+l.beyond+len(l.faults), l.all()))
	}
	if l.beyond > 0 {
		end.Status = bundle.StatusTruncated
		limit := Size(l.e.Cap)
		if l.most > 0 && l.kept >= l.most {
			limit = fmt.Sprint(l.most)
		}
		says = append(says, fmt.Sprintf("more than %s: the last %d of %d are not kept", limit, l.beyond, l.kept+l.beyond))
	}
	if len(l.faults) > 0 {
		end.Status = bundle.StatusTruncated
		says = append(says, fmt.Errorf("%w: %w", errPartial, errors.Join(l.faults...)).Error())
	}
	end.Reason = strings.Join(says, "; ")
}

func (l *listing) all() int { return l.kept + l.other + l.beyond + len(l.faults) }

// drop removes what was written.
func (l *listing) drop() {
	if l.file != "" {
		os.Remove(l.file) // closing the spool removes what is left
	}
}
