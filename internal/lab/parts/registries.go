package parts

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"istio-circuit-breaker/internal/runner"
)

// Limits for each attempt to reach a registry: to connect, and with a tool that
// first has to start.
const (
	dialLimit = 5 * time.Second
	askLimit  = 10 * time.Second
)

// Needs lists what is still to be fetched or built, by the tool that does it;
// it is empty where the cache holds all. The keys are "apt-get", "pip" and "go".
func (b Builder) Needs(ctx context.Context) (map[string][]string, error) {
	needs := map[string][]string{}
	if missing := b.MissingPackages(); len(missing) > 0 {
		needs["apt-get"] = missing
	}
	key, err := b.envoyKey()
	if err != nil {
		return nil, err
	}
	if !there(b.folder("envoy", key)) {
		needs["pip"] = []string{"envoy"}
	}
	for _, p := range goParts {
		key, err := b.key(p)
		if err != nil {
			return nil, fmt.Errorf("looking for part %q: %w", p.name, err)
		}
		if !there(b.folder(p.name, key)) && !b.allFitting(ctx, p.name) {
			needs["go"] = append(needs["go"], p.name)
		}
	}
	return needs, nil
}

// Reach tries the registries that needs will be fetched from, as each tool is
// configured on this machine: Go's and Python's through the tool itself, apt's
// by connecting to it, because apt asks only on its way to change something.
// The error names no host: it ends up in logs, and a mirror's name may be a
// private network's.
func (b Builder) Reach(ctx context.Context, needs map[string][]string) error {
	tries := map[string]func(context.Context) error{"apt-get": b.reachDebian, "pip": b.reachPython, "go": b.reachGo}
	var problems []error
	for _, tool := range slices.Sorted(maps.Keys(needs)) {
		if err := tries[tool](ctx); err != nil {
			problems = append(problems, fmt.Errorf("%s cannot reach its registry: %w", tool, err))
		}
	}
	return errors.Join(problems...)
}

// askedModule is small, and among the dependencies of every part.
const askedModule = "golang.org/x/sys"

// reachGo asks for a list of versions, which Go keeps nowhere. With
// GOPROXY=off somebody has filled the module cache beforehand; whether it holds
// all, the build will tell.
func (b Builder) reachGo(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	out, err := b.Runner.Run(ctx, runner.Command{Args: []string{"go", "env", "GOPROXY"}, Dir: b.Source}) // not logged: it may hold credentials
	if err != nil || strings.TrimSpace(out) == "off" {
		return err
	}
	_, err = b.Runner.Run(ctx, runner.Command{
		Args: []string{"go", "list", "-m", "-versions", askedModule},
		Dir:  b.Source, Env: goEnvironment, Log: b.Log,
	})
	return err
}

// aptProxy finds the proxy in `apt-config dump`.
var aptProxy = regexp.MustCompile(`(?m)^Acquire::https?::Proxy "(\S+)";$`)

func (b Builder) reachDebian(ctx context.Context) error {
	sites, err := b.Runner.Run(ctx, runner.Command{Args: []string{"apt-get", "indextargets", "--format", "$(SITE)"}}) // not logged: it may hold credentials
	if err != nil {
		return err
	}
	config, err := b.Runner.Run(ctx, runner.Command{Args: []string{"apt-config", "dump"}}) // likewise
	if err != nil {
		return err
	}
	proxy := http.ProxyFromEnvironment
	if m := aptProxy.FindStringSubmatch(config); m != nil && m[1] != "DIRECT" {
		proxy = func(*http.Request) (*url.URL, error) { return url.Parse(m[1]) }
	}
	list := slices.Compact(slices.Sorted(slices.Values(strings.Fields(sites))))
	if len(list) == 0 {
		return errors.New("apt has no package sources")
	}
	var problems []error
	for _, site := range list {
		problems = append(problems, dial(ctx, site, proxy))
	}
	return errors.Join(problems...)
}

// pinned finds the name of the wheel in Envoy's requirements file.
var pinned = regexp.MustCompile(`(?m)^([A-Za-z0-9._-]+)==`)

// reachPython asks pip itself: its settings do not tell the index that it takes
// by default. Where there is no pip yet, apt-get comes first.
func (b Builder) reachPython(ctx context.Context) error {
	pip := b.Look("pip3")
	if pip == "" {
		return nil
	}
	pins, err := os.ReadFile(b.envoyPins())
	if err != nil {
		return fmt.Errorf("reading Envoy's pin: %w", err)
	}
	name := pinned.FindSubmatch(pins)
	if name == nil {
		return fmt.Errorf("reading Envoy's pin: %q has no line NAME==VERSION", b.envoyPins())
	}
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	args := []string{pip, "index", "versions", "--timeout", "5", "--retries", "0", string(name[1])}
	_, err = b.Runner.Run(ctx, runner.Command{Args: args, Env: pipEnvironment, Log: b.Log})
	return err
}

// dial connects to the host of an address, or to the proxy in front of it.
func dial(ctx context.Context, address string, proxy func(*http.Request) (*url.URL, error)) error {
	ctx, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, address, nil)
	if err != nil {
		return fmt.Errorf("reading its address: %w", reason(err))
	}
	to := request.URL
	if to.Scheme != "http" && to.Scheme != "https" { // a folder, or a transport of apt's
		return nil
	}
	if by, err := proxy(request); err != nil {
		return fmt.Errorf("reading the proxy's address: %w", reason(err))
	} else if by != nil {
		to = by
	}
	port := to.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[to.Scheme]
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(to.Hostname(), port))
	if err != nil {
		return reason(err)
	}
	return conn.Close()
}

// reason is the part of a network error that names no host.
func reason(err error) error {
	if unknown, ok := errors.AsType[*net.DNSError](err); ok {
		return errors.New("looking up its name: " + unknown.Err)
	}
	if failed, ok := errors.AsType[*net.OpError](err); ok {
		return failed.Err
	}
	if bad, ok := errors.AsType[*url.Error](err); ok {
		return bad.Err
	}
	return err
}
