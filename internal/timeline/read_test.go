package timeline

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const (
	header = `{"time":"2026-11-24T10:00:00Z","header":{"version":2,"command":"watch"}}`
	answer = `{"time":"2026-11-24T10:00:01Z","answer":{"latency":5,"code":200,"pod":"a"}}`
	phase  = `{"time":"2026-11-24T09:59:59Z","phase":{"name":"preflight","statement":"proven"}}`
	step   = `{"time":"2026-11-24T09:59:58Z","step":{"phase":"preflight"}}`
)

func lines(all ...string) string { return strings.Join(all, "\n") + "\n" }

func TestARecordingIsReadLineByLine(t *testing.T) {
	at := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	head := Entry{Time: at, Header: &Header{Version: 2, Command: "watch"}}
	good := Entry{Time: at.Add(time.Second), Answer: &Answer{Latency: 5, Code: 200, Pod: "a"}}
	ready := Entry{Time: at.Add(-time.Second), Phase: &Phase{Name: "preflight", Statement: Proven}}
	tests := []struct {
		name, text string
		want       []Entry
		cut        bool
	}{
		{"whole", lines(header, answer), []Entry{head, good}, false},
		{"a last line without its end is whole all the same", header + "\n" + answer, []Entry{head, good}, false},
		{"empty lines and those of Windows", header + "\r\n\n" + answer + "\r\n\n", []Entry{head, good}, false},
		{"a phase comes before the header", lines(phase, header), []Entry{ready, head}, false},
		{"so does what a proof does for it", lines(step, phase, header), []Entry{{Time: at.Add(-2 * time.Second), Step: &Step{Phase: "preflight"}}, ready, head}, false},
		{"two runs", lines(header, answer, header, answer), []Entry{head, good, head, good}, false},
		{"a field of the future", lines(strings.Replace(header, `"command"`, `"colour":"red","command"`, 1)), []Entry{head}, false},
		{"nothing", "", nil, false},
		{"cut in its second line", header + "\n" + answer[:40], []Entry{head}, true},
		{"cut at the first character", header + "\n{", []Entry{head}, true},
		{"cut in its first line", header[:20], nil, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ReadAll(strings.NewReader(tt.text))
			if errors.Is(err, ErrCutOff) != tt.cut || err != nil && !tt.cut {
				t.Errorf("error: got %v, want cut off %t", err, tt.cut)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatIsNoRecordingIsRefusedByItsLine(t *testing.T) {
	newer := strings.Replace(header, `"version":2`, `"version":3`, 1)
	tests := []struct{ name, text, want string }{
		{"a higher version", lines(newer), "line 1: format version 3, and this program reads up to 2: take a newer one"},
		{"a higher version, after what only that one knows", lines(`{"time":"2026-11-24T10:00:00Z","news":{}}`, newer), "line 2: format version 3, and this program reads up to 2: take a newer one"},
		{"a higher version with another type of field", lines(strings.Replace(newer, `"watch"`, `["watch"]`, 1)), "line 1: format version 3, and this program reads up to 2: take a newer one"},
		{"a higher version in the second run", lines(header, answer, newer), "line 3: format version 3, and this program reads up to 2: take a newer one"},
		{"no version", lines(`{"time":"2026-11-24T10:00:00Z","header":{}}`), "line 1: header without a version"},
		{"no header", lines(phase, answer), "line 2: answer before any header"},
		{"no time", lines(header, `{"answer":{"code":200}}`), "line 2: answer without a time"},
		{"no kind", lines(header, `{"time":"2026-11-24T10:00:00Z"}`), "line 2: none of header, answer, snapshot, outlier, event, clock, step, sidecar, symptom, phase and verdict"},
		{"two kinds", lines(header, strings.Replace(answer, `"answer"`, `"verdict":{"agrees":true},"answer"`, 1)), "line 2: both answer and verdict"},
		{"a phase that states nothing", lines(header, strings.Replace(phase, `,"statement":"proven"`, "", 1)), `line 2: phase "preflight": statement "", not one of proven, refuted, not proven`},
		{"a statement of the future", lines(header, strings.Replace(phase, "proven", "likely", 1)), `line 2: phase "preflight": statement "likely", not one of proven, refuted, not proven`},
		{"a verdict that is none", lines(header, `{"time":"2026-11-24T10:00:00Z","verdict":{"words":"good"}}`), `line 2: verdict "", not one of agrees, refuted, not proven`},
		{"an old phase of another type", lines(header, strings.Replace(phase, `"statement":"proven"`, `"passed":"yes"`, 1)), "line 2: phase.passed: not to be read from a JSON string"},
		{"a line of a log before any header", lines(`{"time":"2026-11-24T10:00:00Z","outlier":{"pod":"a"}}`), "line 1: outlier before any header"},
		{"a field of another type", lines(header, "", strings.Replace(answer, "200", `"200"`, 1)), "line 3: answer.code: not to be read from a JSON string"},
		{"no object", lines(header, "10"), "line 2: not a JSON object: number"},
		{"no JSON", lines(header, "10:00:00 ejected"), "line 2: not a JSON object: number"},
		{"broken JSON", lines(header, answer[:40], answer), "line 2: unexpected EOF"},
		{"broken JSON at its end is not cut off", lines(header) + `{"time":!`, "line 2: invalid character '!' looking for beginning of value"},
		{"two objects in a line", lines(header + answer), "line 1: more than one JSON object"},
		{"too much after an object", lines(header + "}"), "line 1: more than one JSON object"},
		{"no time of day", lines(strings.Replace(header, "T10:00:00Z", "", 1)), `line 1: parsing time "2026-11-24" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"`},
		{"a line without end", lines(header) + strings.Repeat(" ", longest+1), "line 2: longer than 4194304 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ReadAll(strings.NewReader(tt.text))
			if err == nil || err.Error() != tt.want || got != nil {
				t.Errorf("got %d entries and the error %v\nwant %s", len(got), err, tt.want)
			}
		})
	}
}

// A recording of version 1, as observe wrote it of a proof in the lab.
func TestARecordingOfVersionOneIsReadInTodaysWords(t *testing.T) {
	file, err := os.Open("testdata/version1.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	entries, err := ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	var phases []string
	for _, e := range entries {
		if e.Phase != nil {
			phases = append(phases, e.Phase.Name+" "+string(e.Phase.Statement))
		}
	}
	want := []string{"preflight proven", "mix proven", "backoff proven", "counters proven", "healthy proven"}
	if diff := cmp.Diff(want, phases); diff != "" {
		t.Errorf("phases (-want +got):\n%s", diff)
	}
	if last := entries[len(entries)-1].Verdict; last == nil || last.Verdict != Agrees {
		t.Errorf("verdict: got %+v, want %s", last, Agrees)
	}
	if v := entries[1].Header.Version; v != 1 {
		t.Errorf("version: got %d, want that of the file, 1", v)
	}
	refuted := lines(strings.Replace(phase, `"statement":"proven"`, `"passed":false`, 1), strings.Replace(header, `"version":2`, `"version":1`, 1),
		`{"time":"2026-11-24T10:00:02Z","verdict":{"agrees":false,"words":"differs"}}`)
	entries, err = ReadAll(strings.NewReader(refuted))
	if err != nil || entries[0].Phase.Statement != Refuted || entries[2].Verdict.Verdict != Differs {
		t.Errorf("what did not pass: got %v and %v, want it refuted", entries, err)
	}
}

func TestAFileThatCannotBeReadIsNotCutOff(t *testing.T) {
	broken := errors.New("disk on fire")
	_, err := ReadAll(io.MultiReader(strings.NewReader(lines(header)), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) || errors.Is(err, ErrCutOff) {
		t.Errorf("got %v, want %v", err, broken)
	}
}

// FuzzReadAll: what was read is the same when it is written and read again, and
// a recording that ends early is read up to there.
func FuzzReadAll(f *testing.F) {
	f.Add(lines(header, answer), uint16(0))
	f.Add(lines(phase, header, answer, header), uint16(90))
	f.Add(header+"\n"+answer[:30], uint16(7))
	f.Add(lines(`{"time":"2026-11-24T10:00:00+01:30","header":{"version":1,"rule":{"consecutive5xxErrors":0}}}`,
		`{"time":"2026-11-24T10:00:00Z","event":{"kind":"ejected","decided":"2026-11-24T10:00:00.123456789Z","out":-1}}`), uint16(99))
	f.Add(lines(step, `{"time":"2026-11-24T10:00:00Z","phase":{"passed":false}}`, `{"time":"2026-11-24T10:00:00Z","clock":{"name":"sidecar","least":-5,"most":5}}`,
		`{"time":"2026-11-24T10:00:00Z","header":{"version":2,"versions":{},"sidecar":{"outlier":{}},"claim":{"phases":[],"declared":{}}}}`,
		`{"time":"2026-11-24T10:00:00Z","outlier":{"decided":"2026-11-24T10:00:00Z"}}`, `{"time":"2026-11-24T10:00:00Z","verdict":{"agrees":true}}`), uint16(300))
	// A list that is left out is the same as an empty one.
	same := cmpopts.EquateEmpty()
	f.Fuzz(func(t *testing.T, text string, cut uint16) {
		first, err := ReadAll(strings.NewReader(text))
		if err != nil && !errors.Is(err, ErrCutOff) {
			return
		}
		var written bytes.Buffer
		for _, e := range first {
			if err := json.NewEncoder(&written).Encode(e); err != nil {
				t.Fatalf("writing %+v: %v", e, err)
			}
		}
		second, err := ReadAll(bytes.NewReader(written.Bytes()))
		if err != nil {
			t.Fatalf("reading what was written: %v\n%s", err, written.Bytes())
		}
		if diff := cmp.Diff(first, second, same); diff != "" {
			t.Errorf("read again (-first +second):\n%s", diff)
		}
		short := written.Bytes()[:min(int(cut), written.Len())]
		part, err := ReadAll(bytes.NewReader(short))
		if err != nil && !errors.Is(err, ErrCutOff) {
			t.Fatalf("reading the first %d bytes: %v", len(short), err)
		}
		whole := bytes.Count(short, []byte("\n"))
		if len(part) != whole && len(part) != whole+1 {
			t.Fatalf("%d entries of %d whole lines", len(part), whole)
		}
		for i, e := range part {
			if diff := cmp.Diff(second[i], e, same); diff != "" {
				t.Errorf("entry %d of the first %d bytes (-whole +part):\n%s", i, len(short), diff)
			}
		}
	})
}
