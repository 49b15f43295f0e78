package main

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// writes keeps each write apart.
type writes []string

func (w *writes) Write(p []byte) (int, error) {
	*w = append(*w, string(p))
	return len(p), nil
}

func TestALineIsWrittenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out writes
		records := make(chan record, waiting)
		go writeLines(&out, records, func(err error) { t.Error(err) })
		for i := range 3 {
			records <- record{Code: i}
			synctest.Wait()
			if len(out) != i+1 || out[i] != string(record{Code: i}.append(nil)) {
				t.Fatalf("after %d records: %q", i+1, out)
			}
		}
		close(records)
	})
}

func TestManyLinesShareAWrite(t *testing.T) {
	var out writes
	records := make(chan record, waiting)
	var want strings.Builder
	for i := range waiting {
		r := record{Time: time.Unix(int64(i), 0).UTC(), Pod: "servicex-6f7c8d-abcde"}
		want.Write(r.append(nil))
		records <- r
	}
	close(records)
	writeLines(&out, records, func(err error) { t.Error(err) })
	if got := strings.Join(out, ""); got != want.String() {
		t.Errorf("%d bytes written, want the %d bytes of all lines in order", len(got), want.Len())
	}
	if most := want.Len()/block + 1; len(out) > most {
		t.Errorf("%d writes, want %d at most", len(out), most)
	}
	for _, w := range out {
		if len(w) > block+1024 || !strings.HasSuffix(w, "}\n") {
			t.Errorf("a write of %d bytes that ends in %q", len(w), w[len(w)-5:])
		}
	}
}

func TestAFailedWriteIsToldOnceAndHoldsNobodyUp(t *testing.T) {
	closed, out := io.Pipe()
	closed.CloseWithError(errors.New("broken pipe"))
	records := make(chan record)
	done := make(chan []error)
	go func() {
		var failures []error
		writeLines(out, records, func(err error) { failures = append(failures, err) })
		done <- failures
	}()
	for range 10 {
		records <- record{}
	}
	close(records)
	if got := <-done; len(got) != 1 || got[0].Error() != "writing answers: broken pipe" {
		t.Errorf("got %v, want one", got)
	}
}
