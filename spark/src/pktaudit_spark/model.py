"""What goes between driver and workers: captures, tasks, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, field

#: What `observe --every` calls captures without a frame, or that cannot be read: they belong to the first period.
NO_PACKETS = "no-packets"


@dataclass(frozen=True)
class Capture:
    """An input, by the name that reports give it."""

    path: str
    size: int = 0
    #: Whether it just lay in a folder: one that is no capture is passed over then.
    found: bool = False
    #: Whether a worker has to fetch it before pktaudit can read it.
    remote: bool = False
    #: Whether it holds nothing but what a device dropped (`--dropped`).
    dropped: bool = False
    #: Whether pktaudit can read a slice of it: a plain pcap or pcapng file.
    can_be_cut: bool = False


@dataclass(frozen=True)
class Slice:
    """One of `of` parts of a capture, counted from 1."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


@dataclass(frozen=True)
class Task:
    """What one Spark task observes: some captures, or a slice of one."""

    number: int
    captures: tuple[Capture, ...]
    slice: Slice | None = None
    #: Arguments that are known to be unreadable, so that the partial file names them, as that of one audit would.
    carried: tuple[str, ...] = ()


@dataclass(frozen=True)
class Failure:
    """An input of which nothing, or not all, is in the reports."""

    path: str
    why: str
    host: str = ""
    #: Whether it may go better on another worker, or later.
    again: bool = False


@dataclass(frozen=True)
class Part:
    """A partial file, as it was when it was written."""

    name: str
    size: int
    #: The digest at its end, in hexadecimal.
    digest: str
    #: The format that it says it has.
    format: int = 0
    #: The inputs in it.
    paths: tuple[str, ...] = ()
    #: The period that it is of, where the audit is in periods.
    period: str = ""


@dataclass(frozen=True)
class Seen:
    """What a task gives back besides its partial files."""

    task: Task
    host: str
    version: str
    parts: tuple[Part, ...] = ()
    failures: tuple[Failure, ...] = ()
    #: Files of folders that are no captures.
    skipped: tuple[str, ...] = ()
    #: What pktaudit said on standard error.
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Piece:
    """Some bytes of a partial file, or where the whole of it is."""

    part: str
    offset: int = 0
    data: bytes = b""
    at: str = ""


@dataclass(frozen=True)
class Judged:
    """What the last task gives back besides the report files."""

    status: int
    host: str
    version: str
    stdout: bytes = b""
    stderr: str = ""
    lost: tuple[Failure, ...] = ()
    notes: tuple[str, ...] = ()
    #: Sizes of the report files, by name.
    files: dict[str, int] = field(default_factory=dict)
    #: Columns of the CSV files, by name.
    headers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    #: Why nothing was judged here, where another worker should.
    refused: str = ""


@dataclass(frozen=True)
class Shipped:
    """A file or folder of the driver that the last task needs: rules, site, names."""

    #: As it was typed.
    path: str
    #: Paths below it and what is in them; one with an empty path where it is a file.
    files: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True)
class FilePiece:
    """Some bytes of a report file; those of a CSV file end where a row ends."""

    name: str
    offset: int
    data: bytes
