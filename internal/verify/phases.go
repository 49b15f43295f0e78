package verify

import "istio-circuit-breaker/internal/judge"

// Phases of a proof; package judge says what each is.
const (
	Preflight = judge.Preflight
	Mix       = judge.Mix
	Off       = judge.Off
	Trip      = judge.Trip
	Clean     = judge.Clean
	Return    = judge.Return
	Second    = judge.Second
	Backoff   = judge.Backoff
	Counters  = judge.Counters
	Healthy   = judge.Healthy
)

var (
	All         = judge.All
	Once        = judge.Once
	ParsePhases = judge.ParsePhases
)
