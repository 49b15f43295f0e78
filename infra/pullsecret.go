package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	"istio-circuit-breaker/internal/config"

	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// pullSecretName is the Secret that is made of configured credentials.
const pullSecretName = "servicex-pull"

// pulledWith has the nodes pull the image with a Secret, where one is configured.
func (img *image) pulledWith(ctx *pulumi.Context, cfg config.Config, ns namespace) error {
	var err error
	if img.secrets, err = newPullSecret(ctx, img.part, cfg, ns); err != nil {
		return err
	}
	return img.part.done(ctx, pulumi.Map{"reference": img.reference})
}

// newPullSecret makes the Secret with which the nodes pull the image, or takes the
// one that is there. It is nil where none is configured.
func newPullSecret(ctx *pulumi.Context, part *component, cfg config.Config, ns namespace) (corev1.LocalObjectReferenceArray, error) {
	secret := cfg.PullSecret
	switch {
	case secret.Name != "":
		return references(pulumi.String(secret.Name)), nil
	case !secret.Made():
		return nil, nil
	}
	if secret.Server == "" { // and so it stays in a preview without a cluster, which would say it
		secret.Server = config.RegistryOf(pulledName(cfg.Image))
	}
	login, err := dockerConfig(secret)
	if err != nil {
		return nil, err
	}
	made, err := corev1.NewSecret(ctx, pullSecretName, &corev1.SecretArgs{
		Metadata: meta(ns, pullSecretName, nil),
		Type:     pulumi.String("kubernetes.io/dockerconfigjson"),
		// The SDK marks data as secret: it is encrypted in the state, and never shown.
		Data: pulumi.StringMap{".dockerconfigjson": pulumi.String(base64.StdEncoding.EncodeToString(login))},
	}, part.child(), ns.own.healing)
	if err != nil {
		return nil, fmt.Errorf("registering secret %q: %w", pullSecretName, err)
	}
	return references(made.Metadata.Name().Elem()), nil
}

func references(name pulumi.StringInput) corev1.LocalObjectReferenceArray {
	return corev1.LocalObjectReferenceArray{&corev1.LocalObjectReferenceArgs{Name: name}}
}

// dockerConfig is the text of a Docker configuration with one login in it.
func dockerConfig(secret config.PullSecret) ([]byte, error) {
	type login struct {
		Username string `json:"username"`
		Password string `json:"password"`
		Auth     string `json:"auth"`
	}
	auth := base64.StdEncoding.EncodeToString([]byte(secret.Username + ":" + secret.Password))
	text, err := json.Marshal(map[string]map[string]login{
		"auths": {secret.Server: {secret.Username, secret.Password, auth}},
	})
	if err != nil {
		return nil, fmt.Errorf("marshalling the login at %q: %w", secret.Server, err)
	}
	return text, nil
}

// pulledName is the image's name for the nodes, with or without tag and digest.
func pulledName(cfg config.Image) string {
	if cfg.Reference != "" {
		return cfg.Reference
	}
	return pullName(cfg)
}
