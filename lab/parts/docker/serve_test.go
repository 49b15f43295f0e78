package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"
)

// pulumi is the engine's side of the plugin protocol: it hears logs.
type pulumi struct {
	rpc.UnimplementedEngineServer
	logs chan *rpc.LogRequest
}

func (p *pulumi) Log(_ context.Context, req *rpc.LogRequest) (*emptypb.Empty, error) {
	p.logs <- req
	return &emptypb.Empty{}, nil
}

func TestPluginSpeaksToPulumiAndEndsWithIt(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	host := &pulumi{logs: make(chan *rpc.LogRequest, 1)}
	server := grpc.NewServer()
	rpc.RegisterEngineServer(server, host)
	go server.Serve(listener)
	defer server.Stop()

	out, w := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- serve(t.Context(), listener.Addr().String(), w) }()
	port, err := bufio.NewReader(out).ReadString('\n')
	must(t, err)

	conn, err := grpc.NewClient("127.0.0.1:"+strings.TrimSpace(port), grpc.WithTransportCredentials(insecure.NewCredentials()))
	must(t, err)
	defer conn.Close()
	plugin := rpc.NewResourceProviderClient(conn)
	info, err := plugin.GetPluginInfo(t.Context(), &emptypb.Empty{})
	must(t, err)
	if want := version + "+lab"; info.GetVersion() != want {
		t.Errorf("version %q, want %q", info.GetVersion(), want)
	}
	config := map[string]string{"docker:config:host": "unix:///run/lab/docker.sock"}
	resp, err := plugin.Configure(t.Context(), &rpc.ConfigureRequest{Variables: config}) //nolint:staticcheck // deprecated, and what the engine sends
	must(t, err)
	if resp.GetAcceptSecrets() || !resp.GetSupportsPreview() {
		t.Errorf("capabilities %v, want previews, and secrets kept by the engine", resp)
	}
	want := "docker provider of the lab: serves docker:index/image:Image against the engine at unix:///run/lab/docker.sock; not Pulumi's published plugin"
	if got := (<-host.logs).GetMessage(); got != want {
		t.Errorf("first log: got %q, want %q", got, want)
	}

	server.Stop()
	select {
	case err := <-ended:
		must(t, err)
	case <-time.After(10 * time.Second):
		t.Error("the plugin still runs 10 s after the engine of pulumi is gone")
	}
}
