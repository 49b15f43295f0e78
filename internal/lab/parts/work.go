package parts

import (
	"encoding/binary"
	"hash/fnv"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"
)

// Work is what is still to be compiled, and how fast this machine does it. A
// package's effort is told by the size of its source in bytes: of all that is
// known beforehand that agrees best with the time that the compiler takes. The
// zero Work is none.
type Work struct {
	// After is how long the lab takes to be up when all is compiled.
	After time.Duration

	mu       sync.Mutex
	packages map[uint64]*compiled
	names    map[string]map[string]uint64 // part and import path to the package's identity
	left     int64                        // effort of what is not settled
	// What was compiled, and in which time.
	done  int64
	took  time.Duration
	since time.Time // what took does not hold yet, of a build that runs; zero: none does
}

// compiled is a package with certain imports: what two parts have in common is
// compiled once.
type compiled struct {
	effort  int64
	imports []uint64
	begun   bool // the compiler has run, or runs
	settled bool // nothing is left to be done for it
}

// What a machine is expected to compile until it is known, as if it had done so
// for a while: effort a second on each processor. What it did of late alone tells
// less: generated code, of which whole modules consist, compiles faster.
const (
	usualPace = 270_000
	usualFor  = 2 * time.Minute
)

// What is beside a package's size, in bytes: that a compiler is started and reads
// what the imports declare, and for a command, that all below it are linked.
const (
	perPackage = 20_000
	linkShare  = 60 // of the effort of compiling them
)

// listFormat has `go list` print what add reads.
const listFormat = "{{.ImportPath}}\t{{.Dir}}\t{{join .GoFiles \",\"}}\t{{join .Imports \",\"}}\t{{.Name}}"

// add takes up what `go list -deps` printed of a part, imports before what
// imports them.
func (w *Work) add(part, listed string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.packages == nil {
		w.packages, w.names = map[uint64]*compiled{}, map[string]map[string]uint64{}
	}
	names := map[string]uint64{}
	w.names[part] = names
	for line := range strings.Lines(listed) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(fields) != 5 {
			continue
		}
		path, dir, p := fields[0], fields[1], &compiled{}
		// The folder of a module tells its version.
		identity := fnv.New64a()
		identity.Write([]byte(dir + "\t" + fields[2]))
		for _, name := range strings.Split(fields[3], ",") {
			id, ok := names[name]
			if !ok { // Go's own copy of a module
				id, ok = names["vendor/"+name]
			}
			if ok {
				p.imports = append(p.imports, id)
				identity.Write(binary.LittleEndian.AppendUint64(nil, id))
			}
		}
		id := identity.Sum64()
		names[path] = id
		if w.packages[id] == nil {
			p.effort = perPackage + size(dir, strings.Split(fields[2], ","))
			w.packages[id] = p
			if fields[4] == "main" {
				p.effort += w.below(id, map[uint64]bool{}) / linkShare
			}
			w.left += p.effort
		}
	}
}

// below is the effort of a package and all that it imports.
func (w *Work) below(id uint64, seen map[uint64]bool) int64 {
	if seen[id] {
		return 0
	}
	seen[id] = true
	sum := w.packages[id].effort
	for _, i := range w.packages[id].imports {
		sum += w.below(i, seen)
	}
	return sum
}

// size is the sum of the files'; one that cannot be read counts nothing, and the
// compiler will say what is wrong with it.
func size(dir string, files []string) int64 {
	var sum int64
	for _, file := range files {
		if info, err := os.Stat(filepath.Join(dir, file)); err == nil && info.Mode().IsRegular() {
			sum += info.Size()
		}
	}
	return sum
}

// count is the number of a part's packages, 0 for one that was not added.
func (w *Work) count(part string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.names[part])
}

// begin starts the clock of a part's build; the function that it returns stops
// it, and what the part is made of is there then.
func (w *Work) begin(part string) (end func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.assume()
	w.since = time.Now()
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, id := range w.names[part] {
			w.settle(id)
		}
		w.tick()
		w.since = time.Time{}
	}
}

// assume is for a machine of which nothing is known yet.
func (w *Work) assume() {
	if w.took == 0 {
		w.done, w.took = int64(usualPace*runtime.GOMAXPROCS(0))*int64(usualFor/time.Second), usualFor
	}
}

// tick adds the time that has gone by.
func (w *Work) tick() {
	if w.since.IsZero() {
		return
	}
	now := time.Now()
	w.took += now.Sub(w.since)
	w.since = now
}

// compiles is told that the compiler begins with a package: what that imports is
// there, whether it was compiled now or was in Go's cache.
func (w *Work) compiles(part, path string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.packages[w.names[part][path]]
	if p == nil {
		return
	}
	w.tick()
	p.begun = true
	for _, id := range p.imports {
		w.settle(id)
	}
}

func (w *Work) settle(id uint64) {
	p := w.packages[id]
	if p.settled {
		return
	}
	p.settled = true
	w.left -= p.effort
	if p.begun {
		w.done += p.effort
	}
	for _, below := range p.imports {
		w.settle(below)
	}
}

// Left is how long it is until the lab is up, at the pace that the compiler has
// had by now.
func (w *Work) Left() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.assume()
	w.tick()
	pace := float64(w.done) / w.took.Seconds()
	return time.Duration(float64(w.left)/pace*float64(time.Second)) + w.After
}
