package hint_test

import (
	"errors"
	"fmt"
	"testing"

	"istio-circuit-breaker/internal/hint"
)

func TestHintSurvivesWrapping(t *testing.T) {
	cause := errors.New("no such context")
	err := fmt.Errorf("reading kubeconfig: %w", hint.With(cause, "run `kubectl config get-contexts`"))
	if got, want := hint.Of(err), "run `kubectl config get-contexts`"; got != want {
		t.Errorf("hint: got %q, want %q", got, want)
	}
	if got, want := err.Error(), "reading kubeconfig: no such context"; got != want {
		t.Errorf("message: got %q, want %q: the hint must not be part of it", got, want)
	}
	if !errors.Is(err, cause) {
		t.Error("the cause is lost")
	}
}

func TestNoErrorHasNoHint(t *testing.T) {
	if err := hint.With(nil, "anything"); err != nil {
		t.Errorf("got %v, want nil", err)
	}
	if got := hint.Of(errors.New("plain")); got != "" {
		t.Errorf("got %q, want none", got)
	}
}
