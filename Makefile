# Short names for the scripts; nothing here that the scripts do not do.
.PHONY: demo test bench micro instructions fuzz record install dist spark-test

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

# The program, man pages and completions under PREFIX (/usr/local), below DESTDIR.
install:
	PREFIX=$(PREFIX) sh scripts/dist install "$(DESTDIR)"

# What can be installed elsewhere, into target/dist: packages, archives, a container image, SBOM, SHA256SUMS.
dist:
	sh scripts/dist all

# The audit on Spark: needs Java 17.
spark-test:
	sh spark/test
