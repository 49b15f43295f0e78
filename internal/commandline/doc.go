// Package commandline is what this project's programs have in common on the
// command line, on top of cobra: help, flags, and errors that name a way out.
package commandline
