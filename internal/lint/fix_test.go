package lint

import (
	"strings"
	"testing"
)

func TestOnlyWhatIsCertainIsMendedAndNothingElse(t *testing.T) {
	block := func(fields string) string {
		return "# mine\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata:   {name: a}\nspec:\n  host: a # é\n  trafficPolicy:\n    outlierDetection: " + fields + "\n"
	}
	tests := []struct {
		name, text, want string
		mended           int
	}{
		{"numbers in quotes", block(`{é: 1, consecutive5xxErrors: "5", maxEjectionPercent: '50'}`), block(`{é: 1, consecutive5xxErrors: 5, maxEjectionPercent: 50}`), 2},
		{"another spelling", block(`{consecutive_5xx_errors: 5, "max-ejection-percent": 50}`), block(`{consecutive5xxErrors: 5, "maxEjectionPercent": 50}`), 2},
		{"in a second document", block("{}") + "---\n" + block(`{Interval: 5s}`), block("{}") + "---\n" + block(`{interval: 5s}`), 1},
		{"lines that end as on Windows", strings.ReplaceAll(block(`{maxEjectionPercent: "50"}`), "\n", "\r\n"), strings.ReplaceAll(block(`{maxEjectionPercent: 50}`), "\n", "\r\n"), 1},
		{"a spelling beside the right one", block(`{consecutive5xxErrors: 5, consecutive_5xx_errors: 7}`), "", 0},
		{"two spellings of one field", block(`{consecutive_5xx_errors: 5, Consecutive5xxErrors: 7}`), "", 0},
		{"a spelling beside the right one that is merged", "x: &x {consecutive5xxErrors: 5}\n" + block(`{<<: *x, consecutive_5xx_errors: 7}`), "", 0},
		{"a field of a merged anchor elsewhere", "x: &x {max_ejection_percent: 50, interval: 1s}\n" + block(`{<<: *x}`), "", 0},
		{"a number of an anchor elsewhere", "x: &x '50'\n" + block(`{maxEjectionPercent: *x}`), "", 0},
		{"a number of a merged anchor elsewhere", "x: &x {maxEjectionPercent: '50'}\n" + block(`{<<: *x}`), "", 0},
		{"a number of a block that is an alias", "x: &x {maxEjectionPercent: '50'}\n" + block(`*x`), "", 0},
		{"what an alias elsewhere stands for", block(`&x {max_ejection_percent: 50, consecutive5xxErrors: &y '5'}`) + "x: [*x, *y]\n", "", 0},
		{"another word", block(`{consecutive5xxError: 5}`), "", 0},
		{"a number that is none", block(`{consecutive5xxErrors: "five"}`), "", 0},
		{"a duration without a unit", block(`{interval: 30}`), "", 0},
		{"a number of a tag", block(`{consecutive5xxErrors: !!str 5}`), "", 0},
		{"a number that is written otherwise", block(`{consecutive5xxErrors: "0x5"}`), "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.want == "" {
				tt.want = tt.text
			}
			l := New(Options{})
			if err := l.Add("a.yaml", []byte(tt.text)); err != nil {
				t.Fatal(err)
			}
			r := l.Report()
			got, mended := r.Fixed("a.yaml", []byte(tt.text))
			if string(got) != tt.want || mended != tt.mended {
				t.Errorf("mended %d, want %d; got\n%s\nwant\n%s", mended, tt.mended, got, tt.want)
			}
			if fixable := len(r.Fixable()) > 0; fixable != (tt.mended > 0) {
				t.Errorf("fixable: %t", fixable)
			}
			if other, n := r.Fixed("a.yaml", []byte("another text\n")); n != 0 || string(other) != "another text\n" {
				t.Errorf("another text became %q", other)
			}
		})
	}
}
