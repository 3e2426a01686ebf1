"""Partial files: whole ones pass, all others are told; and the two halves of a job, without Spark."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import DOZEN, Whole

from pktaudit_spark.model import Capture, Failure, FilePiece, Judged, Part, Piece, Seen, Slice, Task
from pktaudit_spark.observe import observe
from pktaudit_spark.partials import Broken, check, look, pieces, put
from pktaudit_spark.reduce import file_pieces, judge, merge
from pktaudit_spark.setup import Setup
from pktaudit_spark.tool import NoTool, describe, find


@pytest.fixture
def partial(program: str, tmp_path: Path) -> Path:
    path = tmp_path / "p.part"
    subprocess.run([program, "observe", "--partial", path, DOZEN[0]], check=True)
    return path


def test_a_whole_partial_file_is_known_by_its_digest(partial: Path) -> None:
    seen = look(partial)
    assert seen.format > 0
    assert seen.size == partial.stat().st_size
    assert seen.digest == partial.read_bytes()[-32:].hex()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda bytes_: bytes_[:-1], "cut off or damaged"),
        (lambda bytes_: bytes_[: len(bytes_) // 2], "cut off or damaged"),
        (lambda bytes_: bytes_[:20], "is cut off after 20 bytes"),
        (lambda bytes_: b"", "is no partial file"),
        (lambda bytes_: b"hello, this is none", "is no partial file"),
        (lambda bytes_: bytes_[:40] + bytes([bytes_[40] ^ 1]) + bytes_[41:], "cut off or damaged"),
    ],
)
def test_any_other_is_told(change: Callable[[bytes], bytes], told: str, partial: Path) -> None:
    partial.write_bytes(change(partial.read_bytes()))
    with pytest.raises(Broken, match=told):
        look(partial)


def test_pieces_make_the_file_again_in_any_order_and_twice(partial: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pktaudit_spark.partials.PIECE", 1000)
    seen = look(partial)
    part = Part("7", seen.size, seen.digest)
    sent = list(pieces("7", partial))
    assert len(sent) > 3
    for piece in [*reversed(sent), *sent[:2]]:
        put(piece, tmp_path)
    check(part, tmp_path / "7.part")
    (tmp_path / "7.part").unlink()
    with pytest.raises(Broken, match="did not arrive"):
        check(part, tmp_path / "7.part")
    for piece in sent[:-1]:
        put(piece, tmp_path)
    with pytest.raises(Broken, match="is cut off: "):
        check(part, tmp_path / "7.part")


def run(task: Task, setup: Setup) -> tuple[Seen, list[Piece]]:
    records = list(observe(task, setup))
    (seen,) = [each for each in records if isinstance(each, Seen)]
    return seen, [each for each in records if isinstance(each, Piece)]


def judged(expected: list[Part], records: list[object], setup: Setup) -> tuple[Judged, dict[str, bytes]]:
    files: dict[str, bytes] = {}
    result = None
    for each in judge(expected, records, setup):  # type: ignore[arg-type]
        if isinstance(each, Judged):
            result = each
        elif isinstance(each, FilePiece):
            assert each.offset == len(files.get(each.name, b""))
            files[each.name] = files.get(each.name, b"") + each.data
    assert result is not None
    return result, files


def test_map_and_reduce_by_themselves_are_an_audit(program: str, whole: Callable[..., Whole]) -> None:
    setup = Setup(program, home=os.getcwd(), judge=("--no-site", "--quiet"))
    first, a = run(Task(0, tuple(map(Capture, DOZEN[:6]))), setup)
    second, b = run(Task(1, tuple(map(Capture, DOZEN[6:]))), setup)
    assert [len(seen.parts) for seen in (first, second)] == [1, 1]
    merged = list(merge("m1", [*second.parts, *first.parts], [*b, *a], setup))
    (part,) = [each for each in merged if isinstance(each, Part)]
    assert part.name == "m1"
    wanted = whole(*DOZEN)
    result, files = judged([], merged, setup)
    assert (result.status, result.stdout) == (wanted.status, wanted.text)
    assert files == wanted.files
    assert result.headers["flows.csv"][:2] == ("start", "end")


def test_a_cut_partial_file_costs_its_own_captures_alone(program: str, whole: Callable[..., Whole]) -> None:
    setup = Setup(program, home=os.getcwd(), judge=("--no-site", "--quiet"))
    first, a = run(Task(0, tuple(map(Capture, DOZEN[:2]))), setup)
    second, b = run(Task(1, tuple(map(Capture, DOZEN[2:]))), setup)
    a[-1] = Piece(a[-1].part, a[-1].offset, a[-1].data[:-5])
    merged = list(merge("m1", [*first.parts, *second.parts], [*a, *b], setup))
    lost = [each for each in merged if isinstance(each, Failure)]
    assert [each.path for each in lost] == DOZEN[:2]
    assert "its partial file 0 is cut off" in lost[0].why
    result, files = judged([], merged, setup)
    assert result.lost == tuple(lost)
    assert files == whole(*DOZEN[2:]).files


def test_what_cannot_be_merged_goes_on_as_it_is(
    program: str, fake: Callable[[str], str], whole: Callable[..., Whole]
) -> None:
    broken = fake('if "merge" in sys.argv: sys.exit("pktaudit: no room for that")')
    setup = Setup(program, home=os.getcwd(), judge=("--no-site", "--quiet"))
    runs = [run(Task(number, (Capture(path),)), setup) for number, path in enumerate(DOZEN[:3])]
    expected = [part for seen, _ in runs for part in seen.parts]
    sent = [piece for _, own in runs for piece in own]
    merged = list(merge("m1", expected, sent, Setup(broken)))
    assert [each.name for each in merged if isinstance(each, Part)] == ["0", "1", "2"]
    (note,) = [each for each in merged if isinstance(each, str)]
    assert "3 partial files were not merged" in note and "no room for that" in note
    result, files = judged([], merged, setup)
    assert result.notes == (note,)
    assert files == whole(*DOZEN[:3]).files


def test_slices_are_asked_for_and_one_has_the_digest(fake: Callable[[str], str], tmp_path: Path) -> None:
    body = f"""
if "observe" in sys.argv and "--slice" in sys.argv:
    open({str(tmp_path / "asked")!r}, "a").write(" ".join(sys.argv[1:]) + "\\n")
    for flag, words in (("--digest", 1), ("--slice", 2)):
        if flag in sys.argv:
            place = sys.argv.index(flag)
            del sys.argv[place : place + words]
"""
    setup = Setup(fake(body), observe=("--since=2026-01-01",), home=os.getcwd())
    for number in (1, 2):
        seen, _ = run(Task(number, (Capture(DOZEN[0]),), Slice(number, 2)), setup)
        assert [part.name for part in seen.parts] == [str(number)]
    one, two = (tmp_path / "asked").read_text().splitlines()
    assert "--slice 1/2 --digest" in one and one.endswith(f"-- {DOZEN[0]}")
    assert "--slice 2/2" in two and "--digest" not in two
    assert "observe --since=2026-01-01 --partial" in one


def test_a_worker_without_the_program_says_where_it_looked(tmp_path: Path) -> None:
    seen, sent = run(Task(0, (Capture(DOZEN[0]),)), Setup("no-such-program"))
    assert sent == [] and seen.parts == ()
    (failure,) = seen.failures
    assert failure.again
    assert failure.why == "no-such-program: neither among the files of the job nor on PATH"
    with pytest.raises(NoTool, match="there is no such program here"):
        find(f"{tmp_path}/nothing")
    useless = tmp_path / "useless"
    useless.write_text("#!/bin/sh\nexit 3\n")
    useless.chmod(0o755)
    with pytest.raises(NoTool, match="does not run"):
        describe(str(useless))


def test_shipped_files_lie_where_flags_name_them(program: str, tmp_path: Path, whole: Callable[..., Whole]) -> None:
    """A worker that has neither the driver's folder nor its files."""
    from conftest import SAMPLES

    from pktaudit_spark.model import Shipped

    site = (SAMPLES / "blocked-syn-dropped/site.toml").read_bytes()
    capture_ = str(SAMPLES / "blocked-syn-dropped/capture.pcap")
    (tmp_path / "site.toml").write_bytes(site)
    wanted = whole("--site", "site.toml", capture_, within=tmp_path)
    shipped = (Shipped("site.toml", (("", site),)),)
    setup = Setup(program, home="/nowhere/at/all", judge=("--site", "site.toml", "--quiet"), shipped=shipped)
    seen, sent = run(Task(0, (Capture(capture_),)), setup)
    result, files = judged(list(seen.parts), list(sent), setup)
    assert (result.status, files) == (wanted.status, wanted.files)


def test_csv_files_are_cut_between_rows(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b\r\n" + b'1,"x, y"\r\n' * 500)

    def cut() -> Iterator[FilePiece]:
        return file_pieces(path, 64)

    assert b"".join(piece.data for piece in cut()) == path.read_bytes()
    assert len(list(cut())) > 10
    assert all(piece.data.endswith(b"\r\n") for piece in cut())
