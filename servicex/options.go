package main

import (
	"errors"
	"flag"
	"io"
	"math"
	"strconv"
	"time"
)

// options are the client's flags.
type options struct {
	load
	// Duration after which the client ends; 0 is when it is told to.
	Duration time.Duration
	// StopOnStdinClose ends the client when its input does, so that it does not
	// outlive the connection of the one that started it.
	StopOnStdinClose bool
}

// settings are the flags that take a value, in the order of the help.
func (o *options) settings() []setting {
	return []setting{
		{"-url", "what to get", "a URL of the form http://HOST[:PORT]/PATH", o.readURL},
		{"-rate", "requests a second over all workers; 0: as fast as answers come (default 10)", "a number from 0 to 100000", o.readRate},
		{"-concurrency", "workers, each with a connection of its own (default 1)", "a number from 1 to 1000", integer(&o.Concurrency, 1, 1000)},
		{"-timeout", "of one request (default 10s)", "a duration from 1ms to 1h, such as 10s", duration(&o.Timeout, time.Millisecond, time.Hour)},
		{"-duration", "of the whole run; 0s: until told to end (default 0s)", "a duration of 0s or more, such as 30s", duration(&o.Duration, 0, math.MaxInt64)},
		{"-stop-on-stdin-close", "end when the input does (default false)", "true, false or left out", o.readStop},
	}
}

func (o *options) readURL(text string) bool {
	t, err := newTarget(text)
	o.Target = t
	return err == nil
}

func (o *options) readRate(text string) bool {
	r, err := strconv.ParseFloat(text, 64)
	if err != nil || !(r >= 0 && r <= maxRate) { // so that NaN is refused too
		return false
	}
	o.Rate = r
	return true
}

func (o *options) readStop(text string) bool {
	on, err := strconv.ParseBool(text)
	o.StopOnStdinClose = on
	return err == nil
}

// flagValue gives the flag package a setting, and keeps what it refuses: the
// package itself would stop at the first.
type flagValue struct {
	setting
	given bool
	wrong *problems
}

func (v *flagValue) String() string { return "" }

func (v *flagValue) Set(text string) error {
	v.given = true
	if !v.read(text) {
		*v.wrong = append(*v.wrong, v.refuse(text))
	}
	return nil
}

// IsBoolFlag says that the flag needs no value.
func (v *flagValue) IsBoolFlag() bool { return v.name == "-stop-on-stdin-close" }

// readOptions reads the client's arguments. The error lists all problems, or is
// flag.ErrHelp.
func readOptions(args []string) (options, error) {
	o := options{load: load{Rate: 10, Concurrency: 1, Timeout: 10 * time.Second}}
	var wrong problems
	flags := flag.NewFlagSet("client", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	var url *flagValue
	for _, s := range o.settings() {
		v := &flagValue{setting: s, wrong: &wrong}
		if s.name == "-url" {
			url = v
		}
		flags.Var(v, s.name[1:], "")
	}
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return options{}, err
	case err != nil:
		return options{}, append(wrong, problem{"arguments", err.Error(), "the flags of `servicex client -h`"})
	case flags.NArg() > 0:
		wrong = append(wrong, problem{"argument", flags.Arg(0), "a flag"})
	}
	if !url.given {
		wrong = append(wrong, url.refuse(""))
	}
	return o, wrong.err()
}

func clientUsage() string {
	text := "usage: servicex client -url URL [flags]\n\n" +
		"Sends requests and prints one JSON object a line for each answer.\n\n"
	return text + list(new(options).settings())
}
