package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"istio-circuit-breaker/internal/callers"
	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"
	"istio-circuit-breaker/internal/web"

	"github.com/spf13/cobra"
)

// webPage is the page that --web asks for; without --web its methods do nothing.
type webPage struct {
	c     *call
	asked bool
	addr  string
	port  int
	page  *web.Page
}

// webFlags say whether and where the run is shown as a page.
func (c *call) webFlags(cmd *cobra.Command) *webPage {
	w, flags := &webPage{c: c}, cmd.Flags()
	flags.Var(w, "web", "show the run as a page, and print its URL first; at another loopback address with --web=ADDRESS")
	flags.Lookup("web").NoOptDefVal = "true" // it may stand without an address
	flags.IntVar(&w.port, "web-port", 0, "`port` of the page; 0 lets the system choose")
	return w
}

// Type is what help shows of the flag's value: nothing.
func (w *webPage) Type() string { return "bool" }

// String is the address, for pflag.
func (w *webPage) String() string { return w.addr }

// Set takes the address after --web=; "true" is --web alone. It is checked
// later, with all else that is wrong.
func (w *webPage) Set(text string) error {
	if on, err := strconv.ParseBool(text); err == nil {
		w.asked, w.addr = on, ""
		return nil
	}
	w.asked, w.addr = true, text
	return nil
}

// check refuses flags that do not go together.
func (w *webPage) check(asJSON bool) error {
	var errs []error
	if _, err := web.Address(w.addr); err != nil {
		errs = append(errs, fmt.Errorf("--web=%w", err))
	}
	if w.port < 0 || w.port > 65535 {
		errs = append(errs, fmt.Errorf("--web-port %d: must be 0 to 65535", w.port))
	}
	if w.port != 0 && !w.asked {
		errs = append(errs, errors.New("--web-port: needs --web"))
	}
	if w.asked && asJSON {
		errs = append(errs, errors.New("--web and --json: the page's URL would be no JSON; use --record for the entries"))
	}
	return errors.Join(errs...)
}

// open serves the page and prints its URL. The view beside it prints lines only:
// drawing the screen anew would wipe the URL away.
func (w *webPage) open(ctx context.Context, o web.Options) error {
	if !w.asked {
		return nil
	}
	addr, err := w.address()
	if err != nil {
		return err
	}
	if w.page, err = web.Open(ctx, addr, o); err != nil {
		return notServed(err)
	}
	w.print(w.page.URL)
	return nil
}

// openCallers is open for the page of a service's callers; nil without --web.
func (w *webPage) openCallers(ctx context.Context, matrix func() callers.Matrix) (*web.CallersPage, error) {
	if !w.asked {
		return nil, nil
	}
	addr, err := w.address()
	if err != nil {
		return nil, err
	}
	page, err := web.OpenCallers(ctx, addr, matrix)
	if err != nil {
		return nil, notServed(err)
	}
	w.print(page.URL)
	return page, nil
}

func (w *webPage) address() (string, error) {
	addr, err := web.Address(w.addr)
	if err != nil {
		return "", err
	}
	if host, _, err := net.SplitHostPort(addr); err == nil && w.port != 0 {
		addr = net.JoinHostPort(host, strconv.Itoa(w.port))
	}
	return addr, nil
}

func notServed(err error) error {
	if _, refused := errors.AsType[*net.OpError](err); refused {
		return hint.With(err, "choose another port with --web-port, or leave it out")
	}
	return hint.With(err, "the lab that this was run in may be down, or brought up by another user: `go run ./lab status`")
}

func (w *webPage) print(url string) {
	fmt.Fprintln(w.c.stdout, url)
	w.c.stdout = struct{ io.Writer }{w.c.stdout}
}

// openLive is open for a running watch: with the load of the flags, which is
// on unless the session began with none.
func (w *webPage) openLive(ctx context.Context, flags mesh.Load, on bool, set func(mesh.Load)) error {
	return w.open(ctx, web.Options{Load: flags, On: on, SetLoad: set, Pace: 1})
}

// Show takes the next entry, at the time that it is now.
func (w *webPage) Show(e timeline.Entry, now time.Time) {
	if w.page != nil {
		w.page.Show(e, now)
	}
}

// stay keeps the last state on show until ctx ends.
func (w *webPage) stay(ctx context.Context) {
	if w.page == nil {
		return
	}
	w.page.End()
	w.c.say("The recording is over; the page stays until Ctrl-C.")
	<-ctx.Done()
}

// Close may be called twice.
func (w *webPage) Close() error {
	if w.page == nil {
		return nil
	}
	return w.page.Close()
}
