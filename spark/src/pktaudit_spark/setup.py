"""What every task is told: which program, with which flags, and through what files travel."""

from __future__ import annotations

import os
import socket
import tempfile
from contextlib import AbstractContextManager
from dataclasses import dataclass

from .model import Shipped
from .stores import Store
from .tool import NoTool, Tool, find


@dataclass(frozen=True)
class Setup:
    """Goes with the tasks, so it is made of plain values."""

    #: The program's name or path on the workers.
    program: str
    #: The version that all workers must have; empty before it is known.
    version: str = ""
    #: Flags of `observe`.
    observe: tuple[str, ...] = ()
    #: Flags of `judge`, without the partial files and --out.
    judge: tuple[str, ...] = ()
    #: Files that the flags of `judge` name.
    shipped: tuple[Shipped, ...] = ()
    #: Threads of each run of the program.
    threads: int = 1
    #: How wide the driver's terminal is, if that is known.
    columns: str = ""
    #: The driver's folder, in which relative paths are at home.
    home: str = ""
    #: From where remote captures are fetched.
    store: Store | None = None
    #: A folder that partial files travel through instead of the shuffle, and what reaches it.
    work: str = ""
    work_store: Store | None = None
    #: Where the last task writes the reports; empty where they go back to the driver.
    out: str = ""
    out_store: Store | None = None
    #: How long the periods are that captures are observed in, as pktaudit has it; empty where they are in none.
    every: str = ""
    #: Whether remote captures with findings are fetched again, for evidence.pcapng.
    evidence: bool = True

    def tool(self) -> Tool:
        """The program on this machine. Raises `NoTool`."""
        return find(self.program, _job_folders())

    def right_tool(self) -> Tool:
        """The program on this machine, if it is of the version that all must have. Raises `NoTool`."""
        tool = self.tool()
        if self.version and tool.version != self.version:
            raise NoTool(f"this worker has {tool.version}, the audit is made with {self.version}")
        return tool

    def flags(self) -> list[str]:
        """Flags of every run."""
        return ["--threads", str(self.threads)]


def host() -> str:
    """This machine's name."""
    return socket.gethostname()


def scratch() -> AbstractContextManager[str]:
    """A folder for a task's own files, where Spark has its own, or in the machine's folder for such."""
    folders = os.environ.get("SPARK_LOCAL_DIRS", "").split(",")
    usable = [folder for folder in folders if folder and os.access(folder, os.W_OK)]
    return tempfile.TemporaryDirectory(prefix="pktaudit-", dir=usable[0] if usable else None)


def _job_folders() -> list[str]:
    """Where files that were shipped with the job lie: `addFile`, and `--files` or `--archives` of YARN."""
    folders = [os.getcwd()]
    try:
        from pyspark import SparkFiles

        folders.insert(0, SparkFiles.getRootDirectory())
    # Outside of Spark there is no such folder: pyspark says so in several ways.
    except Exception:
        pass
    return folders
