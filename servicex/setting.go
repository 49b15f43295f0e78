package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// setting is one value that a role takes from text: an environment variable of
// the server, a flag of the client.
type setting struct {
	name    string
	meaning string // with the default
	allowed string // completes "must be ..."
	read    func(text string) bool
}

// list is the help on settings.
func list(settings []setting) string {
	var text strings.Builder
	for _, s := range settings {
		fmt.Fprintf(&text, "  %s\n        %s\n        %s\n", s.name, s.meaning, s.allowed)
	}
	return text.String()
}

// refuse describes a text that the setting does not allow.
func (s setting) refuse(text string) problem { return problem{s.name, text, s.allowed} }

// problem is one thing wrong with what a role was given.
type problem struct{ name, value, allowed string }

// problems are all things wrong, so that they can be mended in one go.
type problems []problem

func (p problems) Error() string {
	text := "refusing to start:"
	for _, one := range p {
		text += fmt.Sprintf("\n  %s %q: must be %s", one.name, one.value, one.allowed)
	}
	return text
}

// err is p as an error; nil where nothing is wrong.
func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

func duration(into *time.Duration, least, most time.Duration) func(string) bool {
	return func(text string) bool {
		d, err := time.ParseDuration(text)
		if err != nil || d < least || d > most {
			return false
		}
		*into = d
		return true
	}
}

func integer(into *int, least, most int) func(string) bool {
	return func(text string) bool {
		n, err := strconv.Atoi(text)
		if err != nil || n < least || n > most {
			return false
		}
		*into = n
		return true
	}
}

// word takes what fits into a header as it is: visible ASCII without spaces.
func word(into *string, most int) func(string) bool {
	return func(text string) bool {
		invisible := func(r rune) bool { return r <= ' ' || r > '~' }
		if text == "" || len(text) > most || strings.ContainsFunc(text, invisible) {
			return false
		}
		*into = text
		return true
	}
}
