package helm

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/internals"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/provider"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
)

// monitor is an engine that has no features.
type monitor struct {
	pulumirpc.UnimplementedResourceMonitorServer
}

func (monitor) SupportsFeature(context.Context, *pulumirpc.SupportsFeatureRequest) (*pulumirpc.SupportsFeatureResponse, error) {
	return &pulumirpc.SupportsFeatureResponse{}, nil
}

// startMonitor returns the address of a monitor that is there until t ends.
func startMonitor(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	pulumirpc.RegisterResourceMonitorServer(server, monitor{})
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return listener.Addr().String()
}

// What a program gives to a chart arrives at the provider, by the way that its
// Chart takes.
func TestAChartsOptionsArrive(t *testing.T) {
	inputs, err := plugin.MarshalProperties(resource.NewPropertyMapFromMap(map[string]any{
		"repositoryOpts": map[string]any{"repo": "https://charts.example", "username": "ann"},
		"postRenderer":   map[string]any{"command": "sed", "args": []any{"s/a/b/"}},
	}), plugin.MarshalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	called := errors.New("called") // the provider makes a status of it
	request := &pulumirpc.ConstructRequest{Project: "p", Stack: "s", MonitorEndpoint: startMonitor(t), Inputs: inputs}
	_, err = provider.Construct(t.Context(), request, nil,
		func(ctx *pulumi.Context, _, _ string, inputs provider.ConstructInputs, _ pulumi.ResourceOption) (*provider.ConstructResult, error) {
			var args struct {
				RepositoryOpts RepositoryOptsInput `pulumi:"repositoryOpts,optional"`
				PostRenderer   PostRendererInput   `pulumi:"postRenderer,optional"`
			}
			if err := inputs.CopyTo(&args); err != nil {
				return nil, err
			}
			result, err := internals.UnsafeAwaitOutput(context.Background(), pulumi.All(args.RepositoryOpts, args.PostRenderer))
			if err != nil {
				return nil, err
			}
			values := result.Value.([]any)
			if got, ok := values[0].(RepositoryOpts); !ok || *got.Repo != "https://charts.example" || *got.Username != "ann" || got.Password != nil {
				t.Errorf("got repository options %#v", values[0])
			}
			if got, ok := values[1].(PostRenderer); !ok || got.Command != "sed" || len(got.Args) != 1 {
				t.Errorf("got post-renderer %#v", values[1])
			}
			return nil, called
		})
	if got := status.Convert(err).Message(); got != called.Error() {
		t.Errorf("got %v, want to be called", err)
	}
}
