package lab

import (
	"errors"
	"os"
	"strings"
	"testing"

	"istio-circuit-breaker/internal/hint"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/tools/clientcmd"
)

func TestUpTakesTheLabsPortsOrOthers(t *testing.T) {
	tests := []struct {
		name  string
		taken []string
		want  []Reach
		says  string
	}{
		{"all are free", nil, []Reach{
			{"API server", "127.0.0.1:6443", "127.0.0.1:6443"},
			{"registry", "127.0.0.1:5000", "127.0.0.1:5000"},
		}, "starting the node\n"},
		{"one is taken", []string{"127.0.0.1:5000"}, []Reach{
			{"API server", "127.0.0.1:6443", "127.0.0.1:6443"},
			{"registry", "127.0.0.1:40000", "127.0.0.1:5000"},
		}, "starting the node: 127.0.0.1:5000 is taken on this machine, the registry is at 127.0.0.1:40000\n"},
		{"both are taken", []string{"127.0.0.1:5000", "127.0.0.1:6443"}, []Reach{
			{"API server", "127.0.0.1:40000", "127.0.0.1:6443"},
			{"registry", "127.0.0.1:40000", "127.0.0.1:5000"},
		}, "the API server is at 127.0.0.1:40000; 127.0.0.1:5000 is taken"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr := newTrial(t)
			tr.host.taken = map[string]bool{}
			for _, address := range tt.taken {
				tr.host.taken[address] = true
			}
			if err := tr.Up(t.Context()); err != nil {
				t.Fatal(err)
			}
			got, err := tr.reaches()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("kept (-want +got):\n%s", diff)
			}
			if !strings.Contains(tr.shown(), tt.says) {
				t.Errorf("shown: %s\nwant %q in it", tr.shown(), tt.says)
			}
			if tr.host.handed != 3 {
				t.Errorf("the supervisor got %d files, want two sockets and the cache's lock", tr.host.handed)
			}
		})
	}
}

func TestUpFailsWhereNothingCanBeListenedOn(t *testing.T) {
	tr := newTrial(t)
	tr.host.taken = map[string]bool{"127.0.0.1:6443": true, "127.0.0.1:0": true}
	err := tr.Up(t.Context())
	if want := "starting the node: listening for the API server: listen tcp: address already in use"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %q", err, want)
	}
}

func TestTheKubeconfigForThisMachine(t *testing.T) {
	tr := newTrial(t)
	if _, err := tr.HostKubeconfig(); !errors.Is(err, errNotRunning) {
		t.Errorf("where no lab runs: got %v", err)
	}
	tr.host.taken = map[string]bool{"127.0.0.1:6443": true}
	if err := tr.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	text, err := tr.HostKubeconfig()
	if err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.RESTConfigFromKubeConfig([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if config.Host != "https://127.0.0.1:40000" {
		t.Errorf("server: got %s", config.Host)
	}
	for name, got := range map[string][]byte{"ca.crt": config.CAData, "admin.crt": config.CertData, "admin.key": config.KeyData} {
		want, err := os.ReadFile(tr.pki(name))
		if err != nil || string(got) != string(want) {
			t.Errorf("%s: got %q, want %q, %v", name, got, want, err)
		}
	}
	if err := os.Remove(tr.pki("admin.key")); err != nil {
		t.Fatal(err)
	}
	if text, err := tr.HostKubeconfig(); text != "" || err == nil || !strings.HasPrefix(err.Error(), "reading the keys for a kubeconfig: open ") {
		t.Errorf("without a key: got %q and %v", text, err)
	}
}

func TestAnOlderLabReachesNothing(t *testing.T) {
	tr := up(t)
	for content, want := range map[string]string{
		"{":                    "reading what this machine reaches of the lab from ",
		"[]":                   "reading what this machine reaches of the lab from ",
		`[{"name":"another"}]`: "reading what this machine reaches of the lab from ",
	} {
		file(t, tr.reach(), content)
		if _, err := tr.HostKubeconfig(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("with %s: got %v, want %q", content, err, want)
		}
	}
	if err := os.Remove(tr.reach()); err != nil {
		t.Fatal(err)
	}
	if _, err := tr.HostKubeconfig(); err == nil || !strings.Contains(hint.Of(err), "lab down") {
		t.Errorf("got %v with hint %q", err, hint.Of(err))
	}
	tr.box = tr.host.running[0]
	if got := tr.hostEnvironment(); len(got) > 0 {
		t.Errorf("environment: got %q, want nothing that leads nowhere", got)
	}
	if err := tr.follow(); err != nil { // nothing is started
		t.Error(err)
	}
}

func TestFollowNeedsItsArguments(t *testing.T) {
	if err := Follow(t.Context(), []string{"one"}); err == nil {
		t.Error("it takes one")
	}
}
