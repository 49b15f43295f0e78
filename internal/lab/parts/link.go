package parts

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Provide puts the commands of the named part into the folder bin: the user's
// own where they fit, those of the part elsewhere. The part is built only if
// something of it is needed. Provide returns the part's folder, "" for a part
// that was not needed.
func (b Builder) Provide(ctx context.Context, part, bin string) (string, error) {
	names, own := b.commands(ctx, part)
	folder := ""
	if len(own) < len(names) || len(names) == 0 {
		var err error
		if folder, err = b.Go(ctx, part); err != nil {
			return "", err
		}
	}
	var used []string
	for _, name := range names {
		target := filepath.Join(folder, links[name].binary)
		if f, ok := own[name]; ok {
			target = f.path
			used = append(used, fmt.Sprintf("%s %s", f.path, f.version))
		}
		if err := link(target, filepath.Join(bin, name)); err != nil {
			return "", fmt.Errorf("linking command %q: %w", name, err)
		}
	}
	if len(used) > 0 {
		b.Remark("uses this machine's " + strings.Join(used, ", "))
	}
	return folder, nil
}

// commands lists the commands that come with the named part, and those of them
// that the user's machine has in a fitting version.
func (b Builder) commands(ctx context.Context, part string) (names []string, own map[string]found) {
	own = map[string]found{}
	for _, name := range slices.Sorted(maps.Keys(links)) {
		if links[name].part != part {
			continue
		}
		names = append(names, name)
		if look, any := fitting[name]; any {
			if f, ok := look(b, ctx); ok {
				own[name] = f
			}
		}
	}
	return names, own
}

// allFitting says whether the user's machine has every command of a part.
func (b Builder) allFitting(ctx context.Context, part string) bool {
	names, own := b.commands(ctx, part)
	return len(names) > 0 && len(own) == len(names)
}

func link(target, path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.Symlink(target, path)
}
