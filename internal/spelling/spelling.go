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

// Distance is how many letters two words differ in (Levenshtein), or at least
// most where they differ in so many.
func Distance(a, b string, most int) int {
	if len(a)-len(b) >= most || len(b)-len(a) >= most {
		return most
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
