package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
)

// imageToken is the only resource type served, as the SDK registers it.
const imageToken = "docker:index/image:Image"

// provider implements the calls of Pulumi's plugin protocol that a program with
// custom resources makes; the embedded server answers the others as unimplemented.
type provider struct {
	rpc.UnimplementedResourceProviderServer
	report reporter

	running context.Context // ends when Pulumi cancels the operation
	cancel  context.CancelFunc

	mu   sync.Mutex
	host string // docker:host; empty: DOCKER_HOST, or the platform's default
}

func newProvider(ctx context.Context, report reporter) *provider {
	p := &provider{report: report}
	p.running, p.cancel = context.WithCancel(ctx)
	return p
}

// GetPluginInfo names the version that the engine asked for, since it wants no
// older one, and says in the part that it does not compare whose this is.
func (p *provider) GetPluginInfo(context.Context, *emptypb.Empty) (*rpc.PluginInfo, error) {
	return &rpc.PluginInfo{Version: version + "+lab"}, nil
}

// Invoke refuses functions by name: the published plugin has some, this one none.
func (p *provider) Invoke(_ context.Context, req *rpc.InvokeRequest) (*rpc.InvokeResponse, error) {
	return nil, fmt.Errorf("function %q is not implemented by the lab's docker provider, only resource %q is", req.GetTok(), imageToken)
}

// GetSchema returns a schema without types: a Go program has them in its SDK.
func (p *provider) GetSchema(context.Context, *rpc.GetSchemaRequest) (*rpc.GetSchemaResponse, error) {
	return &rpc.GetSchemaResponse{Schema: fmt.Sprintf(`{"name":"docker","version":%q}`, version)}, nil
}

// CheckConfig accepts docker:host and refuses every other setting by name.
func (p *provider) CheckConfig(_ context.Context, req *rpc.CheckRequest) (*rpc.CheckResponse, error) {
	resp := &rpc.CheckResponse{Inputs: req.GetNews()}
	for _, key := range slices.Sorted(maps.Keys(req.GetNews().GetFields())) {
		switch key {
		case "host", "version", "pluginDownloadURL": // the last two are the engine's own
		default:
			resp.Failures = append(resp.Failures, &rpc.CheckFailure{Property: key,
				Reason: fmt.Sprintf("docker:%s is not implemented by the lab's docker provider, only docker:host is", key)})
		}
	}
	return resp, nil
}

// Configure takes the engine's address and says what this plugin is.
func (p *provider) Configure(ctx context.Context, req *rpc.ConfigureRequest) (*rpc.ConfigureResponse, error) {
	host := req.GetVariables()["docker:config:host"] //nolint:staticcheck // deprecated, and what the engine sends
	if v := req.GetArgs().GetFields()["host"].GetStringValue(); host == "" && !isUnknown(v) {
		host = v
	}
	p.mu.Lock()
	p.host = host
	p.mu.Unlock()
	engine, err := p.docker()
	if err != nil {
		return nil, err
	}
	p.report.Info(ctx, "", fmt.Sprintf("docker provider of the lab: serves %s against the engine at %s; not Pulumi's published plugin",
		imageToken, engine.host()))
	// Without acceptSecrets the engine keeps the secret marks of inputs itself.
	return &rpc.ConfigureResponse{SupportsPreview: true}, engine.close()
}

// Check validates the inputs and adds defaults and the digest of the build
// context, by which Diff sees a change of the files.
func (p *provider) Check(ctx context.Context, req *rpc.CheckRequest) (*rpc.CheckResponse, error) {
	if err := serves(req.GetUrn(), req.GetType()); err != nil {
		return nil, err
	}
	in, failures := readInputs(req.GetNews())
	if len(failures) > 0 {
		return &rpc.CheckResponse{Inputs: req.GetNews(), Failures: failures}, nil
	}
	engine, err := p.docker()
	if err != nil {
		return nil, err
	}
	defer engine.close()
	if err := engine.ping(ctx); err != nil {
		return nil, err
	}
	digest := unknownString
	if in.build.located() {
		files, err := readContext(in.build.context, in.build.dockerfile)
		if err != nil {
			return nil, err
		}
		if digest, err = files.digest(); err != nil {
			return nil, err
		}
	}
	return &rpc.CheckResponse{Inputs: checked(req.GetNews(), in, digest)}, nil
}

// Diff compares the inputs alone. New credentials for the same image are no change.
func (p *provider) Diff(_ context.Context, req *rpc.DiffRequest) (*rpc.DiffResponse, error) {
	if err := serves(req.GetUrn(), req.GetType()); err != nil {
		return nil, err
	}
	return diff(req.GetOldInputs(), req.GetNews()), nil
}

// Create builds and pushes the image. Its ID is the image's name.
func (p *provider) Create(ctx context.Context, req *rpc.CreateRequest) (*rpc.CreateResponse, error) {
	if err := serves(req.GetUrn(), req.GetType()); err != nil {
		return nil, err
	}
	name, outputs, err := p.apply(ctx, req.GetUrn(), req.GetProperties(), req.GetPreview())
	if err != nil {
		return nil, err
	}
	if req.GetPreview() {
		name = "" // a resource that does not exist yet has no ID
	}
	return &rpc.CreateResponse{Id: name, Properties: outputs}, nil
}

// Update builds and pushes again; what did not change comes from the builder's cache.
func (p *provider) Update(ctx context.Context, req *rpc.UpdateRequest) (*rpc.UpdateResponse, error) {
	if err := serves(req.GetUrn(), req.GetType()); err != nil {
		return nil, err
	}
	_, outputs, err := p.apply(ctx, req.GetUrn(), req.GetNews(), req.GetPreview())
	if err != nil {
		return nil, err
	}
	return &rpc.UpdateResponse{Properties: outputs}, nil
}

// Read returns the state as it was: like the published plugin, this one does
// not compare it with the registry.
func (p *provider) Read(_ context.Context, req *rpc.ReadRequest) (*rpc.ReadResponse, error) {
	if err := serves(req.GetUrn(), req.GetType()); err != nil {
		return nil, err
	}
	return &rpc.ReadResponse{Id: req.GetId(), Inputs: req.GetInputs(), Properties: req.GetProperties()}, nil
}

// Delete forgets the image and leaves engine and registry alone, as the
// published plugin does.
func (p *provider) Delete(_ context.Context, req *rpc.DeleteRequest) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, serves(req.GetUrn(), req.GetType())
}

// Cancel ends the builds and pushes that are under way.
func (p *provider) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	p.cancel()
	return &emptypb.Empty{}, nil
}

// docker connects to the configured engine. The caller closes it.
func (p *provider) docker() (*engine, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return connect(p.host)
}

// serves refuses all resource types but the one that this plugin knows.
func serves(urn, token string) error {
	if token == "" {
		token = typeOf(urn)
	}
	if token != imageToken {
		return fmt.Errorf("resource type %q is not implemented by the lab's docker provider, only %q is", token, imageToken)
	}
	return nil
}

// apply does the work of Create and Update, and of their previews.
func (p *provider) apply(ctx context.Context, urn string, props *structpb.Struct, preview bool) (string, *structpb.Struct, error) {
	in, failures := readInputs(props)
	if len(failures) > 0 {
		return "", nil, fmt.Errorf("reading input %q: %s", failures[0].GetProperty(), failures[0].GetReason())
	}
	if in.unknown && !preview {
		return "", nil, fmt.Errorf("building %q: some inputs are not known yet", in.imageName)
	}
	if preview && (in.unknown || !in.buildOnPreview) {
		return in.imageName, in.planned(), nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(p.running, cancel)()

	engine, err := p.docker()
	if err != nil {
		return "", nil, err
	}
	defer engine.close()
	if err := engine.ping(ctx); err != nil {
		return "", nil, err
	}
	logins, err := newLogins(in)
	if err != nil {
		return "", nil, err
	}
	status := func(line string) { p.report.Status(ctx, urn, line) }
	status("building " + in.imageName)
	if err := engine.build(ctx, in, logins, status); err != nil {
		return "", nil, err
	}
	image, err := engine.inspect(ctx, in.imageName)
	if err != nil {
		return "", nil, err
	}
	digest := image.ID
	switch {
	case in.skipPush:
	case preview:
		digest = unknownString // only a push tells it
	default:
		status("pushing " + in.imageName)
		if digest, err = engine.push(ctx, in, logins, status); err != nil {
			return "", nil, err
		}
		p.report.Info(ctx, urn, "pushed "+digest)
	}
	outputs, err := in.outputs(digest, image.Os+"/"+image.Architecture)
	if err != nil {
		return "", nil, err
	}
	return in.imageName, withInputs(outputs, props), nil
}
