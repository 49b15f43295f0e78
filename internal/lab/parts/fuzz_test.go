package parts

import "testing"

func FuzzVersionIn(f *testing.F) {
	for _, text := range []string{"v1.36.3", "Docker version 20.10.24+dfsg1, build 297e128", "1.6", "", "9999999999999999999.1.1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v := versionIn(text)
		if v.major < 0 || v.minor < 0 || v.patch < 0 {
			t.Errorf("of %q: got %s", text, v)
		}
		if again := versionIn(v.String()); again != v {
			t.Errorf("of %q: got %s, of which again %s", text, v, again)
		}
		if !v.atLeast(v) {
			t.Errorf("%s is not at least itself", v)
		}
	})
}
