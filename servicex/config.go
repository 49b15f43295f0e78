package main

import (
	"os"
	"strconv"
	"time"
)

// config is what the server is told by its environment.
type config struct {
	// Pod and Version are named in every answer.
	Pod, Version string
	// Faulty servers answer Code after a delay.
	Faulty bool
	// MaxDelay bounds a faulty server's random delay; 0 answers at once.
	MaxDelay time.Duration
	// Grace is how long a stop may take in all; 0 cuts requests off.
	Grace time.Duration
	Port  int
	Code  int
}

// settings are the environment variables, in the order of the help.
func (c *config) settings() []setting {
	return []setting{
		{"error", "yes: answer CODE after a delay (default no)", "yes, no or empty", func(text string) bool {
			c.Faulty = text == "yes"
			return c.Faulty || text == "no"
		}},
		{"CODE", "status of a faulty answer (default 504)", "a number from 500 to 599", integer(&c.Code, 500, 599)},
		{"MAX_DELAY", "longest delay of a faulty answer (default 4s)", "a duration from 0s to 1m, such as 4s", duration(&c.MaxDelay, 0, time.Minute)},
		{"GRACE", "longest stop, requests under way included (default 5s)", "a duration from 0s to 1m, such as 5s", duration(&c.Grace, 0, time.Minute)},
		{"PORT", "to listen on (default 8080)", "a number from 1 to 65535", integer(&c.Port, 1, 65535)},
		{"POD_NAME", "named in every answer (default: the host's name)", "visible ASCII without spaces, at most 253 characters", word(&c.Pod, 253)},
		{"POD_VERSION", "named in every answer (default: the status, 200 or CODE)", "visible ASCII without spaces, at most 63 characters", word(&c.Version, 63)},
	}
}

// readConfig reads the environment; unset and empty variables have their
// default. The error lists all problems.
func readConfig(getenv func(string) string) (config, error) {
	c := config{Code: 504, MaxDelay: 4 * time.Second, Grace: 5 * time.Second, Port: 8080}
	var wrong problems
	for _, s := range c.settings() {
		if text := getenv(s.name); text != "" && !s.read(text) {
			wrong = append(wrong, s.refuse(text))
		}
	}
	if c.Version == "" {
		c.Version = "200"
		if c.Faulty {
			c.Version = strconv.Itoa(c.Code)
		}
	}
	if c.Pod == "" {
		// A system without a name has at least a process.
		c.Pod = "servicex"
		if host, err := os.Hostname(); err == nil {
			word(&c.Pod, 253)(host)
		}
	}
	return c, wrong.err()
}
