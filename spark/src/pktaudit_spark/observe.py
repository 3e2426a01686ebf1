"""The map: one task runs `pktaudit observe` and gives back partial files, and what could not be read."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .model import NO_PACKETS, Capture, Failure, Part, Piece, Seen, Task
from .partials import Broken, file_name, look, pieces
from .setup import Setup, host, scratch
from .stores import StoreError
from .tool import NoTool, Ran, Tool, run


@dataclass
class _Work:
    """A task under way."""

    task: Task
    setup: Setup
    tool: Tool
    #: Its own folder.
    folder: Path
    #: Where the names of its captures lead to them.
    within: Path
    parts: list[Part] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def fail(self, capture: Capture, why: str, again: bool) -> None:
        self.failures.append(Failure(capture.path, why, host(), again))


def observe(task: Task, setup: Setup) -> Iterator[Seen | Piece]:
    """Runs a task: first the bytes of its partial files, then what it has seen."""
    try:
        tool = setup.right_tool()
    except NoTool as error:
        failed = tuple(Failure(each.path, str(error), host(), again=True) for each in task.captures)
        yield Seen(task, host(), "", failures=failed)
        return
    with scratch() as folder:
        work = _Work(task, setup, tool, Path(folder), _home(task, setup, Path(folder)))
        readable = _fetched(work)
        if readable:
            _observe(work, readable)
        for part in list(work.parts):
            if part not in work.parts:
                continue
            path = work.folder / file_name(part.name)
            if setup.work_store is not None:
                try:
                    setup.work_store.put([path], setup.work)
                    yield Piece(part.name, at=f"{setup.work.rstrip('/')}/{path.name}")
                except StoreError as error:
                    _take_back(work, part, str(error))
            else:
                yield from pieces(part.name, path)
        yield Seen(
            task,
            host(),
            tool.version,
            tuple(work.parts),
            tuple(work.failures),
            tuple(work.skipped),
            tuple(work.lines),
        )


def _home(task: Task, setup: Setup, folder: Path) -> Path:
    """Relative paths are at home in the driver's folder, fetched files in the task's own."""
    remote = any(capture.remote for capture in task.captures)
    if remote or not os.path.isdir(setup.home):
        own = folder / "fetched"
        own.mkdir()
        return own
    return Path(setup.home)


def _fetched(work: _Work) -> list[Capture]:
    """The captures that are here to be read; the others have failed."""
    remote = [capture.path for capture in work.task.captures if capture.remote]
    failed: dict[str, str] = {}
    if remote and work.setup.store is not None:
        try:
            failed = work.setup.store.fetch(remote, work.within)
        except StoreError as error:
            failed = dict.fromkeys(remote, str(error))
    readable = []
    for capture in work.task.captures:
        path = work.within / capture.path
        if capture.path in failed:
            work.fail(capture, failed[capture.path], again=True)
        elif not path.exists():
            work.fail(capture, "not found on this worker", again=True)
        elif not os.access(path, os.R_OK):
            work.fail(capture, "this worker may not read it", again=True)
        else:
            readable.append(capture)
    return readable


def _observe(work: _Work, captures: Sequence[Capture]) -> None:
    """Observes captures together. What keeps that from being done is found by observing each by itself."""
    ran, parts = _attempt(work, captures)
    if not parts and len(captures) > 1:
        for capture in captures:
            _observe(work, [capture])
        return
    stray = _no_captures(work, [each for each in captures if each.found and _about(each, ran)])
    work.skipped += [each.path for each in stray]
    rest = [each for each in captures if each not in stray]
    if not parts:
        for capture in rest:
            said = _about(capture, ran) or list(ran.lines) or [f"pktaudit ended with status {ran.status}"]
            work.fail(capture, said[-1].removeprefix(f"{capture.path}: "), again=ran.status != 2)
    elif stray and rest:
        _observe(work, rest)
    elif rest:
        work.parts += parts
        work.lines += ran.lines


def _attempt(work: _Work, captures: Sequence[Capture]) -> tuple[Ran, list[Part]]:
    """Runs `observe`; the partial files, of each period one, where all that it wrote are whole."""
    task = work.task
    number = f"{task.number}" if not work.parts else f"{task.number}.{len(work.parts)}"
    path = work.folder / file_name(number)
    _remove(path)
    arguments = [*work.setup.flags(), "observe", *work.setup.observe, "--partial", str(path)]
    arguments += ["--every", work.setup.every] if work.setup.every else []
    if task.slice is not None:
        arguments += ["--slice", str(task.slice)]
        # One of a file's slices has its digest.
        arguments += ["--digest"] if task.slice.number == 1 else []
    for capture in captures:
        arguments += ["--dropped", capture.path] if capture.dropped else []
    arguments += ["--", *(capture.path for capture in captures), *task.carried]
    ran = run(work.tool, arguments, work.within)
    if ran.status not in (0, 2) or not path.exists():
        return ran, []
    paths = tuple(capture.path for capture in captures)
    parts = []
    try:
        for period, written in _written(path):
            name = f"{number}@{period}" if period else number
            seen = look(written)
            parts.append(Part(name, seen.size, seen.digest, seen.format, paths, period))
            os.replace(written, work.folder / file_name(name))
    except Broken as error:
        return Ran(-1, b"", f"its partial file {error}"), []
    # One that could not be read here may be read elsewhere.
    alone = len(captures) == 1 and not task.carried
    unread = ran.status == 2 and all(part.period == NO_PACKETS for part in parts)
    return ran, [] if alone and unread else parts


def _written(path: Path) -> list[tuple[str, Path]]:
    """The partial files at a path, with the periods that they are of."""
    return [(each.stem, each) for each in sorted(path.iterdir())] if path.is_dir() else [("", path)]


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)


def _about(capture: Capture, ran: Ran) -> list[str]:
    return [line for line in ran.lines if line.startswith(f"{capture.path}: ")]


def _no_captures(work: _Work, captures: Sequence[Capture]) -> list[Capture]:
    """Those that pktaudit passes over where it finds them in a folder: a folder of just these is shown to it."""
    if not captures:
        return []
    folder = work.folder / "suspects"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    links = [folder / str(number) for number in range(len(captures))]
    for link, capture in zip(links, captures):
        link.symlink_to(os.path.abspath(work.within / capture.path))
    target = work.folder / "suspects.part"
    ran = run(work.tool, ["observe", "--verbose", "--partial", str(target), "--", str(folder)])
    skipped = [f"skipped: {link}: " for link in links]
    return [capture for capture, said in zip(captures, skipped) if any(line.startswith(said) for line in ran.lines)]


def _take_back(work: _Work, part: Part, why: str) -> None:
    """A partial file that cannot be sent counts as never made, with those of other periods of its captures."""
    work.parts = [other for other in work.parts if other.paths != part.paths]
    work.failures += [Failure(path, why, host(), again=True) for path in part.paths]
