"""Files that are not on a disk of this machine: Hadoop's file systems, and those of fsspec.

A store goes with the tasks, so it is made of plain values and needs Spark on the driver alone.
"""

from __future__ import annotations

import glob
import os
import re
import shutil
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


class StoreError(Exception):
    """A file cannot be fetched or written; the text says why."""


class Store(Protocol):
    """Where files are fetched from and written to, by their addresses."""

    def fetch(self, addresses: Sequence[str], folder: Path) -> dict[str, str]:
        """Copies files below a folder, each to `place(folder, address)`. Gives those that failed, each with why."""

    def put(self, files: Sequence[Path], address: str) -> None:
        """Copies files into a folder, which is made; files of that name are replaced. Raises `StoreError`."""

    def remove(self, address: str) -> None:
        """Takes a folder away with all that is in it. Raises `StoreError`."""


def scheme(path: str) -> str:
    """The scheme of an address; empty for a path, and for an address of this machine's own files."""
    found = re.match(r"([A-Za-z][A-Za-z0-9+.-]+):/", path)
    return "" if found is None or found.group(1).lower() == "file" else found.group(1).lower()


def local_path(path: str) -> str:
    """A path as it is; the path of a `file:` address."""
    if not re.match(r"file:/", path, re.IGNORECASE):
        return path
    return "/" + path[len("file:") :].removeprefix("//localhost").lstrip("/")


def place(folder: Path, address: str) -> Path:
    """Where a fetched file lies, so that its address, taken as a path within the folder, leads there."""
    path = Path(os.path.normpath(folder / address))
    if folder not in path.parents:
        raise StoreError(f"{address}: leads out of its folder")
    return path


@dataclass(frozen=True)
class LocalStore:
    """A folder that all machines see."""

    def fetch(self, addresses: Sequence[str], folder: Path) -> dict[str, str]:
        """See `Store`."""
        failed = {}
        for address in addresses:
            target = place(folder, address.lstrip("/"))
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                shutil.copyfile(local_path(address), target)
            except OSError as error:
                failed[address] = error.strerror or str(error)
        return failed

    def put(self, files: Sequence[Path], address: str) -> None:
        """See `Store`. Each file appears under its name once it is whole."""
        folder = Path(local_path(address))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for file in files:
                with tempfile.NamedTemporaryFile(dir=folder, prefix=".", delete=False) as target:
                    with file.open("rb") as source:
                        shutil.copyfileobj(source, target)
                os.chmod(target.name, 0o644)
                os.replace(target.name, folder / file.name)
        except OSError as error:
            raise StoreError(f"{address}: {error}") from error

    def remove(self, address: str) -> None:
        """See `Store`."""
        shutil.rmtree(local_path(address), ignore_errors=True)


@dataclass(frozen=True)
class HadoopStore:
    """What Hadoop's file systems reach, by the program `FsShell` of the Hadoop that Spark has with it.

    Python on a worker cannot call Java's file systems, and a file may be larger than what goes through a record of
    Spark; one Java program for each folder of a task copies any size.
    """

    #: Hadoop's configuration as XML; with what Spark was told as `spark.hadoop.*`. May hold credentials.
    configuration: str = field(repr=False)

    def fetch(self, addresses: Sequence[str], folder: Path) -> dict[str, str]:
        """See `Store`."""
        beside: dict[Path, list[str]] = defaultdict(list)
        for address in addresses:
            beside[place(folder, address).parent].append(address)
        failed = {}
        for target, group in beside.items():
            target.mkdir(parents=True, exist_ok=True)
            done = self._shell("-get", "-f", *map(_literal, group), str(target))
            for address in group:
                if not place(folder, address).is_file():
                    failed[address] = _reason(done.stderr, address)
        return failed

    def put(self, files: Sequence[Path], address: str) -> None:
        """See `Store`."""
        for arguments in (["-mkdir", "-p", address], ["-put", "-f", *map(str, files), address]):
            done = self._shell(*arguments)
            if done.returncode != 0:
                raise StoreError(f"{address}: {_reason(done.stderr, address)}")

    def remove(self, address: str) -> None:
        """See `Store`."""
        done = self._shell("-rm", "-r", "-f", "-skipTrash", _literal(address))
        if done.returncode != 0:
            raise StoreError(f"{address}: {_reason(done.stderr, address)}")

    def _shell(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        java, classes = _java(), _classes()
        with tempfile.TemporaryDirectory(prefix="pktaudit-hadoop-") as folder:
            site = Path(folder, "core-site.xml")
            site.touch(mode=0o600)
            site.write_text(self.configuration, encoding="utf-8")
            # FsShell ends where it finds no core-site.xml among its classes; what is named by -conf counts last, and so
            # above the defaults of file systems that are loaded later.
            classes = os.pathsep.join([folder, classes])
            command = [java, "-cp", classes, "org.apache.hadoop.fs.FsShell", "-conf", str(site), *arguments]
            try:
                return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
            except OSError as error:
                raise StoreError(f"{java}: {error.strerror}") from error


@dataclass(frozen=True)
class FsspecStore:
    """What fsspec reaches; it has to be installed on the workers too."""

    options: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def fetch(self, addresses: Sequence[str], folder: Path) -> dict[str, str]:
        """See `Store`."""
        failed = {}
        for address in addresses:
            target = place(folder, address)
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                system, path = self.open(address)
                system.get_file(path, str(target))
            # Each of its file systems has errors of its own.
            except Exception as error:
                failed[address] = f"{type(error).__name__}: {error}"
        return failed

    def put(self, files: Sequence[Path], address: str) -> None:
        """See `Store`."""
        try:
            system, path = self.open(address)
            system.makedirs(path, exist_ok=True)
            for file in files:
                system.put_file(str(file), f"{path.rstrip('/')}/{file.name}")
        except Exception as error:
            raise StoreError(f"{address}: {type(error).__name__}: {error}") from error

    def remove(self, address: str) -> None:
        """See `Store`."""
        try:
            system, path = self.open(address)
            if system.exists(path):
                system.rm(path, recursive=True)
        except Exception as error:
            raise StoreError(f"{address}: {type(error).__name__}: {error}") from error

    def open(self, address: str) -> tuple[Any, str]:
        """The file system of an address, and the path in it."""
        try:
            from fsspec.core import url_to_fs
        except ImportError as error:
            raise StoreError(f"{address}: fsspec is not installed here (pktaudit-spark[fsspec])") from error
        system, path = url_to_fs(address, **self.options)
        return system, str(path)


def _literal(address: str) -> str:
    """An address that FsShell takes as it stands, and not as a pattern."""
    return re.sub(r"([\\*?\[\]{}])", r"\\\1", address)


def _reason(stderr: str, address: str) -> str:
    """What FsShell says of an address, without its log."""
    said = [line for line in stderr.splitlines() if not re.match(r"\d|SLF4J|WARNING|Setting default|Using Spark", line)]
    about = [line for line in said if address in line] or said or stderr.splitlines()[-1:]
    words = about[0] if about else "could not be fetched"
    return re.sub(r"^\w+: ", "", words).replace(f"`{address}': ", "")


def _java() -> str:
    home = os.environ.get("JAVA_HOME")
    own = os.path.join(home, "bin", "java") if home else ""
    found = own if own and os.access(own, os.X_OK) else shutil.which("java")
    if found is None:
        raise StoreError("java is neither in JAVA_HOME nor on PATH of this worker")
    return found


def _classes() -> str:
    """Where Hadoop's classes are: beside Spark, unpacked into a YARN container, or in pyspark's own package."""
    folders = [os.path.join(os.environ[name], "jars") for name in ("SPARK_HOME",) if name in os.environ]
    folders += [os.path.join(os.getcwd(), "__spark_libs__")]
    try:
        import pyspark

        folders.append(os.path.join(os.path.dirname(pyspark.__file__), "jars"))
    except ImportError:
        pass
    for folder in folders:
        if glob.glob(os.path.join(glob.escape(folder), "hadoop-client*.jar")):
            more = [os.environ[name] for name in ("HADOOP_CLASSPATH", "SPARK_DIST_CLASSPATH") if name in os.environ]
            return os.pathsep.join([os.path.join(folder, "*"), *more])
    raise StoreError("Hadoop's classes are not found on this worker; looked in " + ", ".join(folders))
