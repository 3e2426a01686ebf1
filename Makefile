# Short names for the scripts; nothing here that the scripts do not do.
.PHONY: demo test bench micro instructions fuzz record

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

# Every target for an hour.
fuzz:
	sh scripts/fuzz all 3600

record:
	samples/lab/record all
