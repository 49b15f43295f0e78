package images

import (
	"errors"
	"io"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

// engine is one whose commands go to run, and whose registry is an empty folder.
func engine(t *testing.T, run *fakeRunner) Engine {
	t.Helper()
	return Engine{
		Runner: run, Socket: "/lab/docker.sock", Config: "/lab/docker-client", Storage: t.TempDir(), Log: io.Discard,
		Enter: func(args ...string) []string { return append([]string{"enter"}, args...) },
	}
}

var small = Image{
	Reference: "localhost:5000/istio/pilot:abc",
	Changes:   []string{`ENTRYPOINT ["/pilot"]`, "USER 1337"},
	Texts:     map[string]string{"etc/passwd": "root\n"},
}

// The commands that small is brought into the engine and the registry with.
const (
	importSmall = `enter docker import --change 'ENTRYPOINT ["/pilot"]' --change 'USER 1337' - localhost:5000/istio/pilot:abc`
	pushSmall   = "enter docker push --quiet localhost:5000/istio/pilot:abc"
	removeSmall = "enter docker image rm localhost:5000/istio/pilot:abc"
)

func TestPushStreamsTheImageIntoTheEngineAndOnToTheRegistry(t *testing.T) {
	run := &fakeRunner{}
	if err := engine(t, run).Push(t.Context(), small); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{importSmall, pushSmall, removeSmall}, run.asked); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
	host := []string{"DOCKER_HOST=unix:///lab/docker.sock", "DOCKER_CONFIG=/lab/docker-client"}
	if diff := cmp.Diff([][]string{host, host, host}, run.env); diff != "" {
		t.Errorf("environments (-want +got):\n%s", diff)
	}
	if len(run.read) != 1 {
		t.Fatalf("got %d streams, want the image's", len(run.read))
	}
	want := "dtrwxrwxrwx    0 tmp/\ndrwxr-xr-x    0 etc/\n-rw-r--r--    5 etc/passwd\n"
	if diff := cmp.Diff(want, listing(t, run.read[0])); diff != "" {
		t.Errorf("streamed (-want +got):\n%s", diff)
	}
}

func TestEachStepOfAPushSaysWhatItDid(t *testing.T) {
	broken := errors.New("broken")
	tests := []struct{ fails, want string }{
		{importSmall, `importing image "localhost:5000/istio/pilot:abc": broken`},
		{pushSmall, `pushing image "localhost:5000/istio/pilot:abc": broken`},
		{removeSmall, `removing the engine's copy of "localhost:5000/istio/pilot:abc": broken`},
	}
	for _, tt := range tests {
		t.Run(tt.want, func(t *testing.T) {
			// Fails as well where the stream's writer is left behind.
			synctest.Test(t, func(t *testing.T) {
				run := &fakeRunner{answers: map[string]answer{importSmall: {}, pushSmall: {}, removeSmall: {}}}
				// A command that fails may not have read what was streamed to it.
				run.answers[tt.fails] = answer{err: broken, unread: true}
				err := engine(t, run).Push(t.Context(), small)
				if !errors.Is(err, broken) || err.Error() != tt.want {
					t.Errorf("got %v, want %q", err, tt.want)
				}
			})
		})
	}
}

func TestAnImageThatCannotBeComposedIsNotImported(t *testing.T) {
	i := small
	i.Files = map[string]string{"f": filepath.Join(t.TempDir(), "missing")}
	run := &fakeRunner{}
	err := engine(t, run).Push(t.Context(), i)
	if err == nil || len(run.asked) != 1 {
		t.Errorf("got %v after %q, want the error of the import", err, run.asked)
	}
}

func TestHasComparesTheLabel(t *testing.T) {
	inspect := `enter docker image inspect --format '{{index .Config.Labels "` + Label + `"}}' golang:1.26`
	tests := []struct {
		name   string
		answer answer
		want   bool
	}{
		{"the same", answer{out: "key\n"}, true},
		{"another", answer{out: "old\n"}, false},
		{"none", answer{out: "\n"}, false},
		{"no such image", answer{err: errors.New("no such image")}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			run := &fakeRunner{answers: map[string]answer{inspect: tt.answer}}
			if got := engine(t, run).Has(t.Context(), "golang:1.26", Label, "key"); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
