"""The program, the samples, a cluster of two workers, and programs that misbehave on purpose."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
SAMPLES = PROJECT / "samples"


@pytest.fixture(scope="session")
def program() -> str:
    """The built program. `spark/test` names it."""
    path = os.environ.get("PKTAUDIT", "")
    assert path and os.access(path, os.X_OK), "PKTAUDIT names no program; spark/test builds one"
    return os.path.abspath(path)


def capture(name: str) -> str:
    """The capture of a sample."""
    path = SAMPLES / name / "capture.pcap"
    assert path.exists(), path
    return str(path)


#: A dozen samples with findings of many kinds.
DOZEN = sorted(str(path) for path in SAMPLES.glob("*/capture.pcap"))[::16][:12]


def read(folder: Path) -> dict[str, bytes]:
    """The report files of a folder, without the record of the run and Hadoop's hidden checksums."""
    files = (path for path in folder.iterdir() if path.is_file())
    names = sorted(path for path in files if path.name[0] != "." and path.name != "spark.json")
    return {path.name: path.read_bytes() for path in names}


class Whole:
    """One `audit`, to compare with."""

    def __init__(self, program: str, out: Path, arguments: list[str], within: Path | None = None) -> None:
        command = [program, "audit", "--quiet", "--out", str(out), *arguments]
        if "--site" not in arguments:
            command.insert(2, "--no-site")
        # Python's own environment: readline, which pytest loads, tells programs a width that Python does not know of.
        done = subprocess.run(command, capture_output=True, cwd=within, env=dict(os.environ))
        self.status = done.returncode
        self.text = done.stdout
        self.stderr = done.stderr.decode()
        self.files = read(out) if out.is_dir() else {}


@pytest.fixture
def whole(program: str, tmp_path: Path) -> Callable[..., Whole]:
    """Makes one audit of some arguments."""
    return lambda *arguments, within=None: Whole(program, tmp_path / "whole", list(arguments), within)


#: Finds out which executor it runs under, then does what a test wants, then runs the program.
FAKE = """#!{python}
import os, signal, subprocess, sys, time
REAL = {real!r}
MARK = {mark!r}

def executor():
    pid = os.getppid()
    while pid > 1:
        words = open(f"/proc/{{pid}}/cmdline", "rb").read().decode().split("\\0")
        if "--executor-id" in words:
            return pid, words[words.index("--executor-id") + 1]
        pid = int(open(f"/proc/{{pid}}/stat").read().rpartition(")")[2].split()[1])
    return 0, "driver"

def first():
    "Whether this is the first to ask, of all that ever did."
    try:
        os.close(os.open(MARK, os.O_CREAT | os.O_EXCL))
        return True
    except FileExistsError:
        return False

{body}
os.execv(REAL, [REAL, *sys.argv[1:]])
"""


@pytest.fixture
def fake(program: str, tmp_path: Path) -> Callable[[str], str]:
    """Makes a program that does something else first."""

    def make(body: str) -> str:
        path = tmp_path / "pktaudit"
        text = FAKE.format(python=sys.executable, real=program, mark=str(tmp_path / "mark"), body=body)
        path.write_text(text)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    return make


@pytest.fixture(scope="session")
def spark_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home for Spark that shows pyspark's files: workers of a local cluster write their folders into it."""
    import pyspark

    home = tmp_path_factory.mktemp("spark-home")
    for path in Path(pyspark.__file__).parent.iterdir():
        if path.name != "work":
            (home / path.name).symlink_to(path)
    return home


@pytest.fixture(scope="session")
def spark_environment(spark_home: Path) -> dict[str, str]:
    """What Spark has to find in its environment."""
    return {"SPARK_HOME": str(spark_home), "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}


@pytest.fixture(scope="session")
def session(spark_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """A cluster of two workers, each a process of its own; it has a file system of Hadoop that is not this disk."""
    os.environ.update(spark_environment)
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local-cluster[2,1,1024]").appName("pktaudit-spark tests")
    mount = tmp_path_factory.mktemp("viewfs")
    settings = {
        "spark.ui.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.hadoop.fs.viewfs.mounttable.lab.link./tap": mount.as_uri(),
    }
    for key, value in settings.items():
        builder = builder.config(key, value)
    made = builder.getOrCreate()
    made.mount = mount  # type: ignore[attr-defined]
    yield made
    made.stop()
