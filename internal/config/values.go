package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// text is a setting that check accepts as it stands; a nil check takes all.
func text(set func(*draft, string), check func(string) error) func(*draft, string) error {
	return func(d *draft, v string) error {
		if err := check(v); err != nil {
			return err
		}
		set(d, v)
		return nil
	}
}

// boolean takes true and false and nothing that merely looks like them.
func boolean(set func(*draft, bool)) func(*draft, string) error {
	return func(d *draft, v string) error {
		if v != "true" && v != "false" {
			return errors.New("is neither true nor false")
		}
		set(d, v == "true")
		return nil
	}
}

// whole takes decimal digits only: no 1e3, no 0x10, no 10.0.
func whole(low, high int32, set func(*draft, int32)) func(*draft, string) error {
	return func(d *draft, v string) error {
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
	}
}

// duration takes Go's notation with a unit, "30s" or "1m30s"; also 0 needs one.
func duration(low, high timeSpan, set func(*draft, timeSpan)) func(*draft, string) error {
	return func(d *draft, v string) error {
		if _, err := strconv.ParseFloat(v, 64); err == nil {
			return fmt.Errorf("has no unit; write %ss or %sms", v, v)
		}
		span, err := time.ParseDuration(v)
		switch {
		case err != nil:
			return errors.New("is not a duration")
		case span < low || span > high:
			return errors.New("is out of range")
		case span%time.Millisecond != 0:
			return errors.New("is not in whole milliseconds, which is all that Istio takes")
		}
		set(d, span)
		return nil
	}
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
