"""From arguments to captures: files, folders and patterns, here or in a store, as `pktaudit audit` takes them."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from .model import Capture
from .stores import local_path, scheme

#: First bytes of the files of which slices can be read: plain pcap in either byte order, and pcapng.
CUT_FORMATS = {
    bytes.fromhex(magic) for magic in ("a1b2c3d4", "d4c3b2a1", "a1b23c4d", "4d3cb2a1", "a1b2cd34", "34cdb2a1", "0a0d0d0a")
}


@dataclass
class Listing:
    """What arguments stand for."""

    #: Each file once.
    captures: list[Capture] = field(default_factory=list)
    #: Arguments that stand for nothing, each with why.
    problems: list[tuple[str, str]] = field(default_factory=list)
    #: Folders that were named, each with the paths of the files in it.
    folders: dict[str, list[str]] = field(default_factory=dict)


#: Lists an address of a store: (address, size) of the files, and whether they lay in a folder. Raises OSError.
RemoteList = Callable[[str], tuple[list[tuple[str, int]], bool]]


def resolve(arguments: Sequence[str], dropped: Sequence[str] = (), remote: RemoteList | None = None) -> Listing:
    """Lists captures. A file that is reached twice, also through links, is taken once, by the smallest of its paths."""
    listing = Listing()
    known: dict[str, Capture] = {}
    for argument in [*arguments, *dropped]:
        if argument == "-":
            listing.problems.append((argument, "workers cannot read the driver's standard input"))
        elif scheme(argument):
            _remote(argument, remote, known, listing)
        else:
            _local(local_path(argument), known, listing)
    if dropped:
        marked = {os.path.realpath(local_path(path)) if not scheme(path) else path for path in dropped}
        known = {key: replace(each, dropped=key in marked) for key, each in known.items()}
    listing.captures = sorted(known.values(), key=lambda each: each.path)
    return listing


def _take(known: dict[str, Capture], key: str, capture: Capture) -> None:
    there = known.get(key)
    if there is None:
        known[key] = capture
        return
    smallest = min(there.path, capture.path, key=lambda path: path.split("/"))
    known[key] = replace(there, path=smallest, found=there.found and capture.found)


def _remote(argument: str, remote: RemoteList | None, known: dict[str, Capture], listing: Listing) -> None:
    if remote is None:
        listing.problems.append((argument, "addresses need a Spark session"))
        return
    try:
        files, found = remote(argument)
    except OSError as error:
        listing.problems.append((argument, str(error)))
        return
    if found:
        listing.folders[argument] = [path for path, _ in files]
    for path, size in files:
        _take(known, path, Capture(path, size, found=found, remote=True))


def _local(argument: str, known: dict[str, Capture], listing: Listing) -> None:
    if os.path.isdir(argument):
        _folder(argument, known, listing)
    elif os.path.exists(argument):
        _file(argument, False, known, listing)
    elif any(c in argument for c in "*?["):
        matches = sorted(glob.glob(argument, recursive=True))
        if not matches:
            listing.problems.append((argument, "no file matches this pattern"))
        for match in matches:
            if os.path.isdir(match):
                _folder(match, known, listing)
            else:
                _file(match, False, known, listing)
    else:
        listing.problems.append((argument, "not found"))


def _file(path: str, found: bool, known: dict[str, Capture], listing: Listing) -> str | None:
    try:
        size = os.stat(path).st_size
    except OSError as error:
        listing.problems.append((path, error.strerror or str(error)))
        return None
    key = os.path.realpath(path)
    _take(known, key, Capture(path, size, found=found, can_be_cut=_is_plain(path, size)))
    return key


def _folder(top: str, known: dict[str, Capture], listing: Listing) -> None:
    """Files in a folder and the folders in it. Links are followed, each folder is visited once."""
    keys: list[str] = []
    before = len(listing.problems)
    visited: set[str] = set()
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        real = os.path.realpath(folder)
        if real in visited:
            continue
        visited.add(real)
        try:
            entries = sorted(os.listdir(folder))
        except OSError as error:
            listing.problems.append((folder, error.strerror or str(error)))
            continue
        for entry in entries:
            path = os.path.join(folder, entry)
            if os.path.isdir(path):
                waiting.append(path)
            # Pipes and devices are not opened unless they are named: that could wait for ever.
            elif os.path.isfile(path):
                key = _file(path, True, known, listing)
                if key is not None:
                    keys.append(key)
    if len(listing.problems) == before:
        listing.folders[top] = [known[key].path for key in keys]


#: Smaller files are never cut, so it is not looked into them.
WORTH_CUTTING = 32 << 20


def _is_plain(path: str, size: int) -> bool:
    if size < WORTH_CUTTING or not os.path.isfile(path):
        return False
    try:
        with open(path, "rb") as file:
            return file.read(4) in CUT_FORMATS
    except OSError:
        return False
