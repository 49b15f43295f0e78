package effective

import (
	"encoding/json"
	"fmt"
	"time"

	networking "istio.io/api/networking/v1alpha3"
)

// Object is a DestinationRule with what of its metadata decides.
type Object struct {
	Namespace, Name string
	// Created orders the rules of one host; the API server keeps whole seconds.
	Created time.Time
	// Revision is the label istio.io/rev; empty is for every istiod.
	Revision string
	Spec     *networking.DestinationRule
}

func (o Object) String() string { return o.Namespace + "/" + o.Name }

// ParseObject reads a DestinationRule as the API server has it, in JSON.
func ParseObject(text []byte) (Object, error) {
	var o struct {
		Metadata struct {
			Name              string            `json:"name"`
			Namespace         string            `json:"namespace"`
			CreationTimestamp time.Time         `json:"creationTimestamp"`
			Labels            map[string]string `json:"labels"`
		} `json:"metadata"`
		Spec *networking.DestinationRule `json:"spec"`
	}
	if err := json.Unmarshal(text, &o); err != nil {
		return Object{}, fmt.Errorf("decoding a DestinationRule: %w", err)
	}
	return Object{Namespace: o.Metadata.Namespace, Name: o.Metadata.Name, Created: o.Metadata.CreationTimestamp,
		Revision: o.Metadata.Labels["istio.io/rev"], Spec: o.Spec}, nil
}
