package ownstack

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"istio-circuit-breaker/internal/runner"
)

// quiet is the longest time without a word.
const quiet = 5 * time.Second

// passphrase is what the environment lacks for a stack whose secrets a passphrase
// keeps: an empty one, as the stack holds no secret. Without any pulumi would ask.
func passphrase() []string {
	for _, name := range []string{"PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"} {
		if _, set := os.LookupEnv(name); set {
			return nil
		}
	}
	return []string{"PULUMI_CONFIG_PASSPHRASE="}
}

// pulumi runs the command, and tells that it still runs where nothing is said. What
// it says goes to log, or is known from its error alone where that is nil.
func (s *Stack) pulumi(ctx context.Context, log *lines, args ...string) (string, error) {
	c := runner.Command{
		Args: append([]string{"pulumi", "--non-interactive"}, args...), Dir: s.Dir,
		Env: append(passphrase(), "PULUMI_SKIP_UPDATE_CHECK=true"),
	}
	beats := &lines{say: s.Say, spoke: time.Now()}
	if log != nil {
		c.Log, beats = log, log
	}
	done, began := make(chan struct{}), time.Now()
	var beating sync.WaitGroup
	beating.Go(func() {
		beat := time.NewTicker(quiet / 5)
		defer beat.Stop()
		for {
			select {
			case <-done:
				return
			case <-beat.C:
				beats.beat(fmt.Sprintf("Still running pulumi %s, for %s so far.", args[0], time.Since(began).Round(time.Second)))
			}
		}
	})
	defer beating.Wait()
	defer close(done)
	return s.Runner.Run(ctx, c)
}

// shown runs pulumi and tells what it says.
func (s *Stack) shown(ctx context.Context, args ...string) error {
	_, err := s.pulumi(ctx, &lines{say: s.Say, spoke: time.Now()}, args...)
	return err
}

// lines tells what is written to it, line by line.
type lines struct {
	mu    sync.Mutex
	say   func(string)
	spoke time.Time
	rest  []byte
}

// Write implements io.Writer.
func (l *lines) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, text...)
	for {
		line, after, whole := bytes.Cut(l.rest, []byte("\n"))
		if !whole {
			return len(text), nil
		}
		l.rest = after
		// Its own sign of life is a line of dots: "@ updating....".
		if said := strings.TrimRight(string(line), " \r"); said != "" && !strings.HasPrefix(said, "@ ") {
			l.say("  " + said)
			l.spoke = time.Now()
		}
	}
}

// beat tells that it goes on, where nothing was told for long.
func (l *lines) beat(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.spoke) >= quiet-quiet/5 {
		l.say(line)
		l.spoke = time.Now()
	}
}
