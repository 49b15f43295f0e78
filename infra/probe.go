package main

// pod is the part of a Pod that matters here.
type pod struct {
	APIVersion string  `json:"apiVersion"`
	Kind       string  `json:"kind"`
	Metadata   podMeta `json:"metadata"`
	Spec       podSpec `json:"spec"`
}

type podMeta struct {
	GenerateName string            `json:"generateName"`
	Labels       map[string]string `json:"labels"`
}

type podSpec struct {
	SecurityContext map[string]any `json:"securityContext,omitempty"`
	Containers      []podContainer `json:"containers"`
	// InitContainers hold the sidecar where Kubernetes has native sidecars.
	InitContainers []podContainer `json:"initContainers,omitempty"`
	Volumes        []podVolume    `json:"volumes,omitempty"`
}

type podContainer struct {
	Name            string         `json:"name"`
	Image           string         `json:"image"`
	Args            []string       `json:"args,omitempty"`
	Resources       map[string]any `json:"resources,omitempty"`
	SecurityContext map[string]any `json:"securityContext,omitempty"`
}

type podVolume struct {
	ConfigMap *struct {
		Name     string `json:"name"`
		Optional bool   `json:"optional"`
	} `json:"configMap,omitempty"`
}

// probePod is the pod of the dry run: labelled like the stack's client, and with
// all that a quota or Pod Security looks at in it (see container and podSpecArgs),
// so that a namespace which lets the real pods in lets it in too.
func probePod(revision string) pod {
	p := pod{APIVersion: "v1", Kind: "Pod"}
	p.Metadata = podMeta{GenerateName: "injection-probe-", Labels: map[string]string{injectLabel: "true"}}
	if revision != "" {
		p.Metadata.Labels[revisionLabel] = revision
	}
	seccomp := map[string]any{"type": "RuntimeDefault"}
	p.Spec.SecurityContext = map[string]any{"runAsNonRoot": true, "seccompProfile": seccomp}
	p.Spec.Containers = []podContainer{{
		Name: "probe", Image: "probe",
		Resources: map[string]any{
			"requests": map[string]any{"cpu": "10m", "memory": "16Mi"},
			"limits":   map[string]any{"memory": "64Mi"},
		},
		SecurityContext: map[string]any{
			"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "runAsNonRoot": true, "runAsUser": runAs, "runAsGroup": runAs,
			"capabilities": map[string]any{"drop": []string{"ALL"}}, "seccompProfile": seccomp,
		},
	}}
	return p
}

func (p pod) has(name string) bool {
	for _, c := range append(append([]podContainer{}, p.Spec.Containers...), p.Spec.InitContainers...) {
		if c.Name == name {
			return true
		}
	}
	return false
}

// configMaps are those that the pod cannot start without.
func (p pod) configMaps() []string {
	var names []string
	for _, v := range p.Spec.Volumes {
		if v.ConfigMap != nil && !v.ConfigMap.Optional {
			names = append(names, v.ConfigMap.Name)
		}
	}
	return names
}
