package ownstack

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/runner"

	"github.com/google/go-cmp/cmp"
)

// fakePulumi notes what it is asked for. It fails at what begins with fails, and is
// interrupted at what begins with interrupts.
type fakePulumi struct {
	asked             []string
	env               []string
	selected          string
	fails, interrupts string
	said              string
	stop              context.CancelFunc
}

func (f *fakePulumi) Run(ctx context.Context, c runner.Command) (string, error) {
	line := strings.Join(c.Args[2:], " ")
	f.asked, f.env = append(f.asked, line), c.Env
	switch {
	case f.interrupts != "" && strings.HasPrefix(line, f.interrupts):
		f.stop()
		return "", &runner.Error{Args: c.Args, Cause: context.Canceled}
	case ctx.Err() != nil:
		return "", &runner.Error{Args: c.Args, Cause: ctx.Err()}
	case f.fails != "" && strings.HasPrefix(line, f.fails):
		return "", &runner.Error{Args: c.Args, Output: f.said, Cause: errors.New("exit status 255")}
	case line == "stack --show-name" && f.selected == "":
		return "", &runner.Error{Args: c.Args, Cause: errors.New("exit status 255")}
	case line == "stack --show-name":
		return f.selected + "\n", nil
	}
	if c.Log != nil {
		if _, err := c.Log.Write([]byte("Updating (try):\n@ updating....\n\n +  one")); err != nil {
			return "", err
		}
		if _, err := c.Log.Write([]byte(" created\n")); err != nil {
			return "", err
		}
	}
	return "", nil
}

func made(f *fakePulumi) (*Stack, *[]string) {
	var said []string
	return &Stack{Name: "try", Dir: ".", Settings: map[string]string{"p:b": "2", "p:a": "x=y"}, Runner: f, Say: func(l string) { said = append(said, l) }}, &said
}

const (
	initLine    = "stack init try --no-select"
	configLine  = "config set-all --stack try --plaintext p:a=x=y --plaintext p:b=2"
	upLine      = "up --stack try --yes --skip-preview --color=never"
	destroyLine = "destroy --stack try --yes --skip-preview --color=never"
	removeLine  = "stack rm try --yes"
)

func TestAStackIsMadeAndTakenAwayWhateverComes(t *testing.T) {
	tests := []struct {
		name    string
		pulumi  fakePulumi
		asked   []string // after stack --show-name
		upFails string
		hint    string // of Down's error, or of Up's
	}{
		{name: "all goes well, and what was selected is so again", pulumi: fakePulumi{selected: "dev"},
			asked: []string{initLine, configLine, upLine, destroyLine, removeLine, "stack select dev"}},
		{name: "nothing was selected", asked: []string{initLine, configLine, upLine, destroyLine, removeLine}},
		{name: "the stack is there already and stays", pulumi: fakePulumi{fails: "stack init", said: "error: stack 'try' already exists"},
			asked: []string{initLine}, upFails: "making the stack \"try\": running `pulumi --non-interactive stack init try --no-select`: exit status 255\nerror: stack 'try' already exists",
			hint: "it is left of another try: run `pulumi destroy --stack try --yes && pulumi stack rm try --yes`, or take another name with --stack"},
		{name: "a setting is refused", pulumi: fakePulumi{fails: "config", said: "no"}, asked: []string{initLine, configLine, destroyLine, removeLine}, upFails: "configuring the stack \"try\""},
		{name: "up fails", pulumi: fakePulumi{fails: "up", said: "no"}, asked: []string{initLine, configLine, upLine, destroyLine, removeLine}, upFails: "bringing up the stack \"try\""},
		{name: "Ctrl-C in up", pulumi: fakePulumi{interrupts: "up"}, asked: []string{initLine, configLine, upLine, "cancel try --yes", destroyLine, removeLine}, upFails: "context canceled"},
		{name: "Ctrl-C in init", pulumi: fakePulumi{interrupts: "stack init"}, asked: []string{initLine, "cancel try --yes", destroyLine, removeLine}, upFails: "context canceled"},
		{name: "destroy fails and the stack is kept", pulumi: fakePulumi{fails: "destroy", said: "no"}, asked: []string{initLine, configLine, upLine, destroyLine},
			hint: "run `pulumi destroy --stack try --yes && pulumi stack rm try --yes`"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("PULUMI_CONFIG_PASSPHRASE", "mine")
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			tt.pulumi.stop = stop
			s, _ := made(&tt.pulumi)
			up := s.Up(ctx)
			if (up != nil) != (tt.upFails != "") || up != nil && !strings.Contains(up.Error(), tt.upFails) {
				t.Errorf("Up() = %v, want %q", up, tt.upFails)
			}
			down := s.Down(context.WithoutCancel(ctx), ctx.Err() != nil)
			if got := hint.Of(errors.Join(down, up)); got != tt.hint {
				t.Errorf("the hint is %q, want %q", got, tt.hint)
			}
			if failed := tt.pulumi.fails == "destroy"; (down != nil) != failed {
				t.Errorf("Down() = %v", down)
			}
			if diff := cmp.Diff(append([]string{"stack --show-name"}, tt.asked...), tt.pulumi.asked); diff != "" {
				t.Errorf("pulumi (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAPassphraseIsGivenWhereThereIsNone(t *testing.T) {
	for _, name := range []string{"PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"} {
		t.Setenv(name, "") // so that it is put back
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	f := &fakePulumi{}
	s, said := made(f)
	if err := s.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if f.env[0] != "PULUMI_CONFIG_PASSPHRASE=" || !strings.HasPrefix(s.Removal(), "PULUMI_CONFIG_PASSPHRASE= pulumi destroy") {
		t.Errorf("environment %q, removal %q", f.env, s.Removal())
	}
	want := []string{`Making the stack "try".`, `Bringing up the stack "try".`, "  Updating (try):", "   +  one created"}
	if diff := cmp.Diff(want, *said); diff != "" {
		t.Errorf("said (-want +got):\n%s", diff)
	}
}

func TestWhereImageAndMeshComeFromIsInherited(t *testing.T) {
	file := filepath.Join(t.TempDir(), "Pulumi.dev.yaml")
	if got, err := Inherited(file, "p"); err != nil || len(got) != 0 {
		t.Errorf("of no file: %v, %v", got, err)
	}
	text := `encryptionsalt: v1:abc
config:
  kubernetes:context: kind
  docker:host: unix:///run/docker.sock
  aws:region: here
  p:image.repository: you/servicex
  p:image:
    pullSecret: {username: you, password: {secure: AAAB}}
  p:istio: {timeout: 2m}
  p:istio.values: {secure: AAAB}
  p:outlier.consecutiveErrors: 3
  p:namespace: mine
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := Inherited(file, "p")
	if err != nil {
		t.Fatal(err)
	}
	delete(got, "istio-circuit-breaker:image") // an object without members
	want := map[string]string{"kubernetes:context": "kind", "docker:host": "unix:///run/docker.sock",
		"istio-circuit-breaker:image.repository": "you/servicex", "istio-circuit-breaker:istio": `{"timeout":"2m"}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// slowPulumi takes its time over everything, and says nothing.
type slowPulumi struct{}

func (slowPulumi) Run(ctx context.Context, _ runner.Command) (string, error) {
	select {
	case <-time.After(12 * time.Second):
	case <-ctx.Done():
	}
	return "", ctx.Err()
}

func TestNothingIsSilentForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		last, longest := time.Now(), time.Duration(0)
		s := &Stack{Name: "try", Runner: slowPulumi{}, Say: func(string) {
			longest, last = max(longest, time.Since(last)), time.Now()
		}}
		if err := errors.Join(s.Up(t.Context()), s.Down(t.Context(), false)); err != nil {
			t.Fatal(err)
		}
		if longest = max(longest, time.Since(last)); longest > 5*time.Second {
			t.Errorf("silent for %s", longest)
		}
	})
}
