"""From captures to tasks, and from partial files to groups that are merged."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence

from .inputs import WORTH_CUTTING
from .model import Capture, Part, Slice, Task

#: Bytes of small captures that one task observes, and of a slice of a large one.
TASK_BYTES = 256 << 20
#: So many captures one task observes at most: a command line has an end.
TASK_CAPTURES = 200
#: Bytes of partial files that one task merges.
MERGE_BYTES = 512 << 20
#: So many partial files one task merges.
MERGE_PARTS = 32


def tasks(
    captures: Iterable[Capture], can_slice: bool, task_bytes: int = TASK_BYTES, first: int = 0, least: int = 1
) -> list[Task]:
    """One task for a large capture or a slice of it; small ones together, those of one folder beside each other.

    With `least` tasks or more, where there are so many captures: every worker should have some.
    """
    captures = list(captures)
    small_bytes = min(task_bytes, max(1, math.ceil(sum(each.size for each in captures) / max(1, least))))
    numbers = itertools.count(first)
    made: list[Task] = []
    group: list[Capture] = []
    for capture in captures:
        parts = slices(capture, can_slice, task_bytes)
        if parts > 1:
            made += [Task(next(numbers), (capture,), Slice(i, parts)) for i in range(1, parts + 1)]
            continue
        full = sum(each.size for each in group) + capture.size > small_bytes or len(group) >= TASK_CAPTURES
        # What has to be fetched is read elsewhere, and so by another run of the program.
        if group and (full or group[0].remote != capture.remote):
            made.append(Task(next(numbers), tuple(group)))
            group = []
        group.append(capture)
    if group:
        made.append(Task(next(numbers), tuple(group)))
    return made


def slices(capture: Capture, can_slice: bool, task_bytes: int) -> int:
    """How many slices a capture is read in."""
    if not can_slice or not capture.can_be_cut or capture.remote or capture.dropped or capture.size < WORTH_CUTTING:
        return 1
    return max(1, math.ceil(capture.size / max(task_bytes, WORTH_CUTTING // 2)))


def again(task: Task, paths: Iterable[str], numbers: Iterator[int]) -> list[Task]:
    """Tasks for those inputs of a task that failed; each alone, so that none costs another anything."""
    wanted = set(paths)
    failed = [capture for capture in task.captures if capture.path in wanted]
    return [Task(next(numbers), (capture,), task.slice) for capture in failed]


def groups(
    parts: Sequence[Part], merge_bytes: int = MERGE_BYTES, merge_parts: int = MERGE_PARTS
) -> list[list[Part]]:
    """Partial files to be merged together, bounded by bytes and by number. A larger one is alone."""
    made: list[list[Part]] = []
    size = 0
    for part in parts:
        if not made or size + part.size > merge_bytes or len(made[-1]) >= merge_parts:
            made.append([])
            size = 0
        made[-1].append(part)
        size += part.size
    return made


def needs_merging(parts: Sequence[Part], merge_parts: int = MERGE_PARTS) -> bool:
    """Whether merging first is worth a step: `judge` alone reads a few partial files as well."""
    return len(parts) > merge_parts
