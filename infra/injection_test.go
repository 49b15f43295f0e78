package main

import (
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/pulumitest"
)

func TestNoPodIsMadeBeforeTheWebhookInjects(t *testing.T) {
	r := run{api: &fakeAPI{refusals: 3}}
	r.engine.Fail = func(typ, name string) error {
		if (typ == typeDeployment || typ == typeRule) && r.api.asked.Load() < 4 {
			t.Errorf("%s was registered after %d questions, while the webhook still refuses", name, r.api.asked.Load())
		}
		return nil
	}
	r.must(t)
	if got := r.api.asked.Load(); got != 4 {
		t.Errorf("asked %d times, want 4", got)
	}
}

func TestPreviewDoesNotWaitForInjection(t *testing.T) {
	r := run{preview: true, api: &fakeAPI{refusals: 1 << 30}}
	r.must(t)
	if got := r.api.asked.Load(); got != 0 {
		t.Errorf("a preview asked %d times", got)
	}
	if got := r.engine.Resource(t, typeDeployment, "servicex").DependsOn(); !strings.Contains(strings.Join(got, " "), "istiod") {
		t.Errorf("in a preview servicex depends on %v", got)
	}
}

func TestWaitForInjection(t *testing.T) {
	const mesh = "\nhint: kubectl -n istio-system get pods"
	for name, c := range map[string]struct {
		api  *fakeAPI
		want string // part of the error; empty for none
		hint string
	}{
		"a sidecar container":       {&fakeAPI{}, "", ""},
		"a native sidecar":          {&fakeAPI{native: true}, "", ""},
		"a webhook that is late":    {&fakeAPI{refusals: 5}, "", ""},
		"a webhook that never is":   {&fakeAPI{refusals: 1 << 30}, `failed calling webhook "namespace.sidecar-injector.istio.io"`, mesh},
		"no webhook for the pod":    {&fakeAPI{bare: true}, "a new pod would have no sidecar", mesh},
		"no certificate to mount":   {&fakeAPI{noRootCert: true}, `the sidecar's ConfigMap "istio-ca-root-cert" is not there yet`, mesh},
		"an API server with a cold": {&fakeAPI{down: true}, "the API server answered 503: etcd is gone", "\nhint: the cluster is in trouble, not the stack"},
	} {
		t.Run(name, func(t *testing.T) {
			connect := c.api.start(t)
			server, err := connect()
			if err != nil {
				t.Fatal(err)
			}
			err = waitInjection(t.Context(), server, "demo", "", patience{limit: 100 * time.Millisecond, refused: time.Minute, poll: time.Millisecond}, ignore)
			if c.want == "" {
				if err != nil {
					t.Errorf("waiting: %v", err)
				}
				return
			}
			for _, want := range []string{`waiting for Istio to inject sidecars into namespace "demo"`, "of at most 100ms", c.want, c.hint} {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("waiting: %v\nwant %q", err, want)
				}
			}
		})
	}
}

// A quota or a policy does not go away by waiting: that of the lab takes minutes.
func TestARefusalOfAdmissionIsToldAtOnceAndEndsTheWaitSoon(t *testing.T) {
	const words = "pods \"injection-probe-x\" is forbidden: exceeded quota: small, requested: pods=1, used: pods=0, limited: pods=0"
	api := &fakeAPI{refused: words}
	server, err := api.start(t)()
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	began := time.Now()
	err = waitInjection(t.Context(), server, "demo", "", patience{limit: time.Minute, refused: 20 * time.Millisecond, poll: time.Millisecond},
		func(line string) { told = append(told, line) })
	if err == nil || !strings.Contains(err.Error(), words) || !strings.Contains(err.Error(), "a quota or a policy of the namespace does not let the pod in") {
		t.Errorf("waiting: %v, want the refusal's words and what to do", err)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("waited %s for what does not go away", took)
	}
	if len(told) != 1 || !strings.Contains(told[0], words) {
		t.Errorf("told while waiting: %q, want the refusal once", told)
	}
}

// Nothing needs to come in then, and a rule can still be tuned.
func TestAQuotaThatTheStacksOwnPodsUseUpHoldsNothingBack(t *testing.T) {
	api := &fakeAPI{refused: "exceeded quota: small", runs: true}
	server, err := api.start(t)()
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	err = waitInjection(t.Context(), server, "demo", "", patience{limit: time.Minute, refused: time.Minute, poll: time.Millisecond},
		func(line string) { told = append(told, line) })
	if err != nil || len(told) != 1 || !strings.Contains(told[0], "exceeded quota: small") {
		t.Errorf("got %v, told %q, want no error and the refusal", err, told)
	}
}

func ignore(string) {}

func TestFailedWaitEndsTheUpdateWithoutPods(t *testing.T) {
	api := &fakeAPI{bare: true}
	p := program{raw: settings{}.raw(), connect: api.start(t), machine: plainMachine(), limit: 50 * time.Millisecond, poll: time.Millisecond}
	engine := pulumitest.Engine{Outputs: providers}
	err := engine.Run(project, stack, false, p.run)
	if err == nil || !strings.Contains(err.Error(), "a new pod would have no sidecar") {
		t.Errorf("running: %v", err)
	}
	for _, key := range engine.Keys() {
		if strings.HasPrefix(key, typeDeployment) || strings.HasPrefix(key, typeRule) {
			t.Errorf("%s was made all the same", key)
		}
	}
}
