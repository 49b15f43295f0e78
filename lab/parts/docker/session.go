package main

import (
	"context"
	"crypto/rand"
	"fmt"

	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// session opens BuildKit's way back to this process, on which it asks for
// credentials as it needs them, until end is called. Without one it fetches no
// base image, not even a public one (moby/moby#48112: "no active sessions").
//
// Of what BuildKit's own session package can do this is a hundredth, so that its
// many packages need not be compiled.
func (e *engine) session(ctx context.Context, logins *logins) (id string, end func(), err error) {
	id = rand.Text()
	conn, err := e.client.DialHijack(ctx, "/session", "h2c", map[string][]string{
		"X-Docker-Expose-Session-Uuid":        {id},
		"X-Docker-Expose-Session-Name":        {"pulumi"},
		"X-Docker-Expose-Session-Grpc-Method": {"/" + authService.ServiceName + "/" + authService.Methods[0].MethodName},
	})
	if err != nil {
		return "", nil, fmt.Errorf("opening a session with BuildKit: %w\nhint: build.builderVersion BuilderV1 needs none", err)
	}
	server := grpc.NewServer()
	server.RegisterService(&authService, logins)
	grpc_health_v1.RegisterHealthServer(server, health.NewServer()) // who does not answer is hung up on
	go (&http2.Server{}).ServeConn(conn, &http2.ServeConnOpts{Context: ctx, Handler: server})
	return id, func() { conn.Close() }, nil
}

// authService is the method of moby.filesync.v1.Auth that every BuildKit asks. The
// others are for tokens, and for these, too, it comes back to this one where it is told
// that they are not there.
var authService = grpc.ServiceDesc{
	ServiceName: "moby.filesync.v1.Auth",
	HandlerType: (*any)(nil),
	Methods:     []grpc.MethodDesc{{MethodName: "Credentials", Handler: answerCredentials}},
}

// answerCredentials takes CredentialsRequest and returns CredentialsResponse by
// messages of other names that are the same bytes: a text in field 1; texts in
// fields 1 (user) and 2 (secret).
func answerCredentials(service any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) { //nolint:revive // the order is gRPC's
	var registry wrapperspb.StringValue
	if err := decode(&registry); err != nil {
		return nil, err
	}
	auth := service.(*logins).to(registry.GetValue())
	if auth.IdentityToken != "" { // is sent as the secret of nobody
		return &anypb.Any{Value: []byte(auth.IdentityToken)}, nil
	}
	return &anypb.Any{TypeUrl: auth.Username, Value: []byte(auth.Password)}, nil
}
