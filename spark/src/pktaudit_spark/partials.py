"""Partial files from outside: whether one is whole, and how it travels."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .model import Part, Piece

MAGIC = b"pktaudit"
HEAD = len(MAGIC) + 4
TAIL = 32
#: Bytes in one record of a shuffle.
PIECE = 4 << 20


class Broken(Exception):
    """A partial file is not what was written; the text says how."""


@dataclass(frozen=True)
class Look:
    """What a whole partial file says of itself."""

    format: int
    size: int
    digest: str


def look(path: Path) -> Look:
    """Reads a partial file once and compares it with the digest at its end.

    Raises `Broken` where it is cut, changed, or no partial file.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(HEAD)
        if head[: len(MAGIC)] != MAGIC or len(head) < HEAD:
            raise Broken("is no partial file")
        left = size - HEAD - TAIL
        if left < 0:
            raise Broken(f"is cut off after {size} bytes")
        digest = hashlib.sha256()
        while left > 0:
            block = file.read(min(left, 1 << 20))
            if not block:
                raise Broken("became shorter while it was read")
            digest.update(block)
            left -= len(block)
        if file.read(TAIL) != digest.digest():
            raise Broken(f"is cut off or damaged: its {size} bytes are not those that were written")
    return Look(int.from_bytes(head[len(MAGIC) :], "little"), size, digest.hexdigest())


def check(part: Part, path: Path) -> None:
    """Raises `Broken` unless the file is the one that was written under that name."""
    if not path.exists():
        raise Broken("did not arrive")
    size = path.stat().st_size
    if size != part.size:
        raise Broken(f"is cut off: {size} of {part.size} bytes arrived")
    if look(path).digest != part.digest:
        raise Broken("is another one than was written")


def pieces(name: str, path: Path) -> Iterator[Piece]:
    """The file in pieces that a shuffle can carry, whatever its size."""
    with path.open("rb") as file:
        offset = 0
        while data := file.read(PIECE):
            yield Piece(name, offset, data)
            offset += len(data)


def put(piece: Piece, folder: Path) -> None:
    """Writes a piece to its place in the file of its part; in any order, and twice does no harm."""
    path = folder / file_name(piece.part)
    with path.open("r+b" if path.exists() else "w+b") as file:
        file.seek(piece.offset)
        file.write(piece.data)


def file_name(part: str) -> str:
    """What a part's file is called."""
    return f"{part}.part"
