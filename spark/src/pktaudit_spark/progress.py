"""How far a job of Spark is, told on the driver while it works."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark import SparkContext

#: Seconds between two looks.
EVERY = 2.0

#: Takes a line for people.
Tell = Callable[[str], None]


def to_stderr(line: str) -> None:
    """The usual place for what is told."""
    print(f"pktaudit-spark: {line}", file=sys.stderr, flush=True)


@contextmanager
def watched(context: SparkContext, what: str, tell: Tell) -> Iterator[None]:
    """Tells how many tasks are done, and which died and run again, whenever that has changed."""
    group = f"pktaudit {what}"
    context.setJobGroup(group, f"pktaudit: {what}")
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(context, group, what, tell, done), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def _watch(context: SparkContext, group: str, what: str, tell: Tell, done: threading.Event) -> None:
    last = ""
    while not done.wait(EVERY):
        line = _line(context, group, what)
        if line and line != last:
            tell(line)
            last = line


def _line(context: SparkContext, group: str, what: str) -> str:
    """The stages that are at work now, in one line."""
    tracker = context.statusTracker()
    parts = []
    for job in sorted(tracker.getJobIdsForGroup(group)):
        info = tracker.getJobInfo(job)
        if info is None or info.status != "RUNNING":
            continue
        for number in sorted(info.stageIds):
            stage = tracker.getStageInfo(number)
            if stage is None or not (stage.numActiveTasks or stage.numFailedTasks):
                continue
            failed = f", {stage.numFailedTasks} died and run again" if stage.numFailedTasks else ""
            parts.append(f"{stage.numCompletedTasks} of {stage.numTasks} tasks done{failed}")
    return f"{what}: {'; '.join(parts)}" if parts else ""
