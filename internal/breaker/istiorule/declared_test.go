package istiorule

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"istio-circuit-breaker/internal/breaker"
)

// declared is the annotation of a stack with the defaults.
const declared = `{"loadBalancer":{"localityLbSetting":{"enabled":false},"simple":"ROUND_ROBIN"},` +
	`"outlierDetection":{"baseEjectionTime":"30s","consecutive5xxErrors":0,"consecutiveGatewayErrors":10,"interval":"1s","maxEjectionPercent":50}}`

func TestDeclaredRuleIsReadFromTheAnnotation(t *testing.T) {
	stacks := breaker.Rule{Enabled: true, ConsecutiveGatewayErrors: new(uint32(10)), Consecutive5xxErrors: new(uint32(0)),
		BaseEjectionTime: 30 * time.Second, Interval: time.Second, MaxEjectionPercent: 50, Balancer: "ROUND_ROBIN", Locality: new(false)}
	tests := []struct {
		name        string
		annotations map[string]string
		want        breaker.Rule
		declared    bool
	}{
		{"the stack's", map[string]string{DeclaredAnnotation: declared}, stacks, true},
		{"the stack's, with the breaker off", map[string]string{DeclaredAnnotation: `{"loadBalancer":{"localityLbSetting":{"enabled":true}}}`},
			breaker.Rule{Locality: new(true)}, true},
		{"no policy at all", map[string]string{DeclaredAnnotation: "null"}, breaker.Rule{}, true},
		{"somebody else's annotations", map[string]string{"note": declared}, breaker.Rule{}, false},
		{"none", nil, breaker.Rule{}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok, err := Declared(tt.annotations)
			if err != nil || ok != tt.declared {
				t.Fatalf("Declared() = %v, %v; want %v", ok, err, tt.declared)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Declared() (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDeclarationThatIsNone(t *testing.T) {
	for _, text := range []string{"", "{", "[]", `{"outlierDetection":{"interval":"soon"}}`} {
		_, ok, err := Declared(map[string]string{DeclaredAnnotation: text})
		if ok || err == nil || !strings.HasPrefix(err.Error(), `decoding the annotation "`+DeclaredAnnotation+`": `) {
			t.Errorf("Declared(%q) = %v, %v; want an error", text, ok, err)
		}
	}
}

// FuzzDeclared feeds any annotation: it never panics, and takes what it does
// not refuse.
func FuzzDeclared(f *testing.F) {
	for _, seed := range []string{declared, "null", "{", `{"outlierDetection":{"consecutiveGatewayErrors":-1}}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, ok, err := Declared(map[string]string{DeclaredAnnotation: text}); ok != (err == nil) {
			t.Errorf("Declared(%q) = %v, %v", text, ok, err)
		}
	})
}
