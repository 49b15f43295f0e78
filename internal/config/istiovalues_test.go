package config_test

import (
	"errors"
	"strings"
	"testing"

	"istio-circuit-breaker/internal/config"
)

// refusal parses Helm values beside other settings, and returns the error.
func refusal(values string, secret bool, more map[string]string) error {
	raw := map[string]string{config.Project + ":istio.values": values}
	for k, v := range more {
		raw[config.Project+":"+k] = v
	}
	var secrets []string
	if secret {
		secrets = append(secrets, config.Project+":istio.values")
	}
	_, err := config.Parse(raw, secrets...)
	return err
}

func TestValuesThatContradictTheStackAreRefused(t *testing.T) {
	for values, want := range map[string]string{
		`{"revision":"canary"}`:                                                                      `istio.values.revision = "canary": the stack's namespace is labelled istio-injection=enabled`,
		`{"pilot":{"revision":"canary"}}`:                                                            `istio.values.pilot.revision = "canary": the stack's namespace`,
		`{"global":{"istioNamespace":"mesh"}}`:                                                       `istio.values.global.istioNamespace = "mesh": the stack's mesh is in istio-system; allowed: "istio-system"; fix: leave it out of istio.values`,
		`{"global":{"resourceScope":"namespace"}}`:                                                   `global.resourceScope = "namespace"`,
		`{"global":{"operatorManageWebhooks":true}}`:                                                 `global.operatorManageWebhooks = "true": nothing would inject sidecars; allowed: false`,
		`{"global":{"operatorManageWebhooks":"false"}}`:                                              `global.operatorManageWebhooks = "false"`, // a text, which the chart takes for true
		`{"global":{"omitSidecarInjectorConfigMap":true}}`:                                           `global.omitSidecarInjectorConfigMap`,
		`{"pilot":{"env":{"INJECT_ENABLED":"false"}}}`:                                               `pilot.env.INJECT_ENABLED = "false"`,
		`{"configMap":false}`:                                                                        `configMap = "false": istiod would not get the stack's meshConfig.discoverySelectors`,
		`{"profile":"remote"}`:                                                                       `profile = "remote": is a mesh whose istiod is elsewhere; fix: leave it out of istio.values; a mesh of another form`,
		`{"global":{"profile":"remote"}}`:                                                            `global.profile = "remote"`,
		`{"istiodRemote":{"enabled":true}}`:                                                          `istiodRemote.enabled`,
		`{"env":{"ISTIO_WATCH_NAMESPACE":"a"}}`:                                                      `env.ISTIO_WATCH_NAMESPACE = "a"`,
		`{"env":{"ENABLE_CA_SERVER":false}}`:                                                         `env.ENABLE_CA_SERVER = "false"`,
		`{"env":{"ENABLE_CLUSTER_TRUST_BUNDLE_API":true}}`:                                           `env.ENABLE_CLUSTER_TRUST_BUNDLE_API = "true"`,
		`{"global":{"trustBundleName":"roots"}}`:                                                     `global.trustBundleName = "roots"`,
		`{"env":{"PILOT_CA_CERT_CONFIGMAP":"roots"}}`:                                                `env.PILOT_CA_CERT_CONFIGMAP`,
		`{"pilot":{"crlConfigMapName":"revoked"}}`:                                                   `pilot.crlConfigMapName = "revoked"`,
		`{"global":{"proxy":{"clusterDomain":"k8s.example"}}}`:                                       `global.proxy.clusterDomain = "k8s.example": the rule's host is of the domain that clusterDomain says, or the cluster; allowed: that of clusterDomain; fix: leave it out of istio.values: pulumi config set clusterDomain DOMAIN`,
		`{"global":{"proxy":{"outlierLogPath":""}}}`:                                                 `global.proxy.outlierLogPath: observe reads ejections in the sidecar's log; allowed: "/dev/stdout"`,
		`{"global":{"proxy":{"outlierLogPath":null}}}`:                                               `global.proxy.outlierLogPath: observe reads`,
		`{"global":{"proxy":{"outlierLogPath":["/dev/stdout"]}}}`:                                    `global.proxy.outlierLogPath = "[\"/dev/stdout\"]"`,
		`{"defaults":{"hub":"a"}}`:                                                                   `istio.values.defaults`,
		`{"_internal_defaults_do_not_set":{"revision":"a"}}`:                                         `istio.values._internal_defaults_do_not_set`,
		`{"global":null}`:                                                                            `istio.values.global: is no object, and would take away what the stack sets in it; allowed: an object`,
		`{"meshConfig":"none"}`:                                                                      `istio.values.meshConfig = "none": is no object`,
		`{"global":{"proxy":[]}}`:                                                                    `istio.values.global.proxy = "[]": is no object`,
		`{"meshConfig":{"discoverySelectors":null}}`:                                                 `meshConfig.discoverySelectors: is no list; allowed: a list of label selectors, which is added to the stack's; [] for every namespace`,
		`{"meshConfig":{"discoverySelectors":{"matchLabels":{"a":"b"}}}}`:                            `is no list`,
		`{"meshConfig":{"discoverySelectors":[{"matchLabels":{"a":"b"}},"a"]}}`:                      `has at place 2 what is no label selector`,
		`{"meshConfig":{"discoverySelectors":[{"matchLabel":{"a":"b"}}]}}`:                           `has at place 1 what is no label selector`,
		`{"meshConfig":{"discoverySelectors":[{"matchExpressions":[{"key":"a","operator":"Is"}]}]}}`: `has at place 1 what is no label selector`,
		`{"pilot":{"meshConfig":{"discoverySelectors":[]}}}`:                                         `pilot.meshConfig.discoverySelectors = "[]": would be laid over the stack's, not added to them; fix: write it as meshConfig.discoverySelectors`,
		`{"sidecarInjectorWebhook":{"enableNamespacesByDefault":true}}`:                              `sidecarInjectorWebhook.enableNamespacesByDefault = "true": has pods of every namespace injected`,
	} {
		t.Run(values, func(t *testing.T) {
			err := refusal(values, false, nil)
			p, ok := errors.AsType[*config.Problem](err)
			if !ok || !strings.Contains(err.Error(), want) {
				t.Fatalf("%v\nwant %q", err, want)
			}
			if strings.Count(err.Error(), "\n") > 0 || p.Fix == "" {
				t.Errorf("more than one problem, or no way out: %v", err)
			}
			if err := refusal(values, false, map[string]string{"istio.install": "false"}); err != nil {
				t.Errorf("refused where no mesh is made: %v", err)
			}
		})
	}
}

func TestValuesThatDoNotContradictTheStackAreTaken(t *testing.T) {
	for _, values := range []string{
		`{"revision":"","global":{"istioNamespace":"istio-system","resourceScope":"all","proxy":{"outlierLogPath":"/dev/stdout"}}}`,
		`{"revision":null,"configMap":true,"istiodRemote":{"enabled":false},"env":{"INJECT_ENABLED":"true","ENABLE_CA_SERVER":true}}`,
		`{"profile":"ambient","pilot":{"cni":{"enabled":true}},"global":{"platform":"openshift","hub":"a.example","tag":"1"}}`,
		`{"meshConfig":{"discoverySelectors":[{"matchLabels":{"team":"a"}}],"outboundTrafficPolicy":{"mode":"REGISTRY_ONLY"}}}`,
		`{"meshConfig":{"discoverySelectors":[]},"sidecarInjectorWebhook":{"enableNamespacesByDefault":true}}`,
		`{"sidecarInjectorWebhook":{"enableNamespacesByDefault":false},"env":null,"resources":null,"autoscaleEnabled":true}`,
		`{"what":{"the":["chart","has"]}}`,
	} {
		t.Run(values, func(t *testing.T) {
			if err := refusal(values, false, nil); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestValuesAndSettingsSayTheSame(t *testing.T) {
	domain := map[string]string{"clusterDomain": "corp.internal"}
	if err := refusal(`{"global":{"proxy":{"clusterDomain":"corp.internal"}}}`, false, domain); err != nil {
		t.Error(err)
	}
	if err := refusal(`{"global":{"proxy":{"clusterDomain":"cluster.local"}}}`, false, domain); err == nil || !strings.Contains(err.Error(), `allowed: that of clusterDomain`) {
		t.Errorf("a value against the setting: %v", err)
	}
	image := map[string]string{"istio.hub": "a.example/istio", "istio.tag": "1.31.4"}
	if err := refusal(`{"hub":"a.example/istio","global":{"hub":"a.example/istio","tag":"1.31.4"}}`, false, image); err != nil {
		t.Error(err)
	}
	err := refusal(`{"hub":"b.example/istio","global":{"tag":"1.30.0"}}`, false, image)
	for _, want := range []string{
		`istio.values.hub = "b.example/istio": contradicts istio.hub; allowed: that of istio.hub; fix: leave it out of istio.values, or pulumi config rm istio.hub`,
		`istio.values.global.tag = "1.30.0": contradicts istio.tag`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwant %q", err, want)
		}
	}
}

func TestAllThatIsWrongWithValuesIsSaidAtOnce(t *testing.T) {
	err := refusal(`{"revision":"a","global":{"istioNamespace":"b"},"configMap":false}`, false, map[string]string{"istio.version": "1.20.0"})
	if err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("want four lines:\n%v", err)
	}
}

func TestSecretValuesAreRefusedByNameAlone(t *testing.T) {
	err := refusal(`{"revision":"hunter2","global":{"proxy":"hunter2"},"meshConfig":{"discoverySelectors":[{"hunter2":1}]},"hunter2":1}`, true, nil)
	if err == nil || strings.Count(err.Error(), `= "[secret]": `) != 3 || strings.Contains(err.Error(), "hunter") {
		t.Errorf("%v", err)
	}
}
