package callers

import "time"

// envoyDate is how much older than its second Envoy's date may be: it makes it
// anew twice a second. Source: envoy source/common/http/date_provider_impl.h.
const envoyDate = 500 * time.Millisecond

// bounds is how far a caller's clock is ahead of this machine's, by all dates of
// its answers so far.
type bounds struct {
	least, most time.Duration
	known       bool
}

// date takes what an answer said of its time, rounded down to a second. One that
// contradicts those before is of a clock that was set.
func (b *bounds) date(asked, answered, said time.Time) {
	if said.IsZero() {
		return
	}
	least, most := said.Sub(answered), said.Add(time.Second+envoyDate).Sub(asked)
	if !b.known || max(b.least, least) > min(b.most, most) {
		b.least, b.most, b.known = least, most, true
		return
	}
	b.least, b.most = max(b.least, least), min(b.most, most)
}

// ahead is the estimate as one number.
func (b *bounds) ahead() time.Duration { return (b.least + b.most) / 2 }

// here is a time of the caller's by this machine's clock; not known without dates.
func (b *bounds) here(there time.Time) Between {
	if !b.known {
		return Between{}
	}
	return Between{there.Add(-b.most), there.Add(-b.least)}
}
