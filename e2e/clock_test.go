//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"istio-circuit-breaker/internal/wait"
)

// TestClock moves the clock of the machine while the stack is up, and after each move
// wants all of it to work: the lab, a pod that is made anew, and the breaker. A lab has
// its machine's clock, so this is for a machine that can bear it, such as a virtual one:
// only `make clock CLOCK=move` runs it.
func TestClock(t *testing.T) {
	if os.Getenv("CLOCK") != "move" {
		t.Skip("moves the clock of the machine: make clock CLOCK=move")
	}
	pulumiUp(t)
	for _, by := range []time.Duration{time.Hour, -time.Hour, -10 * time.Minute, 10 * time.Minute, 48 * time.Hour, -48 * time.Hour} {
		t.Run(fmt.Sprintf("by %+g h", by.Hours()), func(t *testing.T) {
			began := time.Now() // its differences are of a clock that does not jump
			moveClock(t, by)
			after := func(what string) { t.Logf("%s after %s", what, time.Since(began).Round(100*time.Millisecond)) }
			untilLabWorks(t)
			after("all of the lab answers")
			kubectl(t, "-n", ns, "rollout", "restart", "deployment/servicex-client")
			kubectl(t, "-n", ns, "rollout", "status", "deployment/servicex-client", "--timeout=8m")
			after("a client made anew is ready")
			proves(t, 10, "--phases", "trip")
			after("the breaker is proven")
		})
	}
}

// moveClock moves the clock that all programs of the machine have.
func moveClock(t *testing.T, by time.Duration) {
	t.Helper()
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_REALTIME, &now); err != nil {
		t.Fatal(err)
	}
	to := unix.NsecToTimespec(now.Nano() + by.Nanoseconds())
	if err := unix.ClockSettime(unix.CLOCK_REALTIME, &to); err != nil {
		t.Fatalf("moving the clock: %v", err)
	}
}

func untilLabWorks(t *testing.T) {
	t.Helper()
	err := wait.For(t.Context(), "the lab to work", 5*time.Minute, 250*time.Millisecond, func(context.Context) error {
		if out, err := exec.Command(labCommand, "status").CombinedOutput(); err != nil {
			return fmt.Errorf("lab status: %w\n%s", err, out)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
