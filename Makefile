# The targets of this project; `make` alone lists them. CI calls nothing else.

# A module of its own is what another would not compile with, or need not carry.
MODULES := . servicex lab/parts/docker lab/parts/languagehost lab/parts/provider/sdk lab/parts/provider/structured-merge-diff lab/parts/cluster/libopenapi infra/testdata/sdkrelease
GO      := go
LAB     := $(GO) run ./lab
TOOL    := $(GO) tool -modfile=$(CURDIR)/.ci/tools/go.mod
LINT    := $(TOOL) golangci-lint
# Tests whose log is long say at its end again what failed.
E2E     := $(TOOL) gotestsum --format standard-verbose --hide-summary skipped -- -tags e2e -count=1 -timeout 80m

# Chosen cluster of your own: its name in the kubeconfig. Empty: the lab.
KUBE_CONTEXT ?=
# Stack that `make demo KUBE_CONTEXT=...` brings up.
STACK ?= dev
RUN   := runs/demo
WATCH := $(if $(KUBE_CONTEXT),go run ./observe watch --web --context $(KUBE_CONTEXT),go run ./lab exec -- go run ./observe watch --web)
# Where Go puts commands; the first folder of a GOPATH that has several.
BIN = $(or $(shell $(GO) env GOBIN),$(firstword $(subst :, ,$(shell $(GO) env GOPATH)))/bin)
# Scratch file of `make mutants`.
OUT   := $(or $(TMPDIR),/tmp)/mutants.$(shell echo $$PPID)

.DEFAULT_GOAL := help
.PHONY: help demo install test unit mutants browser e2e matrix stress kills faults upgrade bench-up bench-cold nodes check lint fmt golden layouts layouts-live fuzz bench down

## help: list the targets
help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## demo: bring everything up, prove an ejection live, leave a report
demo: $(if $(KUBE_CONTEXT),demo-own,demo-lab)
	@printf '\nThis run as a page:  open file://%s in a browser.\n' '$(abspath $(RUN)).html'
	@printf 'Live, with switches: run `%s`\nand open the URL that it prints (from afar, forward its port first: ssh -L PORT:127.0.0.1:PORT %s).\n' \
	  '$(WATCH)' "$$(uname -n)"

.PHONY: demo-lab demo-own
demo-lab:
	$(LAB) up
	$(LAB) exec -- pulumi up --stack lab --yes --skip-preview
	@mkdir -p runs
	$(LAB) exec -- $(GO) run ./observe verify --record $(RUN).jsonl
	$(LAB) exec -- $(GO) run ./observe report $(RUN).jsonl -o $(RUN).html

demo-own:
	pulumi stack select --create $(STACK)
	pulumi config set kubernetes:context $(KUBE_CONTEXT)
	pulumi up --yes --skip-preview
	@mkdir -p runs
	$(GO) run ./observe verify --context $(KUBE_CONTEXT) --record $(RUN).jsonl
	$(GO) run ./observe report $(RUN).jsonl -o $(RUN).html

## install: put the observer where Go puts commands, as `observe` and as the plugin `kubectl breaker`
install: # the third name is for kubectl's own completion
	$(GO) build -o '$(BIN)/kubectl-breaker' ./observe
	ln -sf kubectl-breaker '$(BIN)/kubectl_complete-breaker'
	ln -sf kubectl-breaker '$(BIN)/observe'

## test: all tests, end-to-end in the lab where this machine can run one
test:
	@set -e; for t in unit browser e2e; do begun=$$(date +%s); $(MAKE) --no-print-directory $$t; echo "make $$t took $$(($$(date +%s) - begun)) s" >&2; done

## unit: the tests that need no cluster, with the race detector
unit:
	@set -e; for m in $(MODULES); do echo "== $$m"; (cd $$m && $(GO) test -race -timeout 20m ./...); done

## mutants: wrong breakers and worlds, none of which may agree, right ones, which all have to, and odd ones, which may not be refuted
mutants:
	@$(GO) test ./internal/verify -count=1 -run 'TestNoWrongWorldAgrees|TestRightWorldsAgree|TestNoRightBreakerIsRefuted|AtRandom' -v >$(OUT); status=$$?; \
	  sed -nE 's/^ +[a-z]+_test\.go:[0-9]+: //p' $(OUT); rm -f $(OUT); exit $$status

## browser: the live page in headless Chromium, on a simulated mesh
browser: chromium
	$(GO) test -tags browser -count=1 -run InABrowser ./internal/web

.PHONY: chromium
chromium:
	@command -v chromium >/dev/null || { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends chromium fonts-dejavu-core; }

## e2e: the tests on a real cluster, in the lab
e2e: chromium
	$(E2E) -run TestEndToEnd ./e2e

## matrix: every fact on every Envoy, in the lab; writes docs/matrix.md
matrix:
	$(E2E) -run TestMatrix ./e2e

## stress: the hardest setting STRESS (100) times in a row beside busy loops, in the lab
STRESS ?= 100
stress:
	STRESS=$(STRESS) $(E2E) -run TestStress ./e2e

## kills: up and destroy killed before and after each kind of resource, in the lab
kills:
	KILLS=1 $(E2E) -run TestKills ./e2e

## nodes: a lab of three nodes in two zones, one of which is killed
nodes:
	NODES=3 $(E2E) -run TestNodes ./e2e

## faults: daemons, the supervisor and `lab up` ended by force, memory and disks that are full; with FAULTS=own only in labs of their own
FAULTS ?= 1
faults:
	FAULTS=$(FAULTS) $(E2E) -run TestFaults ./e2e

## upgrade: up with the program of commit UPGRADE_FROM, then with today's, in the lab
UPGRADE_FROM ?= 2d077f1
upgrade:
	UPGRADE_FROM=$(UPGRADE_FROM) $(E2E) -run TestUpgrade ./e2e

## bench-up: the stack's life beside the same by hand with helm and kubectl, ROUNDS (3) times, in the lab
ROUNDS ?= 3
bench-up:
	ROUNDS=$(ROUNDS) $(E2E) -run TestBenchUp ./e2e

## bench-cold: what `make demo` takes from empty caches, on a machine that does nothing else
bench-cold:
	COLD=1 $(GO) test -tags e2e -count=1 -timeout 80m -v -run TestBenchCold ./e2e/cold

## check: all that CI runs
check:
	@failed=; for t in lint unit browser e2e; do $(MAKE) --no-print-directory $$t || failed="$$failed $$t"; done; \
	if [ -n "$$failed" ]; then echo "failed:$$failed" >&2; exit 1; fi

## lint: formatting, linters, tidy modules, generated files
lint:
	$(LINT) run ./...
	cd servicex && $(LINT) run --config ../.golangci.yml ./...
	cd lab/parts/docker && $(LINT) run --config ../../../.golangci.yml ./...
	cd lab/parts/languagehost && $(LINT) run --config ../../../.golangci.yml ./...
	cd lab/parts/provider/sdk && $(LINT) run --config ../../../../.golangci.yml ./...
	cd lab/parts/provider/structured-merge-diff && $(LINT) run --config ../../../../.golangci.yml ./...
	cd lab/parts/cluster/libopenapi && $(LINT) run --config ../../../../.golangci.yml ./...
	cd e2e/browser && $(LINT) run --config ../../.golangci.yml ./...
	@set -e; for m in $(MODULES) e2e/browser; do (cd $$m && $(GO) mod tidy -diff); done
	@# A dependency's test needs API versions that Kubernetes 1.36 has no more. -e goes on without
	@# it, and what it says of that is told only where something is to be changed.
	@cd lab/parts/provider && out=$$($(GO) mod tidy -e -diff 2>&1) || { echo "$$out" >&2; exit 1; }
	$(MAKE) --no-print-directory generated

.PHONY: generated
generated:
	$(GO) run ./observe report docs/run.jsonl -o - | diff docs/run.html -
	$(GO) run ./internal/config/printschema | diff docs/stack.schema.json -

## fmt: format all Go files
fmt:
	gofmt -l -w $(shell git ls-files '*.go')

## golden: write the golden files anew; read the diff before you commit it
golden:
	cd servicex && $(GO) test . -update
	$(GO) test $$(grep -rl --include=*_test.go 'internal/golden"' infra internal | xargs -n1 dirname | sort -u | sed 's|^|./|') -update
	UPDATE_SCRIPTS=1 $(GO) test ./observe ./lab
	$(GO) run ./observe report docs/run.jsonl -o docs/run.html
	cd infra/testdata/sdkrelease && { $(GO) run . > releases.json.new && mv releases.json.new releases.json || { rm -f releases.json.new; exit 1; }; }
	$(GO) run ./internal/config/printschema > docs/stack.schema.json

## layouts: have istiod's own code say what it makes of each layout; compiles it, for minutes
layouts:
	cd internal/effective/testdata/istiod && { $(GO) run . ../layouts > clusters.json.new && mv clusters.json.new clusters.json || { rm -f clusters.json.new; exit 1; }; }

## layouts-live: what the callers of a real mesh have of each layout, in the lab
layouts-live:
	LAYOUTS=all $(E2E) -run 'TestEndToEnd/(up_brings|any_caller)' ./e2e

## random-rules: what lint says of 20 rules at random (RANDOM_SEED), on real Envoys, in the lab
.PHONY: random-rules
random-rules:
	RANDOM_RULES=20 $(E2E) -run 'TestEndToEnd/(up_brings|services_of_others)' ./e2e

## fuzz: each fuzz test for FUZZTIME (10s)
FUZZTIME ?= 10s
fuzz:
	@set -e; for p in $$(grep -rl --include=*_test.go '^func Fuzz' . | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -rhoE '^func Fuzz[A-Za-z0-9_]+' $$p/*_test.go | sed 's/func //'); do \
	    echo "== $$p $$f"; (cd $$p && $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) .); \
	  done; done

## bench: the benchmarks, each beside its named peer
bench:
	cd servicex && $(GO) test -run '^$$' -bench . ./...

## down: take the lab down
down:
	$(LAB) down
