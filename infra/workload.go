package main

import (
	"fmt"
	"maps"
	"slices"

	appsv1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/apps/v1"
	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

const (
	// gracePeriod is what Kubernetes gives a pod to end, in seconds: twice the 5s
	// within which ServiceX finishes its answers (env GRACE), for the sidecar too.
	gracePeriod = 10
	// progressDeadline bounds the wait for a Deployment, in seconds: pulling the
	// image and the sidecar's on a slow line, not more.
	progressDeadline = 300
	runAs            = 65532 // the user in the image
)

// bounded ends the provider's wait for a Deployment soon after Kubernetes has
// given it up; by itself it would wait for ten minutes.
func bounded() pulumi.ResourceOption {
	limit := fmt.Sprintf("%ds", progressDeadline+30)
	return pulumi.Timeouts(&pulumi.CustomTimeouts{Create: limit, Update: limit})
}

// workload is one ServiceX Deployment.
type workload struct {
	name, version string
	replicas      int32
	env           map[string]string
}

// deployment describes the workload to Kubernetes.
func (w workload) deployment(ns namespace, img image) *appsv1.DeploymentArgs {
	pod := pulumi.StringMap{"app": pulumi.String("servicex"), "version": pulumi.String(w.version)}
	env := corev1.EnvVarArray{
		&corev1.EnvVarArgs{Name: pulumi.String("POD_NAME"), ValueFrom: &corev1.EnvVarSourceArgs{
			FieldRef: &corev1.ObjectFieldSelectorArgs{FieldPath: pulumi.String("metadata.name")},
		}},
		envVar("POD_VERSION", w.version),
	}
	for _, k := range slices.Sorted(maps.Keys(w.env)) {
		env = append(env, envVar(k, w.env[k]))
	}
	container := container("servicex", img)
	container.Env = env
	container.Ports = corev1.ContainerPortArray{&corev1.ContainerPortArgs{
		Name: pulumi.String(portName), ContainerPort: pulumi.Int(podPort),
	}}
	// Both probes answer outside of the fault: a faulty pod that left the
	// Service by itself would have nothing left to eject.
	container.ReadinessProbe = probe("/healthz/ready", 1)
	container.LivenessProbe = probe("/healthz/live", 10)
	return deployment(ns, w.name, pod, nil, w.replicas, img, container)
}

func envVar(name, value string) *corev1.EnvVarArgs {
	return &corev1.EnvVarArgs{Name: pulumi.String(name), Value: pulumi.String(value)}
}

func probe(path string, period int) *corev1.ProbeArgs {
	return &corev1.ProbeArgs{
		HttpGet:       &corev1.HTTPGetActionArgs{Path: pulumi.String(path), Port: pulumi.String(portName)},
		PeriodSeconds: pulumi.Int(period),
	}
}

// container is what all of the stack's containers have in common. Its security
// context meets the Pod Security Standard "restricted"; the pod as a whole does
// so only where Istio's CNI plugin replaces the injected istio-init, which
// needs NET_ADMIN.
func container(name string, img image) *corev1.ContainerArgs {
	return &corev1.ContainerArgs{
		Name:  pulumi.String(name),
		Image: img.reference,
		Resources: &corev1.ResourceRequirementsArgs{
			Requests: pulumi.StringMap{"cpu": pulumi.String("10m"), "memory": pulumi.String("16Mi")},
			// No CPU limit: throttling would add delays that are not the fault's.
			Limits: pulumi.StringMap{"memory": pulumi.String("64Mi")},
		},
		SecurityContext: &corev1.SecurityContextArgs{
			AllowPrivilegeEscalation: pulumi.Bool(false),
			ReadOnlyRootFilesystem:   pulumi.Bool(true),
			RunAsNonRoot:             pulumi.Bool(true),
			RunAsUser:                pulumi.Int(runAs),
			RunAsGroup:               pulumi.Int(runAs),
			Capabilities:             &corev1.CapabilitiesArgs{Drop: pulumi.ToStringArray([]string{"ALL"})},
			SeccompProfile:           &corev1.SeccompProfileArgs{Type: pulumi.String("RuntimeDefault")},
		},
	}
}

// deployment is what both kinds of Deployment have in common: pods with these
// labels and annotations around one container.
func deployment(ns namespace, name string, pod, annotations pulumi.StringMap, replicas int32, img image, c *corev1.ContainerArgs) *appsv1.DeploymentArgs {
	metadata := meta(ns, name, pod)
	if ns.ends {
		// At destroy the mesh goes while the pods still finish their answers; the
		// end of the namespace waits for them.
		withAnnotations(metadata, pulumi.StringMap{deletionPolicy: background})
	}
	spec := podSpecArgs(c)
	if img.secrets != nil {
		spec.ImagePullSecrets = img.secrets
	}
	template := &metav1.ObjectMetaArgs{Labels: labels(pod)}
	if annotations != nil {
		template.Annotations = annotations
	}
	return &appsv1.DeploymentArgs{
		Metadata: metadata,
		Spec: &appsv1.DeploymentSpecArgs{
			Replicas:                pulumi.Int(int(replicas)),
			ProgressDeadlineSeconds: pulumi.Int(progressDeadline),
			Selector:                &metav1.LabelSelectorArgs{MatchLabels: pod},
			Template: &corev1.PodTemplateSpecArgs{
				Metadata: template,
				Spec:     spec,
			},
		},
	}
}

// podSpecArgs is what all pods have in common.
func podSpecArgs(c *corev1.ContainerArgs) *corev1.PodSpecArgs {
	return &corev1.PodSpecArgs{
		// Nothing here talks to the API server. (The sidecar brings a
		// token of its own.)
		AutomountServiceAccountToken: pulumi.Bool(false),
		// For the injected containers too, where they do not say otherwise.
		SecurityContext: &corev1.PodSecurityContextArgs{
			RunAsNonRoot:   pulumi.Bool(true),
			SeccompProfile: &corev1.SeccompProfileArgs{Type: pulumi.String("RuntimeDefault")},
		},
		TerminationGracePeriodSeconds: pulumi.Int(gracePeriod),
		Containers:                    corev1.ContainerArray{c},
	}
}

// deletionPolicy is the annotation by which the provider's deletions are told from
// foreground, in which it waits for all dependents.
const deletionPolicy = "pulumi.com/deletionPropagationPolicy"

var background = pulumi.String("background")

func withAnnotations(m *metav1.ObjectMetaArgs, annotations pulumi.StringMap) *metav1.ObjectMetaArgs {
	m.Annotations = annotations
	return m
}
