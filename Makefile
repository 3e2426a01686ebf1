# Short names for the scripts; nothing here that the scripts do not do.
.PHONY: demo test bench record

demo:
	sh scripts/demo

test:
	sh scripts/test

bench:
	cargo bench

record:
	samples/lab/record all
