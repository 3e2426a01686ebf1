"""Real Spark with two workers: reports are those of one audit, whatever dies or cannot be read."""

from __future__ import annotations

import functools
import json
import os
import shutil
import struct
import subprocess
import threading
from collections.abc import Callable
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from conftest import DOZEN, PROJECT, SAMPLES, Whole, capture, read

from pktaudit_spark import Audit, Options, Refused, audit, audit_in_periods
from pktaudit_spark.tool import describe

pytestmark = pytest.mark.spark


class Told(list[str]):
    """What is told on the driver."""

    def about(self, *words: str) -> list[str]:
        return [line for line in self if all(word in line for word in words)]


def made(session: Any, out: Path, captures: list[str], **more: Any) -> tuple[Audit, Told]:
    """An audit of captures, in tasks of a few, with its reports written to a folder."""
    told = Told()
    more = {"task_bytes": 100 << 10, "printing": ["--quiet"], **more}
    return audit(session, Options(captures, out=str(out), **more), told.append), told


def same(result: Audit, out: Path, wanted: Whole) -> None:
    """Every report file, what is printed, and the status."""
    files = read(out)
    assert sorted(files) == sorted(wanted.files)
    assert [name for name in files if files[name] != wanted.files[name]] == []
    assert result.text.decode() == wanted.text.decode()
    assert result.status == wanted.status


def test_all_samples_give_the_reports_of_one_audit(
    session: Any, program: str, whole: Callable[..., Whole], tmp_path: Path
) -> None:
    wanted = whole(str(SAMPLES))
    out = tmp_path / "out"
    # So small tasks make more than fit into one merge, and so little for a merge makes a tree of two levels.
    more = {"task_bytes": 40 << 10, "merge_bytes": 64 << 10}
    result, told = made(session, out, [str(SAMPLES)], pktaudit=program, **more)
    same(result, out, wanted)
    assert result.status == 1
    assert result.failures == []
    assert told.about("files are no captures and were skipped")
    record = json.loads((out / "spark.json").read_text())
    assert record["status"] == 1
    assert record["not_audited"] == []
    (versions,) = record["workers"].values()
    assert sum(versions.values()) > 50


#: Seconds, microseconds, bytes kept, bytes on the wire, the packet.
Frame = tuple[int, int, int, int, bytes]


def sample_records() -> tuple[bytes, list[Frame]]:
    """A sample's file, and its records."""
    sample = Path(capture("blocked-syn-dropped")).read_bytes()
    records, at = [], 24
    while at < len(sample):
        seconds, rest, kept, wire = struct.unpack_from("<IIII", sample, at)
        records.append((seconds, rest, kept, wire, sample[at + 16 : at + 16 + kept]))
        at += 16 + kept
    return sample, records


def long_capture(path: Path, size: int) -> None:
    """A plain pcap file of that size at least: the records of a sample again and again, an hour later each time."""
    sample, records = sample_records()
    with path.open("wb") as file:
        file.write(sample[:24])
        hour = 0
        while file.tell() < size:
            for seconds, rest, kept, wire, frame in records:
                file.write(struct.pack("<IIII", seconds + 3600 * hour, rest, kept, wire) + frame)
            hour += 1


def test_a_large_capture_is_read_in_slices_where_the_program_reads_them(
    session: Any, program: str, whole: Callable[..., Whole], tmp_path: Path
) -> None:
    large = tmp_path / "large.pcap"
    long_capture(large, 40 << 20)
    wanted = whole(str(large))
    out = tmp_path / "out"
    result, _ = made(session, out, [str(large)], pktaudit=program, task_bytes=16 << 20)
    same(result, out, wanted)
    (versions,) = result.workers.values()
    assert sum(versions.values()) == (3 if describe(program).can_slice else 1)


def pcapng(path: Path, size: int, late: bool) -> None:
    """The packets of a sample again and again as pcapng; a second interface, of every second packet, is described at
    the start or in the first slice."""
    sample, records = sample_records()

    def block(kind: int, body: bytes) -> bytes:
        body += bytes(-len(body) % 4)
        length = struct.pack("<I", len(body) + 12)
        return struct.pack("<I", kind) + length + body + length

    interface = block(1, struct.pack("<HHI", struct.unpack_from("<I", sample, 20)[0], 0, 0))
    with path.open("wb") as file:
        file.write(block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)) + interface)
        second = not late
        file.write(interface if second else b"")
        hour = 0
        while file.tell() < size:
            if not second and file.tell() > size // 4:
                file.write(interface)
                second = True
            for number, (seconds, rest, kept, wire, frame) in enumerate(records):
                ticks = (seconds + 3600 * hour) * 1_000_000 + rest
                fields = (number % 2 if second else 0, ticks >> 32, ticks & 0xFFFFFFFF, kept, wire)
                file.write(block(6, struct.pack("<IIIII", *fields) + frame))
            hour += 1


@pytest.mark.parametrize("late", [False, True])
def test_a_large_pcapng_file_is_read_in_slices_or_where_these_do_not_fit_in_one_piece(
    session: Any, program: str, whole: Callable[..., Whole], tmp_path: Path, late: bool
) -> None:
    large = tmp_path / "large.pcapng"
    pcapng(large, 40 << 20, late)
    wanted = whole(str(large))
    out = tmp_path / "out"
    result, told = made(session, out, [str(large)], pktaudit=program, task_bytes=16 << 20)
    same(result, out, wanted)
    assert bool(told.about("its slices do not fit together; it is read in one piece")) == late
    assert result.failures == []
    (versions,) = result.workers.values()
    assert sum(versions.values()) == (4 if late else 3)


def test_relative_paths_site_and_choices_are_those_of_an_audit(
    session: Any, program: str, whole: Callable[..., Whole], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(PROJECT)
    folder = "samples/blocked-syn-dropped"
    names = [f"{folder}/capture.pcap", "samples/not-seen/capture.pcap"]
    seeds = tmp_path / "hosts"
    seeds.write_text("203.0.113.77 seeded.example.com\n")
    choices = ["--site", f"{folder}/site.toml", "--host", "10.20.0.0/16", "--as-of", "2026-11-30"]
    wanted = whole(*choices, "--dns-seed", str(seeds), *names, within=PROJECT)
    out = tmp_path / "out"
    more = {"site": f"{folder}/site.toml", "hosts": ["10.20.0.0/16"], "as_of": "2026-11-30"}
    result, _ = made(session, out, names, pktaudit=program, dns_seeds=[str(seeds)], **more)
    same(result, out, wanted)
    report = json.loads(wanted.files["report.json"])
    assert [each["path"] for each in report["capture"]["inputs"]] == names


def test_an_executor_that_is_killed_costs_nothing_and_counts_nothing_twice(
    session: Any, fake: Callable[[str], str], whole: Callable[..., Whole], tmp_path: Path
) -> None:
    body = f"""
if "observe" in sys.argv and any({DOZEN[5]!r} in word for word in sys.argv) and first():
    pid, number = executor()
    open(MARK, "w").write(f"{{pid}} {{number}}")
    os.kill(pid, signal.SIGKILL)
    time.sleep(60)
"""
    wanted = whole(*DOZEN)
    out = tmp_path / "out"
    result, told = made(session, out, DOZEN, pktaudit=fake(body), task_bytes=1)
    pid, number = (tmp_path / "mark").read_text().split()
    assert number.isdigit(), "no executor was found"
    assert not os.path.exists(f"/proc/{pid}"), "the executor lives on"
    same(result, out, wanted)
    assert result.failures == []


def test_an_executor_that_dies_while_judging_costs_nothing(
    session: Any, fake: Callable[[str], str], whole: Callable[..., Whole], tmp_path: Path
) -> None:
    body = """
if "judge" in sys.argv and first():
    pid, number = executor()
    open(MARK, "w").write(number)
    os.kill(pid, signal.SIGKILL)
    time.sleep(60)
"""
    wanted = whole(*DOZEN)
    out = tmp_path / "out"
    result, _ = made(session, out, DOZEN, pktaudit=fake(body))
    assert (tmp_path / "mark").read_text().isdigit()
    same(result, out, wanted)


def test_inputs_that_cannot_be_read_are_named_and_the_rest_is_audited(
    session: Any, program: str, whole: Callable[..., Whole], tmp_path: Path
) -> None:
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "note.pcap").write_text("hello, this is no capture")
    good = Path(DOZEN[0]).read_bytes()
    (bad / "cut.pcap").write_bytes(good[:-9])
    (bad / "papers").mkdir()
    (bad / "papers/note.txt").write_text("hello")
    missing = str(bad / "missing.pcap")
    pattern = str(bad / "no*such.pcap")
    arguments = [*DOZEN[1:4], str(bad / "note.pcap"), str(bad / "cut.pcap"), str(bad / "papers"), missing, pattern]
    wanted = whole(*arguments)
    out = tmp_path / "out"
    result, told = made(session, out, arguments, pktaudit=program, task_bytes=1)
    assert result.status == 2
    same(result, out, wanted)
    assert told.about(str(bad / "note.pcap"), "is no pcap or pcapng file")
    assert told.about(str(bad / "cut.pcap"), "at byte")
    assert told.about(str(bad / "papers"), "no captures in this folder")
    assert told.about(missing, "not found")
    assert told.about(pattern, "no file matches this pattern")
    named = {failure.path for failure in result.failures}
    assert named == {str(bad / "note.pcap"), str(bad / "papers"), missing, pattern}
    record = json.loads((out / "spark.json").read_text())
    assert {each["path"] for each in record["not_audited"]} == named


def test_nothing_but_unreadable_inputs_is_no_audit(session: Any, program: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result, told = made(session, out, [str(tmp_path / "missing.pcap")], pktaudit=program)
    assert (result.status, result.text, result.files) == (2, b"", {})
    assert told.about("missing.pcap", "not found")
    assert not out.exists()
    assert result.findings.collect() == []
    assert result.flows.columns[:2] == ["start", "end"]


def test_a_worker_with_another_version_is_told_and_its_inputs_go_elsewhere(
    session: Any, fake: Callable[[str], str], whole: Callable[..., Whole], tmp_path: Path
) -> None:
    body = """
pid, number = executor()
if number != "driver":
    try:
        with open(MARK, "x") as file:
            file.write(number)
    except FileExistsError:
        pass
    if open(MARK).read() == number and "--version" in sys.argv:
        print("pktaudit 0.0.9 (of another day)")
        sys.exit(0)
"""
    wanted = whole(*DOZEN)
    out = tmp_path / "out"
    program = fake(body)
    result, told = made(session, out, DOZEN, on_workers=program, task_bytes=1, tries=12)
    lines = told.about("this worker has pktaudit 0.0.9 (of another day)", "it is tried again")
    assert lines, told
    assert all("(on " in line for line in lines)
    same(result, out, wanted)
    assert result.failures == []


def test_workers_that_all_have_another_version_are_told_with_their_inputs(
    session: Any, fake: Callable[[str], str], tmp_path: Path
) -> None:
    body = """
if "--version" in sys.argv and executor()[1] != "driver":
    print("pktaudit 0.0.9 (of another day)")
    sys.exit(0)
"""
    out = tmp_path / "out"
    result, told = made(session, out, DOZEN[:2], pktaudit=fake(body), tries=2)
    assert result.status == 2
    for path in DOZEN[:2]:
        assert told.about(path, "this worker has pktaudit 0.0.9 (of another day), the audit is made with pktaudit")
    assert not out.exists()


def test_a_partial_file_that_is_cut_off_is_told_with_the_name_of_its_capture(
    session: Any, fake: Callable[[str], str], whole: Callable[..., Whole], tmp_path: Path
) -> None:
    body = f"""
if "observe" in sys.argv and any({DOZEN[3]!r} in word for word in sys.argv):
    status = subprocess.call([REAL, *sys.argv[1:]])
    path = sys.argv[sys.argv.index("--partial") + 1]
    os.truncate(path, os.path.getsize(path) - 100)
    sys.exit(status)
"""
    wanted = whole(*[path for path in DOZEN if path != DOZEN[3]])
    out = tmp_path / "out"
    result, told = made(session, out, DOZEN, pktaudit=fake(body), task_bytes=1)
    assert result.status == 2
    assert told.about(DOZEN[3], "its partial file is cut off")
    assert [failure.path for failure in result.failures] == [DOZEN[3]]
    assert read(out) == wanted.files


def test_a_program_that_dies_on_one_capture_costs_no_other_of_its_task(
    session: Any, fake: Callable[[str], str], whole: Callable[..., Whole], tmp_path: Path
) -> None:
    body = f"""
if "observe" in sys.argv and {DOZEN[3]!r} in sys.argv:
    os.kill(os.getpid(), signal.SIGKILL)
"""
    wanted = whole(*[path for path in DOZEN if path != DOZEN[3]])
    out = tmp_path / "out"
    result, told = made(session, out, DOZEN, pktaudit=fake(body), task_bytes=1 << 30, tries=1)
    assert result.status == 2
    assert told.about(DOZEN[3], "pktaudit ended with status -9")
    assert read(out) == wanted.files


def test_a_partial_file_that_is_cut_on_its_way_is_told_with_the_names_of_its_captures(
    session: Any, fake: Callable[[str], str], whole: Callable[..., Whole], tmp_path: Path
) -> None:
    work = tmp_path / "work"
    # One that was written and sent is cut while others are still observed.
    body = f"""
import glob
parts = sorted(glob.glob({str(work)!r} + "/*/*.part"))
if "--version" not in sys.argv and "--help" not in sys.argv and len(parts) >= 3 and first():
    os.truncate(parts[0], os.path.getsize(parts[0]) - 100)
    open(MARK, "w").write(parts[0])
"""
    out = tmp_path / "out"
    result, told = made(session, out, DOZEN, pktaudit=fake(body), task_bytes=1, work=str(work))
    name = Path((tmp_path / "mark").read_text()).stem
    assert result.status == 2
    (failure,) = result.failures
    assert told.about(failure.path, f"its partial file {name} is cut off")
    wanted = whole(*[path for path in DOZEN if path != failure.path])
    assert read(out) == wanted.files
    assert list(work.iterdir()) == [], "the folder of the work is taken away"


def test_partial_files_may_go_through_a_folder(
    session: Any, program: str, whole: Callable[..., Whole], tmp_path: Path
) -> None:
    wanted = whole(*DOZEN)
    out = tmp_path / "out"
    result, _ = made(session, out, DOZEN, pktaudit=program, task_bytes=1, work=str(tmp_path / "work"))
    same(result, out, wanted)
    assert list((tmp_path / "work").iterdir()) == []


def tap(folder: Path, names: list[str]) -> list[str]:
    """A folder of captures with one file that is none."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        shutil.copy(name, folder / f"tap-{number}.pcap")
    (folder / "notes.txt").write_text("on the mirror port\n")
    return [f"tap-{number}.pcap" for number in range(len(names))]


def renamed(folder: Path, program: str, out: Path, address: str) -> Whole:
    """One audit of files that lie where an address, taken as a path, leads."""
    return Whole(program, out, [address], folder)


def test_what_hadoop_reads_is_named_by_its_address(session: Any, program: str, tmp_path: Path) -> None:
    tap(session.mount / "in", DOZEN[:5])
    address = "viewfs://lab/tap/in"
    tap(tmp_path / "mirror" / address, DOZEN[:5])
    wanted = renamed(tmp_path / "mirror", program, tmp_path / "whole", address)
    assert wanted.status == 1
    out = session.mount / "out"
    told = Told()
    options = Options([address], out="viewfs://lab/tap/out", pktaudit=program, task_bytes=1, printing=["--quiet"])
    result = audit(session, options, told.append)
    assert result.failures == []
    same(result, out, wanted)
    inputs = json.loads(wanted.files["report.json"])["capture"]["inputs"]
    assert {each["path"] for each in inputs} == {f"{address}/tap-{number}.pcap" for number in range(5)}
    assert json.loads((out / "spark.json").read_text())["skipped"] == [f"{address}/notes.txt"]
    # A single file, a pattern, and what is not there.
    one = audit(session, Options([f"{address}/tap-[01].pcap"], pktaudit=program), told.append)
    assert one.failures == []
    lost = audit(session, Options([f"{address}/tap-0.pcap", f"{address}/nothing.pcap"], pktaudit=program), told.append)
    assert lost.status == 2
    assert told.about(f"{address}/nothing.pcap: not found")


def test_what_fsspec_reads_is_named_by_its_address(session: Any, program: str, tmp_path: Path) -> None:
    store = tmp_path / "store"
    tap(store, DOZEN[:4])
    address = f"local://{store}"
    tap(tmp_path / "mirror" / f"local:/{store}", DOZEN[:4])
    wanted = renamed(tmp_path / "mirror", program, tmp_path / "whole", address)
    assert wanted.status == 1
    told = Told()
    more = {"through": "fsspec", "task_bytes": 1, "printing": ["--quiet"], "work": f"local://{tmp_path}/work"}
    result = audit(session, Options([address], out=f"local://{tmp_path}/out", pktaudit=program, **more), told.append)
    same(result, tmp_path / "out", wanted)
    assert not any((tmp_path / "work").iterdir())


def test_a_web_server_is_a_store_and_what_it_loses_is_told(session: Any, program: str, tmp_path: Path) -> None:
    tap(tmp_path / "served/tap", DOZEN[:3])

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.endswith("tap-1.pcap"):
                self.send_error(500, "lost it")
            else:
                super().do_GET()

        def log_message(self, *_: object) -> None:
            pass

    served = functools.partial(Handler, directory=str(tmp_path / "served"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), served)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f"http://127.0.0.1:{server.server_port}/tap/"
        told = Told()
        result = audit(session, Options([address], pktaudit=program, printing=["--format=json"]), told.append)
    finally:
        server.shutdown()
    report = json.loads(result.text)
    read_inputs = {each["path"] for each in report["capture"]["inputs"] if each["frames"]}
    assert read_inputs == {f"{address}tap-0.pcap", f"{address}tap-2.pcap"}
    assert result.status == 2
    assert told.about(f"{address}tap-1.pcap: ", "500")


def test_tables_are_the_csv_files(session: Any, program: str, tmp_path: Path) -> None:
    import csv
    from datetime import datetime

    out = tmp_path / "out"
    result, _ = made(session, out, DOZEN, pktaudit=program)
    for table in ("findings", "requirements", "flows"):
        frame = getattr(result, table)
        with (out / f"{table}.csv").open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
            # The program's own columns, so that a new one is not forgotten here.
            assert frame.columns == reader.fieldnames
        assert frame.count() == len(rows) > 0
    findings = result.findings.filter("finding = 'blocked'").collect()
    assert findings
    assert all(isinstance(row.first, datetime) and isinstance(row.port, int) for row in findings)
    assert all(row.frames and all(isinstance(frame, int) for frame in row.frames) for row in findings)
    assert {row.absence_counts for row in result.requirements.collect()} <= {True, False}
    joined = result.flows.selectExpr("explode(findings) as id").join(result.findings, "id")
    assert joined.count() > 0
    result.release()


def test_a_report_without_findings_gives_an_empty_table(session: Any, program: str, tmp_path: Path) -> None:
    from pktaudit_spark import schema

    folder = SAMPLES / "activation-ok"
    more = {"site": str(folder / "site.toml")}
    result, _ = made(session, tmp_path / "out", [str(folder / "capture.pcap")], pktaudit=program, **more)
    table = result.findings.filter("severity = 'high'")
    assert table.collect() == []
    assert table.schema == schema("findings")
    assert result.status == 0


def test_a_program_that_no_worker_has_is_refused(session: Any, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no worker has pktaudit: .*no-such-program"):
        made(session, tmp_path / "out", DOZEN[:1], on_workers="no-such-program")


def test_rules_that_are_wrong_are_told_and_nothing_is_judged(session: Any, program: str, tmp_path: Path) -> None:
    rules = tmp_path / "mine.toml"
    rules.write_text("format = 1\n[document\n")
    result, told = made(session, tmp_path / "out", DOZEN[:2], pktaudit=program, rules=[str(rules)])
    assert (result.status, result.text) == (2, b"")
    assert told.about("toml-syntax")


def test_spark_submit_has_the_status_of_an_audit(
    program: str, whole: Callable[..., Whole], spark_environment: dict[str, str], tmp_path: Path
) -> None:
    wanted = whole(*DOZEN[:3])
    out = tmp_path / "out"
    submit = [str(Path(spark_environment["SPARK_HOME"], "bin/spark-submit")), "--master", "local-cluster[2,1,1024]"]
    # Found on the workers by the name that --files gives it.
    command = [*submit, "--conf", "spark.ui.enabled=false", "--files", program, str(PROJECT / "spark/submit.py")]
    name = os.path.basename(program)
    command += ["--on-workers", name, "-q", "--result", str(tmp_path / "text"), "--out", str(out), *DOZEN[:3]]
    environment = {**os.environ, **spark_environment}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1, done.stdout + done.stderr
    assert read(out) == wanted.files
    assert (tmp_path / "text").read_bytes() == wanted.text
    # Python's standard error comes out of spark-submit's standard output, so that is where things are told.
    assert "pktaudit-spark: wrote " in done.stdout


def hours(tmp_path: Path) -> list[str]:
    """Captures of a day that begin and end at odd times, one of them with one frame an hour, one without any."""
    sample, records = sample_records()
    start = records[0][0] - records[0][0] % 3600

    def write(name: str, frames: list[Frame]) -> str:
        path = tmp_path / name
        path.write_bytes(sample[:24] + b"".join(struct.pack("<IIII", *each[:4]) + each[4] for each in frames))
        return str(path)

    def at(frame: Frame, seconds: int) -> Frame:
        return (start + seconds, *frame[1:])

    spread = [at(frame, 40 * number) for number, frame in enumerate(records)]
    slow = [at(frame, 1800 + 3600 * number) for number, frame in enumerate(records[:5])]
    late = [at(frame, 3 * 3600 + number) for number, frame in enumerate(records)]
    return [write("spread.pcap", spread), write("slow.pcap", slow), write("late.pcap", late), write("none.pcap", [])]


@pytest.mark.parametrize("through_a_folder", [False, True])
def test_periods_are_those_of_one_audit_in_periods(
    session: Any, program: str, whole: Callable[..., Whole], tmp_path: Path, through_a_folder: bool
) -> None:
    captures = hours(tmp_path)
    wanted = whole("--every", "1h", *captures)
    folders = sorted(path for path in (tmp_path / "whole").iterdir())
    assert len(folders) >= 4
    out, told = tmp_path / "out", Told()
    work = str(tmp_path / "work") if through_a_folder else None
    options = Options(captures, every="1h", out=str(out), task_bytes=1, work=work, pktaudit=program, printing=["--quiet"])
    result = audit_in_periods(session, options, told.append)
    assert result.status == wanted.status
    assert result.failures == []
    assert list(result.periods) == sorted(path.name for path in out.iterdir() if path.is_dir())
    for folder, (name, period) in zip(folders, result.periods.items(), strict=True):
        # A folder of one run is named by its first packet, which lies in the hour that names the other.
        assert folder.name[:13] == name[:13]
        assert read(out / name) == read(folder)
        assert period.text.decode().strip()
    table = result.flows
    assert table.columns[0] == "period"
    counted = {row.period: row["count"] for row in table.groupBy("period").count().collect()}
    rows = {name: read(out / name)["flows.csv"].count(b"\n") - 1 for name in result.periods}
    assert counted == {name: count for name, count in rows.items() if count}
    record = json.loads((out / "spark.json").read_text())
    assert record["periods"] == {name: period.status for name, period in result.periods.items()}
    result.release()


def test_a_capture_that_cannot_be_read_is_told_with_the_first_period(
    session: Any, program: str, whole: Callable[..., Whole], tmp_path: Path
) -> None:
    captures = [*hours(tmp_path), str(tmp_path / "text.pcap")]
    Path(captures[-1]).write_text("no capture")
    wanted = whole("--every", "1h", *captures)
    out = tmp_path / "out"
    options = Options(captures, every="1h", out=str(out), task_bytes=1, pktaudit=program, tries=1)
    result = audit_in_periods(session, options, Told().append)
    assert result.status == wanted.status == 2
    assert [failure.path for failure in result.failures] == [captures[-1]]
    folders = sorted(path for path in (tmp_path / "whole").iterdir())
    for folder, name in zip(folders, result.periods, strict=True):
        assert read(out / name) == read(folder)


def test_what_periods_cannot_do_is_refused(session: Any, program: str, tmp_path: Path) -> None:
    for more, why in ({"every": "1h", "until": "2026-01-01"}, "--until"), ({}, "--every"):
        with pytest.raises(Refused, match=why):
            audit_in_periods(session, Options([DOZEN[0]], pktaudit=program, **more))
    with pytest.raises(Refused, match="audit_in_periods"):
        audit(session, Options([DOZEN[0]], pktaudit=program, every="1h"))
