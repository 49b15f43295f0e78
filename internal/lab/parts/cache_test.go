package parts

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestOnceRemovesWhatKilledRunsHaveLeft(t *testing.T) {
	b := newBench(t)
	old, young := filepath.Join(b.Cache, ".part-old"), filepath.Join(b.Cache, ".part-young")
	for _, dir := range []string{old, young} {
		file(t, dir+"/half", "")
	}
	longAgo := time.Now().Add(-2 * staleAfter)
	if err := os.Chtimes(old, longAgo, longAgo); err != nil {
		t.Fatal(err)
	}
	if _, err := b.once("part", "1", func(string) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if there(old) || !there(young) {
		t.Errorf("there: old %v, young %v; want the young one, which another run may be busy with", there(old), there(young))
	}
}

func TestOnceTakesWhatAnotherRunHasBuiltMeanwhile(t *testing.T) {
	b := newBench(t)
	folder, err := b.once("part", "1", func(string) error {
		file(t, b.Cache+"/part-1/binary", "theirs")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if content, err := os.ReadFile(folder + "/binary"); err != nil || string(content) != "theirs" {
		t.Errorf("got %q and %v", content, err)
	}
}

// age sets when a part was last used.
func age(t *testing.T, folder string, ago time.Duration) {
	t.Helper()
	then := time.Now().Add(-ago)
	if err := os.Chtimes(folder, then, then); err != nil {
		t.Fatal(err)
	}
}

func TestPartsThatNobodyUsesAreRemoved(t *testing.T) {
	b := newBench(t)
	ages := map[string]time.Duration{
		"cluster-1": 2 * unusedAfter, "cluster-2": unusedAfter / 2, "envoy-3": 2 * unusedAfter, "pause-4": 2 * unusedAfter,
		".agent-5": 2 * staleAfter, ".agent-6": staleAfter / 2,
	}
	for name, ago := range ages {
		file(t, filepath.Join(b.Cache, name, "binary"), "")
		age(t, filepath.Join(b.Cache, name), ago)
	}
	// What a lab is brought up with now is used again, however old it is.
	if _, err := b.once("pause", "4", nil); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := b.Prune(); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(b.Cache)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, entry := range entries {
		left = append(left, entry.Name())
	}
	if diff := cmp.Diff([]string{".agent-6", "cluster-2", "pause-4"}, left); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	if err := (Builder{Cache: filepath.Join(b.Cache, "missing")}).Prune(); err != nil {
		t.Errorf("of a cache that is not there: %v", err)
	}
}
