// Package helm has what the provider's Chart takes of the SDK's package of that
// name.
package helm

import (
	"reflect"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func init() {
	pulumi.RegisterInputType(reflect.TypeFor[RepositoryOptsInput](), RepositoryOptsArgs{})
	pulumi.RegisterInputType(reflect.TypeFor[PostRendererInput](), PostRendererArgs{})
	pulumi.RegisterOutputType(RepositoryOptsOutput{})
	pulumi.RegisterOutputType(PostRendererOutput{})
}

// RepositoryOpts say where a chart is fetched from.
type RepositoryOpts struct {
	CaFile   pulumi.AssetOrArchive `pulumi:"caFile"`
	CertFile pulumi.AssetOrArchive `pulumi:"certFile"`
	KeyFile  pulumi.AssetOrArchive `pulumi:"keyFile"`
	Password *string               `pulumi:"password"`
	Repo     *string               `pulumi:"repo"`
	Username *string               `pulumi:"username"`
}

// RepositoryOptsInput is RepositoryOptsArgs or RepositoryOptsOutput.
type RepositoryOptsInput interface {
	pulumi.Input
	ToRepositoryOptsOutput() RepositoryOptsOutput
}

// RepositoryOptsArgs are RepositoryOpts that may not be known yet.
type RepositoryOptsArgs struct {
	CaFile   pulumi.AssetOrArchiveInput `pulumi:"caFile"`
	CertFile pulumi.AssetOrArchiveInput `pulumi:"certFile"`
	KeyFile  pulumi.AssetOrArchiveInput `pulumi:"keyFile"`
	Password pulumi.StringPtrInput      `pulumi:"password"`
	Repo     pulumi.StringPtrInput      `pulumi:"repo"`
	Username pulumi.StringPtrInput      `pulumi:"username"`
}

// ElementType implements pulumi.Input.
func (RepositoryOptsArgs) ElementType() reflect.Type { return reflect.TypeFor[RepositoryOpts]() }

// ToRepositoryOptsOutput implements RepositoryOptsInput.
func (a RepositoryOptsArgs) ToRepositoryOptsOutput() RepositoryOptsOutput {
	return pulumi.ToOutput(a).(RepositoryOptsOutput)
}

// RepositoryOptsOutput are RepositoryOpts once they are known.
type RepositoryOptsOutput struct{ *pulumi.OutputState }

// ElementType implements pulumi.Input.
func (RepositoryOptsOutput) ElementType() reflect.Type { return reflect.TypeFor[RepositoryOpts]() }

// ToRepositoryOptsOutput implements RepositoryOptsInput.
func (o RepositoryOptsOutput) ToRepositoryOptsOutput() RepositoryOptsOutput { return o }

// PostRenderer is a command that changes what a chart renders to.
type PostRenderer struct {
	Args    []string `pulumi:"args"`
	Command string   `pulumi:"command"`
}

// PostRendererInput is PostRendererArgs or PostRendererOutput.
type PostRendererInput interface {
	pulumi.Input
	ToPostRendererOutput() PostRendererOutput
}

// PostRendererArgs are a PostRenderer that may not be known yet.
type PostRendererArgs struct {
	Args    pulumi.StringArrayInput `pulumi:"args"`
	Command pulumi.StringInput      `pulumi:"command"`
}

// ElementType implements pulumi.Input.
func (PostRendererArgs) ElementType() reflect.Type { return reflect.TypeFor[PostRenderer]() }

// ToPostRendererOutput implements PostRendererInput.
func (a PostRendererArgs) ToPostRendererOutput() PostRendererOutput {
	return pulumi.ToOutput(a).(PostRendererOutput)
}

// PostRendererOutput is a PostRenderer once it is known.
type PostRendererOutput struct{ *pulumi.OutputState }

// ElementType implements pulumi.Input.
func (PostRendererOutput) ElementType() reflect.Type { return reflect.TypeFor[PostRenderer]() }

// ToPostRendererOutput implements PostRendererInput.
func (o PostRendererOutput) ToPostRendererOutput() PostRendererOutput { return o }
