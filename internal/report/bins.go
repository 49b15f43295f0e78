package report

import (
	"math"
	"slices"
)

// mostDrawn is how many answers of a run are drawn one by one. With more of
// them the file would grow, and nobody could tell them apart: they are put
// together into bins, each a few pixels wide.
const mostDrawn = 1500

// binWidth in pixels: two for the bar and one that keeps it from the next.
const binWidth = 3.0

// crowded is the share of a lane's answers that lie on others, from which on
// none is drawn by itself.
const crowded = 0.25

// each tells whether a lane's answers are drawn one by one: where there are at
// most most of them, and nearly all can be told apart.
func (f frame) each(answers []answer, most int) bool {
	if len(answers) > most {
		return false
	}
	n, many := map[int]int{}, 0
	for _, a := range answers {
		n[f.bin(a.end)/2]++
	}
	for _, in := range n {
		if in > 2 {
			many += in
		}
	}
	return float64(many) <= crowded*float64(len(answers))
}

// bins is how many fit, and how many seconds each is.
func (f frame) bins() (n int, seconds float64) {
	n = int(f.plot() / binWidth)
	return n, f.seconds / float64(n)
}

// bin is the number of the bin of a time.
func (f frame) bin(t float64) int {
	n, _ := f.bins()
	return min(max(int(float64(n)*t/f.seconds), 0), n-1)
}

// binX is the middle of a bin.
func (f frame) binX(i int) float64 {
	n, _ := f.bins()
	return f.left + f.plot()*(float64(i)+0.5)/float64(n)
}

// counted are the answers of one lane by bin and kind.
type counted [][kinds]int

// count puts answers into bins by the time of their end.
func (f frame) count(answers []answer) counted {
	n, _ := f.bins()
	all := make(counted, n)
	for _, a := range answers {
		all[f.bin(a.end)][a.kind]++
	}
	return all
}

// heights says how high a bar is for a number of answers, as a share of the
// highest of the lanes given. Where one bin has far more than most of them, as in a burst, in
// proportion the others would vanish; then it is by the square root.
func heights(all []counted) (height func(n int) float64, most int, root bool) {
	var some []int
	for _, lane := range all {
		for _, bin := range lane {
			for _, n := range []int{bin[ok], bin[gateway] + bin[other] + bin[silent]} {
				if n > 0 {
					some = append(some, n)
				}
			}
		}
	}
	if len(some) == 0 {
		return func(int) float64 { return 0 }, 0, false
	}
	slices.Sort(some)
	most = some[len(some)-1]
	root = most > 4*some[len(some)/2]
	return func(n int) float64 {
		share := min(float64(n)/float64(most), 1)
		if root {
			return math.Sqrt(share)
		}
		return share
	}, most, root
}

// spread is the latencies of a bin.
type spread struct{ least, middle, most float64 }

// spreads puts the latencies of answers into bins by the time of their end.
func (f frame) spreads(answers []answer, of func(answer) bool) map[int]spread {
	took := map[int][]float64{}
	for _, a := range answers {
		if of(a) {
			i := f.bin(a.end)
			took[i] = append(took[i], a.took)
		}
	}
	all := make(map[int]spread, len(took))
	for i, some := range took {
		slices.Sort(some)
		all[i] = spread{some[0], quantile(some, 0.5), some[len(some)-1]}
	}
	return all
}
