//go:build !linux

package network

import (
	"errors"
	"fmt"
)

// In fails: only Linux has network namespaces.
func In(file string, _ func() error) error {
	return fmt.Errorf("entering the network %q: %w", file, errors.ErrUnsupported)
}
