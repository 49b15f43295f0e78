package kube

import (
	"fmt"
	"strings"

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/mesh"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// forbidden marks an error of the API server's that no patience mends, and says
// which right is missing. Over a websocket only the text tells.
func forbidden(err error, verb, resource, namespace string) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if !apierrors.IsForbidden(err) && !apierrors.IsUnauthorized(err) && !strings.Contains(text, "is forbidden:") && !strings.Contains(text, "403 Forbidden") && !strings.Contains(text, "401 Unauthorized") {
		return err
	}
	return hint.With(fmt.Errorf("%w: %w", mesh.ErrRefused, err),
		fmt.Sprintf("ask for the verb %s on %s: `kubectl auth can-i %s %s -n %s`", verb, resource, verb, resource, namespace))
}
