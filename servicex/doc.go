// Command servicex is the service that the circuit breaker is shown with, and
// the client that calls it. It is one binary in one image:
//
//	servicex           serves on PORT
//	servicex client    sends requests and prints one line for each answer
//	servicex wait      does nothing until it is told to end: the client pod's own
//	                   program, beside which the client is run with kubectl exec
//
// # Server
//
// A healthy server answers 200 at once. A faulty one (environment variable
// error=yes) waits for a random time in [0, MAX_DELAY) and answers CODE, which is
// 504 unless it is set. It stops waiting when the caller is gone.
//
// Every path is answered like that, but for two, which are outside of the fault:
// a faulty pod that Kubernetes took away or restarted would leave nothing to eject.
//
//	/healthz/ready    200; 503 from the moment that the server is told to stop
//	/healthz/live     200
//
// Every answer names its origin, in headers and in a short text:
//
//	X-Pod        POD_NAME
//	X-Version    POD_VERSION
//	X-State      healthy or faulty
//
// At SIGTERM or SIGINT readiness goes first, then requests under way are
// answered, all within GRACE; a second signal ends the server at once. Logs are
// JSON lines on standard error, one at the start and one at the stop.
// Environment variables that are not allowed are refused at the start, all at
// once; `servicex -h` lists them.
//
// # Client
//
// The client prints one JSON object a line for each request, as soon as it has
// its answer:
//
//	time       when it was sent, RFC 3339 with nanoseconds
//	latency    nanoseconds from sending to the answer's last byte
//	code       HTTP status; 0 where no whole answer came
//	pod        the answer's X-Pod, if it has one
//	version    the answer's X-Version, if it has one
//	error      why no whole answer came
//
// Requests that are overdue, because answers take long, are left out instead of
// sent in a burst. A worker that got no answer rests for 10ms.
//
// The client ends by itself after -duration, at SIGTERM or SIGINT, and, with
// -stop-on-stdin-close, when its input ends. Requests under way get a second
// more; those that are still without an answer then leave no line, for it was
// the client that gave up. `servicex client -h` lists the flags.
//
// # Exit codes
//
// 0 done, 1 failed, 2 wrong usage.
package main
