# Short names for the scripts; nothing here that the scripts do not do.
.PHONY: demo test bench micro record

demo:
	sh scripts/demo

test:
	sh scripts/test

bench:
	sh scripts/bench

micro:
	cargo bench

record:
	samples/lab/record all
