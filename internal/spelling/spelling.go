// Package spelling finds what a misspelt name is likely to mean.
package spelling

import "strings"

// Flat is a name without what spellings differ in.
func Flat(name string) string {
	return strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(name))
}

// Nearest is the name among others that a misspelt one is likely to mean, or "". Of
// a short one most letters have to be there.
func Nearest(name string, others []string) string {
	best, least := "", max(1, min(2, len(name)/3), len(name)/5)+1
	for _, other := range others {
		if d := Distance(Flat(name), Flat(other), least); d < least {
			best, least = other, d
		}
	}
	return best
}

// Distance is how many letters two words differ in, two that are swapped being one
// (optimal string alignment), or at least most where they differ in so many.
func Distance(a, b string, most int) int {
	if len(a)-len(b) >= most || len(b)-len(a) >= most {
		return most
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			change := last[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, row[j]+1, last[j+1]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
