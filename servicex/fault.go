package main

import (
	"context"
	"math/rand/v2"
	"time"
)

// delay waits for a random time below MaxDelay, or until the caller is gone.
func (s *service) delay(caller context.Context) {
	if s.MaxDelay <= 0 {
		return
	}
	timer := time.NewTimer(s.random(s.MaxDelay))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-caller.Done():
	}
}

// uniform picks a duration in [0, most), each as likely as any other.
func uniform(most time.Duration) time.Duration { return rand.N(most) }
