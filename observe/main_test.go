package main

import (
	"os"
	"testing"

	"istio-circuit-breaker/internal/scripttest"

	"github.com/rogpeppe/go-internal/testscript"
)

// observe is the program under its usual name.
var observe = called("observe", "observe")

// asObserve makes the test binary the command itself.
const asObserve = "TEST_AS_OBSERVE"

func TestMain(m *testing.M) {
	if os.Getenv(asObserve) != "" {
		main()
	}
	testscript.Main(m, map[string]func(){"observe": main, "kubectl-breaker": main, "kubectl_complete-breaker": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(e *testscript.Env) error {
			e.Setenv("KUBECONFIG", e.WorkDir+"/kubeconfig")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": scripttest.Exits},
	})
}
