package parts

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Link puts the commands of part, built in folder, into bin under their names.
func Link(part, folder, bin string) error {
	for name, l := range links {
		if l.part != part {
			continue
		}
		target := filepath.Join(bin, name)
		if err := os.Remove(target); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("linking command %q: %w", name, err)
		}
		if err := os.Symlink(filepath.Join(folder, l.binary), target); err != nil {
			return fmt.Errorf("linking command %q: %w", name, err)
		}
	}
	return nil
}
