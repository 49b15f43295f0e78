package web

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
)

// guard answers requests that name loopback and the listener's port as their
// host. A foreign name that was made to point to loopback (DNS rebinding) is
// refused, whatever it asks for.
func guard(addr string, next http.Handler) http.Handler {
	_, port, _ := net.SplitHostPort(addr)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head := w.Header()
		head.Set("Content-Security-Policy", policy)
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("X-Frame-Options", "DENY")
		head.Set("Referrer-Policy", "no-referrer")
		head.Set("Cross-Origin-Opener-Policy", "same-origin")
		head.Set("Cross-Origin-Resource-Policy", "same-origin")
		head.Set("Cache-Control", "no-store")
		if !loopback(r.Host, port) {
			http.Error(w, fmt.Sprintf("host %q: this page is at http://%s/ only", r.Host, addr), http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func loopback(hostPort, port string) bool {
	host, got, err := net.SplitHostPort(hostPort)
	if err != nil { // without a port it is 80
		host, got = trimBrackets(hostPort), "80"
	}
	if got != port {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// own answers requests that the page itself sends, or a program that is no
// browser: browsers say where a request comes from, and scripts cannot change it.
func own(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		site, origin := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Origin")
		if site != "" && site != "same-origin" && site != "none" || origin != "" && origin != "http://"+r.Host {
			http.Error(w, "this is for the page itself only", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}
