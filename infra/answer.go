package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
)

// errNotFound is the API server's own word that an object is not there, and not
// any 404: that one may come from a server which is no API server.
var errNotFound = errors.New("not found")

// answer is one of the API server's that is not the one which was asked for.
type answer struct {
	code    int    // of HTTP
	reason  string // the Status's; empty where it was none, as from a proxy
	message string
	causes  []string // reasons of its causes
}

func (a *answer) Error() string {
	return fmt.Sprintf("the API server answered %d: %s", a.code, a.message)
}

// answered is the error in an answer's text.
func answered(code int, text []byte) error {
	var status struct {
		Kind, Reason, Message string
		Details               struct {
			Causes []struct{ Reason string }
		}
	}
	if json.Unmarshal(text, &status) != nil || status.Kind != "Status" {
		return &answer{code: code, message: strings.TrimSpace(string(text))}
	}
	if status.Reason == "NotFound" {
		return errNotFound
	}
	a := &answer{code: code, reason: status.Reason, message: status.Message}
	for _, c := range status.Details.Causes {
		a.causes = append(a.causes, c.Reason)
	}
	return a
}

// refusal says whether the API server has understood what it was asked, and will
// not have it, now or later.
func refusal(err error) bool {
	a, ok := errors.AsType[*answer](err)
	if !ok || a.reason == "" {
		return false
	}
	switch a.code {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusBadRequest, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// nextStep is what the user can do about an error on the way to the API server,
// or of the API server's; empty where its own words are all there is. It never
// changes the stack: what fails here is not the stack's fault.
func nextStep(err error) string {
	if a, ok := errors.AsType[*answer](err); ok {
		return a.nextStep()
	}
	var (
		authority   x509.UnknownAuthorityError
		host        x509.HostnameError
		certificate x509.CertificateInvalidError
		alert       tls.AlertError
		network     net.Error
	)
	switch {
	case errors.As(err, &certificate) && certificate.Reason == x509.Expired:
		return "the cluster's certificate is not valid at this machine's time: check the clock, then renew the certificate"
	case errors.As(err, &authority), errors.As(err, &host), errors.As(err, &certificate):
		return "the cluster's certificate is not the one that the kubeconfig expects, as after a cluster was made anew: fetch its kubeconfig again, or choose another context with pulumi config set kubernetes:context NAME"
	case errors.As(err, &alert):
		return "the cluster refuses this machine's certificate: fetch the kubeconfig again"
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return "the server in the kubeconfig speaks http, not https: kubectl config view --minify"
	case strings.Contains(err.Error(), "getting credentials"): // client-go's exec plugins
		return "the command that the kubeconfig runs for credentials has failed: install it, or log in with it; kubectl get namespaces meets the same"
	case errors.As(err, &network):
		return "is the cluster up, and is it the one that is meant? kubectl cluster-info; another: pulumi config set kubernetes:context NAME"
	}
	return ""
}

func (a *answer) nextStep() string {
	switch {
	case a.code == http.StatusUnauthorized:
		return "log in to the cluster again (kubectl auth whoami), or choose another context with pulumi config set kubernetes:context NAME"
	case slices.Contains(a.causes, "NamespaceTerminating"):
		return "wait until the namespace is gone; what holds it up is in its conditions: kubectl get namespace NAME -o yaml"
	case a.code == http.StatusForbidden && strings.Contains(a.message, " cannot "): // the authorizer's words
		return "ask who runs the cluster for the right that is named, or choose another context; yours: kubectl auth can-i --list"
	case a.code == http.StatusForbidden:
		return "a quota or a policy of the namespace does not let the pod in: raise it, or choose another namespace"
	case strings.Contains(a.message, "failed calling webhook"):
		return "the webhook that is named does not answer; whose it is: kubectl get mutatingwebhookconfigurations,validatingwebhookconfigurations"
	case a.code == http.StatusTooManyRequests, a.code >= http.StatusInternalServerError:
		return "the cluster is in trouble, not the stack: try again once kubectl get --raw /readyz answers ok"
	case a.reason == "":
		return "the server in the kubeconfig is no Kubernetes API server: kubectl config view --minify, then choose another context with pulumi config set kubernetes:context NAME"
	}
	return ""
}
