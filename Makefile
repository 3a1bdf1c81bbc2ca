# make test sets up by itself what the tests need (see e2e/setup.sh) and runs them all.
# The tools are pinned here and run by `go run`, so that go.mod holds the program's needs only.
GO       ?= go
GOFUMPT  := $(GO) run mvdan.cc/gofumpt@v0.12.0
LINT     := $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
DEADCODE := $(GO) run golang.org/x/tools/cmd/deadcode@v0.52.0
VULN     := $(GO) run golang.org/x/vuln/cmd/govulncheck@v1.9.0
POSTGRES := $(GO) run ./e2e/servers/with-postgres

.PHONY: all build setup test unit race demo-script e2e check fmt fuzz bench microbench demo docs deadcode vuln clean

all: build

build: ## the program, one file
	CGO_ENABLED=0 $(GO) build -trimpath -o countersign ./cmd/countersign

setup: ## what the tests need beside Go, git and make
	@sh e2e/setup.sh

test: setup ## everything, cheap checks first
	$(GO) vet ./...
	$(MAKE) race demo-script e2e

unit: ## the tests that need only Go
	$(GO) test ./...

race: ## every package, the store on both databases
	$(POSTGRES) $(GO) test -race -shuffle=on -timeout 10m ./...

demo-script: ## the demo plays its story by itself and checks it
	$(GO) run ./cmd/countersign demo --script

e2e: ## stories against Dovecot, PostgreSQL, smtp-sink and Chromium
	COUNTERSIGN_E2E=1 $(GO) test -count=1 -timeout 10m ./e2e/...

check: ## format, vet, lint, who may import whom
	@out="$$($(GOFUMPT) -l .)"; if [ -n "$$out" ]; then echo "not gofumpt'ed:"; echo "$$out"; exit 1; fi
	$(GO) vet ./...
	$(LINT) run ./...

fmt:
	$(GOFUMPT) -w .

FUZZTIME ?= 20s
fuzz: ## every fuzz target, FUZZTIME each
	@set -e; for pkg in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "$$pkg $$target"; $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$pkg; \
		done; done

bench: ## ratios beside other programs and limits, into docs/performance.md
	@sh e2e/setup.sh bench
	$(GO) run ./bench > docs/performance.new && mv docs/performance.new docs/performance.md

microbench: ## the benchmarks of single packages
	$(GO) test -run '^$$' -bench . -benchmem ./...

demo: ## the whole way of a mail on this machine, nothing to configure
	$(GO) run ./cmd/countersign demo

docs: ## write what is made from the program's own words
	$(GO) run ./cmd/countersign init --example > docs/countersign.example.toml

deadcode:
	$(DEADCODE) -test ./...

vuln: ## needs the public vulnerability database
	$(VULN) ./...

clean:
	rm -f countersign
