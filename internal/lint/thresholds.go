package lint

import (
	"fmt"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/translate"
)

// model is what internal/breaker says about the block, by code.
func (b *block) model() map[string]breaker.Warning {
	all := map[string]breaker.Warning{}
	l := breaker.Load{}
	if b.pods > 0 {
		l = breaker.Load{Healthy: b.pods - 1, Faulty: 1}
	}
	for _, w := range append(b.rule.Warnings(l), b.counting().Notes()...) {
		all[w.Code] = w
	}
	return all
}

// as is the model's warning as a finding about a field; fix replaces the model's,
// where that speaks of the demo.
func (b *block) as(w breaker.Warning, field, fix string) Finding {
	if fix == "" {
		fix = w.Fix
	}
	f := b.found(w.Code, field, w.Text, w.Source, fix)
	f.Never = w.Never
	return f
}

// local is the number of failures of the sidecar's own in a row that eject; 0:
// they are not counted apart.
func (b *block) local() uint32 {
	if !b.rule.SplitLocal {
		return 0
	}
	return translate.Cluster(b.rule).Outlier.Local
}

// words are what the block does.
func (b *block) words() string {
	words := b.rule.Brief()
	if local := b.local(); local > 0 {
		if _, by := b.rule.Threshold(); by == breaker.NoDetector {
			words = "no answer takes a pod out"
		}
		words += fmt.Sprintf("; also %s of the sidecar's own in a row", breaker.Count(int(local), "failure"))
	}
	switch {
	case b.rule.Unchosen != "":
		return "no sidecar takes a pod out: " + b.rule.Unchosen
	case b.rule.Through():
		return "no pod is ever taken out: PASSTHROUGH"
	case b.pods > 0:
		words += fmt.Sprintf(": %d of %s", b.ejectable(), breaker.Count(b.pods, "pod"))
		if b.podsOf != "" {
			words += " (" + b.podsOf + ")"
		}
	}
	return words
}

// thresholds finds counts that do not eject when they seem to.
func thresholds(b *block) (all []Finding) {
	if b.broken {
		return nil
	}
	gateway, any5xx := b.rule.ConsecutiveGatewayErrors, b.rule.Consecutive5xxErrors
	errors, by := b.rule.Threshold()
	switch {
	case by == breaker.NoDetector && b.local() == 0:
		all = append(all, b.as(b.said[noThreshold], "consecutive5xxErrors", "set one of them to 1 or more"))
	case gateway != nil && *gateway > errors && by == breaker.Any5xxDetector:
		fix := "set consecutive5xxErrors to 0, or to more than " + fmt.Sprint(*gateway)
		f := b.as(b.said[maskedBy5xx], "consecutiveGatewayErrors", fix)
		if any5xx != nil { // the rule does what it says
			f.Severity = Warning
		}
		all = append(all, f)
	case gateway != nil && *gateway == 0 && by == breaker.Any5xxDetector:
		f := b.found(gatewayOff, "consecutiveGatewayErrors", fmt.Sprintf("consecutiveGatewayErrors 0 is off, and any 5xx is counted: %d in a row eject.", errors),
			pilotPolicy, "leave it out, or set it and consecutive5xxErrors to 0")
		if any5xx != nil {
			f.Severity = Info
		} else {
			f.Text = fmt.Sprintf("consecutiveGatewayErrors 0 is off, but consecutive5xxErrors is not set: Envoy's default ejects after %d answers of 5xx, gateway errors among them.", errors)
			f.Fix = "set consecutive5xxErrors to 0 to eject nothing, or to the number that is meant"
		}
		all = append(all, f)
	case gateway == nil && any5xx == nil:
		if _, old := b.set["consecutiveErrors"]; !old {
			all = append(all, b.as(b.said[defaultOf5xx], "", "set consecutive5xxErrors to the number that is meant"))
		}
	case gateway != nil && any5xx != nil && *gateway == *any5xx && *gateway > 0:
		all = append(all, b.found(equalThresholds, "consecutiveGatewayErrors", fmt.Sprintf("Both thresholds are %d: gateway errors are counted by both and booked as gateway failures, a 500 counts for the other alone.", *gateway),
			istioAPI+"; measured", "set consecutive5xxErrors to 0 if only gateway errors are meant"))
	case gateway != nil && any5xx == nil && *gateway > 0:
		all = append(all, b.found(default5xxBeside, "consecutiveGatewayErrors", fmt.Sprintf("consecutive5xxErrors is not set, so Envoy's default ejects after 5 answers of any 5xx, 500 too; %s eject, too.", breaker.Count(int(*gateway), "gateway error")),
			pilotPolicy+"; measured", "set consecutive5xxErrors to 0 if only gateway errors are meant, or to its number"))
	}
	if errors == 1 && !b.masked() {
		field := "consecutiveGatewayErrors"
		if by == breaker.Any5xxDetector {
			field = "consecutive5xxErrors"
		}
		all = append(all, b.found(firstError, field, "A single error takes a pod out, a timeout or a connection that was just closed among them.",
			envoyDetector, "set it to 3 or more, unless that is meant"))
	}
	if b.local() == 1 {
		all = append(all, b.found(firstError, "consecutiveLocalOriginFailures", "A single failure of the sidecar's own takes a pod out: one connection that is refused, or one timeout.",
			envoyDetector, "set it to 3 or more, unless that is meant"))
	}
	return all
}

// masked tells whether the gateway threshold is one that comes too late.
func (b *block) masked() bool {
	errors, _ := b.rule.Threshold()
	g := b.rule.ConsecutiveGatewayErrors
	return g != nil && *g > errors
}

// dead finds fields that are taken and do nothing.
func dead(b *block) (all []Finding) {
	if _, set := b.set["consecutiveErrors"]; set {
		errors, by := b.rule.Threshold()
		text := "consecutiveErrors is deprecated, and no code of Istio's reads it: it has no effect."
		if b.rule.ConsecutiveGatewayErrors == nil && b.rule.Consecutive5xxErrors == nil && by == breaker.Any5xxDetector {
			text += fmt.Sprintf(" Envoy's default ejects after %d answers of 5xx.", errors)
		}
		all = append(all, b.found(consecutiveErrors, "consecutiveErrors", text, istioChecks+"; "+pilotPolicy, "write consecutive5xxErrors, or consecutiveGatewayErrors with consecutive5xxErrors: 0"))
	}
	if _, set := b.set["outlierDetectionHttpErrorCodes"]; set {
		note := breaker.Rule{Enabled: true}.Notes()
		for _, w := range note {
			if w.Code == errorCodes {
				all = append(all, b.as(w, "outlierDetectionHttpErrorCodes", ""))
			}
		}
	}
	return all
}
