package images

import (
	"path/filepath"
	"strings"
	"testing"
)

func FuzzLddFiles(f *testing.F) {
	f.Add("\tlinux-vdso.so.1 (0x1)\n\tlibc.so.6 => /lib/libc.so.6 (0x2)\n\t/lib64/ld.so (0x3)\n")
	f.Add("/bin/sh:\n\tlibx.so => not found\n")
	f.Fuzz(func(t *testing.T, output string) {
		for _, file := range lddFiles(output) {
			if !filepath.IsAbs(file) || !strings.Contains(output, file) || strings.HasSuffix(file, ":") {
				t.Errorf("of %q: got %q", output, file)
			}
		}
	})
}
