package main

import (
	"context"
	"fmt"
	"io"
	"net"

	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
)

// serve answers Pulumi's calls on a free loopback port, whose number it prints
// on out as the plugin protocol wants it, until ctx ends or the engine at
// address goes away.
func serve(ctx context.Context, address string, out io.Writer) error {
	// Without an idle timeout the connection ends only with the engine.
	engine, err := grpc.NewClient("passthrough:///"+address,
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithIdleTimeout(0))
	if err != nil {
		return fmt.Errorf("connecting to the engine of pulumi at %q: %w", address, err)
	}
	defer engine.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening for pulumi: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server := grpc.NewServer()
	rpc.RegisterResourceProviderServer(server, newProvider(ctx, &engineLog{rpc.NewEngineClient(engine)}))
	go func() {
		defer cancel()
		untilLost(ctx, engine)
	}()
	context.AfterFunc(ctx, server.Stop)
	if _, err := fmt.Fprintln(out, listener.Addr().(*net.TCPAddr).Port); err != nil {
		return fmt.Errorf("telling pulumi the port: %w", err)
	}
	if err := server.Serve(listener); err != nil {
		return fmt.Errorf("serving pulumi: %w", err)
	}
	return nil
}

// untilLost returns when a connection that was ready breaks, or ctx ends: an
// engine that was killed stops no plugins.
func untilLost(ctx context.Context, conn *grpc.ClientConn) {
	conn.Connect()
	wasReady := false
	for state := conn.GetState(); ; state = conn.GetState() {
		if wasReady && state != connectivity.Ready {
			return
		}
		wasReady = state == connectivity.Ready
		if !conn.WaitForStateChange(ctx, state) {
			return
		}
	}
}

// reporter tells the user about one resource's progress.
type reporter interface {
	// Info keeps message in the output of the run. An empty urn means the run as a whole.
	Info(ctx context.Context, urn, message string)
	// Status shows message beside the resource until the next one.
	Status(ctx context.Context, urn, message string)
}

// engineLog reports through the engine of Pulumi. A report that is lost is no
// reason to fail a build, so errors end here.
type engineLog struct{ engine rpc.EngineClient }

func (l *engineLog) Info(ctx context.Context, urn, message string) {
	_, _ = l.engine.Log(ctx, &rpc.LogRequest{Severity: rpc.LogSeverity_INFO, Urn: urn, Message: message})
}

func (l *engineLog) Status(ctx context.Context, urn, message string) {
	_, _ = l.engine.Log(ctx, &rpc.LogRequest{Severity: rpc.LogSeverity_INFO, Urn: urn, Message: message, Ephemeral: true})
}
