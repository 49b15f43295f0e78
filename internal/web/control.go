package web

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
)

// control switches the load.
type control struct{ hub *hub }

// order is the body of a request; every member has to be there.
type order struct {
	On          *bool    `json:"on"`
	Rate        *float64 `json:"rate"`
	Concurrency *int     `json:"concurrency"`
}

func (c control) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// Forms of foreign pages can send some types without being asked, not this.
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		answer(w, http.StatusUnsupportedMediaType, "the content type must be application/json")
		return
	}
	var o order
	body := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096))
	body.DisallowUnknownFields()
	if err := body.Decode(&o); err != nil {
		answer(w, http.StatusBadRequest, fmt.Sprintf("reading the load: %v", err))
		return
	}
	if _, err := body.Token(); err != io.EOF {
		answer(w, http.StatusBadRequest, "reading the load: there must be one object")
		return
	}
	if o.On == nil || o.Rate == nil || o.Concurrency == nil {
		answer(w, http.StatusBadRequest, "reading the load: on, rate and concurrency have to be given")
		return
	}
	l := c.hub.options.Load
	l.Rate, l.Concurrency = *o.Rate, *o.Concurrency
	if problems := l.Problems(); len(problems) > 0 {
		answer(w, http.StatusBadRequest, problems...)
		return
	}
	c.hub.setLoad(l, *o.On)
	answer(w, http.StatusOK)
}

// answer says what is wrong, if anything.
func answer(w http.ResponseWriter, status int, problems ...string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// A browser that has gone does not need it.
	_ = json.NewEncoder(w).Encode(map[string][]string{"problems": append([]string{}, problems...)})
}
