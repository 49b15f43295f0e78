package lint

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestATemplateIsToldAsOne(t *testing.T) {
	const block = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a}\nspec:\n  host: a\n  trafficPolicy:\n    outlierDetection: "
	for fields, want := range map[string]string{
		"consecutive5xxErrors: {{ .Values.errors }}":        `consecutive5xxErrors is the template "{{ .Values.errors }}"`,
		"consecutive5xxErrors: {{ $.Values.errors | int }}": `consecutive5xxErrors is the template "{{ $.Values.errors | int }}"`,
		`consecutive5xxErrors: "{{ .Values.errors }}"`:      `consecutive5xxErrors is the template "{{ .Values.errors }}"`,
		"interval: ${INTERVAL}":                             `interval is the template "${INTERVAL}"`,
		"interval: ${INTERVAL:=10s}":                        `interval is the template "${INTERVAL:=10s}"`,
		"interval: $(INTERVAL)":                             `interval is the template "$(INTERVAL)"`,
		"splitExternalLocalOriginErrors: ${SPLIT}":          `splitExternalLocalOriginErrors is the template "${SPLIT}"`,
	} {
		r := report(t, Options{}, block+"\n      "+fields+"\n")
		if codes(r, badValue) != 1 || codes(r, badDuration) > 0 || !strings.Contains(fmt.Sprint(r.Findings), want) {
			t.Errorf("%s: got %+v", fields, r.Findings)
		}
	}
	r := report(t, Options{}, block+"{{ .Values.outlier }}\n")
	if codes(r, badValue) != 1 || !strings.Contains(r.Findings[0].Text, `"{{ .Values.outlier }}"`) {
		t.Errorf("got %+v", r.Findings)
	}
	l := New(Options{})
	if err := l.Add("a.yaml", []byte("a: {{ .Values.a }}-b\n")); !errors.Is(err, ErrTemplate) {
		t.Errorf("got %v", err)
	}
	if err := l.Add("a.yaml", []byte("a: b: c\n")); err == nil || errors.Is(err, ErrTemplate) {
		t.Errorf("got %v", err)
	}
}
