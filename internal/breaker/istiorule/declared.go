package istiorule

import (
	"encoding/json"
	"fmt"

	networking "istio.io/api/networking/v1alpha3"

	"istio-circuit-breaker/internal/breaker"
)

// DeclaredAnnotation is on a DestinationRule of the stack's. Its value is the
// spec's trafficPolicy as the stack declares it, as one line of JSON with sorted
// keys. Whoever changes the rule by hand (kubectl edit, patch, apply) leaves it
// as it is, so that what it says and what is in force can be told apart.
const DeclaredAnnotation = "istio-circuit-breaker/declared-traffic-policy"

// Declared is the rule that the stack has declared, from an object's
// annotations. It is false for an object that carries no such annotation: one
// that is not the stack's, or of an older version. It fails on a value that is
// no trafficPolicy.
func Declared(annotations map[string]string) (breaker.Rule, bool, error) {
	text, ok := annotations[DeclaredAnnotation]
	if !ok {
		return breaker.Rule{}, false, nil
	}
	var policy *networking.TrafficPolicy
	if err := json.Unmarshal([]byte(text), &policy); err != nil {
		return breaker.Rule{}, false, fmt.Errorf("decoding the annotation %q: %w", DeclaredAnnotation, err)
	}
	return FromDestinationRule(&networking.DestinationRule{TrafficPolicy: policy}), true, nil
}
