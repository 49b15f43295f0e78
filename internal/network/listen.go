package network

import (
	"context"
	"net"
	"os"
)

// HostVariable names the file of the network namespace in which commands of
// the lab listen for the user's browser: that of the host.
const HostVariable = "ISTIO_CIRCUIT_BREAKER_HOST_NETWORK"

// Listen listens at a numeric address of the host's network where HostVariable
// is set, else of this process's. The address that is printed is so the one
// that a browser finds, and a port that is taken on the host is an error here,
// which no relay could promise.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	host := os.Getenv(HostVariable)
	if host == "" {
		var config net.ListenConfig
		return config.Listen(ctx, "tcp", address)
	}
	return ListenIn(ctx, host, address)
}

// ListenIn listens at a numeric address of the network that file is of.
func ListenIn(ctx context.Context, file, address string) (net.Listener, error) {
	var listener net.Listener
	err := In(file, func() (err error) {
		var config net.ListenConfig
		listener, err = config.Listen(ctx, "tcp", address)
		return err
	})
	return listener, err
}
