# azlb: diagnose Azure load balancers of Kubernetes Services from an evidence bundle.

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
OUT         := out
FUZZTIME    := 20s
SETS        := 1000000
CLUSTERS    := 50000
PAIRS       := 100000

.PHONY: help
help: ## show this help
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

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

.PHONY: test
test: lint cross ## everything that must pass; the laws over all samples and the rules, of one goroutine each, without -race
	go test -race -timeout 9m $$(go list ./... | grep -v /analyze/rules)
	go test -timeout 9m ./analyze ./analyze/desired ./analyze/rules/...
	go test -timeout 9m -run TestCutPods ./collect

.PHONY: lint
lint: ## gofmt, go vet, staticcheck
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "run gofmt -w on these files"; exit 1; }
	go vet ./...
	go run $(STATICCHECK) ./...

.PHONY: cross
cross: ## both programs must build for Windows and macOS
	GOOS=windows go build -o /dev/null ./collect/azlb-collect
	GOOS=windows go build -o /dev/null ./analyze/azlb-analyze
	GOOS=darwin go build -o /dev/null ./collect/azlb-collect
	GOOS=darwin go build -o /dev/null ./analyze/azlb-analyze

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

.PHONY: bench
bench: ## figures: whole analysis against gzip -dc, log scan in MB/s, peak memory
	@echo "BenchmarkBundle: x-gzip is the whole analysis against gzip -dc of the same bundle, MiB-peak its memory."
	@echo "BenchmarkScanLog: MB/s of a controller's log."
	@echo "BenchmarkSecondPass: x-gzip is the search of a finished bundle against gzip -dc of it, with that many originals."
	@go test -run '^$$' -bench . -benchmem ./analyze ./analyze/snapshot ./analyze/nsg ./bundle-schema/redact

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
