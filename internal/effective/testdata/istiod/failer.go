package main

import (
	"fmt"
	"os"
	"slices"
)

// failer is the test that istiod's own fake wants around it: a failure ends the
// command.
type failer struct{ last []func() }

func (f *failer) end() {
	for _, do := range slices.Backward(f.last) {
		do()
	}
}

func (f *failer) Cleanup(do func()) { f.last = append(f.last, do) }

func (f *failer) fail(a ...any) {
	fmt.Fprintln(os.Stderr, append([]any{"istiod:"}, a...)...)
	os.Exit(1)
}

func (f *failer) Fail()                     { f.fail("failed") }
func (f *failer) FailNow()                  { f.fail("failed") }
func (f *failer) Fatal(a ...any)            { f.fail(a...) }
func (f *failer) Fatalf(s string, a ...any) { f.fail(fmt.Sprintf(s, a...)) }
func (f *failer) Helper()                   {}
func (f *failer) Log(...any)                {}
func (f *failer) Logf(string, ...any)       {}
func (f *failer) Skip(...any)               {}
func (f *failer) TempDir() string           { return os.TempDir() }
