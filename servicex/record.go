package main

import (
	"encoding/json"
	"strconv"
	"time"
)

// record is one line of the client's output. Its field names are what package
// timeline of the observer reads.
type record struct {
	Time    time.Time     `json:"time"`    // of sending, UTC
	Latency time.Duration `json:"latency"` // from sending to the last byte
	Code    int           `json:"code"`    // 0 where no whole answer came
	Pod     string        `json:"pod,omitempty"`
	Version string        `json:"version,omitempty"`
	Error   string        `json:"error,omitempty"`
	// Upstream is how long the sidecar says that it waited for the pod: whole
	// milliseconds, and nil where it does not say.
	Upstream *time.Duration `json:"upstream,omitempty"`
	// Said is the beginning of the body of an answer that no pod gave.
	Said string `json:"said,omitempty"`
}

// append adds r to line, just as encoding/json would write it; that one takes
// several times as long.
func (r record) append(line []byte) []byte {
	line = append(line, `{"time":"`...)
	line = r.Time.AppendFormat(line, time.RFC3339Nano)
	line = append(line, `","latency":`...)
	line = strconv.AppendInt(line, int64(r.Latency), 10)
	line = append(line, `,"code":`...)
	line = strconv.AppendInt(line, int64(r.Code), 10)
	line = appendText(line, `,"pod":`, r.Pod)
	line = appendText(line, `,"version":`, r.Version)
	line = appendText(line, `,"error":`, r.Error)
	if r.Upstream != nil {
		line = append(line, `,"upstream":`...)
		line = strconv.AppendInt(line, int64(*r.Upstream), 10)
	}
	line = appendText(line, `,"said":`, r.Said)
	return append(line, '}', '\n')
}

// appendText adds a field with a string, unless that is empty.
func appendText(line []byte, key, text string) []byte {
	if text == "" {
		return line
	}
	line = append(line, key...)
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			quoted, _ := json.Marshal(text) // which no string makes fail
			return append(line, quoted...)
		}
	}
	line = append(line, '"')
	line = append(line, text...)
	return append(line, '"')
}
