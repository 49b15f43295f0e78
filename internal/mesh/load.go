package mesh

import (
	"fmt"
	"time"
)

// Problems are all the reasons for which a load cannot be sent. Each begins with
// the setting's name, as flags and the page spell it.
func (l Load) Problems() []string {
	var problems []string
	refuse := func(bad bool, name string, value any, allowed string) {
		if bad {
			problems = append(problems, fmt.Sprintf("%s %v: must be %s", name, value, allowed))
		}
	}
	refuse(!(l.Rate >= 0 && l.Rate <= 100_000), "rate", l.Rate, "0 to 100000 requests a second")
	refuse(l.Concurrency < 1 || l.Concurrency > 1000, "concurrency", l.Concurrency, "1 to 1000")
	refuse(l.Timeout < time.Millisecond || l.Timeout > time.Hour, "timeout", l.Timeout, "1ms to 1h")
	return problems
}
