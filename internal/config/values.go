package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// value is what may stand for a setting, and how its text is read.
type value struct {
	allowed string    // range and form, for the error
	limits  []string  // what of it every document has to say: a range, or the choices
	forms   []*schema // each form that the stack file may have it in
	set     func(d *draft, text string) error
}

// text is a setting that check accepts as it stands. The pattern may take more
// than check does, and nothing less.
func text(allowed, pattern string, set func(*draft, string), check func(string) error) value {
	return value{allowed: allowed, forms: []*schema{{Type: "string", Pattern: pattern}}, set: func(d *draft, v string) error {
		if err := check(v); err != nil {
			return err
		}
		set(d, v)
		return nil
	}}
}

// secretText is any text, which the stack file holds encrypted only.
func secretText(allowed string, set func(*draft, string)) value {
	return value{allowed: allowed, set: func(d *draft, v string) error {
		set(d, v)
		return nil
	}}
}

// choice takes one of the options; wrong says what anything else is not.
func choice(options []string, wrong string, set func(*draft, string)) value {
	last := len(options) - 1
	form := &schema{}
	for _, o := range options {
		form.Enum = append(form.Enum, o)
	}
	allowed := strings.Join(options[:last], ", ") + " or " + options[last]
	return value{allowed: allowed, limits: options, forms: []*schema{form}, set: func(d *draft, v string) error {
		if !slices.Contains(options, v) {
			return errors.New(wrong)
		}
		set(d, v)
		return nil
	}}
}

// boolean takes true and false and nothing that merely looks like them.
func boolean(set func(*draft, bool)) value {
	// "pulumi config set" writes them as text.
	return value{allowed: "true or false", forms: []*schema{{Enum: []any{true, false, "true", "false"}}}, set: func(d *draft, v string) error {
		if v != "true" && v != "false" {
			return errors.New("is neither true nor false")
		}
		set(d, v == "true")
		return nil
	}}
}

// whole takes whole numbers from 1 to high.
func whole(high int32, set func(*draft, int32)) value { return number(1, high, set) }

// number takes decimal digits only: no 1e3, no 0x10, no 10.0; from low to high.
func number(low, high int32, set func(*draft, int32)) value {
	span := fmt.Sprintf("%d to %d", low, high)
	forms := []*schema{{Type: "integer", Minimum: &low, Maximum: &high}, {Type: "string", Pattern: upTo(high)}}
	return value{allowed: "a whole number from " + span, limits: []string{span}, forms: forms, set: func(d *draft, v string) error {
		n, err := strconv.ParseInt(v, 10, 64)
		switch {
		case errors.Is(err, strconv.ErrRange):
			return errors.New("is out of range")
		case err != nil || strings.ContainsAny(v, "+_"):
			return errors.New("is not a whole number")
		case n < int64(low) || n > int64(high):
			return errors.New("is out of range")
		}
		set(d, int32(n))
		return nil
	}}
}

// duration takes Go's notation with a unit, "30s" or "1m30s"; also 0 needs one.
func duration(low, high timeSpan, set func(*draft, timeSpan)) value {
	span := short(low) + " to " + short(high)
	forms := []*schema{{Type: "string", Pattern: durationPattern}}
	return value{allowed: "a duration from " + span + ", in whole milliseconds", limits: []string{span}, forms: forms, set: func(d *draft, v string) error {
		if _, err := strconv.ParseFloat(v, 64); err == nil {
			return fmt.Errorf("has no unit; write %ss or %sms", v, v)
		}
		given, err := time.ParseDuration(v)
		switch {
		case err != nil:
			return errors.New("is not a duration")
		case given < low || given > high:
			return errors.New("is out of range")
		case given%time.Millisecond != 0:
			return errors.New("is not in whole milliseconds, which is all that Istio takes")
		}
		set(d, given)
		return nil
	}}
}

// short is a duration as people write it: 1h, not 1h0m0s.
func short(d timeSpan) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// object takes an object, or the text of one, as "pulumi config set" writes it.
func object(allowed string, set func(*draft, string) error) value {
	return value{allowed: allowed, forms: []*schema{{Type: "object"}, objectText()}, set: set}
}

func setBalancer(d *draft, v string) {
	if v == "mesh" {
		v = ""
	}
	d.LoadBalancer = v
}

func setValues(d *draft, v string) error {
	var values map[string]any
	if err := json.Unmarshal([]byte(v), &values); err != nil || values == nil {
		return errors.New("is not an object")
	}
	d.Istio.Values = values
	return nil
}
