package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"istio-circuit-breaker/internal/spelling"
)

// place is a setting's text and where it was found, for the errors.
type place struct {
	text   string
	key    string // full key under which it was found
	nested bool   // in an object there
	secret bool   // was set as one
	hidden bool   // never to be shown
}

func (p place) where() string {
	if p.nested {
		return p.key + " (nested)"
	}
	return p.key
}

// shown is the text for an error.
func (p place) shown() string {
	if p.secret || p.hidden {
		return "[secret]"
	}
	return p.text
}

// finder collects settings from literal dotted keys and from nested objects.
type finder struct {
	known    map[string]bool
	found    map[string]place
	problems []*Problem
}

// find sorts raw values by setting. A setting may be written as a dotted key
// ("p:outlier.interval") or inside an object ("p:outlier" = {"interval": ...}).
//
// What stands in an object of which a part is secret counts as secret: Pulumi
// tells secrets by whole keys.
func find(raw map[string]string, secret []string) (map[string]place, []*Problem) {
	f := finder{known: map[string]bool{}, found: map[string]place{}}
	for _, k := range keys() {
		f.known[k.name] = true
	}
	for _, full := range slices.Sorted(maps.Keys(raw)) {
		if name, ours := strings.CutPrefix(full, Project+":"); ours {
			f.visit(name, place{text: raw[full], key: full, secret: slices.Contains(secret, full)})
		}
	}
	return f.found, f.problems
}

// visit takes what stood at a place as the value of name.
func (f *finder) visit(name string, at place) {
	if f.known[name] {
		at.hidden = alwaysSecret(name)
		f.keep(name, at)
		return
	}
	var object map[string]json.RawMessage
	if f.group(name) && json.Unmarshal([]byte(at.text), &object) == nil && object != nil {
		for _, inner := range slices.Sorted(maps.Keys(object)) {
			f.visit(name+"."+inner, place{text: leaf(object[inner]), key: at.key, nested: true, secret: at.secret})
		}
		return
	}
	p := &Problem{Key: Project + ":" + name, Value: at.shown(), Reason: "there is no such setting"}
	if f.group(name) {
		p.Reason, p.Allowed = "must be an object", name+".* as one value each"
		p.Fix = command("rm", at.nested, name)
	} else if near := nearest(name, f.known); near != "" {
		p.Reason += fmt.Sprintf("; did you mean %q?", near)
		p.Fix = command("rm", at.nested, name) + " && " + command("set", at.nested, near, "VALUE")
	} else {
		p.Allowed = strings.Join(slices.Sorted(maps.Keys(f.known)), ", ")
	}
	f.problems = append(f.problems, p)
}

func (f *finder) keep(name string, p place) {
	before, twice := f.found[name]
	if twice && before.text != p.text {
		f.problems = append(f.problems, &Problem{
			Key: Project + ":" + name, Value: p.shown(),
			Reason: fmt.Sprintf("is set twice with different values: %q at %s, %q at %s", before.shown(), before.where(), p.shown(), p.where()),
			Fix:    command("rm", false, name) + ", or " + command("rm", true, name),
		})
	}
	f.found[name] = p
}

// group reports whether name is the first part of some setting's name.
func (f *finder) group(name string) bool {
	for known := range f.known {
		if strings.HasPrefix(known, name+".") {
			return true
		}
	}
	return false
}

// leaf is the text of a JSON value as it would have been written by itself.
func leaf(value json.RawMessage) string {
	var s string
	if json.Unmarshal(value, &s) == nil && string(value) != "null" {
		return s
	}
	if string(value) == "null" {
		return ""
	}
	return string(value)
}

// nearest is the known setting that name is most likely a slip of, or "".
func nearest(name string, known map[string]bool) string {
	best, bestDistance := "", 1+len(name)/3
	for _, candidate := range slices.Sorted(maps.Keys(known)) {
		d := spelling.Distance(strings.ToLower(name), strings.ToLower(candidate), bestDistance)
		// The last part alone is often all that people remember.
		if _, last, ok := strings.Cut(candidate, "."); ok && strings.EqualFold(last, name) {
			d = 0
		}
		if d < bestDistance {
			best, bestDistance = candidate, d
		}
	}
	return best
}
