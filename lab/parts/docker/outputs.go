package main

import (
	"cmp"
	"fmt"
	"path/filepath"

	"google.golang.org/protobuf/types/known/structpb"
)

// outputs returns the state as the SDK's type Image reads it. The digest is
// repository@sha256:... of a pushed image, or the ID of a local one.
func (in image) outputs(digest, platform string) (*structpb.Struct, error) {
	dockerfile, _, err := relativeTo(in.build.context, in.build.dockerfile)
	if err != nil {
		return nil, err
	}
	return in.state(dockerfile, digest, cmp.Or(in.build.platform, platform)), nil
}

// planned is the state as far as a preview knows it without building.
func (in image) planned() *structpb.Struct {
	dockerfile := unknownString
	if in.build.located() {
		if rel, _, err := relativeTo(in.build.context, in.build.dockerfile); err == nil {
			dockerfile = rel
		}
	}
	return in.state(dockerfile, unknownString, cmp.Or(in.build.platform, unknownString))
}

func (in image) state(dockerfile, digest, platform string) *structpb.Struct {
	name := structpb.NewStringValue(cmp.Or(in.imageName, unknownString))
	return &structpb.Struct{Fields: map[string]*structpb.Value{
		"baseImageName":  name,
		"imageName":      name,
		"registryServer": structpb.NewStringValue(in.registry.server),
		"context":        structpb.NewStringValue(cmp.Or(in.build.context, unknownString)),
		"dockerfile":     structpb.NewStringValue(dockerfile),
		"platform":       structpb.NewStringValue(platform),
		"repoDigest":     structpb.NewStringValue(digest),
	}}
}

// relativeTo returns the Dockerfile's path in the context, with slashes, and
// whether it is inside of it.
func relativeTo(context, dockerfile string) (rel string, inside bool, err error) {
	base, err := filepath.Abs(context)
	if err != nil {
		return "", false, fmt.Errorf("locating context %q: %w", context, err)
	}
	file, err := filepath.Abs(dockerfile)
	if err != nil {
		return "", false, fmt.Errorf("locating Dockerfile %q: %w", dockerfile, err)
	}
	rel, err = filepath.Rel(base, file)
	if err != nil {
		return "", false, fmt.Errorf("locating Dockerfile %q in context %q: %w", dockerfile, context, err)
	}
	return filepath.ToSlash(rel), filepath.IsLocal(rel), nil
}
