//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"testing"
)

// endCase is one case. What comes after a needed one makes no sense without it.
type endCase struct {
	name   string
	run    func(*testing.T)
	needed bool
}

var cases = []endCase{
	{"bad configurations are refused and nothing is made", badConfigurations, false},
	{"a preview needs no cluster", previewAlone, false},
	{"a project of another name is made by pulumi new", newProject, false},
	{"up brings the stack up", up, true},
	{"up again changes nothing", upUnchanged, false},
	{"a stack from before there were parts stays as it is", partsOfAStack, false},
	{"what runs in the lab is reached from outside of it", fromOutside, false},
	{"the lab and what is around it stay apart", apart, false},
	{"what is said to be compiled plainly is compiled", compiledPlainly, false},
	{"an image that is there needs no Docker", imageThatIsThere, false},
	{"a registry with a password has base images, takes images and serves pods", registryWithPassword, false},
	{"the image's tag is of its content, and leaves the pods alone", tagOfContent, false},
	{"the image is built for the nodes", platformOfTheNodes, false},
	{"the cluster's own registry is found", registryOfTheCluster, false},
	{"a registry without room is told and leaves the pods alone", registryDiskFull, false},
	{"pods that admission refuses are told soon", refusedPods, false},
	{"secret Helm values stay secret", secretValues, false},
	{"Docker is found by its current context", dockerContext, false},
	{"pods pull with a Secret that nobody can read", pullSecret, false},
	{"the API server takes every manifest strictly", manifestsAreValid, false},
	{"other tools find nothing wrong with any manifest", manifestsScoreWell, false},
	{"Istio finds nothing wrong with any rule", rulesAreValid, false},
	{"the breaker trips at 10", tripsAtTen, false},
	{"another threshold changes the rule alone", thresholdAlone, true},
	{"the breaker trips at 3", tripsAtThree, false},
	{"with the breaker off nothing is ejected", breakerOff, false},
	{"two faulty pods of four live the whole life", twoOfFour, false},
	{"a faulty pod in another zone is ejected too", zonesApart, false},
	{"faulty pods are scaled while it is watched", scaleWhileWatching, false},
	{"the client's sidecar is killed while it is watched", sidecarKilled, false},
	{"the API server goes away while it is watched", apiServerAway, false},
	{"an ejection is shown in time", shownInTime, false},
	{"every threshold with every concurrency", atEverySetting, false},
	{"broken rules are told by name", brokenRules, false},
	{"causes are named soon", causesAreNamed, false},
	{"nobody faulty proves nothing", nobodyFaulty, false},
	{"another detector is right where the rule means it", fiveXXAlone, false},
	{"a rule changed by hand is told", changedByHand, false},
	{"what is new in Istio is as it is said", newsOfIstio, false},
	{"any caller has the rule that is computed for it", anyRuleAnyService, false},
	{"rules of a cluster are linted and explained as Envoy has them", foreignRules, false},
	{"two callers of a service that disagree are told apart", anyServiceAnyCaller, false},
	{"services of others are told as their callers' Envoys have them", servicesOfOthers, false},
	{"a mesh of another domain is the same", otherDomain, false},
	{"the oldest Envoy does the same", oldestEnvoy, false},
	{"a rule of one's own is tried and taken away", ownRuleTried, false},
	{"off and on are compared and the rule is put back", comparesOffAndOn, false},
	{"the page in a browser shows a pod go and come back", inBrowser, false},
	{"the settings are put back", resetSettings, true},
	{"destroy leaves nothing", destroyLeavesNothing, true},
	{"up after destroy", upAgain, true},
	{"errors on the way to the API server are told as what they are", errorsFit, false},
	{"what the charts make without a namespace is known", clusterScopedAreKnown, false},
	{"a renamed stack is the same stack", renamed, true},
	{"a stack of the same name in another backend is another", anotherBackend, false},
	{"settings that would delete a namespace are refused", switchedOver, false},
	{"a stack whose state is lost is taken over on purpose", takenOver, true},
	{"CRDs of others outlive the stack", crdsOfOthers, true},
	{"an image of istiod that nobody has leaves the mesh as it was", imageOfIstiodMissing, true},
	{"killed runs are taken up again", killedRuns, true},
	{"pods of other namespaces are in the mesh and nothing of it stays there", thirdNamespaces, true},
	{"namespace default stays when the stack goes", namespaceDefault, false},
	{"a stack on a mesh that is there leaves the mesh alone", meshThatIsThere, false},
}

func TestEndToEnd(t *testing.T) {
	passed, ran := 0, 0
	for _, c := range cases {
		before := ran // t.Run is true, too, for what -run leaves out
		if t.Run(c.name, func(t *testing.T) { ran++; c.run(t) }) {
			passed += ran - before
		} else if c.needed {
			t.Fatalf("%q failed: what follows needs it", c.name)
		}
	}
	fmt.Fprintf(os.Stderr, "end-to-end on a real cluster: %d of %d cases passed\n", passed, ran)
}
