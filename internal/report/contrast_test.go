package report

import (
	"math"
	"regexp"
	"strconv"
	"testing"
)

// Colours that have to be told apart: text by 4.5, marks by 3, as WCAG 2.2
// AA asks.
func TestContrastIsEnoughInLightAndDark(t *testing.T) {
	blocks := regexp.MustCompile(`(?s):root \{(.*?)\}`).FindAllStringSubmatch(style, 2)
	if len(blocks) != 2 {
		t.Fatalf("got %d blocks of colours, want light and dark", len(blocks))
	}
	for i, scheme := range []string{"light", "dark"} {
		colours := map[string]string{}
		for _, m := range regexp.MustCompile(`--(\w+): (#[0-9a-f]{6})`).FindAllStringSubmatch(blocks[i][1], -1) {
			colours[m[1]] = m[2]
		}
		for _, pair := range []struct {
			front string
			backs []string
			least float64
		}{
			{"ink", []string{"paper", "sheet", "faint", "out", "band"}, 4.5},
			{"soft", []string{"paper", "faint"}, 4.5},
			{"agrees", []string{"paper"}, 4.5}, {"differs", []string{"paper"}, 4.5}, {"unproven", []string{"paper"}, 4.5}, {"unknown", []string{"paper"}, 4.5},
			{"paper", []string{"mark"}, 4.5},
			{"ok", []string{"paper", "band", "out"}, 3}, {"gateway", []string{"paper", "band", "out"}, 3},
			{"other", []string{"paper", "band", "out"}, 3}, {"silent", []string{"paper", "band", "out"}, 3},
		} {
			for _, back := range pair.backs {
				if got := contrast(t, colours[pair.front], colours[back]); got < pair.least {
					t.Errorf("%s: %s on %s has a contrast of %.2f, want %.1f", scheme, pair.front, back, got, pair.least)
				}
			}
		}
	}
}

// contrast of two colours by WCAG 2.2.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	if len(colour) != 7 {
		t.Fatalf("no colour: %q", colour)
	}
	sum := 0.0
	for i, share := range []float64{0.2126, 0.7152, 0.0722} {
		v, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(v) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += share * c
	}
	return sum
}
