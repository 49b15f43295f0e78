package spelling_test

import (
	"testing"

	"istio-circuit-breaker/internal/spelling"
)

func TestTheNearestNameIsFound(t *testing.T) {
	names := []string{"concurrency", "context", "rate", "record", "web-port", "pods"}
	for typed, want := range map[string]string{"contex": "context", "Rate": "rate", "webport": "web-port", "web_port": "web-port", "concurency": "concurrency", "kubeconfig": "", "": "", "code": "", "rte": "rate", "raet": "rate"} {
		if got := spelling.Nearest(typed, names); got != want {
			t.Errorf("%q: got %q, want %q", typed, got, want)
		}
	}
}
