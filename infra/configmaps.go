package main

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"

	"istio-circuit-breaker/internal/config"

	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes"
	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/apiextensions"
	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/utilities"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// istiod puts ConfigMaps into each namespace that it looks at, without which no
// sidecar starts there, and never removes one. Nor can the stack, whose program
// does not run at destroy, and anybody may label a namespace at any time. So each
// is given an owner as istiod makes it, the mesh's namespace, and the garbage
// collector removes it when that is gone. It is the API server itself that writes
// the owner, by a policy, so that nothing more has to run in the cluster, at
// destroy least of all. Before Kubernetes 1.36, which has these policies by
// default, the stack makes the ConfigMaps itself where it can see the need.

// istiod's ConfigMaps: the mesh's root certificate and the list of revoked ones
// (istio/istio pilot/pkg/features, CACertConfigMapName and CRLConfigMapName).
const (
	rootCert = "istio-ca-root-cert"
	crl      = "istio-ca-crl"
)

const (
	policyName  = "istio-circuit-breaker-istiod"
	policyAPI   = "/apis/admissionregistration.k8s.io/v1"
	policyType  = "kubernetes:admissionregistration.k8s.io/v1:MutatingAdmissionPolicy"
	bindingType = "kubernetes:admissionregistration.k8s.io/v1:MutatingAdmissionPolicyBinding"
)

// careForConfigMaps makes what has istiod's ConfigMaps go with the stack, wherever
// they are. Istiod has to wait for it.
func careForConfigMaps(ctx *pulumi.Context, part *component, cfg config.Namespace, app namespace, mesh *corev1.Namespace, seen sighting) ([]pulumi.Resource, error) {
	var made []pulumi.Resource
	if cfg.Existing {
		var err error
		if made, err = ownConfigMaps(ctx, part, "", app.name, app.own); err != nil {
			return nil, err
		}
	}
	if seen.policies != nil {
		policies, err := newPolicies(ctx, part, mesh, app.own)
		return append(made, policies...), err
	}
	for _, name := range seen.injected {
		more, err := ownConfigMaps(ctx, part, name+"/", pulumi.String(name), app.own)
		if err != nil {
			return nil, err
		}
		made = append(made, more...)
	}
	return made, nil
}

// ownConfigMaps makes the ConfigMaps that istiod would put, and leave, into a
// namespace that outlives the stack: made by the stack and filled by istiod,
// they go at destroy, after istiod. In a namespace of the stack's own they go
// with the namespace.
func ownConfigMaps(ctx *pulumi.Context, part *component, prefix string, in pulumi.StringInput, own identity) ([]pulumi.Resource, error) {
	var made []pulumi.Resource
	for _, name := range []string{rootCert, crl} {
		m, err := corev1.NewConfigMap(ctx, prefix+name, &corev1.ConfigMapArgs{Metadata: &metav1.ObjectMetaArgs{
			Name: pulumi.String(name), Namespace: in, Labels: own.labels(nil),
		}}, part.child())
		if err != nil {
			return nil, fmt.Errorf("registering config map %q: %w", prefix+name, err)
		}
		made = append(made, m)
	}
	return made, nil
}

// newPolicies has the API server write the owner. Where it cannot, the ConfigMap
// is made all the same: pods come first.
func newPolicies(ctx *pulumi.Context, part *component, mesh *corev1.Namespace, own identity) ([]pulumi.Resource, error) {
	owner := pulumi.Sprintf(`[JSONPatch{op: "add", path: "/metadata/ownerReferences", value: [{"apiVersion": "v1", "kind": "Namespace", "name": "%s", "uid": "%s"}]}]`,
		meshNS, mesh.Metadata.Uid().Elem())
	spec := pulumi.Map{
		"failurePolicy":      pulumi.String("Ignore"),
		"reinvocationPolicy": pulumi.String("Never"),
		"matchConstraints": pulumi.Map{"resourceRules": pulumi.MapArray{pulumi.Map{
			"apiGroups":   pulumi.ToStringArray([]string{""}),
			"apiVersions": pulumi.ToStringArray([]string{"v1"}),
			"operations":  pulumi.ToStringArray([]string{"CREATE"}),
			"resources":   pulumi.ToStringArray([]string{"configmaps"}),
		}}},
		"matchConditions": pulumi.MapArray{pulumi.Map{
			"name": pulumi.String("made-by-istiod"),
			"expression": pulumi.String(fmt.Sprintf(`request.userInfo.username == "system:serviceaccount:%s:istiod" && object.metadata.name in [%q, %q]`,
				meshNS, rootCert, crl)),
		}},
		"mutations": pulumi.MapArray{pulumi.Map{
			"patchType": pulumi.String("JSONPatch"),
			"jsonPatch": pulumi.Map{"expression": owner},
		}},
	}
	policy, err := newPolicy(ctx, part, "MutatingAdmissionPolicy", spec, own)
	if err != nil {
		return nil, err
	}
	binding, err := newPolicy(ctx, part, "MutatingAdmissionPolicyBinding", pulumi.Map{"policyName": pulumi.String(policyName)}, own)
	if err != nil {
		return nil, err
	}
	return []pulumi.Resource{policy, binding}, nil
}

// newPolicy registers one of the two halves. The SDK does not have them yet.
func newPolicy(ctx *pulumi.Context, part *component, kind string, spec pulumi.Map, own identity) (pulumi.Resource, error) {
	made, err := apiextensions.NewCustomResource(ctx, policyName, &apiextensions.CustomResourceArgs{
		ApiVersion:  pulumi.String("admissionregistration.k8s.io/v1"),
		Kind:        pulumi.String(kind),
		Metadata:    &metav1.ObjectMetaArgs{Name: pulumi.String(policyName), Labels: own.labels(nil)},
		OtherFields: kubernetes.UntypedArgs{"spec": spec},
	}, utilities.PkgResourceDefaultOpts([]pulumi.ResourceOption{part.child(), own.healing})...)
	if err != nil {
		return nil, fmt.Errorf("registering %s %q: %w", kind, policyName, err)
	}
	return made, nil
}

// lookForPolicies sees what there is to take care of istiod's ConfigMaps.
func (s *sighting) lookForPolicies(ctx context.Context, c *cluster, cfg config.Config) error {
	served, err := c.serves(ctx, policyAPI, "mutatingadmissionpolicies")
	if err != nil {
		return err
	}
	if !served {
		return s.lookForInjected(ctx, c, cfg)
	}
	s.policies = map[string]object{}
	for _, typ := range []string{policyType, bindingType} {
		path, what := address(typ, "", policyName)
		live, found, err := c.find(ctx, path, what)
		if err != nil {
			return err
		}
		if found {
			s.policies[what] = live
		}
	}
	return nil
}

// lookForInjected sees the namespaces of others whose pods istiod will inject.
func (s *sighting) lookForInjected(ctx context.Context, c *cluster, cfg config.Config) error {
	found := map[string]bool{}
	for _, label := range []string{injectionLabel + "=enabled", revisionLabel + "=" + defaultRevision} {
		labelled, err := c.objects(ctx, "/api/v1/namespaces?labelSelector="+url.QueryEscape(label))
		if err != nil {
			return advise(fmt.Errorf("listing the namespaces with label %s: %w", label, err), nextStep(err))
		}
		for _, o := range labelled {
			if name := o.Metadata.Name; name != cfg.Namespace.Name && name != meshNS && o.Metadata.DeletionTimestamp == "" {
				found[name] = true
			}
		}
	}
	s.injected = sortedKeys(found)
	return nil
}

// foreignPolicies are errors about what others have made under the policies' name.
func (own identity) foreignPolicies(seen sighting) []error {
	var errs []error
	for _, what := range slices.Sorted(maps.Keys(seen.policies)) {
		switch by := owner(seen.policies[what].Metadata.Labels); {
		case by == "":
			errs = append(errs, advise(fmt.Errorf("%s exists already and was not made by this stack", what), "find out whose it is, and remove it"))
		case !own.owns(by):
			errs = append(errs, made(what, by))
		}
	}
	return errs
}
