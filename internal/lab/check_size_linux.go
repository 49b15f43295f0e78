package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"istio-circuit-breaker/internal/lab/parts"
	"istio-circuit-breaker/internal/runner"
)

const gigabyte = 1e9

// minMemory: 2.5 GB with mesh and demo were measured, and the largest linker run
// needs no more; a machine that is sold with 4 GB shows 3.7 to 3.9.
const minMemory = 3.5 * gigabyte

// nodeMemory is what each further node takes, beside its pods: 85 to 95 MB were
// measured, its share of the programs that all nodes run among them.
const nodeMemory = 0.15 * gigabyte

func (l *Lab) furtherNodes() uint64 { return uint64(max(l.Shape.Nodes, 1) - 1) }

// memory is the machine's, 0 where the kernel does not tell.
func (l *Lab) memory() uint64 {
	f, err := l.host.facts("/")
	if err != nil {
		return 0 // which is told by the check
	}
	return f.memory
}

func (l *Lab) checkMemory(context.Context) (string, error) {
	f, err := l.host.facts("/")
	if err != nil {
		return "", err
	}
	return atLeast("", f.memory, minMemory+l.furtherNodes()*nodeMemory)
}

// need is what a folder's disk has to have free.
type need struct {
	folder string
	bytes  uint64
}

// diskNeeds are as measured: what the first start leaves in each folder, and
// what Go writes on the way, which goes away again; later starts need less. Each
// node unpacks images of its own.
func (l *Lab) diskNeeds(ctx context.Context) ([]need, error) {
	needs := []need{{l.State, (1 + l.furtherNodes()) * gigabyte}, {l.Cache, gigabyte / 2}}
	if built, err := filepath.Glob(filepath.Join(l.Layout.parts(), "cluster-*")); err == nil && len(built) > 0 {
		return needs, nil
	}
	out, err := l.Runner.Run(ctx, runner.Command{Args: []string{"go", "env", "GOCACHE", "GOMODCACHE", "GOTMPDIR"}, Dir: l.Source, Env: []string{parts.GoFlags}, Log: l.log})
	if err != nil {
		return nil, fmt.Errorf("asking Go for its folders: %w", err)
	}
	folders := strings.Split(out, "\n")
	if len(folders) < 3 {
		return nil, fmt.Errorf("asking Go for its folders: it says %q", out)
	}
	if folders[2] == "" {
		folders[2] = os.TempDir()
	}
	needs[1].bytes = 1.5 * gigabyte
	return append(needs, need{folders[0], 6.5 * gigabyte}, need{folders[1], 3 * gigabyte}, need{folders[2], 4 * gigabyte}), nil
}

// checkDisk adds up what is needed on each disk.
func (l *Lab) checkDisk(ctx context.Context) (string, error) {
	needs, err := l.diskNeeds(ctx)
	if err != nil {
		return "", err
	}
	disks, err := l.disks(needs)
	if err != nil {
		return "", err
	}
	var says []string
	var problems []error
	for _, d := range disks {
		of := ""
		if len(disks) > 1 || d.free < d.bytes {
			of = " for " + strings.Join(d.folders, ", ")
		}
		text, err := atLeast(of, d.free, d.bytes)
		says, problems = append(says, text), append(problems, err)
	}
	return strings.Join(says, "; "), errors.Join(problems...)
}

// atLeast compares sizes; of says whose they are.
func atLeast(of string, have, need uint64) (string, error) {
	says := fmt.Sprintf("%.1f GB, %.1f GB needed%s", float64(have)/gigabyte, float64(need)/gigabyte, of)
	if have < need {
		return "", errors.New("only " + says)
	}
	return says, nil
}
