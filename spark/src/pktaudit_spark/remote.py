"""Stores as the driver sees them: which one an address belongs to, and what lies there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .options import Refused
from .stores import FsspecStore, HadoopStore, LocalStore, Store, StoreError, scheme

if TYPE_CHECKING:
    from pyspark import SparkContext

#: Hadoop opens these addresses, but cannot list them.
NOT_HADOOP = {"http", "https"}


@dataclass(frozen=True)
class Stores(Store):
    """Both kinds of stores; each address goes to its own."""

    hadoop: HadoopStore
    fsspec: FsspecStore
    #: Schemes that Hadoop takes.
    by_hadoop: frozenset[str]

    def fetch(self, addresses: Sequence[str], folder: Path) -> dict[str, str]:
        """See `Store`."""
        failed: dict[str, str] = {}
        for store in (LocalStore(), self.hadoop, self.fsspec):
            own = [address for address in addresses if type(self.of(address)) is type(store)]
            try:
                failed |= store.fetch(own, folder) if own else {}
            except StoreError as error:
                failed |= dict.fromkeys(own, str(error))
        return failed

    def put(self, files: Sequence[Path], address: str) -> None:
        """See `Store`."""
        self.of(address).put(files, address)

    def remove(self, address: str) -> None:
        """See `Store`."""
        self.of(address).remove(address)

    def of(self, address: str) -> Store:
        """The store of an address."""
        if not scheme(address):
            return LocalStore()
        return self.hadoop if scheme(address) in self.by_hadoop else self.fsspec


def stores(context: SparkContext, addresses: Sequence[str], through: str | None, options: Mapping[str, Any]) -> Stores:
    """What reaches these addresses. Raises `Refused` where nothing does."""
    by_hadoop = set()
    for name in {scheme(address) for address in addresses} - {""}:
        hadoop = _hadoop_knows(context, name)
        if through == "hadoop" and not hadoop:
            raise Refused(f"{name}: Hadoop on this driver has no such file system")
        if through == "hadoop" or (through is None and hadoop and name not in NOT_HADOOP):
            by_hadoop.add(name)
        else:
            _need_fsspec(name)
    configuration = _configuration(context) if by_hadoop else ""
    return Stores(HadoopStore(configuration), FsspecStore(dict(options)), frozenset(by_hadoop))


def list_remote(context: SparkContext, all_stores: Stores, address: str) -> tuple[list[tuple[str, int]], bool]:
    """Files at an address with their sizes, and whether it is a folder. Raises OSError with words for people."""
    if scheme(address) in all_stores.by_hadoop:
        return _list_hadoop(context, address)
    return _list_fsspec(all_stores.fsspec, address)


def _hadoop_knows(context: SparkContext, name: str) -> bool:
    from py4j.protocol import Py4JJavaError

    jvm: Any = context._jvm
    configuration = context._jsc.hadoopConfiguration()
    try:
        jvm.org.apache.hadoop.fs.FileSystem.getFileSystemClass(name, configuration)
    except Py4JJavaError:
        return False
    return True


def _configuration(context: SparkContext) -> str:
    jvm: Any = context._jvm
    writer = jvm.java.io.StringWriter()
    context._jsc.hadoopConfiguration().writeXml(writer)
    return str(writer.toString())


def _list_hadoop(context: SparkContext, address: str) -> tuple[list[tuple[str, int]], bool]:
    from py4j.protocol import Py4JJavaError

    jvm: Any = context._jvm
    try:
        path = jvm.org.apache.hadoop.fs.Path(address)
        system = path.getFileSystem(context._jsc.hadoopConfiguration())
        # A name with a `*` in it that is there is meant as it is.
        statuses = [system.getFileStatus(path)] if system.exists(path) else list(system.globStatus(path) or [])
        files: list[tuple[str, int]] = []
        folders = 0
        for status in statuses:
            if not status.isDirectory():
                files.append((status.getPath().toString(), int(status.getLen())))
                continue
            folders += 1
            below = system.listFiles(status.getPath(), True)
            while below.hasNext():
                each = below.next()
                files.append((each.getPath().toString(), int(each.getLen())))
    except Py4JJavaError as error:
        raise OSError(str(error.java_exception.getMessage())) from error
    if not statuses:
        raise FileNotFoundError("not found")
    return files, folders == len(statuses)


def _need_fsspec(name: str) -> None:
    try:
        import fsspec
    except ImportError as error:
        why = f"{name}: neither Hadoop on this driver nor fsspec (not installed: pktaudit-spark[fsspec]) reads it"
        raise Refused(why) from error
    try:
        fsspec.get_filesystem_class(name)
    except (ValueError, ImportError) as error:
        raise Refused(f"{name}: neither Hadoop on this driver nor fsspec reads it: {error}") from error


def _list_fsspec(store: FsspecStore, address: str) -> tuple[list[tuple[str, int]], bool]:
    try:
        system, path = store.open(address)
        if any(c in address for c in "*?[") and not system.exists(path):
            found = system.glob(path, detail=True)
            is_folder = False
        elif system.isfile(path) and not address.endswith("/"):
            found = {path: system.info(path)}
            is_folder = False
        else:
            found = system.find(path, detail=True)
            is_folder = True
    except Exception as error:
        raise OSError(f"{type(error).__name__}: {error}") from error
    files = [(name, info) for name, info in found.items() if info.get("type") != "directory"]
    if not files and not is_folder:
        raise FileNotFoundError("not found")
    return [(_address(system, address, name), int(info.get("size") or 0)) for name, info in files], is_folder


def _address(system: Any, asked: str, name: str) -> str:
    """A file's address, with the scheme that was asked for where fsspec calls it otherwise."""
    full = name if "://" in name else str(system.unstrip_protocol(name))
    return asked[: asked.index(":")] + full[full.index(":") :]
