package timeline

// Runs splits a recording at its headers: a comparison has two. What comes
// before the first header belongs to its run, for a proof looks around before it
// begins to watch. Without entries there is no run.
func Runs(entries []Entry) [][]Entry {
	if len(entries) == 0 {
		return nil
	}
	var runs [][]Entry
	from, headed := 0, false
	for i, e := range entries {
		if e.Header == nil {
			continue
		}
		if headed {
			runs, from = append(runs, entries[from:i]), i
		}
		headed = true
	}
	return append(runs, entries[from:])
}
