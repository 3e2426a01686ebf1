"""An audit as jobs of Spark: list, observe, merge, judge."""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
import os
import shutil
import tempfile
import uuid
import zipfile
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import plan, progress, remote, tables
from .inputs import Listing, resolve
from .model import NO_PACKETS, Capture, Failure, FilePiece, Judged, Part, Piece, Seen, Task
from .observe import observe
from .options import Options, Refused
from .partials import file_name
from .reduce import Record, carry, judge, merge
from .setup import Setup, host
from .stores import LocalStore, StoreError, local_path, scheme
from .tool import NoTool, describe

if TYPE_CHECKING:
    from pyspark import RDD, SparkContext
    from pyspark.sql import DataFrame, SparkSession

#: So many workers are asked to judge before it is given up, where they have other versions of pktaudit.
JUDGES = 12
#: How `judge` ends what it says of slices that do not fit together.
IN_ONE_PIECE = "; read it in one piece, without --slice"
#: The record of a run, beside the reports.
RECORD = "spark.json"


class _Tables(ABC):
    """The tables of an audit, for notebooks."""

    @property
    def findings(self) -> DataFrame:
        """What is wrong, worst first; one finding a row."""
        return self._table("findings")

    @property
    def requirements(self) -> DataFrame:
        """How each requirement fared."""
        return self._table("requirements")

    @property
    def flows(self) -> DataFrame:
        """What flowed, and what became of each flow."""
        return self._table("flows")

    @abstractmethod
    def _table(self, table: str) -> DataFrame: ...


@dataclass
class Audit(_Tables):
    """An audit that was made."""

    #: As of `pktaudit`: 0 nothing to report, 1 findings, 2 not all could be audited.
    status: int
    #: What `judge` printed.
    text: bytes
    #: Inputs of which nothing, or not all, is in the reports.
    failures: list[Failure]
    #: Files of folders that are no captures.
    skipped: list[str]
    #: Sizes of the report files, by name; empty where nothing could be audited.
    files: dict[str, int]
    #: Versions of pktaudit by worker, and how often each observed.
    workers: dict[str, Counter[str]]
    version: str
    _session: SparkSession = field(repr=False)
    _judged: Judged = field(repr=False)
    _pieces: RDD[FilePiece] = field(repr=False)
    _kept: list[Any] = field(repr=False, default_factory=list)

    def _table(self, table: str) -> DataFrame:
        name = f"{table}.csv"
        header = self._judged.headers.get(name, tuple(tables.TABLES[table]))
        lacking = tables.missing(table, header)
        if lacking:
            raise Refused(f"{name} of {self.version} lacks columns: {', '.join(lacking)}")
        own = self._pieces.filter(lambda piece: piece.name == name)
        rows = own.flatMap(lambda piece: tables.rows(table, header, piece))
        return self._session.createDataFrame(rows, tables.schema(table), verifySchema=False)

    def write(self, folder: str) -> None:
        """Writes the report files into a folder of the driver."""
        target = Path(local_path(folder))
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".pktaudit-", dir=target) as whole:
            count = max(1, sum(self.files.values()) // (32 << 20))
            keyed = self._pieces.zipWithIndex().map(lambda pair: (pair[1], pair[0]))
            # One part of the files is on its way at a time, so that none has to fit into the driver's memory.
            for _, piece in keyed.partitionBy(count).toLocalIterator():
                path = Path(whole, piece.name)
                with path.open("r+b" if path.exists() else "w+b") as file:
                    file.seek(piece.offset)
                    file.write(piece.data)
            for name, size in self.files.items():
                path = Path(whole, name)
                path.touch()
                if path.stat().st_size != size:
                    raise OSError(f"{name}: {path.stat().st_size} of {size} bytes arrived")
                os.replace(path, target / name)
        (target / RECORD).write_text(self.record(), encoding="utf-8")

    def record(self) -> str:
        """What was run where, and what was not audited, as JSON."""
        return _record(self, {"judged_on": self._judged.host})

    def release(self) -> None:
        """Lets Spark forget what it keeps for the tables."""
        for kept in self._kept:
            kept.unpersist()


@dataclass
class Periods(_Tables):
    """An audit in periods that was made. Its tables have the period in their first column."""

    #: The worst of all.
    status: int
    #: Inputs of which nothing, or not all, is in the reports.
    failures: list[Failure]
    #: Files of folders that are no captures.
    skipped: list[str]
    #: Versions of pktaudit by worker, and how often each observed.
    workers: dict[str, Counter[str]]
    version: str
    #: By name, which is when the period begins, ascending.
    periods: dict[str, Audit]

    @property
    def text(self) -> bytes:
        """A line a period: its name, and its exit status."""
        lines = [f"{name}  exit {each.status}\n" for name, each in self.periods.items()]
        return "".join(lines).encode()

    def _table(self, table: str) -> DataFrame:
        from pyspark.sql.functions import lit

        if not self.periods:
            raise Refused("nothing could be audited, so there is no period")
        frames = [getattr(each, table).select(lit(name).alias("period"), "*") for name, each in self.periods.items()]
        first, *rest = frames
        whole: DataFrame = functools.reduce(lambda one, other: one.union(other), rest, first)
        return whole

    def write(self, folder: str) -> None:
        """Writes the report files of each period into a folder of its own in a folder of the driver."""
        for name, each in self.periods.items():
            each.write(os.path.join(folder, name))
        Path(local_path(folder)).mkdir(parents=True, exist_ok=True)
        Path(local_path(folder), RECORD).write_text(self.record(), encoding="utf-8")

    def record(self) -> str:
        """What was run where, and what was not audited, as JSON."""
        return _record(self, {"periods": {name: each.status for name, each in self.periods.items()}})

    def release(self) -> None:
        """Lets Spark forget what it keeps for the tables."""
        for each in self.periods.values():
            each.release()


def _record(made: Audit | Periods, own: dict[str, Any]) -> str:
    """What was run where, and what was not audited, as JSON."""
    told = {
        "status": made.status,
        "version": made.version,
        **own,
        "workers": {name: dict(versions) for name, versions in sorted(made.workers.items())},
        "not_audited": [{"path": each.path, "why": each.why, "host": each.host} for each in made.failures],
        "skipped": made.skipped,
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def audit(session: SparkSession, options: Options, tell: progress.Tell = progress.to_stderr) -> Audit:
    """Audits captures on the workers of a session. Raises `Refused` where it cannot be made at all."""
    if options.every:
        raise Refused("--every makes several reports: ask for audit_in_periods")
    with _running(session, options, tell) as (run, listing):
        return run.audit(listing)


def audit_in_periods(
    session: SparkSession, options: Options, tell: progress.Tell = progress.to_stderr
) -> Periods:
    """Audits captures period by period: what goes on beyond the end of one is carried into the next. Raises `Refused` where
    it cannot be made at all."""
    if not options.every:
        raise Refused("--every says how long a period is")
    if options.until:
        raise Refused("--until is not there with --every: leave the reports of later periods")
    with _running(session, options, tell) as (run, listing):
        return run.periods(listing)


@contextmanager
def _running(
    session: SparkSession, options: Options, tell: progress.Tell
) -> Iterator[tuple[_Run, Listing]]:
    context = _context(session)
    _ship_package(context)
    addresses = [*options.captures, *options.dropped, options.out or "", options.work or ""]
    all_stores = remote.stores(context, addresses, options.through, options.fsspec)
    listing = resolve(options.captures, options.dropped, lambda path: remote.list_remote(context, all_stores, path))
    setup, can_slice = _setup(context, options, all_stores, listing)
    run = _Run(session, context, options, setup, can_slice and not options.every, tell)
    try:
        yield run, listing
    finally:
        run.clean()


@dataclass
class _Run:
    """An audit under way."""

    session: SparkSession
    context: SparkContext
    options: Options
    setup: Setup
    can_slice: bool
    tell: progress.Tell
    observed: list[RDD[Seen | Piece]] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def audit(self, listing: Listing) -> Audit:
        parts = self._seen_all(listing)
        judged, pieces = self._judge(parts)
        apart = self._apart(judged)
        if apart:
            parts = self._in_one_piece(parts, apart)
            pieces.unpersist()
            judged, pieces = self._judge(parts)
        self._tell_of(judged)
        self.failures += judged.lost
        status = 2 if self.failures else judged.status
        result = self._made(status, self.failures, judged, pieces, [*self.observed, pieces])
        self._write(result)
        return result

    def periods(self, listing: Listing) -> Periods:
        """What goes on is carried from each period into the next; meanwhile those before are judged."""
        parts = self._seen_all(listing)
        names = sorted({part.period for part in parts} - {NO_PACKETS}) or [NO_PACKETS][: len(parts)]
        carried: RDD[Any] | None = None
        judging: dict[str, Future[tuple[Judged, RDD[FilePiece]]]] = {}
        kept: list[RDD[Any]] = [*self.observed]
        with ThreadPoolExecutor(max(2, self.context.defaultParallelism)) as pool:
            for name in names:
                first = name == names[0]
                own = [part for part in parts if part.period == name or (first and part.period == NO_PACKETS)]
                gathered, expected = self._gathered(own)
                if carried is not None:
                    gathered = gathered.union(carried.map(_to_first)).partitionBy(1, _as_it_is)
                gathered.persist(_on_disk())
                kept.append(gathered)
                out = f"{self.setup.out}/{name}" if self.setup.out else ""
                judging[name] = pool.submit(self._judged, gathered, expected, replace(self.setup, out=out), f"judge {name}")
                if name != names[-1]:
                    carried = self._carry(name, gathered, expected)
                    kept.append(carried)
            done = {name: each.result() for name, each in judging.items()}
        made = {}
        for name, (judged, pieces) in done.items():
            self._tell_of(judged)
            self.failures += judged.lost
            made[name] = self._made(2 if judged.lost else judged.status, list(judged.lost), judged, pieces, [*kept, pieces])
        status = max([0 if made else 2, 2 if self.failures else 0, *(each.status for each in made.values())])
        result = Periods(status, self.failures, self._skipped(), self._workers(), self.setup.version, made)
        if self.setup.out:
            for name, each in made.items():
                self._put(each.record(), f"{self.setup.out}/{name}")
            self._put(result.record(), self.setup.out)
        elif self.options.out:
            result.write(self.options.out)
        self.tell(f"wrote the reports of {len(made)} periods to {self.options.out}")
        return result

    def _carry(self, name: str, gathered: RDD[tuple[int, Record]], expected: Sequence[Part]) -> RDD[Record]:
        """What goes on beyond a period; a worker that cannot tell is not the last to be asked."""
        setup = self.setup

        def work(found: Iterable[tuple[int, Record]]) -> Iterator[Record]:
            return carry(f"carry@{name}", expected, (record for _, record in found), setup)

        why: list[str] = []
        for _ in range(JUDGES):
            carried: RDD[Record] = gathered.mapPartitions(work)
            carried.persist(_on_disk())
            with progress.watched(self.context, f"carry {name}", self.tell):
                said = carried.filter(lambda each: isinstance(each, str)).collect()
            why = [str(each) for each in said]
            if not why:
                return carried
            carried.unpersist()
            self.tell(f"what goes on is not known: {'; '.join(why)}; another worker is asked")
        raise Refused(f"what goes on beyond {name} could not be told: {'; '.join(why)}")

    def _seen_all(self, listing: Listing) -> list[Part]:
        """Observes everything; the partial files of it."""
        self.failures += [Failure(path, why) for path, why in listing.problems]
        self._observe_all(listing)
        self._empty_folders(listing)
        for failure in self.failures:
            self.tell(told(failure))
        parts = self._carried()
        skipped = self._skipped()
        if skipped:
            self.tell(f"{len(skipped)} files are no captures and were skipped")
        return parts

    def _skipped(self) -> list[str]:
        return sorted(path for seen in self.seen for path in seen.skipped)

    def _workers(self) -> dict[str, Counter[str]]:
        workers: dict[str, Counter[str]] = {}
        for each in self.seen:
            workers.setdefault(each.host, Counter())[each.version or "none"] += 1
        return workers

    def _tell_of(self, judged: Judged) -> None:
        for note in judged.notes:
            self.tell(note)
        for lost in judged.lost:
            self.tell(told(lost))
        for line in judged.stderr.splitlines():
            self.tell(line.removeprefix("pktaudit: "))

    def _made(
        self, status: int, failures: list[Failure], judged: Judged, pieces: RDD[FilePiece], kept: list[Any]
    ) -> Audit:
        return Audit(
            status,
            judged.stdout,
            failures,
            self._skipped(),
            judged.files,
            self._workers(),
            judged.version or self.setup.version,
            self.session,
            judged,
            pieces,
            kept,
        )

    def _observe_all(self, listing: Listing) -> None:
        """Observes, and tries once more elsewhere what another worker may be able to read."""
        cores = self.context.defaultParallelism
        tasks = plan.tasks(listing.captures, self.can_slice, self.options.task_bytes, least=3 * cores)
        self.numbers = itertools.count(len(tasks))
        size = sum(capture.size for capture in listing.captures)
        self.tell(f"{len(listing.captures)} captures, {size / 1e6:.1f} MB, {len(tasks)} tasks")
        for left in reversed(range(max(1, self.options.tries))):
            if not tasks:
                return
            once_more: list[Task] = []
            for seen in self._observe(tasks):
                retried = [failure for failure in seen.failures if failure.again and left]
                self.failures += [failure for failure in seen.failures if failure not in retried]
                once_more += plan.again(seen.task, [failure.path for failure in retried], self.numbers)
                for failure in retried:
                    self.tell(f"{told(failure)}; it is tried again")
            tasks = once_more

    def _observe(self, tasks: Sequence[Task]) -> list[Seen]:
        setup = self.setup
        spread = self.context.parallelize(tasks, len(tasks))
        observed: RDD[Seen | Piece] = spread.flatMap(lambda task: observe(task, setup))
        observed.persist(_on_disk())
        with progress.watched(self.context, "observe", self.tell):
            done: list[Any] = observed.filter(lambda each: isinstance(each, Seen)).collect()
        self.observed.append(observed)
        self.seen += done
        return done

    def _empty_folders(self, listing: Listing) -> None:
        """A folder in which no file is a capture was named in error, as for `audit`."""
        skipped = {path for seen in self.seen for path in seen.skipped}
        for folder, files in listing.folders.items():
            if skipped.issuperset(files):
                self.failures.append(Failure(folder, "no captures in this folder"))

    def _carried(self) -> list[Part]:
        """All partial files; one is made anew with the names of what could not be read at all, so that the report has
        them, as that of one audit would."""
        parts = [part for seen in self.seen for part in seen.parts]
        read = {path for part in parts for path in part.paths}
        unread = [failure.path for failure in self.failures if failure.path not in read and failure.path != "-"]
        # What was observed in one run, whatever periods it lies in.
        hosts = [seen for seen in self.seen if len({part.paths for part in seen.parts}) == 1 and seen.task.slice is None]
        if not unread or not hosts:
            return parts
        chosen = min(hosts, key=lambda seen: sum(capture.size for capture in seen.task.captures))
        paths = set(chosen.parts[0].paths)
        captures = tuple(capture for capture in chosen.task.captures if capture.path in paths)
        task = Task(next(self.numbers), captures, carried=tuple(dict.fromkeys(unread)))
        (again,) = self._observe([task])
        if len({part.paths for part in again.parts}) != 1:
            return parts
        # What this worker could read after all is audited now.
        still = {path for path in task.carried if any(line.startswith(f"{path}: ") for line in again.lines)}
        for failure in self.failures:
            if failure.path in task.carried and failure.path not in still:
                self.tell(f"{failure.path}: was read on {again.host} after all")
        self.failures = [each for each in self.failures if each.path not in task.carried or each.path in still]
        return [part for part in parts if part not in chosen.parts] + list(again.parts)

    def _apart(self, judged: Judged) -> list[Capture]:
        """Captures whose slices do not fit together, as `judge` says."""
        cut = {seen.task.captures[0] for seen in self.seen if seen.task.slice is not None}
        lines = [line for line in judged.stderr.splitlines() if line.endswith(IN_ONE_PIECE)]
        said = {capture for capture in cut for line in lines if line.startswith(f"pktaudit: {capture.path}: ")}
        return sorted(said, key=lambda capture: capture.path)

    def _in_one_piece(self, parts: Sequence[Part], captures: Sequence[Capture]) -> list[Part]:
        """All partial files, with those of some captures made anew without slices."""
        for capture in captures:
            self.tell(f"{capture.path}: its slices do not fit together; it is read in one piece")
        tasks = [Task(next(self.numbers), (capture,)) for capture in captures]
        again = self._observe(tasks)
        for seen in again:
            self.failures += seen.failures
            for failure in seen.failures:
                self.tell(told(failure))
        cut = {capture.path for capture in captures}
        return [part for part in parts if cut.isdisjoint(part.paths)] + [part for seen in again for part in seen.parts]

    def _judge(self, parts: Sequence[Part]) -> tuple[Judged, RDD[FilePiece]]:
        nothing: RDD[FilePiece] = self.context.parallelize([], 1)
        if not parts:
            return Judged(2, "", ""), nothing
        gathered, expected = self._gathered(list(parts))
        return self._judged(gathered, expected, self.setup, "judge")

    def _judged(
        self, gathered: RDD[tuple[int, Record]], expected: Sequence[Part], setup: Setup, what: str
    ) -> tuple[Judged, RDD[FilePiece]]:
        judged = Judged(2, "", "", refused="no worker was asked")
        for _ in range(JUDGES):
            records: RDD[Any] = gathered.mapPartitions(
                lambda found: judge(expected, (record for _, record in found), setup)
            )
            records.persist(_on_disk())
            with progress.watched(self.context, what, self.tell):
                (judged,) = records.filter(lambda each: isinstance(each, Judged)).collect()
            if not judged.refused:
                return judged, records.filter(lambda each: isinstance(each, FilePiece))
            self.tell(f"{judged.refused} (on {judged.host}); another worker is asked to judge")
            records.unpersist()
        raise Refused(f"no worker could judge: {judged.refused}")

    def _gathered(self, parts: list[Part]) -> tuple[RDD[tuple[int, Record]], list[Part]]:
        """Partial files in one place, merged on the way where they are many; those that are to arrive unmerged."""
        setup = self.setup
        records: RDD[Any] = self.context.union(self.observed)
        expected, sizes = parts, parts
        level = 0
        while plan.needs_merging(sizes):
            grouped = plan.groups(sizes, self.options.merge_bytes)
            if len(grouped) == len(sizes):
                break
            level += 1
            names = [f"m{level}-{number}" for number in range(len(grouped))]
            places = {part.name: number for number, group in enumerate(grouped) for part in group}
            route = _by_part(places) if level == 1 else _by_group([places[part.name] for part in sizes])
            wanted = grouped if level == 1 else [[] for _ in grouped]
            records = _merge_level(records, route, names, wanted, setup)
            # What arrives of a merge says itself what it is; its size is at most that of what went in.
            expected = []
            sizes = [Part(name, sum(part.size for part in group), "") for name, group in zip(names, grouped)]
        route = _by_group([0] * len(sizes)) if level else _by_part({part.name: 0 for part in parts})
        return records.mapPartitionsWithIndex(route).partitionBy(1, _as_it_is), expected

    def _write(self, result: Audit) -> None:
        out = self.options.out
        if out is None or not result.files:
            return
        if not self.setup.out:
            result.write(out)
        else:
            self._put(result.record(), out)
        self.tell(f"wrote {', '.join([*result.files, RECORD])} to {out}")

    def _put(self, text: str, out: str) -> None:
        """Writes the record of a run beside its reports in a store."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, RECORD)
            path.write_text(text, encoding="utf-8")
            if self.setup.out_store is not None:
                self.setup.out_store.put([path], out)

    def clean(self) -> None:
        """Takes away the partial files of a folder of the work."""
        if self.setup.work_store is not None:
            try:
                self.setup.work_store.remove(self.setup.work)
            except StoreError as error:
                self.tell(f"the folder of the work was left behind: {error}")


def told(failure: Failure) -> str:
    """A failure as one line."""
    where = f" (on {failure.host})" if failure.host else ""
    return f"{failure.path}: {failure.why}{where}"


#: Gives each record of a partition the number of the group that it goes to.
Route = Callable[[int, Iterable[Any]], Iterator[tuple[int, Record]]]


def _by_part(places: dict[str, int]) -> Route:
    """What tasks gave: pieces go where their partial file is merged; those that are not wanted any more go nowhere."""

    def route(_: int, found: Iterable[Any]) -> Iterator[tuple[int, Record]]:
        for record in found:
            if isinstance(record, Piece) and record.part in places:
                yield places[record.part], record

    return route


def _by_group(places: Sequence[int]) -> Route:
    """What merges gave: all of a merge goes the same way, also where it could not join anything."""

    def route(number: int, found: Iterable[Any]) -> Iterator[tuple[int, Record]]:
        for record in found:
            yield places[number], record

    return route


def _merge_level(
    records: RDD[Any], route: Route, names: Sequence[str], wanted: Sequence[Sequence[Part]], setup: Setup
) -> RDD[Any]:
    """One step of the tree: each group becomes one partial file."""

    def work(number: int, found: Iterable[tuple[int, Record]]) -> Iterator[Record]:
        return merge(names[number], wanted[number], (record for _, record in found), setup)

    return records.mapPartitionsWithIndex(route).partitionBy(len(names), _as_it_is).mapPartitionsWithIndex(work)


def _as_it_is(key: int) -> int:
    return key


def _to_first(record: Record) -> tuple[int, Record]:
    return 0, record


def _on_disk() -> Any:
    from pyspark import StorageLevel

    return StorageLevel.DISK_ONLY


def _context(session: SparkSession) -> SparkContext:
    try:
        return session.sparkContext
    # Spark Connect raises an error of its own kind here.
    except Exception as error:
        raise Refused("this session has no SparkContext (Spark Connect?): pktaudit-spark runs tasks of its own") from error


_shipped: set[tuple[str, str]] = set()


def _ship_package(context: SparkContext) -> None:
    """Gives this package to the workers, which then need nothing installed."""
    key = (context.applicationId or "", "package")
    if key in _shipped:
        return
    source = Path(__file__).parent
    folder = tempfile.mkdtemp(prefix="pktaudit-spark-")
    path = os.path.join(folder, f"pktaudit_spark-{uuid.uuid4().hex[:8]}.zip")
    with zipfile.ZipFile(path, "w") as file:
        for module in sorted(source.glob("*.py")):
            file.write(module, f"pktaudit_spark/{module.name}")
    context.addPyFile(path)
    _shipped.add(key)


def _setup(
    context: SparkContext, options: Options, all_stores: remote.Stores, listing: Listing
) -> tuple[Setup, bool]:
    """What all tasks are told, and whether pktaudit reads slices."""
    any_remote = any(capture.remote for capture in listing.captures)
    work = f"{options.work.rstrip('/')}/pktaudit-{uuid.uuid4().hex}" if options.work else ""
    out = options.out if options.out and scheme(options.out) else ""
    threads = options.threads or int(context.getConf().get("spark.task.cpus", "1") or "1")
    setup = Setup(
        program=options.on_workers or "pktaudit",
        observe=options.observe_flags(),
        judge=options.judge_flags(),
        shipped=options.shipped(),
        threads=threads,
        columns=_columns(),
        home=os.getcwd(),
        store=all_stores if any_remote else None,
        work=work,
        work_store=all_stores if work else None,
        out=out,
        out_store=all_stores if out else None,
        evidence=options.evidence,
        every=options.every or "",
    )
    own = options.pktaudit or (None if options.on_workers else shutil.which("pktaudit"))
    if own is not None:
        try:
            tool = describe(os.path.abspath(own))
        except NoTool as error:
            raise Refused(str(error)) from error
        name = _ship_program(context, tool.path)
        return replace(setup, program=name, version=tool.version), tool.can_slice
    return _asked(context, setup)


def _columns() -> str:
    """How wide to print, as pktaudit finds it out itself: what is said to it, else its terminal."""
    said = os.environ.get("COLUMNS", "")
    return str(os.get_terminal_size(1).columns) if not said and os.isatty(1) else said


def _ship_program(context: SparkContext, path: str) -> str:
    """Sends the driver's program along. A name of its own, since Spark takes no second file of the same name."""
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else _digest(file)
    name = f"pktaudit-{digest[:12]}"
    key = (context.applicationId or "", name)
    if key not in _shipped:
        copy = os.path.join(tempfile.mkdtemp(prefix="pktaudit-spark-"), name)
        shutil.copy(path, copy)
        context.addFile(copy)
        _shipped.add(key)
    return name


def _digest(file: Any) -> str:
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


def _asked(context: SparkContext, setup: Setup) -> tuple[Setup, bool]:
    """The version that most workers have, where the driver brings none."""

    def ask(_: int) -> tuple[tuple[str, str], str, bool]:
        # Executors of one machine have folders of their own.
        where = (host(), os.getcwd())
        try:
            tool = setup.tool()
            return where, tool.version, tool.can_slice
        except NoTool as error:
            return where, f"!{error}", False

    count = 4 * context.defaultParallelism
    answers = context.parallelize(range(count), count).map(ask).collect()
    known = {where: version for where, version, _ in answers if not version.startswith("!")}
    if not known:
        (name, _), why, _ = answers[0]
        raise Refused(f"no worker has pktaudit: {why[1:]} (on {name})")
    votes = Counter(known.values())
    # Where as many have one as another, it is the later one.
    version = max(votes, key=lambda each: (votes[each], each))
    can_slice = all(can for _, each, can in answers if each == version)
    return replace(setup, version=version), can_slice
