package lint

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"

	"istio-circuit-breaker/internal/breaker"
)

// block is one outlierDetection.
type block struct {
	of          *object
	path, scope string
	at          Position
	set         map[string]Position // its fields, where they are
	rule        breaker.Rule
	broken      bool // a value tells nothing: the rule cannot be judged
	pods        int  // 0: not known
	podsOf      string
	least       bool // there may be more
	host        string
	subset      string
	labels      map[string]string          // of the subset
	said        map[string]breaker.Warning // by the model, while the block is judged
	connect     time.Duration
	connectAt   Position
}

// found is a finding about a field of the block, or about the block itself.
func (b *block) found(code, field, text, source, fix string) Finding {
	at, path := b.at, b.path
	if p, is := b.set[field]; is {
		at = p
	}
	if field != "" {
		path = dotted(path, field)
	}
	return b.of.found(code, at, path, text, source, fix)
}

// block reads one, and finds values in it that Istio refuses.
func (l *Linter) block(o *object, n *yaml.Node, at Position, path, scope string) *block {
	b := &block{of: o, path: path, scope: scope, at: at, set: map[string]Position{}, rule: breaker.Rule{Enabled: true}}
	for _, e := range entries(n) {
		value := resolved(e.value)
		if value == nil { // null is as if it was not there
			continue
		}
		b.set[e.key.Value] = o.at(e.key)
		if from := template(value); from != "" {
			l.add(b.unrendered(e.key.Value, from))
			continue
		}
		if value.Kind != yaml.ScalarNode {
			if byName(outlierMessage, e.key.Value) != nil && e.key.Value != "outlierDetectionHttpErrorCodes" {
				l.add(b.refused(e.key.Value, "a mapping or a list", "one value"))
			}
			continue
		}
		l.field(b, e.key.Value, value)
	}
	return b
}

// field reads one value.
func (l *Linter) field(b *block, name string, v *yaml.Node) {
	switch name {
	case "consecutiveGatewayErrors":
		b.rule.ConsecutiveGatewayErrors = l.count(b, name, v)
	case "consecutive5xxErrors":
		b.rule.Consecutive5xxErrors = l.count(b, name, v)
	case "consecutiveLocalOriginFailures":
		b.rule.ConsecutiveLocal = l.count(b, name, v)
	case "baseEjectionTime":
		b.rule.BaseEjectionTime = l.duration(b, name, v)
	case "interval":
		b.rule.Interval = l.duration(b, name, v)
	case "maxEjectionPercent":
		b.rule.MaxEjectionPercent = l.percent(b, name, v)
	case "minHealthPercent":
		b.rule.MinHealthPercent = l.percent(b, name, v)
	case "splitExternalLocalOriginErrors":
		if v.ShortTag() != "!!bool" {
			l.add(b.refused(name, quoted(v), "true or false"))
		}
		b.rule.SplitLocal = v.Value == "true"
	}
}

func quoted(v *yaml.Node) string { return strconv.Quote(v.Value) }

func (b *block) refused(field, has, wants string) Finding {
	b.broken = true
	return b.found(badValue, field, fmt.Sprintf("%s is %s: the API server refuses the object.", field, has), istioCRD, "write "+wants)
}

// whole reads a whole number. One in quotes is read, too: what is meant is clear.
func (l *Linter) whole(b *block, field string, v *yaml.Node, most int64) (int64, bool) {
	n, err := strconv.ParseInt(v.Value, 0, 64)
	switch {
	case err != nil || n > most || n < math.MinInt32:
		l.add(b.refused(field, quoted(v), "a whole number"))
		return 0, false
	case v.ShortTag() == "!!str":
		f := b.refused(field, "the text "+quoted(v)+", not a number", fmt.Sprint(field, ": ", n, " without quotes"))
		b.broken = false
		if strconv.FormatInt(n, 10) == v.Value {
			f.edit = b.of.editOf(v, v.Value, false)
		}
		l.add(f)
	}
	return n, true
}

func (l *Linter) count(b *block, field string, v *yaml.Node) *uint32 {
	n, is := l.whole(b, field, v, math.MaxUint32)
	if is && n < 0 {
		l.add(b.refused(field, v.Value, "a number that is not negative"))
		is = false
	}
	if !is {
		return nil
	}
	return new(uint32(n))
}

func (l *Linter) percent(b *block, field string, v *yaml.Node) int32 {
	n, is := l.whole(b, field, v, math.MaxInt32)
	if is && (n < 0 || n > 100) {
		b.broken = true
		l.add(b.found(percentRange, field, fmt.Sprintf("%s is %d: Istio's webhook refuses the object.", field, n), istioChecks, "write 0 to 100"))
	}
	return int32(n)
}

// duration reads one as Istio does; a number without a unit is taken for seconds,
// so that the rest of the block can be judged.
func (l *Linter) duration(b *block, field string, v *yaml.Node) time.Duration {
	d, err := time.ParseDuration(v.Value)
	refused := func(why, fix string) {
		l.add(b.found(badDuration, field, fmt.Sprintf("%s is %s: %s", field, quoted(v), why), istioDuration, fix))
	}
	switch seconds, whole := strconv.ParseFloat(v.Value, 64); {
	case err != nil && whole == nil && seconds > 0 && seconds < 1e6:
		refused("a duration needs a unit; the API server refuses the object.", "write "+v.Value+"s for seconds")
		return time.Duration(seconds * float64(time.Second))
	case err == nil && d == 0 && v.Value == "0", err == nil && d < time.Millisecond:
		refused("it has to be 1ms or more; the API server refuses the object.", "leave it out for Envoy's default")
		b.broken = true
	case err != nil:
		refused("that is no duration; the API server refuses the object.", "write one such as 30s, 500ms or 5m")
		b.broken = true
	case d%time.Millisecond != 0:
		refused("only whole milliseconds are taken; Istio's webhook refuses the object.", "write whole milliseconds")
	default:
		return d
	}
	return 0
}
