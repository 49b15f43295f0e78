package lint

import "testing"

func TestCodesDiffer(t *testing.T) {
	if got, want := len(severityOf), len(Codes()); got != want {
		t.Errorf("%d codes have %d names", want, got)
	}
	for _, c := range Codes() {
		if c.Title == "" || c.Severity.rank() < 0 {
			t.Errorf("got %+v", c)
		}
	}
}
