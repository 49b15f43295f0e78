package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"
)

func vertex(digest, name string, cached, started bool) []byte {
	v := protowire.AppendString(protowire.AppendTag(nil, vertexDigest, protowire.BytesType), digest)
	v = protowire.AppendString(protowire.AppendTag(v, vertexName, protowire.BytesType), name)
	v = protowire.AppendVarint(protowire.AppendTag(v, vertexCached, protowire.VarintType), protowire.EncodeBool(cached))
	if started {
		v = protowire.AppendBytes(protowire.AppendTag(v, vertexStarted, protowire.BytesType), nil)
	}
	return protowire.AppendBytes(protowire.AppendTag(nil, statusVertexes, protowire.BytesType), v)
}

func TestStepsAreNamedOnceTheyRunOrAreCached(t *testing.T) {
	messages := [][]byte{
		vertex("a", "[1/2] FROM golang", false, false),
		vertex("a", "[1/2] FROM golang", false, true),
		vertex("a", "[1/2] FROM golang", false, true),
		append(vertex("b", "[2/2] RUN go build", true, true), vertex("c", "exporting to image", false, true)...),
	}
	s := newSteps()
	var got []string
	for _, m := range messages {
		lines, err := s.update(m)
		must(t, err)
		got = append(got, lines...)
	}
	want := []string{"[1/2] FROM golang", "[2/2] RUN go build (cached)", "exporting to image"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("lines (-want +got):\n%s", d)
	}
}

func TestStepsRefuseWhatIsNoProgress(t *testing.T) {
	_, err := newSteps().update([]byte{0x0a, 0x7f})
	if err == nil || err.Error() != "reading the builder's progress: field 1: unexpected EOF" {
		t.Errorf("got error %v", err)
	}
}

func FuzzStepsEndWithLinesOrAnError(f *testing.F) {
	f.Add(vertex("a", "[1/2] FROM golang", true, true))
	f.Add([]byte{0x1a, 0x02, 0x22, 0x00})
	f.Fuzz(func(t *testing.T, message []byte) {
		if lines, err := newSteps().update(message); err != nil && lines != nil {
			t.Errorf("got lines %q with error %v", lines, err)
		}
	})
}
