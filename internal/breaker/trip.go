package breaker

import (
	"math"
	"time"
)

// Load is who calls the pods, and how the faulty ones answer.
type Load struct {
	Healthy, Faulty int
	// Rate is requests a second over all workers; 0 sends as fast as answers come.
	Rate float64
	// Concurrency is how many requests may be under way; below 1 means 1.
	Concurrency int
	// Code is what the faulty pods answer; 0 is any gateway error.
	Code int
	// MaxDelay bounds the faulty pods' uniformly random delay before that.
	MaxDelay time.Duration
	// Timeout is the client's, per request; 0 means none.
	Timeout time.Duration
}

// quick is what an answer without delay takes, roughly, through two sidecars.
const quick = 2 * time.Millisecond

// Trip is the expected time from the first request to a faulty pod's ejection.
type Trip struct {
	// Never is true where the rule and the load cannot trip.
	Never bool `json:"never"`
	// Mean is the time on average; nine of ten runs lie in Usual.
	Mean  time.Duration `json:"mean"`
	Usual Span          `json:"usual"`
	// Requests is how many are sent to all pods by then.
	Requests int `json:"requests"`
	// Share is the faulty pod's part of all requests.
	Share float64 `json:"share"`
	// Rate is the requests a second that the load really reaches.
	Rate float64 `json:"rate"`
	// Regular is true where the balancer takes the pods in turn.
	Regular bool `json:"regular"`
}

// Trip derives the time to trip; it is an estimate, not a promise. A faulty
// pod's every answer is an error, so what counts is how fast the pod gets
// requests: all pods in turn under ROUND_ROBIN, the same on average under
// RANDOM, and fewer for a slow pod under LEAST_REQUEST with requests under way
// together, where Envoy takes the less busy of two random pods.
func (r Rule) Trip(l Load) Trip {
	errors, _ := r.ThresholdFor(l.Code)
	pods := l.Healthy + l.Faulty
	counted := l.counted()
	if errors == 0 || l.Faulty < 1 || r.Ejectable(pods) == 0 || counted <= 0 || l.Rate < 0 {
		return Trip{Never: true}
	}
	share := r.share(l)
	busy := l.busy()
	workers := float64(max(l.Concurrency, 1))
	faulty := share * float64(l.Faulty)
	// What the workers can send: each is kept for an answer's mean time.
	rate := workers / (faulty*busy.Seconds() + (1-faulty)*quick.Seconds())
	open := l.Rate > 0 && l.Rate < rate
	if open {
		rate = l.Rate
	}
	needed := float64(errors) / counted // requests to the pod, those the client gave up included
	mean := needed/(share*rate) + busy.Seconds()
	// The spread: of the delays that one worker waits out one after another, or
	// of the last delay alone where the rate sets the pace.
	width := min(l.MaxDelay, l.limit()).Seconds()
	spread := width / math.Sqrt(12)
	if !open {
		mean -= busy.Seconds()
		spread *= math.Sqrt(needed * float64(l.Faulty) / workers)
	}
	if r.Balancer != "ROUND_ROBIN" && pods > 1 {
		// How many requests a random balancer needs to hit the pod so often.
		misses := math.Sqrt(needed*(1-share)) / share / rate
		spread = math.Hypot(spread, misses)
	}
	return Trip{
		Mean:     seconds(mean),
		Usual:    Span{Least: seconds(max(mean-1.645*spread, 0)), Most: seconds(mean + 1.645*spread)},
		Requests: int(math.Ceil(needed / share)), Share: share, Rate: rate,
		Regular: r.Balancer == "ROUND_ROBIN",
	}
}

// share is a faulty pod's part of all requests.
func (r Rule) share(l Load) float64 {
	pods := float64(l.Healthy + l.Faulty)
	even := 1 / pods
	least := r.Balancer == "" || r.Balancer == "LEAST_REQUEST" || r.Balancer == "LEAST_CONN"
	if !least || l.Concurrency <= 1 || l.MaxDelay <= quick || l.Healthy == 0 {
		return even
	}
	// A slow pod that is busy is only taken where both of the two are slow.
	slow := float64(l.Faulty) / pods
	return slow * slow / float64(l.Faulty)
}

func (l Load) limit() time.Duration {
	if l.Timeout <= 0 {
		return math.MaxInt64
	}
	return l.Timeout
}

// counted is the part of the faulty pod's requests that the client waits out;
// one that it gives up is no answer, and Envoy counts none.
func (l Load) counted() float64 {
	switch {
	case l.limit() <= quick:
		return 0
	case l.MaxDelay <= 0 || l.limit() >= l.MaxDelay:
		return 1
	default:
		return float64(l.limit()) / float64(l.MaxDelay)
	}
}

// busy is the mean time that a request to a faulty pod takes its worker.
func (l Load) busy() time.Duration {
	c := l.counted()
	waited := float64(min(l.MaxDelay, l.limit()))
	return max(time.Duration(c*waited/2+(1-c)*waited), quick)
}

func seconds(s float64) time.Duration {
	return time.Duration(min(s, float64(math.MaxInt64)/2/float64(time.Second)) * float64(time.Second)).Round(time.Millisecond)
}
