# azlb: diagnose Azure load balancers of Kubernetes Services from an evidence bundle.

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
OUT         := out
BASE        := https://example.com/azlb
FUZZTIME    := 20s
SETS        := 1000000
CLUSTERS    := 50000
PAIRS       := 100000
KILLS       := 200

.PHONY: help
help: ## show this help
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: build ## collect from the recorded demo cluster, analyse, leave an HTML and a Markdown report
	@rm -rf $(OUT)/demo && mkdir -p $(OUT)/demo
	@bin/azlb-collect --replay samples/demo/recording --output $(OUT)/demo/demo.tgz
	@cd $(OUT)/demo && { ../../bin/azlb-analyze demo.tgz || test $$? -eq 1; }
	@echo
	@echo "The reports that would be attached to the ticket:"
	@echo "  $(CURDIR)/$(OUT)/demo/demo.report.html"
	@echo "  $(CURDIR)/$(OUT)/demo/demo.report.md"

.PHONY: build
build: ## build both programs into bin/
	@go build -o bin/ ./collect/azlb-collect ./analyze/azlb-analyze

.PHONY: dist
dist: ## a release in out/dist: archives of six platforms, SHA256SUMS, a krew manifest; BASE is the URL of their folder
	go run ./.ci/dist -o $(OUT)/dist -base $(BASE)

.PHONY: dist-long
dist-long: ## every platform twice, in two places, the second time with an empty build cache: the same bytes
	go test -run TestDist ./.ci/dist -dist.every -timeout 2h

# What starts goroutines or has a lock; of the whole analysis a few samples run so as well.
RACED := ./collect/... ./bundle-schema/redact ./analyze/topology ./analyze/signature

.PHONY: test
# GOGC gives memory for time: a quarter less work.
test: export GOGC := 400
test: lint ## everything that must pass; with the race detector what starts goroutines
	go test -race -timeout 20m $(RACED)
	go test -race -timeout 20m -run '^TestSamples$$' ./analyze
	go test -timeout 20m $$(go list ./... | grep -vxF "$$(go list $(RACED))") ./.ci/dist
	go test -timeout 20m -run TestCutPods ./collect

.PHONY: lint
lint: ## gofmt, go vet, staticcheck
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "run gofmt -w on these files"; exit 1; }
	go vet ./... ./.ci/dist
	go run $(STATICCHECK) ./... ./.ci/dist

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME (20s) each
	@grep -rl '^func Fuzz' --include='*_test.go' . | while read -r f; do \
	  grep -o '^func Fuzz[A-Za-z]*' $$f | sed 's/func //' | while read -r name; do \
	    echo "$$(dirname $$f) $$name"; \
	    go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) ./$$(dirname $$f) || exit 1; \
	  done || exit 1; \
	done

.PHONY: fuzz-nsg
fuzz-nsg: ## the security-group evaluator's fuzz target for a minute, as CI does
	go test -run '^$$' -fuzz '^FuzzEvaluate$$' -fuzztime 60s ./analyze/nsg

.PHONY: e2e
e2e: ## both programs against a real API server and the real az, on Debian 12; builds what it needs once (20 minutes), then takes some minutes
	@STATICCHECK=$(STATICCHECK) .ci/e2e/run

.PHONY: nsg-long
nsg-long: ## the security-group evaluator against its naive twin, SETS (a million) rule sets
	go test -run TestAgainstNaive ./analyze/nsg -nsg.sets=$(SETS) -timeout 2h

.PHONY: drift-long
drift-long: ## every field of every recorded healthy cluster changed once, and CLUSTERS (50000) random clusters
	go test -run TestMutations ./analyze -drift.every -timeout 2h
	go test -run TestProperty ./analyze/desired -desired.clusters=$(CLUSTERS) -timeout 2h

.PHONY: ablation-long
ablation-long: ## every kind of evidence taken from every sample and the world of every rule's case, one at a time
	go test -run TestAblation ./analyze -ablation.every -timeout 2h
	go test -run TestRules ./analyze/rules/*/ -ablation.cases -timeout 2h

.PHONY: crossing-long
crossing-long: ## every pair of samples that can be of one cluster merged, PAIRS (100000) at most
	go test -run TestCrossing ./analyze -crossing.pairs=$(PAIRS) -timeout 2h

.PHONY: kill-long
kill-long: ## KILLS (200) collections killed at random moments: each leaves no bundle or a whole one, and no secret
	go test -run TestKilled ./collect/azlb-collect -kill.runs=$(KILLS) -v -timeout 2h

.PHONY: bench
bench: ## figures: whole analysis against gzip -dc, log scan in MB/s, peak memory
	@echo "BenchmarkBundle: x-gzip is the whole analysis against gzip -dc of the same bundle, MiB-peak its memory."
	@echo "BenchmarkScanLog: MB/s of a controller's log."
	@echo "BenchmarkSecondPass: x-gzip is the search of a finished bundle against gzip -dc of it, with that many originals."
	@go test -run '^$$' -bench . -benchmem ./analyze ./analyze/snapshot ./analyze/nsg ./collect ./bundle-schema/redact ./bundle-schema/pseudonym

.PHONY: samples
samples: build ## make the samples' bundles and golden files again (AZLB_CAPTURES names the recordings)
	go run ./samples/testdata/gen
	go test ./analyze -run TestSamples -update

.PHONY: docs
docs: ## make the generated pages again
	go test ./bundle-schema -run Layout -update
	go test ./analyze/azlb-analyze -run 'TestDocs|TestCatalogue' -update

.PHONY: clean
clean: ## remove what the other targets made
	rm -rf bin $(OUT)
