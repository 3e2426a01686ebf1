"""What is asked of an audit, in the words of `pktaudit audit`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import plan
from .model import Shipped
from .stores import local_path


class Refused(Exception):
    """The audit cannot be made as it was asked for; the text says why."""


@dataclass(frozen=True)
class Options:
    """Flags of `pktaudit audit` by their names, and how the work is cut for Spark."""

    captures: Sequence[str]
    dropped: Sequence[str] = ()
    #: A report set for each period of this length, such as `1h`; there are `Periods` then.
    every: str | None = None
    since: str | None = None
    until: str | None = None
    hosts: Sequence[str] = ()
    filter: str | None = None
    site: str | None = None
    rules: Sequence[str] = ()
    regions: Sequence[str] = ()
    features: Sequence[str] = ()
    as_of: str | None = None
    dns_seeds: Sequence[str] = ()
    #: Where reports are written: a folder of the driver, or an address of a store.
    out: str | None = None
    #: Further flags of `judge`: how the result is printed.
    printing: Sequence[str] = ()
    #: The program on the driver, shipped with the job; where there is none, `on_workers` is looked for there.
    pktaudit: str | None = None
    #: The program's name or path on the workers.
    on_workers: str | None = None
    #: `hadoop` or `fsspec`; else what fits the address.
    through: str | None = None
    #: What fsspec's file systems are opened with.
    fsspec: Mapping[str, Any] = field(default_factory=dict)
    #: A folder that all workers reach, for partial files; else they go by Spark's shuffle.
    work: str | None = None
    task_bytes: int = plan.TASK_BYTES
    merge_bytes: int = plan.MERGE_BYTES
    #: How often an input is tried on workers before it is given up.
    tries: int = 3
    #: Threads of each run of pktaudit; as many as Spark gives a task processors where none is named.
    threads: int | None = None
    #: Whether remote captures with findings are fetched once more for evidence.pcapng.
    evidence: bool = True

    def observe_flags(self) -> tuple[str, ...]:
        """Flags that choose frames: those of `observe`."""
        flags: list[str] = []
        for name, value in (("--since", self.since), ("--until", self.until), ("--filter", self.filter)):
            flags += [] if value is None else [f"{name}={value}"]
        for host in self.hosts:
            flags += [f"--host={host}"]
        return tuple(flags)

    def judge_flags(self) -> tuple[str, ...]:
        """Flags that choose requirements and names: those of `judge`. A worker's own pktaudit.toml never counts."""
        flags = ["--no-site"] if self.site is None else ["--site", self.site]
        pairs = (("--rules", self.rules), ("--region", self.regions), ("--feature", self.features))
        for name, values in (*pairs, ("--dns-seed", self.dns_seeds)):
            for value in values:
                flags += [name, value]
        flags += [] if self.as_of is None else ["--as-of", self.as_of]
        return (*flags, *self.printing)

    def shipped(self) -> tuple[Shipped, ...]:
        """The files that flags of `judge` name, read here. Raises `Refused` where one cannot be read."""
        rules = [rule.removeprefix("+") for rule in self.rules]
        files = [rule for rule in rules if not rule.startswith("@")]
        named = [*([] if self.site is None else [self.site]), *files, *self.dns_seeds]
        return tuple(_read(path) for path in dict.fromkeys(named))


def _read(path: str) -> Shipped:
    try:
        if not os.path.isdir(path):
            return Shipped(path, (("", _bytes(local_path(path))),))
        files = []
        for folder, _, names in os.walk(path):
            for name in sorted(names):
                full = os.path.join(folder, name)
                files.append((os.path.relpath(full, path), _bytes(full)))
        return Shipped(path, tuple(sorted(files)))
    except OSError as error:
        raise Refused(f"{path}: cannot be read: {error.strerror}") from error


def _bytes(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
