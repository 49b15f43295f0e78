package lab

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// shows runs script with a progress on a simulated clock, and returns what it
// has printed.
func shows(t *testing.T, terminal bool, width int, script func(*Progress)) string {
	t.Helper()
	var out bytes.Buffer
	synctest.Test(t, func(*testing.T) {
		p := &Progress{Out: &out, Terminal: terminal}
		if width > 0 {
			p.Width = func() int { return width }
		}
		script(p)
		synctest.Wait()
	})
	return out.String()
}

// sleep lets the simulated clock go on, and everything that is due happen.
func sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestWhereItIsNotRedrawnALineIsPrintedNowAndThen(t *testing.T) {
	got := shows(t, false, 0, func(p *Progress) {
		p.Begin("short")
		p.Note("something")
		sleep(900 * time.Millisecond)
		p.End(nil)
		p.Begin("long")
		p.Note("1 of 9 packages")
		sleep(5 * time.Second)
		p.Note("5 of 9 packages")
		sleep(17 * time.Second)
		p.Remark("with a remark")
		p.End(nil)
		p.Begin("failing")
		p.Remark("not worth a word now")
		p.End(errors.New("broken"))
	})
	want := `ok      0.9s  short
...     1.0s  long: 1 of 9 packages
...    11.0s  long: 5 of 9 packages
...    21.0s  long: 5 of 9 packages
ok     22.0s  long: with a remark
FAIL    0.0s  failing
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("printed (-want +got):\n%s", diff)
	}
}

func TestOnATerminalTheLineIsThereAtOnceAndRedrawn(t *testing.T) {
	got := shows(t, true, 0, func(p *Progress) {
		p.Begin("step")
		p.Note("now")
		sleep(450 * time.Millisecond)
		p.End(nil)
		sleep(time.Second)
	})
	lines := strings.Split(got, "\r\x1b[K")
	want := []string{"", "...     0.0s  step", "...     0.2s  step: now", "...     0.4s  step: now", "ok      0.5s  step\n"}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("drawn (-want +got):\n%s", diff)
	}
}

func TestALineThatIsRedrawnStaysOnOneRow(t *testing.T) {
	got := shows(t, true, 20, func(p *Progress) {
		p.Begin("a step with a long näme")
		p.End(nil)
	})
	lines := strings.Split(got, "\r\x1b[K")
	if got := len([]rune(lines[1])); got != 19 {
		t.Errorf("drawn: got %d columns in %q, want 19", got, lines[1])
	}
	if want := "ok      0.0s  a step with a long näme\n"; lines[2] != want {
		t.Errorf("at the end: got %q, want it whole, %q", lines[2], want)
	}
}

func TestEndTellsHowLongItTook(t *testing.T) {
	shows(t, false, 0, func(p *Progress) {
		p.Begin("step")
		sleep(3 * time.Second)
		if took := p.End(nil); took != 3*time.Second {
			t.Errorf("got %s, want 3s", took)
		}
	})
}
