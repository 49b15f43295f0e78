package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// errSaid is a failure that is in the log already.
var errSaid = errors.New("failed, see the log")

// process is what a role gets of the system; tests make their own.
type process struct {
	getenv         func(string) string
	stdin          io.Reader
	stdout, stderr io.Writer
	// signals brings those that ask for an end.
	signals <-chan os.Signal
}

// role is one way to run the binary.
type role struct {
	name, summary string
	run           func(p process, args []string) error
}

func roles() []role {
	return []role{
		{"serve", "answer requests; also without any argument", serve},
		{"client", "send requests and print their answers, see client -h", client},
		{"wait", "do nothing until told to end", wait},
	}
}

func main() {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	// A reader of the client's lines that goes away is an error like any other.
	signal.Ignore(syscall.SIGPIPE)
	os.Exit(run(process{os.Getenv, os.Stdin, os.Stdout, os.Stderr, signals}, os.Args[1:]))
}

// run runs a command line and returns its exit code.
func run(p process, args []string) int {
	err := dispatch(p, args)
	if _, wrong := errors.AsType[problems](err); wrong {
		fmt.Fprintln(p.stderr, "servicex:", err)
		return exitUsage
	}
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitDone
	case !errors.Is(err, errSaid):
		fmt.Fprintln(p.stderr, "servicex:", err)
	}
	return exitFailed
}

func dispatch(p process, args []string) error {
	if len(args) == 0 {
		args = []string{"serve"}
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		fmt.Fprint(p.stdout, usage())
		return nil
	}
	for _, r := range roles() {
		if r.name == args[0] {
			return r.run(p, args[1:])
		}
	}
	fmt.Fprint(p.stderr, usage(), "\n")
	return problems{{"role", args[0], "one of the above"}}
}

func usage() string {
	text := "usage: servicex [ROLE]\n\n"
	for _, r := range roles() {
		text += fmt.Sprintf("  %-8s%s\n", r.name, r.summary)
	}
	return text + "\nThe server's environment variables:\n\n" + list(new(config).settings())
}
