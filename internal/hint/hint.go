// Package hint keeps what the user can do about an error apart from what the
// error says: main prints the message and, on a line of its own, the hint.
package hint

import "errors"

// Error is an error with a way out of it.
type Error struct {
	Err  error
	Hint string // a sentence or a command, without a final stop
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// With adds a hint to err; nil stays nil.
func With(err error, hint string) error {
	if err == nil {
		return nil
	}
	return &Error{Err: err, Hint: hint}
}

// Of returns the outermost hint in err's tree, or "".
func Of(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Hint
	}
	return ""
}
