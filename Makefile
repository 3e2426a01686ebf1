# One command a task. `make test` is what continuous integration runs.
.PHONY: setup demo test fmt clippy doc unit bench record

CARGO ?= cargo
# Without libpcap's header the live feature cannot be linked: build the rest and say so.
HAVE_LIBPCAP := $(shell sh scripts/libpcap check && echo yes)
FEATURES := $(if $(HAVE_LIBPCAP),,--no-default-features)

setup:
	@sh scripts/libpcap install

demo: setup
	@$(MAKE) --no-print-directory audit-demo

audit-demo:
	$(CARGO) run --release --quiet $(FEATURES) -- audit --site samples/blocked-syn-dropped/site.toml samples/blocked-syn-dropped/capture.pcap; \
	  status=$$?; [ $$status -le 1 ]

test: fmt clippy doc unit

fmt:
	$(CARGO) fmt --check

clippy:
	$(CARGO) clippy $(FEATURES) --all-targets -- -D warnings
	$(CARGO) clippy --no-default-features --all-targets -- -D warnings

doc:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc $(FEATURES) --no-deps --document-private-items --quiet

unit:
	$(CARGO) test $(FEATURES)

bench:
	$(CARGO) bench $(FEATURES)

record:
	samples/lab/record all
