"""The reduce: partial files of a group become one by `pktaudit merge`, and at the end a report by `pktaudit judge`."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from .model import Failure, FilePiece, Judged, Part, Piece, Shipped
from .partials import PIECE, Broken, check, file_name, look, pieces, put
from .setup import Setup, host, scratch
from .stores import StoreError, place, scheme
from .tool import NoTool, run

#: What flows from a merge to the next one: partial files, what was lost on the way, what is to be told.
Record = Piece | Part | Failure | str


def merge(name: str, expected: Sequence[Part], records: Iterable[Record], setup: Setup) -> Iterator[Record]:
    """Merges the partial files of a group. Where that cannot be done, they go on as they are."""
    with scratch() as folder:
        parts, told = _receive(expected, records, Path(folder), setup)
        yield from told
        if len(parts) > 1:
            merged, why = _merged(name, parts, Path(folder), setup)
            if merged is not None:
                parts = [merged]
            else:
                yield f"{len(parts)} partial files were not merged on {host()}: {why}"
        for part in parts:
            yield part
            yield from pieces(part.name, Path(folder, file_name(part.name)))


def carry(name: str, expected: Sequence[Part], records: Iterable[Record], setup: Setup) -> Iterator[Record]:
    """What goes on into the next period, as a partial file. What is lost on the way to here is told by the judge."""
    with scratch() as folder:
        parts, _ = _receive(expected, records, Path(folder), setup)
        carried, why = _merged(name, parts, Path(folder), setup, "--carry") if parts else (None, "nothing arrived")
        if carried is None:
            yield f"{name}: {why} (on {host()})"
            return
        yield carried
        yield from pieces(carried.name, Path(folder, file_name(carried.name)))


def _merged(name: str, parts: Sequence[Part], folder: Path, setup: Setup, *flags: str) -> tuple[Part | None, str]:
    try:
        tool = setup.right_tool()
        target = folder / file_name(name)
        files = [file_name(part.name) for part in parts]
        ran = run(tool, [*setup.flags(), "merge", *flags, "--partial", target.name, *files], folder)
        if not target.exists():
            return None, "; ".join(ran.lines) or f"status {ran.status}"
        seen = look(target)
    except (NoTool, Broken) as error:
        return None, str(error)
    paths = tuple(path for part in parts for path in part.paths)
    return Part(name, seen.size, seen.digest, seen.format, paths), ""


def judge(expected: Sequence[Part], records: Iterable[Record], setup: Setup) -> Iterator[Judged | FilePiece]:
    """Judges what all tasks have seen: how it ended, and the report files in pieces."""
    try:
        tool = setup.right_tool()
    except NoTool as error:
        yield Judged(2, host(), "", refused=str(error))
        return
    with scratch() as folder:
        desk = Path(folder, "desk")
        out = Path(folder, "out")
        desk.mkdir()
        parts, told = _receive(expected, records, Path(folder), setup)
        lost = tuple(each for each in told if isinstance(each, Failure))
        notes = tuple(each for each in told if isinstance(each, str))
        if not parts:
            yield Judged(2, host(), tool.version, lost=lost, notes=notes)
            return
        within, flags = _within(desk, setup)
        files = [os.path.join(folder, file_name(part.name)) for part in parts]
        arguments = [*setup.flags(), "judge", *flags, "--out", str(out), "--", *files]
        ran = run(tool, arguments, within, setup.columns)
        if within == desk and setup.evidence and setup.store is not None and _fetch_evidence(out, desk, setup):
            ran = run(tool, arguments, within, setup.columns)
        reports = sorted(out.iterdir()) if out.is_dir() else []
        if setup.out_store is not None and reports:
            setup.out_store.put(reports, setup.out)
        yield Judged(
            # Ended by a signal or in any way that it does not know: nothing was judged.
            ran.status if ran.status in (0, 1, 2) else 2,
            host(),
            tool.version,
            ran.stdout,
            _without_paths(ran.stderr, folder) if ran.status in (0, 1, 2) else f"judge ended with status {ran.status}\n{ran.stderr}",
            lost,
            notes,
            {path.name: path.stat().st_size for path in reports},
            {path.name: header(path) for path in reports if path.suffix == ".csv"},
        )
        for path in reports:
            yield from file_pieces(path)


def header(path: Path) -> tuple[str, ...]:
    """The columns of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(next(csv.reader(file), ()))


def file_pieces(path: Path, size: int = PIECE) -> Iterator[FilePiece]:
    """A report file in pieces; those of a CSV file end with a row, which has no line break within."""
    whole_lines = path.suffix == ".csv"
    offset = 0
    with path.open("rb") as file:
        while data := file.read(size):
            if whole_lines and not data.endswith(b"\n"):
                data += file.readline()
            yield FilePiece(path.name, offset, data)
            offset += len(data)


def _receive(
    expected: Sequence[Part], records: Iterable[Record], folder: Path, setup: Setup
) -> tuple[list[Part], list[Failure | str]]:
    """Writes partial files down as they come; those that are whole, and what is to be told."""
    wanted = list(expected)
    told: list[Failure | str] = []
    for record in records:
        if isinstance(record, Part):
            wanted.append(record)
        elif isinstance(record, Piece):
            if record.at:
                told += _fetch_part(record, folder, setup)
            else:
                put(record, folder)
        else:
            told.append(record)
    whole = []
    for part in sorted(wanted, key=lambda part: part.name):
        try:
            check(part, folder / file_name(part.name))
            whole.append(part)
        except Broken as error:
            why = f"its partial file {part.name} {error}"
            told += [Failure(path, why, host()) for path in part.paths]
    return whole, told


def _fetch_part(piece: Piece, folder: Path, setup: Setup) -> list[str]:
    """Fetches a partial file from the folder of the work. Why it could not, where it could not."""
    if setup.work_store is None:
        return [f"{piece.at}: nothing reaches it from {host()}"]
    below = folder / "work"
    below.mkdir(exist_ok=True)
    try:
        failed = setup.work_store.fetch([piece.at], below)
    except StoreError as error:
        failed = {piece.at: str(error)}
    if failed:
        return [f"{address}: {why}" for address, why in failed.items()]
    os.replace(place(below, piece.at.lstrip("/")), folder / file_name(piece.part))
    return []


def _within(desk: Path, setup: Setup) -> tuple[Path, list[str]]:
    """Where `judge` runs, and its flags there.

    In the driver's folder where this machine has it with the same files, so that all is named as it was typed; else at
    a desk of its own, with the files below it.
    """
    same = os.path.isdir(setup.home) and all(_is_here(shipped, Path(setup.home)) for shipped in setup.shipped)
    if same and setup.store is None:
        return Path(setup.home), list(setup.judge)
    moved = {shipped.path: _lay(shipped, desk, setup) for shipped in setup.shipped}
    return desk, [_renamed(flag, moved) for flag in setup.judge]


def _is_here(shipped: Shipped, home: Path) -> bool:
    for name, content in shipped.files:
        path = home / shipped.path / name if name else home / shipped.path
        try:
            if path.read_bytes() != content:
                return False
        except OSError:
            return False
    return True


def _lay(shipped: Shipped, desk: Path, setup: Setup) -> str:
    """Writes a shipped file or folder; its name from the desk, the same as typed where that can be."""
    if os.path.isabs(shipped.path) and _is_here(shipped, desk):
        return shipped.path
    name = os.path.normpath(shipped.path) if ".." in shipped.path.split("/") else shipped.path
    name = os.path.normpath(os.path.join(setup.home, name)) if name.startswith("..") else name
    name = name.lstrip("/")
    for below, content in shipped.files:
        path = place(desk, os.path.join(name, below) if below else name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return name


def _renamed(flag: str, moved: dict[str, str]) -> str:
    """A value of a flag, where it is a file that was moved; rule files may have a `+` before them."""
    plus = "+" if flag.startswith("+") else ""
    return plus + moved[flag[len(plus) :]] if flag[len(plus) :] in moved else flag


def _fetch_evidence(out: Path, desk: Path, setup: Setup) -> bool:
    """Fetches the remote captures that have packets of findings; whether there are any."""
    findings = out / "findings.csv"
    if setup.store is None or not findings.exists():
        return False
    wanted: set[str] = set()
    with findings.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for sentence in row.get("frames_in_files", "").split(" | "):
                name = sentence.rpartition(": ")[0].removeprefix("'")
                if scheme(name):
                    wanted.add(name)
    if not wanted:
        return False
    failed = setup.store.fetch(sorted(wanted), desk)
    return len(failed) < len(wanted)


def _without_paths(stderr: str, folder: str) -> str:
    """What `judge` said, without notes on its own files, which nobody finds any more."""
    return "".join(f"{line}\n" for line in stderr.splitlines() if not line.endswith(tuple(_report_names(folder))))


def _report_names(folder: str) -> list[str]:
    out = Path(folder, "out")
    return [f"wrote {path}" for path in out.iterdir()] if out.is_dir() else ["\0"]
