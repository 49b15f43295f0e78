package lab

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/runner"
)

const (
	// leastRoom is what a lab that runs has to have left in each of its folders:
	// the file that etcd writes to next is of 64 MB, and it ends where it cannot
	// make it.
	leastRoom = 100e6
	// noneLeft is what counts as nothing: of daemons that end because of that
	// there is not even a log.
	noneLeft = 1e6
)

// disk is one that folders of the lab are on.
type disk struct {
	free, bytes uint64 // has, and has to have
	folders     []string
}

// disks adds up what is needed on each disk.
func (l *Lab) disks(needs []need) ([]*disk, error) {
	var all []*disk
	known := map[uint64]*disk{}
	for _, n := range needs {
		f, err := l.host.facts(nearest(n.folder))
		if err != nil {
			return nil, err
		}
		d := known[f.device]
		if d == nil {
			d = &disk{free: f.free}
			known[f.device], all = d, append(all, d)
		}
		d.bytes, d.folders = d.bytes+n.bytes, append(d.folders, n.folder)
	}
	return all, nil
}

// lacking says which disks have less than is needed on them; nil is none.
func (l *Lab) lacking(needs []need) error {
	disks, err := l.disks(needs)
	if err != nil {
		return err
	}
	var says []string
	for _, d := range disks {
		if d.free < d.bytes {
			says = append(says, fmt.Sprintf("the disk of %s has %.0f MB left, %.0f MB are needed", strings.Join(d.folders, ", "), float64(d.free)/1e6, float64(d.bytes)/1e6))
		}
	}
	if len(says) == 0 {
		return nil
	}
	return errors.New(strings.Join(says, "; "))
}

func (l *Lab) each(bytes uint64) []need { return []need{{l.State, bytes}, {l.Cache, bytes}} }

// roomy is err, with the disk that is full and what to do where that is why, or
// is likely to be.
func (l *Lab) roomy(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	told := tellsOfNoRoom(err)
	if !told && l.lacking(l.each(noneLeft)) == nil {
		return err
	}
	needs := l.each(leastRoom)
	if told {
		if all, errNeeds := l.diskNeeds(ctx); errNeeds == nil {
			needs = all
		}
	}
	if lacks := l.lacking(needs); lacks != nil {
		return hint.With(fmt.Errorf("%w: %w", lacks, err), "make room there and go on with `go run ./lab up`, what is done is kept")
	}
	// A disk of somebody else's, or a user's share of one.
	return hint.With(err, "make room where it says and go on with `go run ./lab up`, what is done is kept")
}

// tellsOfNoRoom: in the kernel's words, which those of commands have in them.
func tellsOfNoRoom(err error) bool {
	text := err.Error()
	if failed, ok := errors.AsType[*runner.Error](err); ok {
		text += failed.Output
	}
	text = strings.ToLower(text)
	return strings.Contains(text, unix.ENOSPC.Error()) || strings.Contains(text, unix.EDQUOT.Error())
}
