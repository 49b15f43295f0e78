package parts

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// listing writes packages as `go list` prints them: "name size imports...", each
// with one file.
func listing(t *testing.T, root string, packages ...string) string {
	t.Helper()
	var out strings.Builder
	for _, p := range packages {
		fields := strings.Fields(p)
		size, err := strconv.Atoi(fields[1])
		if err != nil {
			t.Fatal(err)
		}
		name, kind := strings.CutPrefix(fields[0], "main:")
		file(t, filepath.Join(root, name, "a.go"), strings.Repeat(" ", size))
		fmt.Fprintf(&out, "%s\t%s\ta.go\t%s\t%s\n", name, filepath.Join(root, name), strings.Join(fields[2:], ","), map[bool]string{true: "main", false: name}[kind])
	}
	return out.String()
}

func TestWhatIsLeftToCompile(t *testing.T) { synctest.Test(t, whatIsLeft) }

func whatIsLeft(t *testing.T) {
	root := t.TempDir()
	w := &Work{}
	check := func(when string, left int64) {
		t.Helper()
		if w.left != left {
			t.Errorf("%s: got %d left, want %d", when, w.left, left)
		}
	}
	command := (6*perPackage + 111111) / linkShare
	w.add("one", listing(t, root, "vendor/v 1", "a 10 v", "b 100", "c 1000 b", "d 10000 a c", "main:m 100000 d"))
	check("one part", int64(6*perPackage+111111+command))
	w.add("two", listing(t, root, "vendor/v 1", "a 10 v", "x 5 a"))
	check("two, which share what they import", int64(7*perPackage+111116+command))
	if got := w.count("one"); got != 6 {
		t.Errorf("packages of one: got %d, want 6", got)
	}

	end := w.begin("one")
	before := w.done
	w.compiles("one", "b")
	check("the compiler runs", int64(7*perPackage+111116+command))
	w.compiles("one", "d") // so a, c and v are in Go's cache
	check("what it imports is there", int64(3*perPackage+110005+command))
	if got, want := w.done-before, int64(perPackage+100); got != want {
		t.Errorf("compiled: got %d, want %d: the rest was there already", got, want)
	}
	w.compiles("one", "a line that is no package")
	end()
	check("all of it", int64(perPackage+5))
	w.begin("two")()
	check("all", 0)
}

// Another version of what is imported makes another package of it.
func TestOnlyWhatImportsTheSameIsShared(t *testing.T) {
	w, one, two := &Work{}, t.TempDir(), t.TempDir()
	w.add("one", listing(t, one, "a 10", "b 100 a"))
	other := strings.ReplaceAll(listing(t, two, "a 10")+listing(t, one, "b 100 a"), "\r", "")
	w.add("two", other)
	if want := int64(4*perPackage + 220); w.left != want {
		t.Errorf("got %d, want %d", w.left, want)
	}
}

func TestTheTimeLeftBeginsWithTheUsualAndFollowsThePace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		usual := int64(usualPace * runtime.GOMAXPROCS(0))
		w := &Work{After: 7 * time.Second}
		recorded{{"p", 100, 100 * usual}, {"p", 200, 100 * usual}}.add(w)
		if got, want := w.Left(), 207*time.Second; got.Round(time.Second) != want {
			t.Errorf("at first: got %s, want %s", got, want)
		}
		end := w.begin("p")
		w.compiles("p", "0")
		time.Sleep(50 * time.Second) // twice the usual pace
		w.compiles("p", "1")
		if got := w.Left(); got <= 57*time.Second || got >= 100*time.Second {
			t.Errorf("at twice the pace: got %s, want between 57s and 100s", got)
		}
		end()
		if got := w.Left(); got != w.After {
			t.Errorf("at the end: got %s, want %s", got, w.After)
		}
	})
}

// recorded are lines of testdata/timings.txt.
type recorded []struct {
	part   string
	second int
	effort int64
}

// add has each line as a package, which imports the one before.
func (r recorded) add(w *Work) {
	w.packages, w.names = map[uint64]*compiled{}, map[string]map[string]uint64{}
	for i, line := range r {
		if w.names[line.part] == nil {
			w.names[line.part] = map[string]uint64{}
		}
		p := &compiled{effort: line.effort}
		if i > 0 && r[i-1].part == line.part {
			p.imports = []uint64{uint64(i - 1)}
		}
		w.packages[uint64(i)] = p
		w.names[line.part][strconv.Itoa(i)] = uint64(i)
		w.left += line.effort
	}
}

// From the second minute until the last one, what is told has to be within a
// third of what it really was, but for one line in twenty: such as the last before
// a package is settled that compiled for long.
func TestTheTimeLeftIsRightWithinAThird(t *testing.T) {
	content, err := os.ReadFile("testdata/timings.txt")
	if err != nil {
		t.Fatal(err)
	}
	var r recorded
	for line := range strings.Lines(string(content)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		r = append(r, struct {
			part   string
			second int
			effort int64
		}{})
		l := &r[len(r)-1]
		if _, err := fmt.Sscanf(line, "%s\t%d\t%d", &l.part, &l.second, &l.effort); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
	}
	const after = 41 * time.Second // as it was then
	total := time.Duration(r[len(r)-1].second)*time.Second + after
	synctest.Test(t, func(t *testing.T) {
		w := &Work{After: after}
		r.add(w)
		start, end, checked, wrong := time.Now(), func() {}, 0, 0
		for i, line := range r {
			if i == 0 || r[i-1].part != line.part {
				end()
				end = w.begin(line.part)
			}
			w.compiles(line.part, strconv.Itoa(i)) // it runs since the line before
			time.Sleep(time.Duration(line.second)*time.Second - time.Since(start))
			if i+1 < len(r) && r[i+1].part == line.part {
				w.compiles(line.part, strconv.Itoa(i+1))
			} else {
				end()
				end = func() {}
			}
			said, real := w.Left(), total-time.Since(start)
			if time.Since(start) < time.Minute || real < time.Minute {
				continue
			}
			checked++
			if said < real*2/3 || said > real*4/3 {
				wrong++
				t.Logf("after %s: said %s, it was %s", time.Since(start), said.Round(time.Second), real)
			}
		}
		if wrong*20 > checked {
			t.Errorf("%d of %d are wrong by more than a third", wrong, checked)
		}
		if checked < 60 {
			t.Errorf("only %d times were checked", checked)
		}
	})
}

func TestModulesAreFetchedBeforeAnythingIsCompiled(t *testing.T) {
	b := newBench(t, builds()...)
	if err := b.FetchModules(t.Context()); err != nil {
		t.Fatal(err)
	}
	var parts []string
	for _, line := range b.run.lines(b.dir) {
		if !strings.HasPrefix(line, "go list -deps ") {
			t.Errorf("ran %q", line)
		}
	}
	for _, p := range append(goParts, program) {
		if b.Work.count(p.name) != 5 {
			t.Errorf("part %s: got %d packages, want 5", p.name, b.Work.count(p.name))
		}
		parts = append(parts, "those of part "+p.name)
	}
	if diff := cmp.Diff(parts, *b.notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	*b.notes = nil
	if _, err := b.Go(t.Context(), "provider"); err != nil {
		t.Fatal(err)
	}
	want := "4 of 5 packages, the lab is up in about 1 min"
	if got := *b.notes; len(got) == 0 || got[len(got)-1] != want {
		t.Errorf("got %q, want %q last", got, want)
	}
}
