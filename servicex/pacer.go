package main

import (
	"math"
	"time"
)

// slack is how late a request may be sent at least; beyond it is left out. After
// an answer that took long the client so goes on at its rate, and makes no burst
// of all that was due meanwhile. It is well above what a timer or a busy machine
// is late by.
const slack = 100 * time.Millisecond

// pacer spreads requests evenly: request n is due n/rate seconds after the start.
type pacer struct {
	// rate in requests a second, up to maxRate; 0 is as fast as answers come.
	rate float64
}

// next is how long the next request has to wait, asked for elapsed after the
// start with hits requests sent or left out before; and the hits with it.
func (p pacer) next(elapsed time.Duration, hits uint64) (time.Duration, uint64) {
	if p.rate <= 0 {
		return 0, hits + 1
	}
	// Calculated in floats, which have the precision and do not overflow.
	interval := float64(time.Second) / p.rate
	late := max(float64(slack), interval) // or a slow worker would miss every turn
	if overdue := (float64(elapsed) - late) / interval; overdue > float64(hits) {
		hits = uint64(math.Ceil(overdue))
	}
	wait := float64(hits)*interval - float64(elapsed)
	switch {
	case wait <= 0:
		return 0, hits + 1
	case wait >= math.MaxInt64:
		return math.MaxInt64, hits + 1
	}
	return time.Duration(wait), hits + 1
}
