"""The command line: `spark-submit submit.py ...`, `pktaudit-spark ...` or `python -m pktaudit_spark ...`."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from typing import Any

from . import plan
from .job import Audit, Periods, audit, audit_in_periods
from .options import Options, Refused
from .progress import to_stderr

EPILOG = """Exit status: 0 nothing to report, 1 findings, 2 the audit could not be made or only in part.

Example:
  spark-submit --master spark://head:7077 submit.py --site site.toml --out report hdfs:///tap/
"""


def parser() -> argparse.ArgumentParser:
    """The flags: those of `pktaudit audit` by their names, and those of the work on Spark."""
    made = argparse.ArgumentParser(
        prog="pktaudit-spark",
        description="A pktaudit audit on an existing Spark cluster.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = made.add_argument
    add("captures", nargs="+", metavar="CAPTURE", help="files, folders, patterns, or addresses such as hdfs://, s3a://")
    same = made.add_argument_group("as of pktaudit audit")
    add = same.add_argument
    add("--dropped", action="append", default=[], metavar="FILE")
    add("--every", metavar="TIME", help="needs --out; --until and --max-flows are not there with it")
    add("--since", metavar="TIME")
    add("--until", metavar="TIME")
    add("--host", action="append", default=[], metavar="ADDRESS")
    add("--filter", metavar="FILTER")
    add("-s", "--site", metavar="FILE", help="no file is taken unasked")
    add("-r", "--rules", action="append", default=[], metavar="PATH")
    add("--region", action="append", default=[], metavar="REGION")
    add("--feature", action="append", default=[], metavar="FEATURE")
    add("--as-of", metavar="DATE")
    add("--dns-seed", action="append", default=[], metavar="FILE")
    add("-o", "--out", metavar="DIR", help="a folder of the driver, or an address")
    add("-f", "--format", metavar="FORMAT")
    add("--result", metavar="FILE", help="print the result here: spark-submit mixes standard output with all that is told")
    add("-q", "--quiet", action="store_true")
    add("-v", "--verbose", action="store_true")
    add("--threads", type=int, metavar="N", help="of each run of pktaudit; spark.task.cpus where none is named")
    spark = made.add_argument_group("on Spark")
    add = spark.add_argument
    add("--pktaudit", metavar="PATH", help="the program on the driver, which is shipped; the one on PATH if not named")
    add("--on-workers", metavar="PATH", help="ship none: the program's name or path on the workers")
    add("--through", choices=("hadoop", "fsspec"), help="what reads addresses; whichever fits if not named")
    add("--fsspec-options", type=json.loads, default={}, metavar="JSON", help="what fsspec opens them with")
    add("--work", metavar="DIR", help="a folder all workers reach, for partial files; else they go by the shuffle")
    add("--task-bytes", type=byte_count, default=plan.TASK_BYTES, metavar="BYTES", help="of captures, for one task (256M)")
    add("--merge-bytes", type=byte_count, default=plan.MERGE_BYTES, metavar="BYTES", help="of partial files, for one merge (512M)")
    add("--tries", type=int, default=3, metavar="N", help="how often an input is tried on workers (3)")
    add("--no-evidence", action="store_true", help="do not fetch remote captures again for evidence.pcapng")
    return made


def byte_count(text: str) -> int:
    """A number of bytes, with K, M or G behind it where wanted."""
    found = re.fullmatch(r"(\d+)([KMG]?)", text, re.IGNORECASE)
    if found is None or int(found.group(1)) == 0:
        raise argparse.ArgumentTypeError(f"{text}: write a number such as 64M")
    return int(found.group(1)) << {"": 0, "K": 10, "M": 20, "G": 30}[found.group(2).upper()]


def options(arguments: Sequence[str]) -> Options:
    """Arguments as an audit takes them."""
    given: Any = parser().parse_args(arguments)
    printing = [] if given.format is None else ["--format", given.format]
    printing += ["--quiet"] * given.quiet + ["--verbose"] * given.verbose
    return Options(
        captures=given.captures,
        dropped=given.dropped,
        every=given.every,
        since=given.since,
        until=given.until,
        hosts=given.host,
        filter=given.filter,
        site=given.site,
        rules=given.rules,
        regions=given.region,
        features=given.feature,
        as_of=given.as_of,
        dns_seeds=given.dns_seed,
        out=given.out,
        printing=printing,
        pktaudit=given.pktaudit,
        on_workers=given.on_workers,
        through=given.through,
        fsspec=given.fsspec_options,
        work=given.work,
        task_bytes=given.task_bytes,
        merge_bytes=given.merge_bytes,
        tries=given.tries,
        threads=given.threads,
        evidence=not given.no_evidence,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs an audit; gives its exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    asked, result = options(arguments), parser().parse_args(arguments).result
    from pyspark.sql import SparkSession

    session = SparkSession.builder.appName("pktaudit").getOrCreate()
    try:
        made: Audit | Periods
        if asked.every is None:
            made = audit(session, asked)
        elif asked.out is None:
            raise Refused("--every needs --out")
        else:
            made = audit_in_periods(session, asked)
        if result is None:
            sys.stdout.buffer.write(made.text)
            sys.stdout.buffer.flush()
        else:
            with open(result, "wb") as file:
                file.write(made.text)
        return made.status
    except Refused as refused:
        to_stderr(str(refused))
        return 2
    finally:
        session.stop()
