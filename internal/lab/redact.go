package lab

import (
	"bytes"
	"io"
	"regexp"
)

// credentials are the user and the password in an address, up to the last @
// before its path.
var credentials = regexp.MustCompile(`://[^/\s"']*@`)

func redact(text string) string { return credentials.ReplaceAllString(text, "://***@") }

// redacted is a log that credentials do not reach: what the tools say of their
// proxies and mirrors has some in it. It passes whole lines on; Close passes on
// what is left.
type redacted struct {
	to   io.Writer
	line []byte // that is not whole yet
}

func (r *redacted) Write(p []byte) (int, error) {
	r.line = append(r.line, p...)
	end := bytes.LastIndexByte(r.line, '\n') + 1
	if end == 0 {
		return len(p), nil
	}
	if _, err := io.WriteString(r.to, redact(string(r.line[:end]))); err != nil {
		return 0, err
	}
	r.line = append(r.line[:0], r.line[end:]...)
	return len(p), nil
}

func (r *redacted) Close() error {
	_, err := io.WriteString(r.to, redact(string(r.line)))
	r.line = nil
	return err
}
