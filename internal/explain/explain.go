// Package explain says beforehand what a rule will do. It takes the rule, the
// pods and the load, and makes an Explanation, which it renders as text or
// JSON. No cluster, no traffic: all of it comes from the model in
// internal/breaker.
package explain

import (
	"errors"
	"fmt"
	"time"

	"istio-circuit-breaker/internal/breaker"
)

// Input is what an explanation depends on.
type Input struct {
	Rule breaker.Rule
	Load breaker.Load
	// Ejections is how many are listed, one after another; 0 lists 5.
	Ejections int
}

const (
	defaultEjections = 5
	maxEjections     = 100
)

// Explanation is what the rule will do.
type Explanation struct {
	Words string `json:"words"`
	// Ejects is false where no pod can ever be ejected; Warnings says why.
	Ejects    bool              `json:"ejects"`
	Threshold Threshold         `json:"threshold"`
	Pods      Pods              `json:"pods"`
	Ejections []Ejection        `json:"ejections"` // the 1st, 2nd ... of one pod, without a rest between
	Growth    Growth            `json:"growth"`
	Load      Load              `json:"load"`
	Trip      *Trip             `json:"trip,omitempty"` // nil where it never trips
	AllOut    AllOut            `json:"allOut"`
	Warnings  []breaker.Warning `json:"warnings"`
	Notes     []breaker.Warning `json:"notes"`
}

// Threshold is how many errors in a row eject a pod.
type Threshold struct {
	Errors uint32 `json:"errors"` // 0: none do
	// Counter is the sidecar's statistic that shows the ejection.
	Counter string `json:"counter,omitempty"`
}

// Pods are how many there are, and how many may be out at once.
type Pods struct {
	Healthy   int   `json:"healthy"`
	Faulty    int   `json:"faulty"`
	Ejectable int   `json:"ejectable"`
	Percent   int32 `json:"maxEjectionPercent"` // in force
	// PercentForFaulty is the least that lets every faulty pod go.
	PercentForFaulty int32 `json:"percentForFaulty"`
}

// Ejection is the time out of a pod's nth ejection.
type Ejection struct {
	Number       int     `json:"number"`
	LeastSeconds float64 `json:"leastSeconds"`
	MostSeconds  float64 `json:"mostSeconds"`
}

// Growth is what the times follow from.
type Growth struct {
	BaseSeconds  float64 `json:"baseSeconds"`
	CapSeconds   float64 `json:"capSeconds"`
	SweepSeconds float64 `json:"sweepSeconds"`
}

// Load is the load as assumed.
type Load struct {
	RequestsPerSecond float64 `json:"requestsPerSecond"` // 0: as fast as answers come
	Concurrency       int     `json:"concurrency"`
	MaxDelaySeconds   float64 `json:"maxDelaySeconds"`
	TimeoutSeconds    float64 `json:"timeoutSeconds"` // 0: none
	Balancer          string  `json:"balancer"`
}

// Trip is the expected time until a faulty pod is ejected.
type Trip struct {
	MeanSeconds  float64 `json:"meanSeconds"`
	LeastSeconds float64 `json:"leastSeconds"` // nine of ten runs lie between
	MostSeconds  float64 `json:"mostSeconds"`
	Requests     int     `json:"requests"`
	Regular      bool    `json:"regular"`
}

// AllOut is what callers see when every pod is out.
type AllOut struct {
	Possible bool   `json:"possible"`
	Panic    bool   `json:"panic"`
	Words    string `json:"words"`
}

// Run explains. It fails on numbers that mean nothing, naming all of them.
func Run(in Input) (Explanation, error) {
	if err := in.check(); err != nil {
		return Explanation{}, err
	}
	r, l := in.Rule, in.Load
	l.Concurrency = max(l.Concurrency, 1)
	pods := l.Healthy + l.Faulty
	number, by := r.Threshold()
	e := Explanation{
		Words: r.Words(l.Healthy, l.Faulty),
		Pods: Pods{Healthy: l.Healthy, Faulty: l.Faulty, Ejectable: r.Ejectable(pods),
			Percent: r.Percent(), PercentForFaulty: breaker.PercentFor(l.Faulty, pods)},
		Growth: Growth{r.Base().Seconds(), r.Cap().Seconds(), r.Sweep().Seconds()},
		Load: Load{l.Rate, l.Concurrency, l.MaxDelay.Seconds(), l.Timeout.Seconds(),
			r.Balancer},
		Threshold: Threshold{Errors: number},
		Ejections: []Ejection{},
		Warnings:  append([]breaker.Warning{}, r.Warnings(l)...),
		Notes:     append([]breaker.Warning{}, r.Notes()...),
	}
	if e.Load.Balancer == "" {
		e.Load.Balancer = "LEAST_REQUEST"
	}
	e.Ejects = e.Pods.Ejectable > 0
	for _, w := range e.Warnings {
		e.Ejects = e.Ejects && !w.Never
	}
	if by != breaker.NoDetector {
		e.Threshold.Counter = "outlier_detection.ejections_enforced_" + string(by)
		for i := range in.ejections() {
			out := r.Out(i + 1)
			e.Ejections = append(e.Ejections, Ejection{i + 1, out.Least.Seconds(), out.Most.Seconds()})
		}
	}
	if t := r.Trip(l); !t.Never && e.Ejects {
		e.Trip = &Trip{tenth(t.Mean), tenth(t.Usual.Least), tenth(t.Usual.Most), t.Requests, t.Regular}
	}
	all := r.AllOut()
	e.AllOut = AllOut{Possible: pods > 0 && e.Pods.Ejectable >= pods, Panic: all.Panic, Words: all.Words}
	return e, nil
}

func (in Input) ejections() int {
	if in.Ejections == 0 {
		return defaultEjections
	}
	return in.Ejections
}

func (in Input) check() error {
	var errs []error
	refuse := func(bad bool, what string, value any, allowed string) {
		if bad {
			errs = append(errs, fmt.Errorf("%s %v: must be %s", what, value, allowed))
		}
	}
	l := in.Load
	refuse(l.Healthy < 0, "healthy pods", l.Healthy, "0 or more")
	refuse(l.Faulty < 0, "faulty pods", l.Faulty, "0 or more")
	refuse(l.Healthy >= 0 && l.Faulty >= 0 && l.Healthy+l.Faulty == 0, "pods", 0, "1 or more in all")
	refuse(!(l.Rate >= 0 && l.Rate <= 1e6), "rate", l.Rate, "0 (as fast as answers come) to 1000000 requests a second")
	refuse(l.Concurrency < 0, "concurrency", l.Concurrency, "1 or more")
	refuse(l.MaxDelay < 0, "maximum delay", l.MaxDelay, "0 or more")
	refuse(l.Timeout < 0, "timeout", l.Timeout, "0 (none) or more")
	refuse(in.Ejections < 0 || in.Ejections > maxEjections, "ejections", in.Ejections, fmt.Sprintf("0 (%d are listed) to %d", defaultEjections, maxEjections))
	return errors.Join(errs...)
}

func tenth(d time.Duration) float64 { return d.Round(100 * time.Millisecond).Seconds() }
