package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/distribution/reference"
	"github.com/moby/moby/api/pkg/authconfig"
	builder "github.com/moby/moby/api/types/build"
	"github.com/moby/moby/client"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// pingLimit is how long an engine may take to say that it is there.
const pingLimit = 10 * time.Second

// engine is a connection to a Docker engine.
type engine struct{ client *client.Client }

// connect makes a client for host, such as unix:///var/run/docker.sock or
// tcp://127.0.0.1:2375; an empty host means DOCKER_HOST, or the platform's
// default. Nothing is sent yet.
func connect(host string) (*engine, error) {
	if strings.HasPrefix(host, "ssh://") {
		return nil, fmt.Errorf("connecting to docker at %q: ssh is not implemented by the lab's docker provider, only unix and tcp are", host)
	}
	options := []client.Opt{client.FromEnv}
	if host != "" {
		options = append(options, client.WithHost(host))
	}
	c, err := client.New(options...)
	if err != nil {
		return nil, fmt.Errorf("connecting to docker at %q: %w", host, err)
	}
	return &engine{c}, nil
}

func (e *engine) host() string { return e.client.DaemonHost() }

func (e *engine) close() error { return e.client.Close() }

// ping fails, with what to do about it, when no engine answers.
func (e *engine) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingLimit)
	defer cancel()
	if _, err := e.client.Ping(ctx, client.PingOptions{NegotiateAPIVersion: true}); err != nil {
		return fmt.Errorf("reaching the docker engine at %s: %w\nhint: start it, or name another one: "+
			"`pulumi config set docker:host unix:///path/to/docker.sock`, or DOCKER_HOST", e.host(), err)
	}
	return nil
}

// build sends the context and waits until the image has its name. BuildKit, too,
// reads the context from the request's body: its session is for credentials alone.
func (e *engine) build(ctx context.Context, in image, logins *logins, status func(string)) error {
	files, err := readContext(in.build.context, in.build.dockerfile)
	if err != nil {
		return err
	}
	options := client.ImageBuildOptions{
		Tags:        []string{in.imageName},
		Dockerfile:  files.dockerfile,
		Target:      in.build.target,
		NetworkMode: in.build.network,
		ExtraHosts:  in.build.addHosts,
		BuildArgs:   map[string]*string{},
		Remove:      true,
		Version:     builder.BuilderBuildKit,
	}
	if in.build.classic {
		options.Version = builder.BuilderV1
		options.AuthConfigs = logins.all() // it cannot ask
	} else {
		session, end, err := e.session(ctx, logins)
		if err != nil {
			return fmt.Errorf("building %q: %w", in.imageName, err)
		}
		defer end()
		options.SessionID = session
	}
	for name, value := range in.build.args {
		options.BuildArgs[name] = &value
	}
	if parts := strings.Split(in.build.platform, "/"); len(parts) > 1 {
		platform := ocispec.Platform{OS: parts[0], Architecture: parts[1]}
		platform.Variant = strings.Join(parts[2:], "/")
		options.Platforms = []ocispec.Platform{platform}
	}
	archive, w := io.Pipe()
	defer archive.Close() // ends the writer if the engine does not read on
	go func() { w.CloseWithError(files.writeTar(w)) }()
	result, err := e.client.ImageBuild(ctx, archive, options)
	if err != nil {
		return fmt.Errorf("building %q: %w", in.imageName, err)
	}
	defer result.Body.Close()
	progress := newProgress(status)
	if err := progress.read(result.Body); err != nil {
		return fmt.Errorf("building %q: %w%s%s", in.imageName, err, progress.tail(), logins.hint(err, progress.tail()))
	}
	return nil
}

// push sends the image to its registry and returns repository@digest.
func (e *engine) push(ctx context.Context, in image, logins *logins, status func(string)) (string, error) {
	named, err := reference.ParseNormalizedNamed(in.imageName)
	if err != nil {
		return "", fmt.Errorf("pushing %q: %w", in.imageName, err)
	}
	auth, err := authconfig.Encode(logins.to(reference.Domain(named)))
	if err != nil {
		return "", fmt.Errorf("encoding credentials for %q: %w", in.imageName, err)
	}
	stream, err := e.client.ImagePush(ctx, in.imageName, client.ImagePushOptions{RegistryAuth: auth})
	if err != nil {
		return "", fmt.Errorf("pushing %q: %w", in.imageName, err)
	}
	defer stream.Close()
	progress := newProgress(status)
	if err := progress.read(stream); err != nil {
		return "", fmt.Errorf("pushing %q: %w%s", in.imageName, err, logins.hint(err, in.imageName))
	}
	if progress.digest == "" {
		return "", fmt.Errorf("pushing %q: %w", in.imageName, errors.New("the engine told no digest"))
	}
	return named.Name() + "@" + progress.digest, nil
}

// inspect describes the image that the name stands for now.
func (e *engine) inspect(ctx context.Context, name string) (client.ImageInspectResult, error) {
	image, err := e.client.ImageInspect(ctx, name)
	if err != nil {
		return client.ImageInspectResult{}, fmt.Errorf("inspecting %q: %w", name, err)
	}
	return image, nil
}
