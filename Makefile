# Short names for the scripts; nothing here that the scripts do not do.
.PHONY: demo test bench micro instructions record

demo:
	sh scripts/demo

test:
	sh scripts/test

bench:
	sh scripts/bench

micro:
	cargo bench

instructions:
	sh scripts/instructions

record:
	samples/lab/record all
