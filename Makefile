# make test   everything that must hold; installs what it needs
# make web    build the page into webui/dist, which is committed
# make fuzz   ten seconds of every fuzz target; FUZZ=10m is ten minutes of each
# make soak   an hour of members who do anything; SOAK=10m is ten minutes, SOAK_SEED=1 makes them decide the same again
# make bench  measure, beside other brokers; ROWS=fanout,slow are some of the rows
# make bench-page  measure the page in Chromium, with 100,000 messages: what is loaded, how soon it is usable, keys, floods, scrolling
#             end to end, coming back; MESSAGES=5000 are fewer, PARTS='load scroll' are some of load cold warm key switch burst back scroll
# make shots  pictures of every screen in dist-bin/shots, at a desk and on a phone, light and dark; SCREENS='room wall' are some,
#             WAYS='desk-light phone-dark' some ways
# make engines  what people do most, in Firefox and in WebKit, which is Safari's; says what to install if they are not there
# make cross  the stripped binary for every system, in dist-bin/

MAKEFLAGS += --no-print-directory
staticcheck := go tool -modfile=.ci/go.mod staticcheck

# The page's tests talk to this binary.
bin := $(CURDIR)/dist-bin/tincan

.PHONY: all test tools checks go-style go-lint cross bin web-check web-browser fuzz floods race soak web bench bench-page shots engines

all:
	go build .

# The Go tests come last, so that their lines close the output.
test: tools webui/node_modules
	@$(MAKE) -j2 --output-sync=target checks
	@$(MAKE) web-browser
	@$(MAKE) fuzz FUZZ=1s
	@$(MAKE) floods
	@$(MAKE) race

tools:
	@.ci/tools

checks: go-style go-lint cross web-check

go-style:
	@bad=$$(gofmt -l *.go broker bridge webui/*.go .ci/bench); if [ -n "$$bad" ]; then echo "gofmt -w $$bad" >&2; exit 1; fi
	go vet ./...
	go vet .ci/bench/*.go

go-lint:
	$(staticcheck) ./...

cross:
	.ci/cross

bin:
	@go build -o $(bin) .

web-check: webui/node_modules bin
	cd webui && npm run --silent check
	cd webui && TINCAN_BIN=$(bin) npm test --silent
	cd webui && node build.mjs --check

web-browser: webui/node_modules bin
	cd webui && TINCAN_BIN=$(bin) npm run --silent test:browser

FUZZ ?= 10s
fuzz:
	.ci/fuzz $(FUZZ)

# What measures the memory and the time of the process cannot do so with the race detector in it.
floods:
	go test -count=1 -run 'TestFloods|TestCrowdWithoutDescriptors|TestSoak' .

# The race detector looks at all Go code but not into SQLite, which is C translated to Go, takes no part in how goroutines share memory,
# and would be three times as slow. The binary that the tests build and run is built alike.
race:
	GOFLAGS="$$(go env GOFLAGS) -gcflags=modernc.org/sqlite/lib=-race=false -gcflags=modernc.org/libc/...=-race=false -gcflags=modernc.org/memory=-race=false" go test -race ./...

SOAK ?= 1h
soak:
	SOAK=$(SOAK) go test -count=1 -timeout 0 -v -run TestSoak .

web: webui/node_modules
	cd webui && node build.mjs

webui/node_modules: webui/package.json webui/package-lock.json
	cd webui && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

bench: cross
	go run .ci/bench/*.go -rows "$(ROWS)" dist-bin/tincan-$$(go env GOOS)-$$(go env GOARCH)
ifndef ROWS
	go test -run '^$$' -bench . -benchmem ./...
	cd webui && node build.mjs --check
endif

MESSAGES ?= 100000
bench-page: webui/node_modules bin
	cd webui && TINCAN_BIN=$(bin) node test/bench.mjs $(MESSAGES) $(PARTS)

shots: webui/node_modules bin
	cd webui && TINCAN_BIN=$(bin) CHROMIUM=$${CHROMIUM:-/usr/bin/chromium} SHOTS=$(CURDIR)/dist-bin/shots SCREENS="$(SCREENS)" WAYS="$(WAYS)" node test/shots.mjs

engines: webui/node_modules bin
	cd webui && TINCAN_BIN=$(bin) node --test test/engines/
