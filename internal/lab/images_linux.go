package lab

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"istio-circuit-breaker/internal/lab/images"
	"istio-circuit-breaker/internal/lab/node"
	"istio-circuit-breaker/internal/runner"
)

func (l *Lab) engine() images.Engine {
	return images.Engine{Runner: l.Runner, Enter: l.box.Enter, Socket: l.dockerSocket(), Config: l.dockerConf(), Storage: l.registry(), Log: l.log}
}

// registryAddress is where the registry listens in the lab's network.
const registryAddress = "127.0.0.1:5000"

func (l *Lab) registryAnswers() error {
	conn, err := l.box.Dial(registryAddress, time.Second)
	if err != nil {
		return fmt.Errorf("asking the registry: %w", err)
	}
	return conn.Close()
}

func (l *Lab) dockerAnswers() error {
	conn, err := net.DialTimeout("unix", l.dockerSocket(), time.Second)
	if err != nil {
		return fmt.Errorf("asking the Docker engine: %w", err)
	}
	return conn.Close()
}

// reference names a lab image; the tag is the content it was made from.
func (l *Lab) reference(name string) string {
	h := sha256.New()
	fmt.Fprintln(h, images.Recipe)
	for _, part := range []string{"cluster", "agent", "envoy", "pause"} {
		fmt.Fprintln(h, filepath.Base(l.folders[part]))
	}
	return fmt.Sprintf("%s/%s:%x", node.Registry, name, h.Sum(nil)[:6])
}

func (l *Lab) importImages(ctx context.Context) error {
	err := l.until(ctx, "the Docker engine and the registry", []string{"docker-registry", "containerd", "dockerd"}, func(context.Context) error {
		return errors.Join(l.registryAnswers(), l.dockerAnswers())
	})
	if err != nil {
		return err
	}
	istio, err := l.builder().ModuleFolder(ctx, "istio.io/istio")
	if err != nil {
		return err
	}
	goRoot, err := l.Runner.Run(ctx, runner.Command{Args: []string{"go", "env", "GOROOT"}, Dir: l.Source, Log: l.log})
	if err != nil {
		return err
	}
	f := images.Folders{
		Cluster: l.folders["cluster"], Agent: l.folders["agent"], Envoy: l.folders["envoy"], Pause: l.folders["pause"],
		Istio: istio, GoRoot: strings.TrimSpace(goRoot),
		Iptables: l.Machine.Look("xtables-nft-multi"), Root: l.Machine.Root,
	}
	for _, i := range []images.Image{
		images.Pause(l.reference("pause"), f),
		images.Pilot(l.reference("istio/pilot"), f),
		images.Proxy(l.reference("istio/proxyv2"), f),
	} {
		l.Progress.Note(i.Reference)
		if err := l.engine().Push(ctx, i); err != nil {
			return err
		}
	}
	golang, err := l.builderImage()
	if err != nil {
		return err
	}
	l.Progress.Note(golang)
	key := runtime.Version() + "-" + images.Recipe
	if l.engine().Has(ctx, golang, images.Label, key) {
		return nil
	}
	return l.engine().Import(ctx, images.Golang(golang, key, f))
}

// from finds the image that ServiceX is built with in its Dockerfile, the one
// place where it is pinned.
var from = regexp.MustCompile(`(?m)^FROM (?:--platform=\S+ )?(golang:\S+)`)

func (l *Lab) builderImage() (string, error) {
	file := filepath.Join(l.Source, "servicex", "Dockerfile")
	content, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("reading ServiceX' Dockerfile: %w", err)
	}
	m := from.FindSubmatch(content)
	if m == nil {
		return "", fmt.Errorf("reading ServiceX' Dockerfile: %q has no line `FROM golang:TAG`", file)
	}
	return string(m[1]), nil
}
