package envoy

// Wrong is what makes an Envoy that breaks its own rules, for tests that have to
// notice. What a configuration can make wrong has no field here.
type Wrong struct {
	// Code is what is booked in place of an answer's status; nil books the status.
	Code func(code int) int
	// Remember has good answers leave the counts of errors as they are.
	Remember bool
	// Deaf tells of a host's n-th ejection, or of the return from it, whether the
	// balancers never hear of it.
	Deaf func(h *Host, ejected bool, n int) bool
	// Along names the host that is ejected too whenever another one is.
	Along string
	// KeepBackoff keeps the factor of the time out from falling.
	KeepBackoff bool
}

func (w *Wrong) code(code int) int {
	if w == nil || w.Code == nil {
		return code
	}
	return w.Code(code)
}

func (w *Wrong) remember() bool { return w != nil && w.Remember }

func (w *Wrong) keepBackoff() bool { return w != nil && w.KeepBackoff }

func (w *Wrong) deaf(h *Host, ejected bool) bool {
	return w != nil && w.Deaf != nil && w.Deaf(h, ejected, h.ejections)
}
