package lab

import (
	"context"
	"fmt"
	"os"
	"time"

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/lab/node"
)

// A lab that ended otherwise than by `lab down`, as by a reboot or with its
// supervisor, is as a machine after a loss of power: database, pods and Pulumi's
// state belong together, are all in the state folder, and the next Up goes on with
// them.

// runs says whether the lab that was found can be used.
func (l *Lab) runs() bool { return l.box != nil && !l.box.Ending() }

// openState makes the state folder of a lab that does not run, and empties one that
// nobody could go on with. The same for a lab whose folder was taken away under it:
// it cannot be used any more.
func (l *Lab) openState(ctx context.Context) error {
	if err := l.find(); err != nil {
		return err
	}
	if l.lacks() != nil {
		if err := l.wipe(ctx); err != nil {
			return err
		}
		l.box = nil
	}
	return l.makeState()
}

// lacks says what a state folder lacks that a lab could run on, or go on with.
func (l *Lab) lacks() error {
	for _, file := range []string{l.Kubeconfig(), l.daemons(), l.shape(), l.madeOf()} {
		if l.runs() && file == l.madeOf() {
			continue // of an older version; what it is made of is another matter
		}
		if _, err := os.Stat(file); err != nil {
			return err
		}
	}
	_, _, err := node.Validity(l.pki(""))
	return err
}

// isMadeOf compares what the lab of the state folder is made of with what it would
// be made of now, its fingerprint.
func (l *Lab) isMadeOf(now string) bool {
	before, err := os.ReadFile(l.madeOf())
	return err == nil && string(before) == now
}

// clear ends what is left of the lab of the state folder. Its data stay if a lab of
// the fingerprint made can go on with them.
func (l *Lab) clear(ctx context.Context, made string) error {
	if !exists(l.Kubeconfig()) { // of a first start, nothing
		return nil
	}
	why, err := l.outdated(made, time.Now())
	if err != nil {
		return err
	}
	if why != "" {
		l.Progress.Note("removing the one that is there: " + why)
		if err := l.wipe(ctx, l.bin(), l.logs()); err != nil {
			return err
		}
		l.Progress.Remark("begun anew, because " + why)
	} else {
		if err := l.end(ctx); err != nil {
			return err
		}
		l.Progress.Remark("goes on where the one before has ended")
		l.resumed = time.Now()
	}
	l.box = nil
	return nil
}

// outdated says why nobody goes on with the lab of the state folder; "" where a lab of
// the fingerprint made does. An error is what may pass: a clock that is wrong.
func (l *Lab) outdated(made string, now time.Time) (string, error) {
	if !l.isMadeOf(made) {
		return "its parts or settings have changed", nil
	}
	from, to, err := node.Validity(l.pki(""))
	switch {
	case err != nil:
		return "its keys cannot be read: " + err.Error(), nil
	case now.After(to):
		return "its certificates have ended at " + to.Format(time.RFC3339), nil
	case now.Before(from):
		return "", hint.With(fmt.Errorf("going on with the lab: its certificates begin at %s, and this machine's clock says %s", from.Format(time.RFC3339), now.Format(time.RFC3339)),
			"set the clock; or remove the lab with `go run ./lab down`")
	}
	return "", nil
}

// end ends all processes of a lab, and takes away what holds them.
func (l *Lab) end(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	running, err := l.host.find(l.supervisor(), l.superviseArgs())
	if err != nil {
		return err
	}
	for _, b := range running {
		if err := b.Stop(ctx); err != nil {
			return err
		}
	}
	if err := l.host.endMarked(ctx, l.mark()); err != nil {
		return err
	}
	return l.host.removeCgroup(ctx, l.cgroup())
}

// goneOn adds the way out where a lab goes on with what broke the one before.
func (l *Lab) goneOn(way string) string {
	if l.resumed.IsZero() {
		return way
	}
	return way + "; the lab has gone on with what was there: `go run ./lab down` removes that, and the next `lab up` begins anew"
}
