package config

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Settings that are kept secret where they are set as secrets.
const (
	// Values are Helm values, which may hold a password.
	Values = "istio.values"

	pullSecret   = "image.pullSecret"
	pullName     = pullSecret + ".name"
	pullServer   = pullSecret + ".server"
	pullUsername = pullSecret + ".username"
	pullPassword = pullSecret + ".password"
)

// keptSecret reports whether a setting that is set as a secret stays one, in the
// state and in the cluster.
func keptSecret(name string) bool {
	return slices.Contains([]string{Values, pullServer, pullUsername, pullPassword}, name)
}

// alwaysSecret reports whether a setting is never shown, however it was set.
func alwaysSecret(name string) bool { return name == pullPassword }

// dropPullSecret takes the pull secret out of a stack file's settings where part
// of it is encrypted: no rule depends on it, and the rest alone would be half a
// setting.
func dropPullSecret(settings map[string]json.RawMessage) {
	const group = Project + ":" + pullSecret
	image := Project + ":image"
	var inner map[string]json.RawMessage
	_ = json.Unmarshal(settings[image], &inner) // what is no object has no member
	found := encryptedWithin(inner["pullSecret"])
	for key, value := range settings {
		if key == group || strings.HasPrefix(key, group+".") {
			found = found || encryptedWithin(value)
		}
	}
	if !found {
		return
	}
	maps.DeleteFunc(settings, func(key string, _ json.RawMessage) bool {
		return key == group || strings.HasPrefix(key, group+".")
	})
	if inner != nil {
		settings[image] = json.RawMessage(without(string(settings[image]), "pullSecret"))
	}
}

// encrypted reports whether a value is one that only Pulumi can read.
func encrypted(value json.RawMessage) bool {
	var secret struct {
		Secure *string `json:"secure"`
	}
	return json.Unmarshal(value, &secret) == nil && secret.Secure != nil
}

// encryptedWithin reports whether a value, or a member of it, is encrypted.
func encryptedWithin(value json.RawMessage) bool {
	var members map[string]json.RawMessage
	_ = json.Unmarshal(value, &members) // what is no object has no member
	for _, member := range members {
		if encrypted(member) {
			return true
		}
	}
	return encrypted(value)
}
