package wait_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"istio-circuit-breaker/internal/wait"
)

func TestForReturnsAsSoonAsTheConditionHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, calls := time.Now(), 0
		err := wait.For(t.Context(), "the third call", time.Minute, time.Second, func(context.Context) error {
			if calls++; calls < 3 {
				return errors.New("not yet")
			}
			return nil
		})
		if err != nil || time.Since(start) != 2*time.Second {
			t.Errorf("got %v after %s, want nil after 2s", err, time.Since(start))
		}
	})
}

func TestForGivesUpWithTheLastState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		last := errors.New("2 of 3 ready")
		err := wait.For(t.Context(), "the pods", 5*time.Second, time.Second, func(context.Context) error { return last })
		if !errors.Is(err, last) {
			t.Fatalf("got %v, want the last state in it", err)
		}
		if !strings.HasPrefix(err.Error(), "waiting for the pods, 5s of at most 5s: ") {
			t.Errorf("message: got %q", err)
		}
	})
}

func TestForNamesTheLastStateAlsoWhenTheLimitCutsACheckOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		err := wait.For(t.Context(), "the pods", 5*time.Second, time.Second, func(ctx context.Context) error {
			if calls++; calls == 1 {
				return errors.New("2 of 3 ready")
			}
			<-ctx.Done()
			return ctx.Err()
		})
		if err == nil || !strings.HasSuffix(err.Error(), ": 2 of 3 ready") {
			t.Errorf("got %v, want the last state in it", err)
		}
	})
}

func TestForEndsAtOnceWithWhatIsFinal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, refused := time.Now(), errors.New("refused")
		err := wait.For(t.Context(), "the pods", time.Minute, time.Second, func(context.Context) error { return wait.Final(refused) })
		if !errors.Is(err, refused) || time.Since(start) != 0 || err.Error() != "waiting for the pods, given up after 0s: refused" {
			t.Errorf("got %v after %s, want the refusal at once", err, time.Since(start))
		}
	})
}
