package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"istio-circuit-breaker/internal/config"

	"sigs.k8s.io/yaml"
)

// Where a cluster says what registry it has: k3d, kind's script, MicroK8s, ctlptl
// and others follow KEP-1755, "Communicating a local registry".
const (
	hostingNamespace = "kube-public"
	hostingName      = "local-registry-hosting"
	hostingKey       = "localRegistryHosting.v1"
	hostingPlace     = "ConfigMap " + hostingNamespace + "/" + hostingName
)

// imageName is the image's own part of its repository in the cluster's registry.
const imageName = "servicex"

// hosting is what a cluster says of its registry; a field may be empty.
type hosting struct {
	// Host is the registry for this machine, HostFromContainerRuntime for the
	// nodes. What pods make of it (hostFromClusterNetwork) matters to nobody here.
	Host                     string `json:"host"`
	HostFromContainerRuntime string `json:"hostFromContainerRuntime"`
	Help                     string `json:"help"` // URL of how to set the registry up
}

// byHand is the way out of all that may be wrong with the cluster's own word.
const byHand = "pulumi config set image.repository docker.io/YOU/servicex, to name a registry by hand"

// askForRegistry makes the image's repository that of the cluster's registry,
// where none is set.
func askForRegistry(ctx context.Context, c *cluster, cfg config.Image) (config.Image, note, error) {
	if cfg.Named() {
		return cfg, note{}, nil
	}
	found, err := findRegistry(ctx, c)
	if err != nil {
		return cfg, note{}, err
	}
	cfg = found.complete(cfg)
	return cfg, note{text: fmt.Sprintf("the registry is that of the cluster (%s): the image goes to %s, pods pull from %s; image.repository would win",
		hostingPlace, cfg.Repository, pullName(cfg))}, nil
}

// findRegistry asks the cluster for its registry. That it has none is the
// configuration's problem: then somebody has to name one.
func findRegistry(ctx context.Context, c *cluster) (hosting, error) {
	data, err := c.configMap(ctx, hostingNamespace, hostingName)
	if errors.Is(err, errNotFound) {
		return hosting{}, config.NoImage()
	}
	if err != nil {
		return hosting{}, advise(fmt.Errorf("looking for the cluster's registry in %s: %w", hostingPlace, err), byHand)
	}
	found, err := readHosting(data)
	if err != nil {
		hint := byHand
		if found.Help != "" {
			hint = "set the registry up as " + found.Help + " says; or " + byHand
		}
		return hosting{}, advise(fmt.Errorf("reading the cluster's registry from %s: %w", hostingPlace, err), hint)
	}
	return found, nil
}

// readHosting reads the ConfigMap's data. Of one that is of no use it returns as
// much as can be read.
func readHosting(data map[string]string) (hosting, error) {
	var h hosting
	text, ok := data[hostingKey]
	if !ok {
		return h, fmt.Errorf("there is no key %q", hostingKey)
	}
	if err := yaml.Unmarshal([]byte(text), &h); err != nil {
		return h, fmt.Errorf("decoding %q: %w", hostingKey, err)
	}
	h.Host = reachable(h.Host)
	if h.Host == "" {
		return h, fmt.Errorf("%q names no host", hostingKey)
	}
	if err := config.CheckRegistry(h.Host); err != nil {
		return h, fmt.Errorf("host %q of %q %w", h.Host, hostingKey, err)
	}
	if h.HostFromContainerRuntime == "" {
		return h, nil
	}
	if err := config.CheckRegistry(h.HostFromContainerRuntime); err != nil {
		return h, fmt.Errorf("hostFromContainerRuntime %q of %q %w", h.HostFromContainerRuntime, hostingKey, err)
	}
	return h, nil
}

// reachable is host, but localhost for "any address" of this machine, which some
// versions of k3d write (k3d-io/k3d#449): one can listen there, but Docker
// pushes only to localhost without encryption.
func reachable(host string) string {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		return host
	}
	if ip, err := netip.ParseAddr(name); err == nil && ip.IsUnspecified() {
		return net.JoinHostPort("localhost", port)
	}
	return host
}

// complete is the configuration with the registry filled in. A name for the
// cluster's side that is set stays.
func (h hosting) complete(cfg config.Image) config.Image {
	cfg.Repository = h.Host + "/" + imageName
	if cfg.PullRepository == "" && h.HostFromContainerRuntime != "" {
		cfg.PullRepository = h.HostFromContainerRuntime + "/" + imageName
	}
	return cfg
}
