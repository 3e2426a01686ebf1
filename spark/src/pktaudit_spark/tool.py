"""The program pktaudit on a machine: where it is, which version, and running it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class NoTool(Exception):
    """pktaudit cannot be found, or does not run; the text says where it was looked for."""


@dataclass(frozen=True)
class Tool:
    """The program, and what it says of itself."""

    path: str
    version: str
    can_slice: bool


@dataclass(frozen=True)
class Ran:
    """How a run ended. The status is negative where a signal ended it."""

    status: int
    stdout: bytes
    stderr: str

    @property
    def lines(self) -> tuple[str, ...]:
        """What it said on standard error, without its own name before it."""
        lines = (line.removeprefix("pktaudit: ").rstrip() for line in self.stderr.splitlines())
        return tuple(line for line in lines if line)


_known: dict[tuple[str, float], Tool] = {}


def describe(path: str) -> Tool:
    """Asks the program at a path for its version. The answer is kept for as long as the file stays the same."""
    try:
        key = (path, os.stat(path).st_mtime)
        if key not in _known:
            version = subprocess.run([path, "--version"], capture_output=True, text=True, check=True)
            usage = subprocess.run([path, "observe", "--help"], capture_output=True, text=True, check=True)
            _known[key] = Tool(path, version.stdout.strip(), "--slice" in usage.stdout)
    except (OSError, subprocess.CalledProcessError) as error:
        raise NoTool(f"{path}: does not run: {error}") from error
    return _known[key]


def find(program: str, folders: Sequence[str] = ()) -> Tool:
    """Finds the program: a path as it is, a bare name in these folders and then on PATH."""
    if os.sep in program:
        for folder in ["", *folders]:
            path = os.path.join(folder, program)
            if os.access(path, os.X_OK):
                return describe(os.path.abspath(path))
        raise NoTool(f"{program}: there is no such program here")
    for folder in folders:
        path = os.path.join(folder, program)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return describe(os.path.abspath(path))
    on_path = shutil.which(program)
    if on_path is None:
        raise NoTool(f"{program}: neither among the files of the job nor on PATH")
    return describe(on_path)


def run(tool: Tool, arguments: Sequence[str], within: Path | None = None, columns: str = "") -> Ran:
    """Runs the program to its end. What it prints for people is as wide as the driver's terminal, if that is known."""
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    environment |= {"NO_COLOR": "1"} | ({"COLUMNS": columns} if columns else {})
    done = subprocess.run(
        [tool.path, *arguments],
        cwd=within,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )
    return Ran(done.returncode, done.stdout, done.stderr.decode("utf-8", "replace"))
