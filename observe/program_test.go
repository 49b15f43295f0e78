package main

import (
	"slices"
	"testing"
)

func TestAProgramIsCalledWhatItsUserTypes(t *testing.T) {
	for argv0, want := range map[string][2]string{
		"/tmp/go-build1/b001/exe/observe": {"observe", "observe"},
		"observe.exe":                     {"observe", "observe"},
		"/usr/bin/kubectl-breaker":        {"kubectl-breaker", "kubectl breaker"},
		"kubectl-istio-circuit_breaker":   {"kubectl-istio-circuit_breaker", "kubectl istio circuit-breaker"},
	} {
		if got, args := invoked([]string{argv0, "watch"}); [2]string{got.File, got.Shown} != want || !slices.Equal(args, []string{"watch"}) {
			t.Errorf("%s: got %+v with %q, want %+v", argv0, got, args, want)
		}
	}
	got, args := invoked([]string{"kubectl_complete-breaker", "ver"})
	if want := []string{"__complete", "ver"}; got.File != "kubectl-breaker" || !slices.Equal(args, want) {
		t.Errorf("asked by kubectl: got %+v with %q, want %q", got, args, want)
	}
}
